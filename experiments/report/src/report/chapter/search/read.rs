//! A search as its folder holds it: its result, its steps, and how its space writes the architectures among the states.

use std::path::Path;

use assay_results::{SearchSummary, Step, Trajectory};
use assay_structure::score::Direction;

use super::written::Written;
use crate::report::error::ReportError;

/// A search.
pub struct Search {
    /// Its result.
    pub summary: SearchSummary,
    /// Its steps.
    pub trajectory: Trajectory,
    /// How the space writes the architectures among the states.
    pub(super) written: Written,
}

impl Search {
    /// Reads what the folder holds beside this summary.
    pub(super) fn read(folder: &Path, summary: SearchSummary) -> Result<Self, ReportError> {
        let trajectory = Trajectory::read(folder)?;
        Ok(Self { summary, trajectory, written: Written::read(folder)? })
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
