//! A search as its folder holds it: its result and its steps.

use std::path::Path;

use assay_core::experiment::{Assembly, Plugins, Purpose};
use assay_core::plugin::{SearchSpace, Step};
use assay_core::score::Direction;

use crate::report::error::ReportError;
use crate::run::folder;
use crate::run::summary::Summary;
use crate::run::tables::{TRAJECTORY, Trajectory};

/// A search.
pub struct Search {
    /// Its result.
    pub summary: Summary,
    /// Its steps.
    pub trajectory: Trajectory,
    /// What was searched, if its plugin is here.
    pub(super) space: Option<Box<dyn SearchSpace>>,
}

impl Search {
    /// Reads the steps of the search with this summary.
    pub(in crate::report::chapter) fn read(folder: &Path, summary: &[u8], plugins: &Plugins) -> Result<Self, ReportError> {
        let summary = serde_json::from_slice(summary).map_err(|error| ReportError::unreadable(folder, folder::SUMMARY, &error))?;
        let trajectory = std::fs::read(folder.join(TRAJECTORY)).map_err(|error| ReportError::unreadable(folder, TRAJECTORY, &error))?;
        let trajectory = serde_json::from_slice(&trajectory).map_err(|error| ReportError::unreadable(folder, TRAJECTORY, &error))?;
        let experiment = folder::stored_experiment(folder, Purpose::Score, plugins);
        let space = experiment.ok().and_then(|experiment| Assembly::new(&experiment, plugins).space().ok());
        Ok(Self { summary, trajectory, space })
    }
}

/// What each step read of one proxy.
pub(super) fn readings(search: &Search, proxy: &str) -> Vec<Option<f64>> {
    let of_step = |step: &Step| step.readings.iter().find(|(own, _)| own == proxy).and_then(|(_, reading)| reading.value());
    search.trajectory.steps.iter().map(of_step).collect()
}

/// The best of each beginning.
pub(super) fn best_so_far(readings: &[Option<f64>], direction: Direction) -> Vec<Option<f64>> {
    let better = |one: f64, other: f64| match direction {
        Direction::HigherIsBetter => one.max(other),
        Direction::LowerIsBetter => one.min(other),
    };
    let so_far = readings.iter().scan(None, |best: &mut Option<f64>, reading| {
        *best = match (*best, *reading) {
            (Some(best), Some(reading)) => Some(better(best, reading)),
            (known, None) | (None, known) => known,
        };
        Some(*best)
    });
    so_far.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_best_so_far_passes_over_undefined_steps_and_knows_which_end_is_better() {
        let readings = [None, Some(3.0), Some(5.0), None, Some(1.0)];
        assert_eq!(best_so_far(&readings, Direction::HigherIsBetter), [None, Some(3.0), Some(5.0), Some(5.0), Some(5.0)]);
        assert_eq!(best_so_far(&readings, Direction::LowerIsBetter), [None, Some(3.0), Some(3.0), Some(3.0), Some(1.0)]);
    }
}
