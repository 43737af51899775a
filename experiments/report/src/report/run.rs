//! Finished runs, as their folders hold them.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use assay_results::Summary;

use super::chapter::Found;
use super::error::ReportError;

/// A finished run.
pub struct Run {
    /// Its folder.
    pub folder: PathBuf,
    /// What it found.
    pub found: Found,
    /// The experiment's name.
    experiment: String,
    seed: u64,
    /// The version of the program that made it.
    pub(super) version: String,
}

impl Run {
    /// Reads the run in this folder.
    ///
    /// # Errors
    /// If it holds none, or one that is not finished, or what it holds cannot be read.
    pub fn read(folder: &Path) -> Result<Self, ReportError> {
        Self::of(folder, Summary::read(folder)?)
    }

    /// The run whose folder has this summary.
    pub(super) fn of(folder: &Path, summary: Summary) -> Result<Self, ReportError> {
        let (experiment, seed, version) = (summary.experiment().to_owned(), summary.seed(), summary.assay().to_owned());
        Ok(Self { folder: folder.to_owned(), found: Found::read(folder, summary)?, experiment, seed, version })
    }
}

/// What to call each run: its experiment; where that is not enough to know it from the others, with its seed, or its folder.
#[must_use]
pub fn label(runs: &[Run]) -> Vec<String> {
    let folder = |run: &Run| run.folder.file_name().map_or_else(|| run.folder.display().to_string(), |name| name.to_string_lossy().into());
    let name = |run: &Run| run.experiment.clone();
    let seeded = |run: &Run| format!("{} seed {}", run.experiment, run.seed);
    let ways: [&dyn Fn(&Run) -> String; 3] = [&name, &seeded, &folder];
    let labels = |way: &&dyn Fn(&Run) -> String| runs.iter().map(way).collect::<Vec<_>>();
    let differ = |labels: &Vec<String>| labels.iter().collect::<BTreeSet<_>>().len() == labels.len();
    let numbered = || runs.iter().zip(1..).map(|(run, number)| format!("{} ({number})", folder(run))).collect();
    ways.iter().map(labels).find(differ).unwrap_or_else(numbered)
}
