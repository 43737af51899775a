//! Partial correlations: what of the agreement between score and accuracy is left when a third variable, such as the
//! number of parameters, is held fixed. A proxy that only counts parameters has none left.
//!
//! For every coefficient it is (c_xy − c_xz·c_yz) / √((1 − c_xz²)·(1 − c_yz²)). For τ: M. G. Kendall, *Partial rank
//! correlation*, Biometrika 32 (1942), here with τ-b, so that ties are discounted; for ρ and r: the first-order partial
//! correlation of G. U. Yule, Proceedings of the Royal Society A 79 (1907), of ranks and of values.
//! Partial ρ is exactly the correlation of the residuals of the ranks; partial τ has no such reading, only that it is 0
//! where x and y agree no more than their agreement with z implies.

use crate::pairs::{Pairs, PairsError};
use crate::{kendall, pearson, spearman};

/// Partial τ-b of x and y given a third variable, one value a pair. `None` if one of the three τ-b is undefined, or x or y
/// orders the architectures exactly as `given` does, or exactly the other way round.
///
/// # Errors
/// [`PairsError`] if `given` differs in length from the pairs or holds a NaN.
pub fn kendall(pairs: &Pairs, given: &[f64]) -> Result<Option<f64>, PairsError> {
    of(kendall::tau_b, pairs, given)
}

/// Partial ρ of x and y given a third variable, one value a pair. `None` as for [`kendall()`].
///
/// # Errors
/// [`PairsError`] if `given` differs in length from the pairs or holds a NaN.
pub fn spearman(pairs: &Pairs, given: &[f64]) -> Result<Option<f64>, PairsError> {
    of(spearman::rho, pairs, given)
}

/// Partial r of x and y given a third variable, one value a pair. `None` if one of the three r is undefined, or x or y is
/// a linear function of `given`.
///
/// # Errors
/// [`PairsError`] if `given` differs in length from the pairs or holds a NaN.
pub fn pearson(pairs: &Pairs, given: &[f64]) -> Result<Option<f64>, PairsError> {
    of(pearson::r, pairs, given)
}

fn of(coefficient: fn(&Pairs) -> Option<f64>, pairs: &Pairs, given: &[f64]) -> Result<Option<f64>, PairsError> {
    let (x_given, y_given) = pairs.given(given)?;
    let (Some(xy), Some(xz), Some(yz)) = (coefficient(pairs), coefficient(&x_given), coefficient(&y_given)) else {
        return Ok(None);
    };
    Ok(first_order(xy, xz, yz))
}

/// The partial coefficient from the three plain ones; `None` where nothing is left to vary.
fn first_order(xy: f64, xz: f64, yz: f64) -> Option<f64> {
    // A remainder that is smaller, relative to 1, than the rounding of the three coefficients counts as 0.
    const ROUNDING: f64 = 1e-14;
    let (free_x, free_y) = (1.0 - xz * xz, 1.0 - yz * yz);
    (free_x > ROUNDING && free_y > ROUNDING).then(|| ((xy - xz * yz) / (free_x * free_y).sqrt()).clamp(-1.0, 1.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_score_that_is_the_third_variable_has_no_partial_correlation() {
        let parameters = [3.0, 1.0, 4.0, 1.0, 5.0, 9.0, 2.0];
        let pairs = Pairs::new(&parameters, &[2.0, 7.0, 1.0, 8.0, 2.0, 8.0, 1.0]).unwrap();
        assert_eq!(kendall(&pairs, &parameters), Ok(None));
        assert_eq!(spearman(&pairs, &parameters.map(f64::exp)), Ok(None));
        assert_eq!(pearson(&pairs, &parameters.map(|count| 2.0 - 3.0 * count)), Ok(None));
    }

    #[test]
    fn partial_rho_is_the_correlation_of_the_residuals_of_the_ranks() {
        let (x, y, z) = ([3.0, 1.0, 4.0, 2.0, 5.0, 6.0], [2.0, 1.0, 5.0, 4.0, 3.0, 6.0], [1.0, 2.0, 3.0, 4.0, 5.0, 6.0]);
        let residuals = |values: [f64; 6]| {
            let slope = values.iter().zip(z).map(|(value, z)| (value - 3.5) * (z - 3.5)).sum::<f64>() / 17.5;
            std::array::from_fn::<f64, 6, _>(|at| values[at] - 3.5 - slope * (z[at] - 3.5))
        };
        let expected = pearson::r(&Pairs::new(&residuals(x), &residuals(y)).unwrap()).unwrap();
        let found = spearman(&Pairs::new(&x, &y).unwrap(), &z).unwrap().unwrap();
        assert!((found - expected).abs() < 1e-14, "{found} {expected}");
    }

    #[test]
    fn the_textbook_formula_holds_for_tau() {
        // By counting discordant pairs, of 6: one in (x, y), two in (x, z), one in (y, z).
        let pairs = Pairs::new(&[1.0, 2.0, 3.0, 4.0], &[1.0, 2.0, 4.0, 3.0]).unwrap();
        let found = kendall(&pairs, &[2.0, 1.0, 4.0, 3.0]).unwrap().unwrap();
        let (xy, xz, yz) = (4.0 / 6.0, 2.0 / 6.0, 4.0 / 6.0);
        assert!((found - (xy - xz * yz) / f64::sqrt((1.0 - xz * xz) * (1.0 - yz * yz))).abs() < 1e-15, "{found}");
    }
}
