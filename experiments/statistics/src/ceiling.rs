//! The noise ceiling: how well one training run of every architecture orders them as further runs do.
//!
//! Training the same architecture twice gives two accuracies, so the order of a benchmark is itself a draw. The τ-b of one
//! seed against the mean of the others says what a score as good as training once would reach. A score that has learnt the
//! expected accuracy could exceed it, since it is free of one of the two noises; a score that does has earned a second look.

pub use assay_structure::estimate::Ceiling;

use crate::kendall;
use crate::pairs::Pairs;

/// Why there is no ceiling.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CeilingError {
    /// One run has no other to be compared with.
    #[error("a noise ceiling needs at least two seeds an architecture, not {0}: one against the mean of the others")]
    Seeds(usize),
    /// NaN has no place in an order.
    #[error(
        "accuracy {seed} of architecture {architecture} (both counted from 0) is {found}, and an accuracy is a finite number; correct the table"
    )]
    NotFinite {
        /// The architecture's position.
        architecture: usize,
        /// The seed's position.
        seed: usize,
        /// What is there: `NaN`, `inf` or `-inf`.
        found: &'static str,
    },
}

/// The noise ceiling over the architectures that have exactly `seeds` accuracies; `accuracies` has a row of single-seed
/// accuracies for each architecture, and seeds stand in the same order in each.
///
/// # Errors
/// [`CeilingError`] for fewer than two seeds, or an accuracy that is not finite.
pub fn ceiling(accuracies: &[Vec<f64>], seeds: usize) -> Result<Ceiling, CeilingError> {
    if seeds < 2 {
        return Err(CeilingError::Seeds(seeds));
    }
    for (architecture, row) in accuracies.iter().enumerate() {
        if let Some(seed) = row.iter().position(|accuracy| !accuracy.is_finite()) {
            let found = if row[seed].is_nan() {
                "NaN"
            } else if row[seed] > 0.0 {
                "inf"
            } else {
                "-inf"
            };
            return Err(CeilingError::NotFinite { architecture, seed, found });
        }
    }
    let complete: Vec<&Vec<f64>> = accuracies.iter().filter(|row| row.len() == seeds).collect();
    let by_seed: Vec<Option<f64>> = (0..seeds).map(|seed| against_the_others(&complete, seed)).collect();
    let defined: Option<Vec<f64>> = by_seed.iter().copied().collect();
    Ok(Ceiling {
        tau_b: defined.map(|values| values.iter().sum::<f64>() / values.len() as f64),
        by_seed,
        architectures: complete.len(),
        left_out: accuracies.len() - complete.len(),
    })
}

/// τ-b of one seed's accuracies against the mean of the others'. All are finite.
fn against_the_others(rows: &[&Vec<f64>], seed: usize) -> Option<f64> {
    let one: Vec<f64> = rows.iter().map(|row| row[seed]).collect();
    let others: Vec<f64> = rows.iter().map(|row| mean_without(row, seed)).collect();
    kendall::tau_b(&Pairs::new(&one, &others).ok()?)
}

/// The mean of all but one accuracy. Rounded to 10⁻⁹, far below the worth of a test image, because equal means of decimal
/// fractions must tie however their sums are rounded: 93.7 and 93.6 make 93.65 as 93.65 and 93.65 do.
fn mean_without(row: &[f64], seed: usize) -> f64 {
    let others = row.iter().enumerate().filter(|(position, _)| *position != seed).map(|(_, accuracy)| accuracy);
    (others.sum::<f64>() / (row.len() - 1) as f64 * 1e9).round()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_noise_the_ceiling_is_one_and_rows_of_other_lengths_are_left_out() {
        let rows = [vec![90.0; 3], vec![91.0; 3], vec![70.0], vec![92.0; 3], vec![80.0, 81.0]];
        let found = ceiling(&rows, 3).unwrap();
        assert_eq!(found, Ceiling { tau_b: Some(1.0), by_seed: vec![Some(1.0); 3], architectures: 3, left_out: 2 });
    }

    #[test]
    fn equal_means_tie_whatever_their_addends() {
        assert_ne!((0.1 + 0.7) / 2.0, (0.3 + 0.5) / 2.0, "binary rounding no longer tells these means apart: choose others");
        assert_eq!(mean_without(&[5.0, 0.1, 0.7], 0), mean_without(&[6.0, 0.3, 0.5], 0));
    }

    #[test]
    fn a_table_without_repeats_or_with_a_hole_is_refused() {
        assert_eq!(ceiling(&[vec![1.0]], 1).unwrap_err(), CeilingError::Seeds(1));
        let hole = CeilingError::NotFinite { architecture: 1, seed: 0, found: "NaN" };
        assert_eq!(ceiling(&[vec![1.0, 2.0], vec![f64::NAN, 1.0]], 2).unwrap_err(), hole);
        assert_eq!(ceiling(&[vec![1.0, 2.0]], 2).unwrap().tau_b, None);
    }
}
