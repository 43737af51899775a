//! The statistics of correlation studies: how far a score orders architectures as their accuracies do.
//!
//! Everything here is a pure function of numbers. What is measured over which architectures, and how tables are grouped,
//! read and written, belongs to the study.
//!
//! - [`Pairs`] are the paired values that every statistic takes, free of NaN by construction. In each pair `x` is the
//!   score and `y` the accuracy, and **larger is better on both sides**: the caller negates the scores of a proxy whose
//!   lower values are better. [`Sample`] makes pairs of scores of which some are undefined, and counts those.
//! - [`kendall::tau_b`], [`spearman::rho`], [`pearson::r`], [`weighted::tau_h`]: correlations of the whole sample;
//!   [`partial`]: what is left of one when a third variable is held fixed.
//! - [`top`]: what matters to a search, the upper end of the order.
//! - [`best`]: what the best of some random draws reaches, the line that a search has to beat; [`pareto`]: the front of
//!   what is good against what it costs.
//! - [`standings`]: where each value stands in the order of all.
//! - [`interval`]: how much the sample of architectures leaves open; [`spread`]: how much the seeds do;
//!   [`ceiling`]: what no score can be expected to exceed, because training itself is noisy.
//!
//! A statistic that the pairs do not determine (fewer than two of them, a constant side, …) is `None`: undefined, never
//! NaN and never 0. No result depends on the order of the pairs, except [`pearson::r`] by rounding, and the resamples of
//! [`interval`], which are draws of positions.

#![cfg_attr(test, allow(clippy::unwrap_used))]

pub mod best;
pub mod ceiling;
pub mod interval;
pub mod kendall;
mod pairs;
pub mod pareto;
pub mod partial;
pub mod pearson;
mod ranks;
mod sample;
pub mod spearman;
pub mod spread;
pub mod top;
pub mod weighted;

pub use pairs::{Pairs, PairsError, Side};
pub use ranks::standings;
pub use sample::Sample;
