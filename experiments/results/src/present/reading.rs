//! Scores and numbers as people read them.

use assay_core::score::{Direction, Reading, Score};

/// A number in few digits; files keep all of them.
#[must_use]
pub fn number(value: f64) -> String {
    if value != 0.0 && !(1e-3..1e7).contains(&value.abs()) {
        format!("{value:.3e}")
    } else {
        format!("{value:.4}").trim_end_matches('0').trim_end_matches('.').to_owned()
    }
}

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
