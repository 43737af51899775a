//! Correlation studies: scores many architectures with many proxies and compares with ground truth.

mod aggregate;
pub mod collected;
mod correlation;
mod described;
mod files;
mod halves;
mod made;
mod measurements;
pub mod merge;
mod protocol;
pub mod published;
pub mod reasons;
mod selection;
mod shards;
mod truth;
mod undefined;

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Instant;

use assay_core::experiment::{Assembly, Experiment, PlannedProxy, Plugins, Problem, Purpose, Shard, Study};
use assay_core::plugin::{Aggregate, Request};
use assay_core::score::Reading;
use assay_core::stream::Stream;
use assay_results::correlation::Correlation;
use assay_results::present::document;
use assay_results::published::Source;
use assay_results::shard::ShardTimes;
use assay_results::study::{self, Proxy};
use assay_results::{Kind, Provenance, ReadError, ShardSummary, StudySummary, Summary, files as names};
use rayon::prelude::*;

use crate::bench::laboratory::RunLaboratory;
use crate::bench::records::Record;
use crate::bench::stored::Stored;
use crate::bench::trained::{Checkpoints, Trainings};
use crate::bench::workbench::Workbench;
use crate::folder::RunFolder;
use crate::{Observer, Prepared, RunError, VERSION, machine};
use aggregate::Measured;
use correlation::{Conditions, Scores};
use made::Made;
use measurements::{Part, Wanted, requests};
use selection::Selection;
use truth::{Target, Truth};

/// The proxy that every table has, and that partial correlations hold fixed.
pub const BASELINE: &str = "live-params";

/// A study with its plugins made, ready to run.
pub struct StudyRun {
    /// The experiment.
    pub experiment: Experiment,
    study: Study,
    workbench: Workbench,
    truth: Truth,
    /// How its architectures are trained, where that is the truth.
    made: Option<Made>,
    selection: Selection,
    /// What is read in place of being measured.
    stored: Option<Stored>,
    began: Instant,
    /// The protocol of the shards that it is merged of.
    measured_under: Option<String>,
    /// Those of the study's proxies that are aggregates, by name.
    aggregates: BTreeMap<String, Aggregate>,
    /// What gives scores, for whoever reads them.
    described: Vec<Proxy>,
}

impl StudyRun {
    /// Scores and correlates; `shards` are those that it is merged of.
    fn run_whole(&self, folder: &RunFolder, shards: Vec<ShardTimes>, observer: &dyn Observer) -> Result<StudySummary, RunError> {
        let wanted = self.wanted(None);
        let trained = self.trained(None);
        let read = self.read(&wanted)?;
        let laboratory = self.measure(&trained, &wanted, folder, observer)?;
        let mut measured = laboratory.records_of(&requests(&wanted))?.into_iter();
        let records: Vec<&Record> = read.iter().filter_map(|read| read.as_ref().or_else(|| measured.next())).collect();
        let accuracies = laboratory.records_of(&Vec::from_iter(&trained))?;

        let targets = match &self.made {
            Some(made) => made.targets(&accuracies),
            None => self.truth.targets(&self.selection.texts())?,
        };
        let readings = self.readings(&wanted, &records);
        let scores = self.scores(&readings)?;
        let architectures = &self.selection.architectures;
        let write = || -> Result<(), RunError> {
            files::write_space(folder, &self.experiment.space.name, self.workbench.space.layout(), architectures)?;
            files::write_targets(folder, architectures, &targets)?;
            if let Some(made) = &self.made {
                made.write(folder, architectures, &self.training(made)?, &accuracies)?;
            }
            files::write_scores(folder, architectures, &wanted, &records, &self.workbench)?;
            files::write_aggregates(folder, architectures, &self.aggregated(&scores))?;
            files::write_times(folder, architectures, &wanted, &records)
        };
        let correlate = || self.correlations(&scores, &targets);
        let (written, correlations) = self.workbench.threads.install(|| rayon::join(write, correlate));
        written?;
        let correlations = correlations?;
        let ceilings = match &self.made {
            Some(made) => made.ceilings(&accuracies)?,
            None => self.truth.ceilings(&self.selection.texts())?,
        };
        let mut undefined = self.undefined(&readings);
        undefined.extend(self.made.iter().flat_map(|made| made.undefined(&accuracies)));
        let clock = laboratory.into_clock()?;
        let protocol = self.measured_under.clone().map_or_else(|| self.protocol(&targets), Ok)?;
        let published = self.published(&scores, &targets)?;
        let notes = study::notes(&ceilings, &undefined, &protocol);
        if !targets.is_empty() {
            files::write_correlations(folder, &correlations, &published, self.study.k, &notes, &protocol)?;
        }
        let summary = StudySummary {
            schema: StudySummary::SCHEMA,
            kind: Kind::Study,
            assay: VERSION.into(),
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
            machine: machine::here(self.workbench.threads.current_num_threads()),
            shards,
        };
        folder.write(names::DOCUMENT, document::markdown(&summary, &BTreeMap::new()).as_bytes())?;
        // Last: a study that has its summary has everything.
        folder.finish(&summary.to_json().map_err(unwritable)?)?;
        self.remove_checkpoints(folder);
        tracing::info!(architectures = summary.architectures, "study ends");
        Ok(summary)
    }

