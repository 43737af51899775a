//! Correlation studies: scores many architectures with many proxies and compares with ground truth.

mod aggregate;
pub mod correlation;
mod described;
mod files;
pub mod merge;
pub mod published;
pub mod reasons;
mod selection;
mod shards;
pub(crate) mod truth;
mod wanted;

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Instant;

use assay_core::experiment::{Assembly, Experiment, PlannedProxy, Plugins, Problem, Shard, Study};
use assay_core::plugin::{Aggregate, Request};
use assay_core::score::Reading;
use assay_core::stream::Stream;
use assay_results::present::document;
use assay_results::published::Source;
use assay_results::shard::{self, ShardTimes};
use assay_results::study::{self, Proxy, Undefined};
pub use assay_results::study::{NoiseCeiling, StudySummary};
use assay_results::{Kind, ReadError, ShardSummary, Summary, files as names};
use rayon::prelude::*;

use crate::run::folder::RunFolder;
use crate::run::interrupt::Interrupt;
use crate::run::journal::{Journal, Record};
use crate::run::laboratory::RunLaboratory;
use crate::run::machine;
use crate::run::progress::Progress;
use crate::run::workbench::{FAILED, Workbench};
use crate::run::{RunError, engine, protocol, threads};
use aggregate::Measured;
use correlation::{Conditions, Correlation, Scores};
use selection::Selection;
use truth::{Target, Truth};
use wanted::{Wanted, requests};

/// The proxy that every table has, and that partial correlations hold fixed.
pub const BASELINE: &str = "live-params";

/// A study with its plugins made, ready to run.
pub struct PreparedStudy {
    /// The experiment.
    pub experiment: Experiment,
    study: Study,
    workbench: Workbench,
    truth: Truth,
    selection: Selection,
    threads: usize,
    began: Instant,
    /// The protocol of the shards that it is merged of.
    measured_under: Option<String>,
    /// Those of the study's proxies that are aggregates, by name.
    aggregates: BTreeMap<String, Aggregate>,
    /// What gives scores, for whoever reads them.
    described: Vec<Proxy>,
}

impl PreparedStudy {
    /// Makes everything that the experiment names and opens the benchmark, so that what can go wrong goes wrong now.
    ///
    /// # Errors
    /// If a plugin or engine cannot be made, the benchmark cannot be opened, or architectures cannot be chosen.
    pub fn new(experiment: Experiment, plugins: &Plugins) -> Result<Self, RunError> {
        let began = Instant::now();
        let missing = || RunError::Experiment(Problem::elsewhere("[study] is missing").into());
        let study = experiment.study.clone().ok_or_else(missing)?;
        let assembly = Assembly::new(&experiment, plugins);
        let mut names: Vec<&str> = Vec::new();
        let mut aggregates = BTreeMap::new();
        for name in &study.proxies {
            match assembly.aggregate(name)? {
                None => names.push(name),
                Some(aggregate) => drop(aggregates.insert(name.clone(), aggregate)),
            }
        }
        // What was asked for itself comes first; nothing is measured twice.
        let components = aggregates.values().flat_map(Aggregate::components).map(|component| component.proxy.as_str());
        for name in components.chain([BASELINE]) {
            if !names.contains(&name) {
                names.push(name);
            }
        }
        let planned = |name: &str| Ok(PlannedProxy { proxy: assembly.proxy(name)?, label: name.into(), name: name.into() });
        let proxies = names.into_iter().map(planned).collect::<Result<Vec<_>, RunError>>()?;
        let described = described::proxies(&study.proxies, &proxies, &aggregates, plugins);
        let space = assembly.space()?;
        let truth = Truth::open(assembly.benchmark()?)?;
        let selection = Selection::new(&study, space.as_ref(), &truth, experiment.seed)?;
        let dataset = assembly.dataset()?;
        let (threads, pool) = threads(experiment.threads)?;
        let engine = engine(&assembly, threads, None)?;
        let workbench = Workbench { space, dataset, engine, proxies, seed: experiment.seed, on_error: experiment.on_error, threads: pool };
        Ok(Self { experiment, study, workbench, truth, selection, threads, began, measured_under: None, aggregates, described })
    }

