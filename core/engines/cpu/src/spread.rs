//! The mean and the spread of channels, joined over lanes, tiles and parts of a batch.

use assay_kernels::Number;

/// The mean and Σ (x − mean)² of each channel over so many values.
#[derive(Clone, Debug, Default)]
pub(super) struct Spread {
    pub(super) count: usize,
    pub(super) mean: Vec<f64>,
    pub(super) squares: Vec<f64>,
}

impl Spread {
    /// Of no value.
    pub(super) fn none(channels: usize) -> Self {
        Self { count: 0, mean: vec![0.0; channels], squares: vec![0.0; channels] }
    }

    /// Of all these values together (Chan, Golub & LeVeque, 1979).
    pub(super) fn join(&mut self, other: &Self) {
        let total = self.count + other.count;
        if other.count == 0 {
            return;
        }
        let share = other.count as f64 / total as f64;
        for (channel, (mean, squares)) in self.mean.iter_mut().zip(&mut self.squares).enumerate() {
            let off = other.mean[channel] - *mean;
            *mean += off * share;
            *squares += other.squares[channel] + off * off * share * self.count as f64;
        }
        self.count = total;
    }

    /// Joins the first `counted` lanes of `[channels][mean, Σ (x − mean)²][lanes]`, each of `each` values.
    pub(super) fn join_lanes<E: Number>(&mut self, moments: &[E], lanes: usize, counted: usize, each: usize) {
        let mut own = Self::none(self.mean.len());
        own.count = counted * each;
        for (channel, of_lanes) in moments.chunks(2 * lanes).enumerate() {
            let (means, squares) = of_lanes.split_at(lanes);
            let mean = means[..counted].iter().map(|mean| mean.to_f64()).sum::<f64>() / counted.max(1) as f64;
            let between: f64 = means[..counted].iter().map(|own| (own.to_f64() - mean).powi(2)).sum();
            own.mean[channel] = mean;
            own.squares[channel] = squares[..counted].iter().map(|own| own.to_f64()).sum::<f64>() + between * each as f64;
        }
        self.join(&own);
    }

    /// The biased variances.
    pub(super) fn variance(&self) -> Vec<f64> {
        self.squares.iter().map(|squares| squares / self.count.max(1) as f64).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lanes_and_parts_join_to_the_spread_of_all_their_values() {
        // Two lanes of two values each, far from zero: 1001 and 1003, 1005 and 1007; a third lane does not count.
        let mut spread = Spread::none(1);
        spread.join_lanes(&[1002.0_f64, 1006.0, 5.0, 2.0, 2.0, 9.0], 3, 2, 2);
        assert_eq!((spread.count, spread.mean[0], spread.squares[0]), (4, 1004.0, 20.0));
        let mut all = Spread::none(1);
        all.join(&spread);
        all.join(&Spread { count: 1, mean: vec![1014.0], squares: vec![0.0] });
        assert_eq!((all.count, all.mean[0]), (5, 1006.0));
        assert!((all.variance()[0] - 100.0 / 5.0).abs() < 1e-9, "{:?}", all.variance());
    }
}
