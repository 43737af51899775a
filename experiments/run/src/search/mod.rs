//! Runs experiments: a folder a run, every measurement journalled, interrupted runs continued to the identical result.

pub mod folder;
pub mod interrupt;
pub mod journal;
pub(crate) mod laboratory;
pub mod machine;
pub mod progress;
pub mod protocol;
pub mod records;
pub mod summary;
pub mod tables;
pub mod times;
pub mod workbench;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

use assay_core::engine::profile::Profile;
use assay_core::engine::{Engine, Resources};
use assay_core::experiment::{Assembly, Experiment, ExperimentError, Plugins};
use assay_core::plugin::{Benchmark, BenchmarkError, ColumnContent, Columns, Laboratory, Request, SearchError, SearchStrategy};
use assay_core::score::Score;
use assay_core::subspace::Subspace;
use assay_results::search::SCHEMA;
use assay_results::{Kind, Trajectory};

use folder::RunFolder;
use interrupt::Interrupt;
use journal::{Journal, JournalError};
use laboratory::RunLaboratory;
use progress::Progress;
use summary::Summary;
use workbench::Workbench;

use crate::profiling;

/// How often the architecture found is measured for the summary, with draws that the search did not see.
const FINAL_REPEATS: usize = 3;

/// Why a run did not end with a result.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// The experiment is wrong.
    #[error(transparent)]
    Experiment(#[from] ExperimentError),
    /// This machine or build cannot do what was asked.
    #[error("{0}")]
    Machine(String),
    /// The run folder cannot be used.
    #[error("{message}")]
    Folder {
        /// What and why.
        message: String,
        /// What to do.
        help: Option<String>,
    },
    /// The journal cannot be used.
    #[error("{path}: {error}", path = folder.join(journal::FILE).display())]
    Journal {
        /// The run folder.
        folder: PathBuf,
        /// What is wrong with it.
        error: JournalError,
    },
    /// The search failed.
    #[error(transparent)]
    Search(#[from] SearchError),
    /// The benchmark lacks what a study correlates with.
    #[error(transparent)]
    Benchmark(#[from] BenchmarkError),
    /// The training failed.
    #[error(transparent)]
    Training(#[from] assay_training::TrainingError),
    /// What another run left cannot be read.
    #[error(transparent)]
    Read(#[from] assay_results::ReadError),
    /// The result cannot be written down.
    #[error("{0}")]
    Result(String),
}

/// An experiment with its plugins made, ready to run.
pub struct Prepared {
    /// The experiment.
    pub experiment: Experiment,
    workbench: Workbench,
    strategy: Box<dyn SearchStrategy>,
    columns: Columns,
    benchmark: Option<Box<dyn Benchmark>>,
    threads: usize,
    /// When preparing began, which reads the images.
    began: Instant,
}

impl Prepared {
    /// Makes everything that the experiment names, so that what can go wrong goes wrong now.
    ///
    /// # Errors
    /// If a plugin or engine cannot be made.
    pub fn new(experiment: Experiment, plugins: &Plugins) -> Result<Self, RunError> {
        Self::profiled(experiment, plugins, None)
    }

    /// Like [`new`](Self::new); the times of the work are added to the profile, if there is one.
    ///
    /// # Errors
    /// As [`new`](Self::new).
    pub fn profiled(experiment: Experiment, plugins: &Plugins, profile: Option<&Arc<Profile>>) -> Result<Self, RunError> {
        let began = Instant::now();
        let assembly = Assembly::new(&experiment, plugins);
        let strategy = assembly.strategy()?;
        let proxies = assembly.proxies_of(strategy.as_ref())?;
        let columns = assembly.columns_of(strategy.as_ref())?;
        columns.check()?;
        let (space, benchmark) = (assembly.space()?, assembly.benchmark()?);
        let dataset = profiling::dataset(assembly.dataset()?, profile);
        let (threads, pool) = threads(experiment.threads)?;
        let engine = engine(&assembly, threads, profile)?;
        let workbench = Workbench { space, dataset, engine, proxies, seed: experiment.seed, on_error: experiment.on_error, threads: pool };
        Ok(Self { experiment, workbench, strategy, columns, benchmark, threads, began })
    }

    /// Why the result's accuracies will not be known although the experiment wants them.
    #[must_use]
    pub fn missing_benchmark(&self) -> Option<String> {
        self.benchmark.as_ref().and_then(|benchmark| benchmark.check().err()).map(|error| error.to_string())
    }

    /// Searches in this folder, from where an earlier session left off, and writes the result there.
    ///
    /// # Errors
    /// If the search fails or is interrupted, or a file cannot be written. What was measured is kept.
    pub fn run(&self, folder: &RunFolder, progress: &Progress, interrupt: &Interrupt) -> Result<Summary, RunError> {
        let (journal, records) =
            Journal::open(folder.path()).map_err(|error| RunError::Journal { folder: folder.path().to_owned(), error })?;
        tracing::info!(version = env!("CARGO_PKG_VERSION"), threads = self.threads, measured_before = records.len(), "run begins");
        progress.phase("searching");
        let mut laboratory = RunLaboratory::new(&self.workbench, journal, records, progress, interrupt).with_columns(&self.columns);
        let found = self.strategy.search(&mut laboratory);
        let scored = found.and_then(|found| self.score(&mut laboratory, &found).map(|scores| (found, scores)));
        progress.finish();
        let (found, scores) = scored.inspect_err(|error| tracing::error!(%error, "run ends without a result"))?;
        let findings = laboratory.close();

        let architecture = summary::architecture(self.workbench.space.as_ref(), &found)?;
        let space_name = self.experiment.space.name.as_str();
        let mut protocol = protocol::search(&self.workbench, space_name, self.strategy.as_ref(), &findings.steps);
        for table in self.columns.describe() {
            protocol.push_str("; ");
            protocol.push_str(&table);
        }
        let counts = summary::counts(&findings.records, &findings.steps, &self.columns);
        let space = self.workbench.space.as_ref();
        tables::write_space(folder, space_name, space.layout())?;
        tables::write_architectures(folder, tables::architectures_of(space, &findings.steps))?;
        tables::write_measurements(folder, &findings.records)?;
        tables::write_trajectory(folder, &Trajectory { layout: space.layout().clone(), steps: findings.steps })?;
        let summary = Summary {
            schema: SCHEMA,
            kind: Kind::Search,
            assay: env!("CARGO_PKG_VERSION").into(),
            experiment: self.experiment.name.clone(),
            seed: self.experiment.seed,
            accuracies: summary::accuracies(self.benchmark.as_deref(), &architecture),
            architecture,
            scores,
            protocol,
            counts,
            times: findings.clock.since(self.began).stop(machine::cpu_seconds()),
            machine: machine::here(self.threads),
        };
        let json = summary.to_json().map_err(|error| RunError::Result(error.to_string()))?;
        // Last: a run that has its summary has everything.
        folder.write(folder::SUMMARY, &json)?;
        tracing::info!(architecture = summary.architecture.text, "run ends");
        Ok(summary)
    }

    /// The scores of the architecture found, over draws of their own.
    fn score(&self, laboratory: &mut RunLaboratory<'_>, found: &Subspace) -> Result<BTreeMap<String, Score>, SearchError> {
        let mut scores = BTreeMap::new();
        laboratory.expect(FINAL_REPEATS * self.workbench.proxies.len());
        for planned in &self.workbench.proxies {
            let requests = repeats(&planned.label, found, "found", FINAL_REPEATS);
            let readings = laboratory.measure(&requests)?;
            scores.insert(planned.label.clone(), Score::of(planned.proxy.direction(), &readings));
        }
        // What is recorded is the same every time.
        for column in self.columns.iter().filter(|column| column.content == ColumnContent::Accuracy) {
            let readings = laboratory.measure(&[column.request(found)])?;
            scores.insert(column.column.clone(), Score::of(laboratory.direction(&column.column)?, &readings));
        }
        Ok(scores)
    }
}

/// One request a repeat, each with draws of its own; architectures share them.
#[must_use]
pub fn repeats(label: &str, subspace: &Subspace, purpose: &str, count: usize) -> Vec<Request> {
    (0..count)
        .map(|repeat| format!("{purpose}/{repeat}"))
        .map(|path| Request { label: label.to_owned(), subspace: subspace.clone(), parameters: path.clone(), images: path })
        .collect()
}

/// A pool of this many threads, or of one a core.
///
/// # Errors
/// If the system refuses the threads.
pub fn threads(wanted: Option<usize>) -> Result<(usize, rayon::ThreadPool), RunError> {
    let count = wanted.unwrap_or_else(|| std::thread::available_parallelism().map_or(1, usize::from));
    let pool = rayon::ThreadPoolBuilder::new().num_threads(count).thread_name(|index| format!("measure-{index}")).build();
    pool.map(|pool| (count, pool)).map_err(|error| RunError::Machine(format!("{count} threads cannot be started: {error}")))
}

/// The engine of an experiment, for so many calls at once.
///
/// # Errors
/// If its settings do not fit each other, or the machine lacks what it needs.
pub fn engine(assembly: &Assembly<'_>, calls: usize, profile: Option<&Arc<Profile>>) -> Result<Box<dyn Engine>, RunError> {
    let resources = Resources { calls, memory: machine::available_memory(), profile: profile.cloned() };
    assembly.engine()?.make(&resources).map_err(|error| RunError::Machine(error.to_string()))
}
