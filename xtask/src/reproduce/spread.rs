//! Mean, standard deviation and intervals over seeds.

use assay_core::stream::Stream;
use assay_statistics::Pairs;
use assay_statistics::interval::Bootstrap;

const RESAMPLES: usize = 10_000;
/// Resamples of fewer values than these say nothing.
pub(crate) const FEWEST_FOR_AN_INTERVAL: usize = 10;

/// The mean, and the standard deviation with n − 1 in the denominator where there are at least two values.
/// `None` if there is no value.
pub(crate) fn mean_and_deviation(values: &[f64]) -> Option<(f64, Option<f64>)> {
    let count = values.len() as f64;
    if values.is_empty() {
        return None;
    }
    let mean = values.iter().sum::<f64>() / count;
    let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
    Some((mean, (values.len() > 1).then(|| (squares / (count - 1.0)).sqrt())))
}

/// `93.90 (0.47)`; without a deviation, `93.90 (–)`.
pub(crate) fn with_deviation(values: &[f64], decimals: usize) -> Option<String> {
    let (mean, deviation) = mean_and_deviation(values)?;
    let deviation = deviation.map_or("–".into(), |deviation| format!("{deviation:.decimals$}"));
    Some(format!("{mean:.decimals$} ({deviation})"))
}

/// `[0.76, 1.19]`: the 95 % percentile interval of the mean, from 10,000 resamples of the values with seed 0; nothing of fewer than ten.
pub(crate) fn interval_of_mean(values: &[f64]) -> Option<String> {
    let (bootstrap, means) = means(values, "seeds")?;
    bootstrap.percentiles(&means).map(|interval| format!("[{:.2}, {:.2}]", interval.low, interval.high))
}

/// `[+0.09, +0.53]`: the same of the mean of some values less the mean of others, which are resampled apart.
pub(crate) fn interval_of_difference(values: &[f64], others: &[f64]) -> Option<String> {
    let ((bootstrap, means), (_, others)) = (means(values, "seeds")?, self::means(others, "other seeds")?);
    let differences: Vec<Option<f64>> = means.iter().zip(&others).map(|(mean, other)| Some((*mean)? - (*other)?)).collect();
    bootstrap.percentiles(&differences).map(|interval| format!("[{:+.2}, {:+.2}]", interval.low, interval.high))
}

/// The means of resamples.
fn means(values: &[f64], purpose: &'static str) -> Option<(Bootstrap, Vec<Option<f64>>)> {
    let bootstrap = Bootstrap::new(RESAMPLES, 0.95, Stream::new(0, purpose)).ok()?;
    let pairs = Pairs::new(values, values).ok().filter(|pairs| pairs.len() >= FEWEST_FOR_AN_INTERVAL)?;
    let means = bootstrap.replicates(&pairs, |drawn| mean_and_deviation(drawn.x()).map(|(mean, _)| mean));
    Some((bootstrap, means))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Of n values the mean of a resample has the variance Σ(x − x̄)² / n², so that the interval of many is near x̄ ± 1.96 of its root.
    #[test]
    fn intervals_are_those_of_the_normal_distribution_where_values_are_many() {
        let read = |text: Option<String>| -> Vec<f64> {
            let text = text.unwrap();
            text.trim_matches(['[', ']']).split(", ").map(|bound| bound.parse().unwrap()).collect()
        };
        let values: Vec<f64> = (0..400).map(|value| f64::from(value % 2) * 20.0).collect();
        let half_width = 1.96 * 10.0 / 20.0;
        for (bound, expected) in read(interval_of_mean(&values)).into_iter().zip([10.0 - half_width, 10.0 + half_width]) {
            assert!((bound - expected).abs() < 0.1, "{bound} {expected}");
        }
        let others: Vec<f64> = values.iter().map(|value| value + 5.0).collect();
        let half_width = half_width * 2.0_f64.sqrt();
        for (bound, expected) in read(interval_of_difference(&values, &others)).into_iter().zip([-5.0 - half_width, -5.0 + half_width]) {
            assert!((bound - expected).abs() < 0.15, "{bound} {expected}");
        }
        assert_eq!(interval_of_mean(&values[..9]), None);
        assert_eq!(interval_of_difference(&values, &values[..9]), None);
        assert_eq!(interval_of_mean(&[0.25; 12]).as_deref(), Some("[0.25, 0.25]"));
    }

    #[test]
    fn the_deviation_is_that_of_a_sample() {
        // 2, 4, 4, 4, 5, 5, 7, 9: Σ(x − 5)² = 32 over 8 values.
        assert_eq!(mean_and_deviation(&[2.0, 4.0, 4.0, 4.0, 5.0, 5.0, 7.0, 9.0]), Some((5.0, Some((32.0_f64 / 7.0).sqrt()))));
        assert_eq!(mean_and_deviation(&[1.0, 3.0]), Some((2.0, Some(2.0_f64.sqrt()))));
    }

    #[test]
    fn one_value_has_no_deviation_and_no_value_no_mean() {
        assert_eq!(mean_and_deviation(&[7.5]), Some((7.5, None)));
        assert_eq!(mean_and_deviation(&[]), None);
        assert_eq!(with_deviation(&[7.5], 2).as_deref(), Some("7.50 (–)"));
        assert_eq!(with_deviation(&[], 2), None);
    }

    #[test]
    fn a_large_offset_does_not_swallow_the_deviation() {
        let (_, deviation) = mean_and_deviation(&[1e9 + 1.0, 1e9 + 2.0, 1e9 + 3.0]).unwrap();
        assert_eq!(deviation, Some(1.0));
    }
}
