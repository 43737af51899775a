//! A search in a run folder: the strategy asks, the laboratory answers, and what was found is written down.

mod protocol;
mod summary;
mod tables;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use assay_core::engine::profile::Profile;
use assay_core::experiment::{Assembly, Experiment, Plugins, Purpose};
use assay_core::plugin::{Benchmark, ColumnContent, Columns, Laboratory, SearchError, SearchStrategy, SettingsError};
use assay_core::score::Score;
use assay_core::subspace::Subspace;
use assay_results::{Kind, Provenance, ReadError, SearchSummary, Trajectory};

use crate::bench::laboratory::RunLaboratory;
use crate::bench::stored::Stored;
use crate::bench::trained::{Checkpoints, Trainings};
use crate::bench::workbench::{Workbench, repeats};
use crate::folder::RunFolder;
use crate::tables::{write_architectures, write_space};
use crate::{Observer, Prepared, RunError, VERSION, machine, provenance};

/// How often the architecture found is measured for the summary, with draws that the search did not see.
const FINAL_REPEATS: usize = 3;

/// A search with its plugins made, ready to run.
pub struct SearchRun {
    /// The experiment.
    pub experiment: Experiment,
    workbench: Workbench,
    strategy: Box<dyn SearchStrategy>,
    columns: Columns,
    /// What is read in place of being measured.
    stored: Option<Stored>,
    trainings: Option<Trainings>,
    benchmark: Option<Box<dyn Benchmark>>,
    /// When preparing began, which reads the images.
    began: Instant,
}

impl SearchRun {
    /// Like [`prepare`](Prepared::prepare); the times of the work are added to the profile, if there is one.
    ///
    /// # Errors
    /// As [`prepare`](Prepared::prepare).
    pub fn profiled(experiment: Experiment, plugins: &Plugins, profile: Option<&Arc<Profile>>) -> Result<Self, RunError> {
        let began = Instant::now();
        let assembly = Assembly::new(&experiment, plugins);
        let strategy = assembly.strategy()?;
        let proxies = assembly.proxies_of(strategy.as_ref())?;
        let columns = assembly.columns_of(strategy.as_ref())?;
        columns.check()?;
        let (space, benchmark) = (assembly.space()?, assembly.benchmark()?);
        let uses = strategy.trainings();
        assembly.check_trainings(&uses, &["strategy", "oracle", "train"])?;
        let workbench = Workbench::of(&experiment, &assembly, space, proxies, profile)?;
        let at_strategy = |error: SettingsError| {
            let SettingsError { key, problem, .. } = error;
            let place: Vec<&str> = std::iter::once("strategy").chain(key.split('.')).collect();
            assembly.problem(&place, format!("`strategy.{key}`: {problem}"))
        };
        strategy.check(workbench.space.as_ref(), workbench.dataset.as_ref()).map_err(at_strategy)?;
        let stored =
            strategy.scores().map(|scores| Stored::read("strategy.oracle.scores", scores, workbench.space.as_ref())).transpose()?;
        stored.as_ref().map_or(Ok(()), |stored| workbench.check_stored(stored))?;
        let trainings = Trainings::of(&experiment, &assembly, &workbench, &uses)?;
        Ok(Self { experiment, workbench, strategy, columns, stored, trainings, benchmark, began })
    }

    /// Why the result's accuracies will not be known although the experiment wants them.
    #[must_use]
    pub fn missing_benchmark(&self) -> Option<String> {
        self.benchmark.as_ref().and_then(|benchmark| benchmark.check().err()).map(|error| error.to_string())
    }

    /// The scores of the architecture found, over draws of their own.
    fn score(&self, laboratory: &mut RunLaboratory<'_>, found: &Subspace) -> Result<BTreeMap<String, Score>, SearchError> {
        let mut scores = BTreeMap::new();
        // What is read from a table is the same every time.
        let count = |label: &str| if self.stored.as_ref().is_some_and(|stored| stored.has(label)) { 1 } else { FINAL_REPEATS };
        laboratory.expect(self.workbench.proxies.iter().map(|planned| count(&planned.label)).sum());
        for planned in &self.workbench.proxies {
            let requests = repeats(&planned.label, found, "found", count(&planned.label));
            let readings = laboratory.measure(&requests)?;
            scores.insert(planned.label.clone(), Score::of(planned.proxy.direction(), &readings));
        }
        // What is recorded is the same every time.
        for column in self.columns.iter().filter(|column| column.content == ColumnContent::Accuracy) {
            let readings = laboratory.measure(&[column.request(found)])?;
            scores.insert(column.column.clone(), Score::of(laboratory.direction(&column.column)?, &readings));
        }
        // Training again takes long: what the search was told.
        for used in self.strategy.trainings() {
            let requests: Vec<_> = (1..=used.repeats).map(|repeat| used.request(found, repeat)).collect();
            if requests.iter().all(|request| laboratory.seconds(request).is_some()) {
                scores.insert(used.label(), Score::of(laboratory.direction(&used.label())?, &laboratory.measure(&requests)?));
            }
        }
        Ok(scores)
    }
}