    /// Scores and correlates in this folder, from where an earlier session left off, and writes the result there. A shard
    /// makes its measurements only.
    ///
    /// # Errors
    /// If a measurement fails or is interrupted, or a file cannot be written. What was measured is kept.
    pub fn run(&self, folder: &RunFolder, progress: &Progress, interrupt: &Interrupt) -> Result<Finished, RunError> {
        match self.study.shard {
            Some(shard) => self.run_shard(shard, folder, progress, interrupt).map(|shard| Finished::Shard(Box::new(shard))),
            None => self.run_whole(folder, Vec::new(), progress, interrupt).map(|study| Finished::Whole(Box::new(study))),
        }
    }

    fn run_whole(
        &self,
        folder: &RunFolder,
        shards: Vec<ShardTimes>,
        progress: &Progress,
        interrupt: &Interrupt,
    ) -> Result<StudySummary, RunError> {
        let wanted = self.wanted(None)?;
        let requests = requests(&wanted);
        let mut laboratory = self.measure(&wanted, &requests, folder, progress, interrupt)?;
        let records = laboratory.records_of(&requests)?;

        let targets = self.truth.targets(&self.selection.architectures)?;
        let readings = self.readings(&wanted, &records);
        let scores = self.scores(&readings)?;
        let architectures = &self.selection.architectures;
        files::write_space(folder, &self.experiment.space.name, self.workbench.space.layout(), architectures)?;
        files::write_targets(folder, architectures, &targets)?;
        files::write_scores(folder, architectures, &wanted, &records)?;
        files::write_aggregates(folder, architectures, &self.aggregated(&scores))?;
        files::write_times(folder, architectures, &wanted, &records)?;
        let correlations = self.workbench.threads.install(|| self.correlations(&scores, &targets))?;
        let clock = laboratory.into_clock();
        let protocol = self.measured_under.clone().unwrap_or_else(|| self.protocol(&targets));
        let ceilings = self.truth.ceilings(&self.selection.architectures)?;
        let undefined = self.undefined(&readings);
        let published = self.published(&scores, &targets)?;
        let notes = study::notes(&ceilings, &undefined, &protocol);
        if !targets.is_empty() {
            files::write_correlations(folder, &correlations, &published, self.study.k, &notes, &protocol)?;
        }
        let summary = StudySummary {
            schema: study::SCHEMA,
            kind: Kind::Study,
            assay: env!("CARGO_PKG_VERSION").into(),
            experiment: self.experiment.name.clone(),
            seed: self.experiment.seed,
            protocol,
            k: self.study.k,
            architectures: architectures.len(),
            proxies: self.described.clone(),
            targets: targets.iter().map(Target::described).collect(),
            correlations,
            undefined,
            ceilings,
            aggregates: self.components(),
            published,
            times: clock.since(self.began).stop(machine::cpu_seconds()),
            machine: machine::here(self.threads),
            shards,
        };
        folder.write(names::DOCUMENT, document::markdown(&summary, &BTreeMap::new()).as_bytes())?;
        // Last: a study that has its summary has everything.
        folder.write(names::SUMMARY, &summary.to_json().map_err(unwritable)?)?;
        tracing::info!(architectures = summary.architectures, "study ends");
        Ok(summary)
    }

    fn run_shard(&self, shard: Shard, folder: &RunFolder, progress: &Progress, interrupt: &Interrupt) -> Result<ShardSummary, RunError> {
        let wanted = self.wanted(Some(shard))?;
        let clock = self.measure(&wanted, &requests(&wanted), folder, progress, interrupt)?.into_clock();
        let mut measured: Vec<usize> = wanted.iter().map(|wanted| wanted.architecture).collect();
        measured.dedup();
        let summary = ShardSummary {
            schema: shard::SCHEMA,
            kind: Kind::Shard,
            assay: env!("CARGO_PKG_VERSION").into(),
            experiment: self.experiment.name.clone(),
            seed: self.experiment.seed,
            protocol: self.protocol(&self.truth.targets(&self.selection.architectures)?),
            architectures: (measured.len(), self.selection.architectures.len()),
            measurements: wanted.iter().filter(|wanted| !wanted.is_shared).count(),
            part: ShardTimes {
                shard: shard.to_string(),
                times: clock.since(self.began).stop(machine::cpu_seconds()),
                machine: machine::here(self.threads),
            },
        };
        folder.write(names::SUMMARY, &summary.to_json().map_err(unwritable)?)?;
        tracing::info!(%shard, architectures = summary.architectures.0, "shard ends");
        Ok(summary)
    }

