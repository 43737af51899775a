//! The spread of a statistic over seeds.

pub use assay_structure::estimate::Spread;

/// Of one value a seed; `None` if all are undefined.
#[must_use]
pub fn spread(statistics: &[Option<f64>]) -> Option<Spread> {
    let values: Vec<f64> = statistics.iter().copied().flatten().collect();
    if values.is_empty() {
        return None;
    }
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
    let deviation = (values.len() > 1).then(|| (squares / (n - 1.0)).sqrt());
    Some(Spread { mean, deviation, values: values.len(), undefined: statistics.len() - values.len() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn undefined_seeds_are_counted_and_left_out() {
        let found = spread(&[Some(0.5), None, Some(0.75), Some(0.25)]).unwrap();
        assert_eq!(found, Spread { mean: 0.5, deviation: Some(0.25), values: 3, undefined: 1 });
        assert_eq!(spread(&[Some(0.5)]).unwrap().deviation, None);
        assert_eq!(spread(&[None]), None);
    }
}
