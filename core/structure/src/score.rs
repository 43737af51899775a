//! What a proxy says of an architecture: a number, or why there is none. Never NaN, never a magic number.

use serde::{Deserialize, Serialize};

/// Which end of a proxy's scale promises the better architecture.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// Larger scores are better.
    HigherIsBetter,
    /// Smaller scores are better.
    LowerIsBetter,
}

/// The outcome of one measurement.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reading {
    /// A finite number.
    Value(f64),
    /// The quantity does not exist for this network and batch.
    Undefined {
        /// The reason, as a clause: `the Gram matrix is singular: …`.
        because: String,
    },
}

impl Reading {
    /// A value, or undefined if it is not a finite number.
    #[must_use]
    pub fn finite(value: f64) -> Self {
        if value.is_finite() { Self::Value(value) } else { Self::undefined(format!("the computation gave {value}")) }
    }

    /// Undefined, for this reason.
    pub fn undefined(because: impl Into<String>) -> Self {
        Self::Undefined { because: because.into() }
    }

    /// The value, if there is one.
    #[must_use]
    pub fn value(&self) -> Option<f64> {
        match self {
            Self::Value(value) => Some(*value),
            Self::Undefined { .. } => None,
        }
    }
}

impl std::fmt::Display for Reading {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Value(value) => value.fmt(f),
            Self::Undefined { because } => write!(f, "undefined, because {because}"),
        }
    }
}

/// A proxy's verdict over its repeats.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Score {
    /// Which end is better.
    pub direction: Direction,
    /// The mean over the repeats; undefined if any repeat is.
    pub reading: Reading,
    /// The standard deviation over the repeats (n − 1), if there are at least two.
    pub spread: Option<f64>,
    /// How many repeats were measured.
    pub repeats: usize,
}

impl Score {
    /// Summarises the readings of several repeats.
    #[must_use]
    pub fn of(direction: Direction, readings: &[Reading]) -> Self {
        let repeats = readings.len();
        let values: Result<Vec<f64>, &Reading> = readings.iter().map(|reading| reading.value().ok_or(reading)).collect();
        let (reading, spread) = match values {
            Err(undefined) => (undefined.clone(), None),
            Ok(values) if values.is_empty() => (Reading::undefined("nothing was measured"), None),
            Ok(values) => {
                let mean = values.iter().sum::<f64>() / repeats as f64;
                let squares = values.iter().map(|value| (value - mean).powi(2)).sum::<f64>();
                (Reading::finite(mean), (repeats > 1).then(|| (squares / (repeats - 1) as f64).sqrt()))
            }
        };
        Self { direction, reading, spread, repeats }
    }
}