    /// Measures what the folder's journal does not hold yet.
    fn measure<'a>(
        &'a self,
        wanted: &[Wanted],
        requests: &[&Request],
        folder: &RunFolder,
        progress: &'a Progress,
        interrupt: &'a Interrupt,
    ) -> Result<RunLaboratory<'a>, RunError> {
        let (journal, records) =
            Journal::open(folder.path()).map_err(|error| RunError::Journal { folder: folder.path().to_owned(), error })?;
        tracing::info!(version = env!("CARGO_PKG_VERSION"), threads = self.threads, measured_before = records.len(), "study begins");
        progress.phase("scoring");
        progress.expect(wanted.iter().filter(|wanted| !wanted.is_shared).count());
        let mut laboratory = RunLaboratory::new(&self.workbench, journal, records, progress, interrupt);
        let outcome = laboratory.records_of(requests).map(drop);
        progress.finish();
        outcome.inspect_err(|error| tracing::error!(%error, "study ends without a result"))?;
        Ok(laboratory)
    }

    /// By proxy of the workbench and architecture, one a repeat.
    fn readings(&self, wanted: &[Wanted], records: &[&Record]) -> Vec<Vec<Vec<Reading>>> {
        let mut readings = vec![vec![Vec::<Reading>::new(); self.selection.architectures.len()]; self.workbench.proxies.len()];
        for (wanted, record) in wanted.iter().zip(records) {
            readings[wanted.proxy][wanted.architecture].push(record.reading.clone());
        }
        readings
    }

    /// The scores that tables show: of what was asked for, in that order, and of the baseline.
    fn scores(&self, readings: &[Vec<Vec<Reading>>]) -> Result<Vec<Scores>, RunError> {
        let baseline = Some(BASELINE).filter(|name| self.study.proxies.iter().all(|own| own != name));
        let measured = |name: &str| {
            let of_name = self.workbench.proxies.iter().zip(readings).find(|(planned, _)| planned.label == name);
            let missing = || RunError::Result(format!("the proxy `{name}` was not measured"));
            of_name.map(|(planned, readings)| Measured { direction: planned.proxy.direction(), readings }).ok_or_else(missing)
        };
        let score = |name: &str| match self.aggregates.get(name) {
            None => measured(name).map(|Measured { direction, readings }| Scores::new(name, direction, readings)),
            Some(aggregate) => {
                let components: Result<Vec<_>, _> = aggregate.components().iter().map(|component| measured(&component.proxy)).collect();
                Scores::aggregate(name, aggregate, &components?)
            }
        };
        self.study.proxies.iter().map(String::as_str).chain(baseline).map(score).collect()
    }

    /// The scores that no measurement gave.
    fn aggregated<'a>(&self, scores: &'a [Scores]) -> Vec<&'a Scores> {
        scores.iter().filter(|scores| self.aggregates.contains_key(&scores.label)).collect()
    }

    /// What each aggregate is made of.
    fn components(&self) -> Vec<(String, Vec<String>)> {
        let names = |aggregate: &Aggregate| aggregate.components().iter().map(|component| component.proxy.clone()).collect();
        self.aggregates.iter().map(|(name, aggregate)| (name.clone(), names(aggregate))).collect()
    }

    /// Why scores are undefined: of each architecture the first reason, counted.
    fn undefined(&self, readings: &[Vec<Vec<Reading>>]) -> Vec<Undefined> {
        let mut found = Vec::new();
        for (planned, readings) in self.workbench.proxies.iter().zip(readings) {
            let mut reasons: BTreeMap<&str, usize> = BTreeMap::new();
            for readings in readings {
                let because = readings.iter().find_map(|reading| match reading {
                    Reading::Undefined { because } => Some(clause(because)),
                    Reading::Value(_) => None,
                });
                if let Some(because) = because {
                    *reasons.entry(because).or_default() += 1;
                }
            }
            let undefined = |(because, architectures): (&str, usize)| Undefined {
                proxy: planned.label.clone(),
                because: because.to_owned(),
                architectures,
            };
            found.extend(reasons.into_iter().map(undefined));
        }
        found
    }

    /// What papers print, if the study wants it.
    fn published(&self, scores: &[Scores], targets: &[Target]) -> Result<Vec<Source>, RunError> {
        if !self.study.published {
            return Ok(Vec::new());
        }
        let proxies: Vec<&str> = scores.iter().map(|scores| scores.label.as_str()).collect();
        let targets: Vec<&str> = targets.iter().map(|target| target.column.as_str()).collect();
        published::about(&self.experiment.space.name, &proxies, &targets)
    }

    fn correlations(&self, scores: &[Scores], targets: &[Target]) -> Result<Vec<Correlation>, RunError> {
        let given: Option<Vec<f64>> =
            scores.iter().find(|scores| scores.label == BASELINE).and_then(|scores| scores.mean.iter().copied().collect());
        let conditions = Conditions {
            k: self.study.k,
            bootstrap: self.study.bootstrap.unwrap_or(if self.selection.is_whole { 0 } else { Study::RESAMPLES }),
            // Every proxy and target meets the same resamples, so their differences can be judged.
            stream: Stream::new(self.experiment.seed, "study").child("bootstrap"),
            given: given.as_deref(),
        };
        let of_proxies = scores.iter().flat_map(|scores| targets.iter().map(move |target| (Some(scores), target)));
        let cases: Vec<_> = of_proxies.chain(targets.iter().map(|target| (None, target))).collect();
        let correlate = |(scores, target): (Option<&Scores>, &Target)| match scores {
            Some(scores) => correlation::of_proxy(scores, target, &conditions),
            None => correlation::of_random_choice(target, &conditions),
        };
        cases.into_par_iter().map(correlate).collect()
    }

    /// One line: space and architectures, targets and their version, repeats, images, proxies, seed, engine, ties.
    fn protocol(&self, targets: &[Target]) -> String {
        let aggregates: String = self.aggregates.iter().map(|(name, aggregate)| format!("; {name}: {}", aggregate.protocol())).collect();
        let repeats = match self.study.repeats {
            1 => "1 measurement of each".into(),
            several => format!("mean of {several} measurements of each (structural proxies: 1)"),
        };
        format!(
            "space {} ({}); {}; {repeats}; {}{aggregates}; ties: τ-b and weighted τ discount them, ρ takes mean ranks, the rest its \
             expectation over tie-breaking; architectures of undefined score are left out and counted",
            self.experiment.space.name,
            self.selection.description,
            self.truth.describe(targets),
            protocol::measuring(&self.workbench),
        )
    }
}

