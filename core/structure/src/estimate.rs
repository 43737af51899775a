//! What statistics of scores come to beside a value: intervals, spreads and noise ceilings. `assay-statistics` makes them,
//! and run folders hold them.

use serde::{Deserialize, Serialize};

/// A bootstrap percentile interval.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Interval {
    /// The lower end: the (1 − level)/2 quantile of the resamples.
    pub low: f64,
    /// The upper end: the (1 + level)/2 quantile.
    pub high: f64,
    /// The share of the resamples between the two.
    pub level: f64,
    /// How many resamples gave the statistic a value.
    pub resamples: usize,
    /// How many resamples left the statistic undefined, because they drew a constant side: the interval leaves them out, so
    /// show this wherever it is not 0.
    pub undefined: usize,
}

/// The mean and standard deviation of a statistic over the seeds or repeats for which it is defined.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Spread {
    /// The mean.
    pub mean: f64,
    /// The standard deviation (n − 1); `None` of a single value.
    pub deviation: Option<f64>,
    /// Of how many values.
    pub values: usize,
    /// For how many seeds or repeats the statistic is undefined; they are left out of the mean.
    pub undefined: usize,
}

/// The agreement of single training runs, one a seed, with the mean of the others.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Ceiling {
    /// The mean of `by_seed`; `None` if one of them is undefined.
    pub tau_b: Option<f64>,
    /// Per seed, the τ-b of its accuracies against the mean of all others'; undefined if a side is constant.
    pub by_seed: Vec<Option<f64>>,
    /// How many architectures have the number of seeds asked for.
    pub architectures: usize,
    /// How many have another number of seeds and are left out.
    pub left_out: usize,
}
