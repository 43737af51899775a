//! Scores as people read them.

use assay_structure::score::{Direction, Reading, Score};

use super::number::number;

/// `12.3 ± 0.4 over 3 repeats`.
#[must_use]
pub fn describe(score: &Score) -> String {
    match (&score.reading, score.spread) {
        (Reading::Value(value), Some(spread)) => format!("{} ± {} over {} repeats", number(*value), number(spread), score.repeats),
        (Reading::Value(value), None) => number(*value),
        (undefined, _) => undefined.to_string(),
    }
}

/// Which end of a scale is better.
#[must_use]
pub fn better(direction: Direction) -> &'static str {
    match direction {
        Direction::HigherIsBetter => "higher is better",
        Direction::LowerIsBetter => "lower is better",
    }
}
