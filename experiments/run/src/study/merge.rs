//! Joins the shards of one study: `assay merge`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use assay_core::experiment::{Experiment, Plugins, Purpose, Shard};
use assay_core::number::grouped;
use assay_results::shard::ShardTimes;
use assay_results::{Kind, Provenance, ShardSummary, StudySummary, files, read_checked};
use rayon::prelude::*;

use super::StudyRun;
use super::measurements::Part;
use crate::bench::journal;
use crate::bench::records::{Record, Records};
use crate::folder::RunFolder;
use crate::{Observer, Prepared, RunError, VERSION, is_finished, stored_experiment};

/// All the shards of one study, finished, with what they measured.
pub struct Shards {
    prepared: StudyRun,
    /// By its number.
    summaries: BTreeMap<u32, (PathBuf, ShardSummary)>,
    records: Records,
}

/// One folder that was named.
struct Folder {
    path: PathBuf,
    experiment: Experiment,
    shard: Shard,
}

impl Shards {
    /// Reads the shards in these folders and checks that they are all of one study, that none is missing, unfinished or
    /// there twice, and that they measured under the same conditions.
    ///
    /// # Errors
    /// Saying which shard of which folder is at fault, and what to do.
    pub fn read(runs: &[PathBuf], plugins: &Plugins, observer: &dyn Observer) -> Result<Self, RunError> {
        observer.phase("reading shards");
        let mut folders = runs.iter().map(|path| Folder::read(path, plugins)).collect::<Result<Vec<_>, RunError>>()?;
        let [first, ..] = folders.as_slice() else {
            return Err(RunError::refused("there is nothing to merge", "name the folders of all shards"));
        };
        let of = first.shard.of();
        let of_one_study = of_one_study(first, &folders)?;
        // However they were named, the whole has its measurements in one order.
        folders.sort_by_key(|folder| folder.shard.number());
        let mut summaries = BTreeMap::new();
        for folder in &folders {
            summaries.insert(folder.shard.number(), (folder.path.clone(), ShardSummary::read(&folder.path)?));
        }
        observer.expect(summaries.values().map(|(_, summary)| summary.measurements).sum());
        let mut prepared = StudyRun::prepare(of_one_study, plugins)?;
        let here = prepared.protocol(&prepared.described_targets()?)?;
        let there = summaries.values().next().map_or(&here, |(_, summary): &(PathBuf, ShardSummary)| &summary.protocol);
        let parts = prepared.parts(of)?;
        let complete = |folder: &Folder| match summaries.get(&folder.shard.number()) {
            None => Ok(Vec::new()),
            Some((_, summary)) => {
                folder.check_conditions(summary, there, &here)?;
                let own = journal::read(&folder.path).map_err(|error| RunError::Journal { folder: folder.path.clone(), error })?;
                let found = folder.complete(&own, &prepared, &parts)?;
                observer.advance(summary.measurements);
                Ok(found)
            }
        };
        let found = prepared.workbench.threads.install(|| folders.par_iter().map(complete).collect::<Vec<Result<Vec<Record>, RunError>>>());
        let mut records = Records::default();
        for found in found {
            records.extend(found?);
        }
        // The machine that merges measures nothing: its own engine has no part in the result.
        prepared.measured_under = Some(there.clone());
        Ok(Self { prepared, summaries, records })
    }

    /// The experiment that the shards are of.
    #[must_use]
    pub fn experiment(&self) -> &Experiment {
        &self.prepared.experiment
    }

    /// What the measurements belong to.
    ///
    /// # Errors
    /// If images or a table cannot be read.
    pub fn provenance(&self, plugins: &Plugins) -> Result<Provenance, RunError> {
        self.prepared.provenance(plugins)
    }

    /// Writes in this folder what a run of the whole study would have written.
    ///
    /// # Errors
    /// If a file cannot be written.
    pub fn merge(self, folder: &RunFolder, observer: &dyn Observer) -> Result<StudySummary, RunError> {
        let failed = |error| RunError::Journal { folder: folder.path().to_owned(), error };
        // Whole or not at all: a study resumed over half of it would measure the other half again.
        folder.save(files::JOURNAL, &journal::lines(self.records.iter()).map_err(failed)?)?;
        let shards: Vec<ShardTimes> = self.summaries.into_values().map(|(_, summary)| summary.part).collect();
        self.prepared.run_whole(folder, shards, observer)
    }
}

/// A protocol line without the name of the engine.
fn without_engine(protocol: &str) -> Vec<&str> {
    protocol.split("; ").filter(|part| !part.starts_with("engine ")).collect()
}