/// A reason without what differs from one architecture to the next, which stands behind its colon.
fn clause(because: &str) -> &str {
    let begin = if because.starts_with(FAILED) { FAILED.len() } else { 0 };
    because[begin..].find(':').map_or(because, |end| &because[..begin + end])
}

fn unwritable(error: serde_json::Error) -> RunError {
    RunError::Result(error.to_string())
}

/// What a session of a study ended with.
#[derive(Clone, Debug)]
pub enum Finished {
    /// All of it.
    Whole(Box<StudySummary>),
    /// Its part.
    Shard(Box<ShardSummary>),
}

impl Finished {
    /// Reads a study's summary or a shard's, if this is one of the two.
    #[must_use]
    pub fn from_json(bytes: &[u8]) -> Option<Self> {
        match Summary::parse(Path::new(names::SUMMARY), bytes).ok()? {
            Summary::Study(study) => Some(Self::Whole(study)),
            Summary::Shard(shard) => Some(Self::Shard(shard)),
            Summary::Search(_) | Summary::Training(_) => None,
        }
    }

    /// The result in this run folder, if it holds a study or a shard.
    ///
    /// # Errors
    /// If it does not, or the result cannot be read.
    pub fn read(folder: &Path) -> Result<Self, ReadError> {
        match Summary::read(folder)? {
            Summary::Study(study) => Ok(Self::Whole(study)),
            Summary::Shard(shard) => Ok(Self::Shard(shard)),
            other => Err(ReadError::OtherKind { folder: folder.to_owned(), found: other.kind(), wanted: Kind::Study }),
        }
    }
}

// Until reports read folders only.
pub use assay_results::present::published as beside;
/// The tables of a study as text.
pub mod grid {
    pub use assay_results::present::correlations::*;
    pub use assay_results::present::grid::*;
}
/// What a study leaves in its folder.
pub mod summary {
    pub use super::Finished;
}