    /// Makes its measurements only.
    fn run_shard(&self, shard: Shard, folder: &RunFolder, observer: &dyn Observer) -> Result<ShardSummary, RunError> {
        let parts = self.parts(shard.of())?;
        let wanted = self.wanted(Some(Part { of: &parts, shard }));
        let trained = self.trained(Some(Part { of: &parts, shard }));
        let clock = self.measure(&trained, &wanted, folder, observer)?.into_clock()?;
        let mut measured: Vec<usize> = wanted.iter().map(|wanted| wanted.architecture).collect();
        measured.dedup();
        let summary = ShardSummary {
            schema: ShardSummary::SCHEMA,
            kind: Kind::Shard,
            assay: VERSION.into(),
            experiment: self.experiment.name.clone(),
            seed: self.experiment.seed,
            protocol: self.protocol(&self.described_targets()?)?,
            architectures: (measured.len(), self.selection.architectures.len()),
            measurements: wanted.iter().filter(|wanted| wanted.is_made()).count(),
            part: ShardTimes {
                shard: shard.to_string(),
                times: clock.since(self.began).stop(machine::cpu_seconds()),
                machine: machine::here(self.workbench.threads.current_num_threads()),
            },
        };
        folder.finish(&summary.to_json().map_err(unwritable)?)?;
        self.remove_checkpoints(folder);
        tracing::info!(%shard, architectures = summary.architectures.0, "shard ends");
        Ok(summary)
    }

    fn remove_checkpoints(&self, folder: &RunFolder) {
        if self.made.is_some() {
            Checkpoints::of(folder.path()).remove_all();
        }
    }

    /// Trains and measures what the folder's journal does not hold yet.
    fn measure<'a>(
        &'a self,
        trained: &[Request],
        wanted: &[Wanted],
        folder: &'a RunFolder,
        observer: &'a dyn Observer,
    ) -> Result<RunLaboratory<'a>, RunError> {
        self.selection
            .repeated
            .iter()
            .for_each(|repeated| observer.say(&format!("`study.architectures`: {repeated}; it is measured once")));
        let mut laboratory = RunLaboratory::open(&self.workbench, folder, observer)?;
        let mut outcome = Ok(());
        if let Some(made) = &self.made {
            observer.phase("training");
            observer.expect(made.epochs(trained));
            laboratory = laboratory.with_trainings(Some(&made.trainings));
            outcome = laboratory.complete(&Vec::from_iter(trained));
        }
        if outcome.is_ok() {
            let requests = requests(wanted);
            observer.phase("scoring");
            laboratory.expect_measurements(wanted.iter().filter(|wanted| wanted.is_made()).count());
            outcome = laboratory.complete(&requests);
        }
        laboratory.hasten();
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
}

fn unwritable(error: serde_json::Error) -> RunError {
    RunError::Result(error.to_string())
}

impl Prepared for StudyRun {
    type Summary = Finished;

    const PURPOSE: Purpose = Purpose::Study;
    const UNIT: &'static str = "measurements";

    fn kind(experiment: &Experiment) -> Kind {
        let is_shard = experiment.study.as_ref().is_some_and(|study| study.shard.is_some());
        if is_shard { Kind::Shard } else { Kind::Study }
    }

    fn prepare(experiment: Experiment, plugins: &Plugins) -> Result<Self, RunError> {
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
        let stored = study.scores.as_deref().map(|scores| Stored::read("study.scores", scores, space.as_ref())).transpose()?;
        let selection = Selection::new(&study, &experiment, space.as_ref(), &truth, stored.as_ref())?;
        let uses = truth.trainings();
        assembly.check_trainings(&uses, &["benchmark", "train"])?;
        let workbench = Workbench::of(&experiment, &assembly, space, proxies, None)?;
        let made = Trainings::of(&experiment, &assembly, &workbench, &uses)?.map(|trainings| Made { trainings, uses });
        let prepared =
            Self { experiment, study, workbench, truth, made, selection, stored, began, measured_under: None, aggregates, described };
        prepared.check_stored()?;
        Ok(prepared)
    }

    fn unit(&self) -> &'static str {
        if self.made.is_some() { "epochs and measurements" } else { Self::UNIT }
    }

    fn provenance(&self, plugins: &Plugins) -> Result<Provenance, RunError> {
        let mut provenance = self.workbench.provenance(&self.experiment, plugins)?;
        provenance.tables.extend(self.stored.as_ref().map(|stored| (stored.key().to_owned(), stored.fingerprint().to_owned())));
        if let Some(made) = &self.made {
            provenance.images.insert("test".into(), made.trainings.fingerprint()?);
            return Ok(provenance);
        }
        let table = self.truth.fingerprint(self.workbench.space.as_ref())?;
        provenance.tables.extend(table.map(|table| ("benchmark".to_owned(), table)));
        Ok(provenance)
    }

    fn run(&self, folder: &RunFolder, observer: &dyn Observer) -> Result<Finished, RunError> {
        match self.study.shard {
            Some(shard) => self.run_shard(shard, folder, observer).map(|shard| Finished::Shard(Box::new(shard))),
            None => self.run_whole(folder, Vec::new(), observer).map(|study| Finished::Whole(Box::new(study))),
        }
    }

    fn read(folder: &Path) -> Result<Finished, ReadError> {
        match Summary::read(folder)? {
            Summary::Study(study) => Ok(Finished::Whole(study)),
            Summary::Shard(shard) => Ok(Finished::Shard(shard)),
            other => Err(ReadError::OtherKind { folder: folder.to_owned(), found: other.kind(), wanted: Kind::Study }),
        }
    }
}

/// What a session of a study ended with.
#[derive(Clone, Debug)]
pub enum Finished {
    /// All of it.
    Whole(Box<StudySummary>),
    /// Its part.
    Shard(Box<ShardSummary>),
}
