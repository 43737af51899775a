//! Runs that are already there.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use assay_core::experiment::{Experiment, Layers, Plugins, Purpose};
use assay_results::files::{EXPERIMENT, SUMMARY};

use crate::RunError;
use crate::folder::{cannot, prefix};

/// What is already there of an experiment.
#[derive(Debug, PartialEq, Eq)]
pub enum Earlier {
    /// No run of it.
    None,
    /// The newest unfinished run.
    Unfinished(PathBuf),
    /// Only finished runs; the newest.
    Finished(PathBuf),
}

/// Whether the run in this folder has its result.
#[must_use]
pub fn is_finished(folder: &Path) -> bool {
    folder.join(SUMMARY).exists()
}

/// The experiment that a run folder holds.
///
/// # Errors
/// If there is none, or it is not for this purpose, or does not fit this build's plugins.
pub fn stored_experiment(folder: &Path, purpose: Purpose, plugins: &Plugins) -> Result<Experiment, RunError> {
    Ok(Layers::new().file(&folder.join(EXPERIMENT))?.resolve(purpose, plugins)?)
}

/// Looks for runs of this very experiment under its output folder.
///
/// # Errors
/// If the output folder exists and cannot be read.
pub fn find_earlier(experiment: &Experiment, purpose: Purpose, plugins: &Plugins) -> Result<Earlier, RunError> {
    let entries = match fs::read_dir(&experiment.output) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Earlier::None),
        Err(error) => return Err(cannot("read", &experiment.output, error)),
    };
    let identity = experiment.identity()?;
    let prefix = prefix(experiment);
    let mut runs: Vec<PathBuf> = entries
        .filter_map(Result::ok)
        .filter(|entry| entry.file_name().to_string_lossy().starts_with(&prefix))
        .map(|entry| entry.path())
        // A folder whose experiment cannot be read any more is not a run of this one.
        .filter(|path| stored_experiment(path, purpose, plugins).is_ok_and(|stored| stored.identity().is_ok_and(|text| text == identity)))
        .collect();
    // Newest first; of one second, the later number is longer.
    runs.sort_by_key(|path| std::cmp::Reverse(path.file_name().map(|name| (name.len(), name.to_owned()))));
    let newest_finished = runs.iter().find(|path| is_finished(path)).cloned();
    Ok(match (runs.into_iter().find(|path| !is_finished(path)), newest_finished) {
        (Some(path), _) => Earlier::Unfinished(path),
        (None, Some(path)) => Earlier::Finished(path),
        (None, None) => Earlier::None,
    })
}
