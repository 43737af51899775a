//! What the best of some random draws can be expected to be: the line that a search has to beat.

use crate::ranks::order_key;

/// The largest of some values drawn without replacement.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Best {
    /// Its expectation.
    pub mean: f64,
    /// Its standard deviation.
    pub deviation: f64,
}

/// The distribution of the largest of `draws` of the values, every choice of them being equally likely: exact, by the order
/// statistics of a finite population. `None` without a draw, or with more draws than values.
///
/// The k-th smallest of n values is the largest of N draws with probability C(k − 1, N − 1) / C(n, N).
#[must_use]
pub fn expected_best(values: &[f64], draws: usize) -> Option<Best> {
    if draws == 0 || draws > values.len() {
        return None;
    }
    let mut sorted = values.to_vec();
    sorted.sort_unstable_by_key(|value| order_key(*value));
    // From the largest value down: P(k) / P(k + 1) = (k − N + 1) / k, counted from 1.
    let mut probability = draws as f64 / sorted.len() as f64;
    let (mut mean, mut square) = (0.0, 0.0);
    let largest = sorted[sorted.len() - 1];
    for position in (draws..=sorted.len()).rev() {
        // Around the largest value, so that the variance is not a difference of large numbers.
        let below = sorted[position - 1] - largest;
        mean += probability * below;
        square += probability * below * below;
        if position > 1 {
            probability *= (position - draws) as f64 / (position - 1) as f64;
        }
    }
    Some(Best { mean: largest + mean, deviation: (square - mean * mean).max(0.0).sqrt() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_the_mean_over_every_choice() {
        let values = [3.0, -1.0, 3.0, 7.5, 0.25, 2.0];
        for draws in 1..=values.len() {
            let mut best = Vec::new();
            for mask in 0..1_u32 << values.len() {
                if mask.count_ones() as usize == draws {
                    let chosen = (0..values.len()).filter(|at| mask >> at & 1 == 1).map(|at| values[at]);
                    best.push(chosen.fold(f64::NEG_INFINITY, f64::max));
                }
            }
            let mean = best.iter().sum::<f64>() / best.len() as f64;
            let deviation = (best.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / best.len() as f64).sqrt();
            let found = expected_best(&values, draws).unwrap();
            assert!((found.mean - mean).abs() < 1e-12 && (found.deviation - deviation).abs() < 1e-12, "{draws}: {found:?}, {mean}");
        }
    }

    #[test]
    fn there_is_none_of_no_draw_or_of_more_than_there_are() {
        assert_eq!(expected_best(&[1.0, 2.0], 0), None);
        assert_eq!(expected_best(&[1.0, 2.0], 3), None);
        assert_eq!(expected_best(&[1.0, 2.0], 2), Some(Best { mean: 2.0, deviation: 0.0 }));
    }
}
