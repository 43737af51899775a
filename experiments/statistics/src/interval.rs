//! Bootstrap percentile intervals: how far a statistic could have come out otherwise had other architectures of the same
//! space been drawn.
//!
//! B. Efron, R. J. Tibshirani, *An Introduction to the Bootstrap* (1993), chapter 13. The interval is about the drawing of
//! architectures alone, not about the seeds of the score or of training. Over a whole space nothing was drawn,
//! and it says how a sample of that size would vary.

use assay_core::stream::Stream;
pub use assay_structure::estimate::Interval;
use rand::RngExt;
use rayon::prelude::*;

use crate::kendall;
use crate::pairs::Pairs;
use crate::ranks::order_key;

/// Why there can be no such bootstrap.
#[derive(Clone, Copy, Debug, PartialEq, thiserror::Error)]
pub enum BootstrapError {
    /// There is nothing to take percentiles of.
    #[error("0 resamples give no interval; use 1,000 or more for a level of 0.95")]
    NoResamples,
    /// The level is not a probability.
    #[error("the level {0} is not between 0 and 1; 0.95 is usual")]
    Level(f64),
}

/// How intervals are drawn.
#[derive(Clone, Debug, PartialEq)]
pub struct Bootstrap {
    resamples: usize,
    level: f64,
    stream: Stream,
}

impl Bootstrap {
    /// Intervals at `level` (0.95) from `resamples` (1,000) draws of `stream`.
    ///
    /// # Errors
    /// [`BootstrapError`] without resamples, or for a level that is not between 0 and 1.
    pub fn new(resamples: usize, level: f64, stream: Stream) -> Result<Self, BootstrapError> {
        if resamples == 0 {
            return Err(BootstrapError::NoResamples);
        }
        if !(level > 0.0 && level < 1.0) {
            return Err(BootstrapError::Level(level));
        }
        Ok(Self { resamples, level, stream })
    }

    /// The statistic of each resample of `n` of the `n` pairs, drawn with replacement.
    ///
    /// Resample r draws from its own child of the stream, so the result is the same on any number of threads. It draws
    /// positions: two proxies over the same architectures in the same order meet the same resamples, and the replicates of
    /// one less those of the other are the replicates of their difference.
    pub fn replicates(&self, pairs: &Pairs, statistic: impl Fn(&Pairs) -> Option<f64> + Sync) -> Vec<Option<f64>> {
        let n = pairs.len();
        if n == 0 {
            return vec![None; self.resamples];
        }
        // Resamples of ordered pairs are made in order, which spares every statistic most of its sorting.
        let mut order: Vec<usize> = (0..n).collect();
        order.sort_unstable_by_key(|position| (order_key(pairs.x()[*position]), order_key(pairs.y()[*position])));
        let replicate = |resample: usize| {
            let mut rng = self.stream.child(resample).rng();
            let mut drawn = vec![0_u32; n];
            for _ in 0..n {
                drawn[rng.random_range(0..n)] += 1;
            }
            statistic(&pairs.select(order.iter().flat_map(|position| std::iter::repeat_n(*position, drawn[*position] as usize))))
        };
        (0..self.resamples).into_par_iter().map(replicate).collect()
    }

    /// The percentile interval of a statistic; `None` if it is undefined for the pairs themselves or for every resample.
    pub fn interval(&self, pairs: &Pairs, statistic: impl Fn(&Pairs) -> Option<f64> + Sync) -> Option<Interval> {
        statistic(pairs)?;
        self.percentiles(&self.replicates(pairs, statistic))
    }

    /// The interval of [τ-b](kendall::tau_b).
    #[must_use]
    pub fn tau_b(&self, pairs: &Pairs) -> Option<Interval> {
        self.interval(pairs, kendall::tau_b)
    }

    /// The percentile interval of replicates, such as those of a difference; `None` if all are undefined.
    /// Quantiles are interpolated linearly between order statistics (type 7 of Hyndman and Fan, 1996).
    #[must_use]
    pub fn percentiles(&self, replicates: &[Option<f64>]) -> Option<Interval> {
        let mut values: Vec<f64> = replicates.iter().copied().flatten().collect();
        values.sort_unstable_by(f64::total_cmp);
        let quantile = |share: f64| {
            let place = share * values.len().checked_sub(1)? as f64;
            let (below, above) = (values[place.floor() as usize], values[place.ceil() as usize]);
            Some(below + (above - below) * place.fract())
        };
        let low = quantile((1.0 - self.level) / 2.0)?;
        let high = quantile((1.0 + self.level) / 2.0)?;
        Some(Interval { low, high, level: self.level, resamples: values.len(), undefined: replicates.len() - values.len() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bootstrap(resamples: usize, level: f64) -> Bootstrap {
        Bootstrap::new(resamples, level, Stream::new(7, "bootstrap")).unwrap()
    }

    #[test]
    fn percentiles_are_interpolated_and_undefined_resamples_are_counted() {
        let replicates: Vec<Option<f64>> = [Some(4.0), None, Some(1.0), Some(2.0), Some(3.0), Some(5.0)].into();
        let interval = bootstrap(6, 0.9).percentiles(&replicates).unwrap();
        assert!((interval.low - 1.2).abs() < 1e-12 && (interval.high - 4.8).abs() < 1e-12, "{interval:?}");
        assert_eq!((interval.resamples, interval.undefined), (5, 1));
        assert_eq!(bootstrap(2, 0.9).percentiles(&[None, None]), None);
    }

    #[test]
    fn a_level_in_per_cent_is_refused() {
        assert_eq!(Bootstrap::new(10, 95.0, Stream::new(0, "bootstrap")), Err(BootstrapError::Level(95.0)));
        assert_eq!(Bootstrap::new(0, 0.95, Stream::new(0, "bootstrap")), Err(BootstrapError::NoResamples));
    }

    #[test]
    fn resamples_that_draw_a_constant_are_left_out_and_counted() {
        let pairs = Pairs::new(&[0.0, 0.0, 0.0, 1.0], &[1.0, 2.0, 3.0, 4.0]).unwrap();
        let interval = bootstrap(2_000, 0.9).tau_b(&pairs).unwrap();
        assert_eq!(interval.resamples + interval.undefined, 2_000);
        // The one odd score is missed with probability (3/4)⁴ = 0.316, and drawn four times with (1/4)⁴ = 0.004.
        assert!((interval.undefined as f64 / 2_000.0 - 0.320).abs() < 0.04, "{interval:?}");
        assert_eq!(bootstrap(10, 0.9).tau_b(&Pairs::new(&[1.0; 3], &[1.0, 2.0, 3.0]).unwrap()), None);
        assert_eq!(bootstrap(10, 0.9).tau_b(&Pairs::new(&[], &[]).unwrap()), None);
    }
}
