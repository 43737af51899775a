//! The covariance of a class that is drawn by a network's smoothed probabilities, as a product L Lᵀ.
//!
//! In closed form: Tanabe, Sagae: An Exact Cholesky Decomposition and the Generalized Inverse of the Variance–Covariance Matrix of
//! the Multinomial Distribution, 1992.

use nalgebra::DMatrix;

assay_core::words! {
    /// What the Fisher information is made of.
    pub enum Variant {
        /// L J, and the share of the uniform distribution in half precision.
        Code = "code" as "L · J, half-precision smoothing (the released code)",
        /// L J, and 0.05 as it is.
        CodeFullAlpha = "code-full-alpha" as "L · J",
        /// Lᵀ J, which is the Fisher information.
        Fisher = "fisher" as "Fisher information",
    }
}

/// The share of the uniform distribution in the probabilities.
const ALPHA: f64 = 0.05;

/// The probabilities of the classes: mostly the softmax of the logits.
pub(super) fn smoothed(logits: &[f64], variant: Variant) -> Vec<f64> {
    let classes = logits.len() as f64;
    let (kept, added) = match variant {
        Variant::Code => {
            let alpha = half(ALPHA);
            (half(1.0 - alpha), half(alpha / classes))
        }
        Variant::CodeFullAlpha | Variant::Fisher => (1.0 - ALPHA, ALPHA / classes),
    };
    let most = logits.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let total: f64 = logits.iter().map(|logit| (logit - most).exp()).sum();
    logits.iter().map(|logit| (logit - most).exp() / total * kept + added).collect()
}

/// The nearest number of half precision, between its smallest and its largest.
fn half(value: f64) -> f64 {
    let unit = value.abs().log2().floor().max(-14.0) - 10.0;
    let unit = unit.exp2();
    (value / unit).round_ties_even() * unit
}

/// What the logits are multiplied by in the rows of a Jacobian that [`product`] reads: all logits but the last, which
/// L's empty last column leaves out. Where L stands transposed, each less the last, because Lᵀ takes no notice of what all logits share.
pub(super) fn cotangents(classes: usize, variant: Variant) -> Vec<Vec<f64>> {
    let last = if variant == Variant::Fisher { -1.0 } else { 0.0 };
    let row = |class: usize| {
        let mut row = vec![0.0; classes];
        row[class] = 1.0;
        row[classes - 1] = last;
        row
    };
    (0..classes - 1).map(row).collect()
}

/// A, the product of L or Lᵀ with the Jacobian that has these rows.
pub(super) fn product(factor: &DMatrix<f64>, jacobian: &DMatrix<f64>, variant: Variant) -> DMatrix<f64> {
    let kept = factor.ncols() - 1;
    match variant {
        Variant::Fisher => factor.view((0, 0), (kept, kept)).transpose() * jacobian,
        Variant::Code | Variant::CodeFullAlpha => factor.columns(0, kept) * jacobian,
    }
}

/// L, the lower triangle whose L Lᵀ is diag(p) − p pᵀ where the probabilities sum to 1. Nothing where what is left of 1 is negative
/// before the last class.
pub(super) fn factor(probabilities: &[f64]) -> Option<DMatrix<f64>> {
    let classes = probabilities.len();
    let mut factor = DMatrix::zeros(classes, classes);
    let (mut left, mut taken) = (1.0, 0.0);
    // The last column is zero: nothing is left after the last class.
    for column in 0..classes - 1 {
        taken += probabilities[column];
        let after = 1.0 - taken;
        if after <= 0.0 {
            return None;
        }
        let length = (probabilities[column] * after / left).sqrt();
        factor[(column, column)] = length;
        for row in column + 1..classes {
            factor[(row, column)] = -probabilities[row] / after * length;
        }
        left = after;
    }
    Some(factor)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_factor_times_its_transpose_is_the_covariance_of_a_class() {
        let probabilities = smoothed(&[0.3, -1.0, 2.0, 0.0], Variant::Fisher);
        assert!((probabilities.iter().sum::<f64>() - 1.0).abs() < 1e-15);
        let factor = factor(&probabilities).unwrap();
        let product = &factor * factor.transpose();
        for row in 0..4 {
            for column in 0..4 {
                let diagonal = if row == column { probabilities[row] } else { 0.0 };
                let expected = diagonal - probabilities[row] * probabilities[column];
                assert!((product[(row, column)] - expected).abs() < 1e-15, "{row}, {column}");
            }
        }
    }

    #[test]
    fn a_row_less_gives_the_same_products() {
        let probabilities = smoothed(&[0.3, -1.0, 2.0, 0.0], Variant::Fisher);
        let factor = factor(&probabilities).unwrap();
        let all = DMatrix::from_fn(4, 3, |row, column| ((row * 7 + column * 5) % 11) as f64 - 4.0);
        for (variant, expected) in [(Variant::Fisher, factor.transpose() * &all), (Variant::CodeFullAlpha, &factor * &all)] {
            let rows: Vec<f64> = cotangents(4, variant).concat();
            let less = DMatrix::from_row_slice(3, 4, &rows) * &all;
            let found = product(&factor, &less, variant);
            for (place, expected) in expected.row_iter().enumerate() {
                let found = if place < found.nrows() { found.row(place).into_owned() } else { expected * 0.0 };
                assert!((found - expected).amax() < 1e-14, "{variant}, row {place}");
            }
        }
    }

    #[test]
    fn half_precision_rounds_as_the_released_code() {
        assert_eq!(half(1.0 - half(0.05)), 0.950_195_312_5);
        assert_eq!(half(half(0.05) / 10.0), 0.004_997_253_417_968_75);
        // The largest part of 1 that half precision can lack, and numbers too small for a full mantissa.
        assert_eq!((half(1.0), half(1.0 + 2.0_f64.powi(-11)), half(2.0_f64.powi(-25) * 1.5)), (1.0, 1.0, 2.0_f64.powi(-24)));
    }

    #[test]
    fn too_much_smoothing_leaves_nothing_for_the_last_classes() {
        assert!(factor(&[0.6, 0.4001, 0.1]).is_none());
        assert!(factor(&[1.0]).unwrap()[(0, 0)] == 0.0);
    }
}