impl Prepared for SearchRun {
    type Summary = SearchSummary;

    const PURPOSE: Purpose = Purpose::Search;
    const UNIT: &'static str = "measurements";

    fn kind(_: &Experiment) -> Kind {
        Kind::Search
    }

    fn prepare(experiment: Experiment, plugins: &Plugins) -> Result<Self, RunError> {
        Self::profiled(experiment, plugins, None)
    }

    fn unit(&self) -> &'static str {
        if self.trainings.is_some() { "epochs" } else { Self::UNIT }
    }

    fn provenance(&self, plugins: &Plugins) -> Result<Provenance, RunError> {
        let mut provenance = self.workbench.provenance(&self.experiment, plugins)?;
        if let Some(trainings) = &self.trainings {
            provenance.images.insert("test".into(), trainings.fingerprint()?);
        }
        provenance.measured_by.insert("the strategy".into(), self.strategy.protocol());
        provenance.tables.extend(self.stored.as_ref().map(|stored| (stored.key().to_owned(), stored.fingerprint().to_owned())));
        let space = self.workbench.space.as_ref();
        if let Some(benchmark) = &self.benchmark {
            let table = provenance::of_table(benchmark.as_ref(), space)?;
            provenance.tables.extend(table.map(|table| ("benchmark".to_owned(), table)));
        }
        Ok(provenance)
    }

    fn run(&self, folder: &RunFolder, observer: &dyn Observer) -> Result<SearchSummary, RunError> {
        observer.phase("searching");
        let mut laboratory =
            RunLaboratory::open(&self.workbench, folder, observer)?.with_columns(&self.columns).with_trainings(self.trainings.as_ref());
        laboratory = laboratory.with_benchmark(self.benchmark.as_deref()).with_stored(self.stored.as_ref());
        let found = self.strategy.search(&mut laboratory);
        let scored = found.and_then(|found| self.score(&mut laboratory, &found).map(|scores| (found, scores)));
        let (found, scores) = scored.inspect_err(|error| tracing::error!(%error, "run ends without a result"))?;
        let findings = laboratory.close()?;

        let architecture = summary::architecture(self.workbench.space.as_ref(), &found)?;
        let space_name = self.experiment.space.name.as_str();
        let mut protocol = protocol::of_search(&self.workbench, self.stored.as_ref(), space_name, self.strategy.as_ref(), &findings.steps);
        for table in self.columns.describe() {
            protocol.push_str("; ");
            protocol.push_str(&table);
        }
        if let Some(trainings) = &self.trainings {
            protocol.push_str("; ");
            protocol.push_str(&trainings.describe(self.workbench.dataset.as_ref())?);
        }
        let counts = summary::counts(&findings.records, &findings.steps, &self.columns, &self.strategy.trainings());
        let space = self.workbench.space.as_ref();
        write_space(folder, space_name, space.layout())?;
        write_architectures(folder, tables::architectures_of(space, &findings.steps))?;
        tables::write_measurements(folder, &findings.records, &self.workbench)?;
        tables::write_trajectory(folder, &Trajectory { layout: space.layout().clone(), steps: findings.steps })?;
        let summary = SearchSummary {
            schema: SearchSummary::SCHEMA,
            kind: Kind::Search,
            assay: VERSION.into(),
            experiment: self.experiment.name.clone(),
            seed: self.experiment.seed,
            accuracies: summary::accuracies(self.benchmark.as_deref(), &architecture),
            architecture,
            scores,
            protocol,
            counts,
            times: findings.clock.since(self.began).stop(machine::cpu_seconds()),
            machine: machine::here(self.workbench.threads.current_num_threads()),
        };
        let json = summary.to_json().map_err(|error| RunError::Result(error.to_string()))?;
        // Last: a run that has its summary has everything.
        folder.finish(&json)?;
        if self.trainings.is_some() {
            Checkpoints::of(folder.path()).remove_all();
        }
        tracing::info!(architecture = summary.architecture.text, "run ends");
        Ok(summary)
    }

    fn read(folder: &Path) -> Result<SearchSummary, ReadError> {
        SearchSummary::read(folder)
    }
}