/// The whole study that all these are parts of.
fn of_one_study(first: &Folder, parts: &[Folder]) -> Result<Experiment, RunError> {
    let mut whole = first.experiment.clone().without_shard();
    whole.threads = None;
    let identity = whole.identity()?;
    let mut folders: BTreeMap<u32, &Folder> = BTreeMap::new();
    for part in parts {
        let (one, other) = (first.path.display(), part.path.display());
        if part.experiment.clone().without_shard().identity()? != identity {
            let help = format!("compare {one}/{file} and {other}/{file}", file = files::EXPERIMENT);
            return Err(RunError::refused(format!("the shards in `{one}` and `{other}` are of different experiments"), help));
        }
        if part.shard.of() != first.shard.of() {
            let problem = format!("`{one}` holds shard {}, `{other}` shard {}: the study was split in two ways", first.shard, part.shard);
            return Err(RunError::refused(problem, "merge the shards of one split"));
        }
        if let Some(earlier) = folders.insert(part.shard.number(), part) {
            let problem = format!("shard {} is there twice: in `{}` and in `{other}`", part.shard, earlier.path.display());
            return Err(RunError::refused(problem, "name one of the two folders"));
        }
    }
    let of = first.shard.of();
    let missing: Vec<String> = (1..=of).filter(|number| !folders.contains_key(number)).map(|number| format!("{number}/{of}")).collect();
    let unfinished: Vec<&Folder> = folders.values().copied().filter(|part| !is_finished(&part.path)).collect();
    let mut help: Vec<String> = missing.iter().map(|shard| format!("make it with: assay correlate FILE --shard {shard}")).collect();
    help.extend(unfinished.iter().map(|part| format!("finish it with: {}", Kind::Shard.resume(&part.path))));
    let unfinished: Vec<String> = unfinished.iter().map(|part| part.shard.to_string()).collect();
    match (missing.as_slice(), unfinished.as_slice()) {
        ([], []) => Ok(whole),
        (missing, []) => Err(RunError::refused(format!("shards of the study are missing: {}", missing.join(", ")), help.join("\n"))),
        ([], unfinished) => {
            Err(RunError::refused(format!("shards of the study are not finished: {}", unfinished.join(", ")), help.join("\n")))
        }
        (missing, unfinished) => {
            let problem = format!("shards of the study are missing: {}; not finished: {}", missing.join(", "), unfinished.join(", "));
            Err(RunError::refused(problem, help.join("\n")))
        }
    }
}

impl Folder {
    fn read(path: &Path, plugins: &Plugins) -> Result<Self, RunError> {
        if !path.join(files::EXPERIMENT).exists() {
            let problem = format!("`{}` holds no run", path.display());
            return Err(RunError::refused(problem, "name folders that assay correlate FILE --shard I/N made"));
        }
        if is_finished(path) {
            read_checked(&path.join(files::EXPERIMENT))?;
        }
        let experiment = stored_experiment(path, Purpose::Study, plugins)?;
        match experiment.study.as_ref().and_then(|study| study.shard) {
            Some(shard) => Ok(Self { path: path.to_owned(), experiment, shard }),
            None => {
                let problem = format!("`{}` holds a whole study, not a shard of one", path.display());
                Err(RunError::refused(problem, "name folders that assay correlate FILE --shard I/N made"))
            }
        }
    }

    /// That it was measured by this version, as another shard was, and but for the engine as would be done here.
    fn check_conditions(&self, summary: &ShardSummary, there: &str, here: &str) -> Result<(), RunError> {
        let (shard, path, own) = (self.shard, self.path.display(), &summary.protocol);
        if summary.assay != VERSION {
            let problem = format!("shard {shard} in `{path}` was measured by assay {}, and this is {VERSION}", summary.assay);
            return Err(RunError::refused(problem, "measure all shards and merge them with one version"));
        }
        if own != there {
            let problem = format!("shard {shard} in `{path}` was measured under another protocol than the first\n  {own}\n  {there}");
            return Err(RunError::refused(problem, "measure all shards with the same images, and engines of the same name"));
        }
        if without_engine(own) != without_engine(here) {
            let problem =
                format!("shard {shard} in `{path}` was measured under another protocol than holds here\n  there: {own}\n  here:  {here}");
            return Err(RunError::refused(problem, "merge where the same images and the same table of accuracies are"));
        }
        Ok(())
    }

    /// Its measurements, if all that it should have made are there.
    fn complete(&self, records: &Records, whole: &StudyRun, parts: &[u32]) -> Result<Vec<Record>, RunError> {
        let mut found = Vec::new();
        let mut missing = 0_u128;
        let part = Part { of: parts, shard: self.shard };
        for request in whole.wanted(Some(part)).into_iter().map(|wanted| wanted.request).chain(whole.trained(Some(part))) {
            match records.get(&request) {
                // The machine that merges measures nothing, whatever memory it has.
                Some(record) => found.push(Record { lacked_memory: false, ..record.clone() }),
                None => missing += 1,
            }
        }
        if missing > 0 {
            let problem = format!("shard {} in `{}` lacks {} measurement(s)", self.shard, self.path.display(), grouped(missing));
            return Err(RunError::refused(problem, "its journal is damaged: measure the shard again in another folder"));
        }
        Ok(found)
    }
}
