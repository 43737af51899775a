//! Finished runs, as their folders hold them.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use assay_core::experiment::{Assembly, Experiment, Plugins, Purpose};
use assay_core::plugin::SearchSpace;

use super::ReportError;
use super::scored::Scored;
use crate::run::folder;
use crate::run::summary::Summary;
use crate::run::tables::{TRAJECTORY, Trajectory};
use crate::study::StudySummary;
use crate::study::summary::Finished;
use crate::training::summary::TrainingSummary;

/// A finished run.
pub struct Run {
    /// Its folder.
    pub folder: PathBuf,
    /// What it found.
    pub found: Found,
}

/// What a run found.
pub enum Found {
    /// How scores correlate with accuracies.
    Study(Box<Study>),
    /// An architecture.
    Search(Box<Search>),
    /// How well an architecture does once it is trained.
    Training(Box<TrainingSummary>),
}

/// A correlation study.
pub struct Study {
    /// Its result.
    pub summary: StudySummary,
    pub(super) scored: Scored,
}

/// A search.
pub struct Search {
    /// Its result.
    pub summary: Summary,
    /// Its steps.
    pub trajectory: Trajectory,
    /// What was searched, if its plugin is here.
    pub(super) space: Option<Box<dyn SearchSpace>>,
}

impl Run {
    /// Reads the run in this folder.
    ///
    /// # Errors
    /// If it holds none, or one that is not finished, or what it holds cannot be read.
    pub fn read(folder: &Path, plugins: &Plugins) -> Result<Self, ReportError> {
        let no_run = |problem: String| ReportError::NoRun { folder: folder.to_owned(), problem };
        let unreadable = |file: &str, error: &dyn std::fmt::Display| no_run(format!("{file}: {error}"));
        let summary = match std::fs::read(folder.join(folder::SUMMARY)) {
            Ok(summary) => summary,
            Err(_) if folder.join(folder::EXPERIMENT).exists() => {
                return Err(ReportError::Unfinished { folder: folder.to_owned(), resume: folder::resume(folder, plugins) });
            }
            Err(error) => return Err(unreadable(folder::SUMMARY, &error)),
        };
        let found = match Finished::from_json(&summary) {
            Some(Finished::Whole(summary)) => {
                let experiment: Experiment = folder::stored_experiment(folder, Purpose::Study, plugins)?;
                let scored = Scored::read(folder, &summary, &experiment, plugins)?;
                Found::Study(Box::new(Study { summary: *summary, scored }))
            }
            Some(Finished::Shard(shard)) => {
                return Err(ReportError::Shard { folder: folder.to_owned(), shard: shard.part.shard.to_string() });
            }
            None => match TrainingSummary::from_json(&summary) {
                Some(summary) => Found::Training(Box::new(summary)),
                None => {
                    let summary = serde_json::from_slice(&summary).map_err(|error| unreadable(folder::SUMMARY, &error))?;
                    let trajectory = std::fs::read(folder.join(TRAJECTORY)).map_err(|error| unreadable(TRAJECTORY, &error))?;
                    let trajectory = serde_json::from_slice(&trajectory).map_err(|error| unreadable(TRAJECTORY, &error))?;
                    let experiment = folder::stored_experiment(folder, Purpose::Score, plugins);
                    let space = experiment.ok().and_then(|experiment| Assembly::new(&experiment, plugins).space().ok());
                    Found::Search(Box::new(Search { summary, trajectory, space }))
                }
            },
        };
        Ok(Self { folder: folder.to_owned(), found })
    }

    /// What it found, if it is a search.
    #[must_use]
    pub fn search(&self) -> Option<&Search> {
        if let Found::Search(search) = &self.found { Some(search) } else { None }
    }

    /// What it came to, if it is a training.
    pub(super) fn training(&self) -> Option<&TrainingSummary> {
        if let Found::Training(summary) = &self.found { Some(summary) } else { None }
    }

    fn name_and_seed(&self) -> (&str, u64) {
        match &self.found {
            Found::Study(study) => (&study.summary.experiment, study.summary.seed),
            Found::Search(search) => (&search.summary.experiment, search.summary.seed),
            Found::Training(summary) => (&summary.experiment, summary.seed),
        }
    }

    /// The version of the program that made it.
    pub(super) fn version(&self) -> &str {
        match &self.found {
            Found::Study(study) => &study.summary.assay,
            Found::Search(search) => &search.summary.assay,
            Found::Training(summary) => &summary.assay,
        }
    }
}

/// What to call each run: its experiment, with as much more as tells it from the others.
#[must_use]
pub fn label(runs: &[Run]) -> Vec<String> {
    let folder = |run: &Run| run.folder.file_name().map_or_else(|| run.folder.display().to_string(), |name| name.to_string_lossy().into());
    let name = |run: &Run| run.name_and_seed().0.to_owned();
    let seeded = |run: &Run| format!("{} seed {}", run.name_and_seed().0, run.name_and_seed().1);
    let ways: [&dyn Fn(&Run) -> String; 3] = [&name, &seeded, &folder];
    let labels = |way: &&dyn Fn(&Run) -> String| runs.iter().map(way).collect::<Vec<_>>();
    let tells = |labels: &Vec<String>| labels.iter().collect::<BTreeSet<_>>().len() == labels.len();
    let numbered = || runs.iter().zip(1..).map(|(run, number)| format!("{} ({number})", folder(run))).collect();
    ways.iter().map(labels).find(tells).unwrap_or_else(numbered)
}
