//! Experiments made ready to run, with what their users should know before hours of work.

use std::sync::Arc;

use assay_core::engine::profile::Profile;
use assay_core::experiment::{Experiment, Plugins};
use assay_run::search::SearchRun;
use assay_run::study::StudyRun;
use assay_run::{Prepared, RunError};

use crate::output::tell;

/// A search. The times of the work are added to the profile, if there is one.
///
/// # Errors
/// As [`Prepared::prepare`].
pub fn search(experiment: Experiment, plugins: &Plugins, profile: Option<&Arc<Profile>>) -> Result<SearchRun, RunError> {
    let prepared = SearchRun::profiled(experiment, plugins, profile)?;
    if let Some(problem) = prepared.missing_benchmark() {
        tell!("The result's accuracies will not be known: {problem}");
    }
    Ok(prepared)
}

/// A study.
///
/// # Errors
/// As [`Prepared::prepare`].
pub fn study(experiment: Experiment, plugins: &Plugins) -> Result<StudyRun, RunError> {
    if experiment.benchmark.is_none() {
        tell!("The experiment has no [benchmark]: scores will be compared with each other, not with accuracies.");
    }
    StudyRun::prepare(experiment, plugins)
}
