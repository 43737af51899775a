//! The tangent Gram matrix and its condition number.

use std::sync::Arc;

use nalgebra::{DMatrix, SymmetricEigen};

use super::Precision;
use super::profile::{Meter, Profile, Work};

/// A symmetric positive semi-definite matrix of inner products of gradients.
#[derive(Clone, Debug, PartialEq)]
pub struct Gram {
    order: usize,
    entries: Vec<f64>,
    resolution: f64,
    clock: Clock,
}

/// What the time of the eigenvalues is added to. It is not a part of the matrix, so matrices that differ in it alone are equal.
#[derive(Clone, Debug, Default)]
struct Clock(Option<Arc<Profile>>);

impl PartialEq for Clock {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

/// The ratio of the extreme eigenvalues, or why there is none.
#[derive(Clone, Debug, PartialEq)]
pub enum ConditionNumber {
    /// κ = λmax / λmin, at least 1.
    Defined {
        /// The ratio.
        kappa: f64,
        /// The smallest eigenvalue.
        smallest: f64,
        /// The largest eigenvalue.
        largest: f64,
    },
    /// The matrix is singular as far as its precision can tell, or holds something that is not a number.
    Undefined {
        /// Which of these, with the numbers.
        because: String,
    },
}

impl Gram {
    /// A matrix of `order` × `order` entries, row-major. `resolution` is the ratio λmin / λmax below which rounding
    /// in the entries alone explains λmin.
    ///
    /// # Panics
    /// If the number of entries is not the square of the order.
    #[must_use]
    pub fn new(order: usize, entries: Vec<f64>, resolution: f64) -> Self {
        assert_eq!(entries.len(), order * order, "a Gram matrix is square");
        Self { order, entries, resolution, clock: Clock::default() }
    }

    /// Adds the time of its eigenvalues to a profile.
    #[must_use]
    pub fn profiled(self, profile: Option<Arc<Profile>>) -> Self {
        Self { clock: Clock(profile), ..self }
    }

    /// The inner products of gradient rows, accumulated in float64. `computed_in` is the precision the rows came from.
    ///
    /// # Panics
    /// If the rows differ in length.
    #[must_use]
    pub fn of_rows(rows: &[Vec<f64>], computed_in: Precision) -> Self {
        let order = rows.len();
        let width = rows.first().map_or(0, Vec::len);
        assert!(rows.iter().all(|row| row.len() == width), "gradient rows of one network are equally long");
        let jacobian = DMatrix::from_row_iterator(order, width, rows.iter().flatten().copied());
        let product = &jacobian * jacobian.transpose();
        Self::new(order, product.as_slice().to_vec(), Self::resolution(order, computed_in))
    }

    /// The ratio λmin / λmax below which rounding alone explains λmin, where rows computed in `computed_in` are
    /// multiplied in float64.
    ///
    /// A gradient of a network of some twenty layers carries a relative error of up to about 256 ε (on equal images
    /// 20 to 30 ε were seen). That error moves singular values by as much of the largest one, and so eigenvalues,
    /// their squares, by its square; the eigenvalue solver adds order · ε of float64.
    #[must_use]
    pub fn resolution(order: usize, computed_in: Precision) -> f64 {
        let epsilon = match computed_in {
            Precision::F32 => f64::from(f32::EPSILON),
            Precision::F64 => f64::EPSILON,
        };
        (256.0 * epsilon).powi(2).max(order as f64 * f64::EPSILON)
    }

    /// Rows (and columns).
    #[must_use]
    pub fn order(&self) -> usize {
        self.order
    }

    /// The entries, row-major.
    #[must_use]
    pub fn entries(&self) -> &[f64] {
        &self.entries
    }

    /// The ratio λmin / λmax below which rounding in the entries alone explains λmin.
    #[must_use]
    pub fn resolution_of_entries(&self) -> f64 {
        self.resolution
    }

    /// The eigenvalues in ascending order, in float64, or `None` if an entry is not finite.
    #[must_use]
    pub fn eigenvalues(&self) -> Option<Vec<f64>> {
        if self.entries.iter().any(|entry| !entry.is_finite()) {
            return None;
        }
        let solve = || {
            let matrix = DMatrix::from_row_slice(self.order, self.order, &self.entries);
            let mut values: Vec<f64> = SymmetricEigen::new(matrix).eigenvalues.iter().copied().collect();
            values.sort_by(f64::total_cmp);
            values
        };
        Some(Meter(self.clock.0.as_deref()).time(|| (Work::Eigenvalues, 0), solve))
    }

    /// κ = λmax / λmin.
    #[must_use]
    pub fn condition_number(&self) -> ConditionNumber {
        let undefined = |because: String| ConditionNumber::Undefined { because };
        if self.order < 2 {
            return undefined(format!("a Gram matrix of {} sample has no two eigenvalues to compare", self.order));
        }
        let Some(values) = self.eigenvalues() else {
            return undefined("the Gram matrix holds an entry that is not a finite number".into());
        };
        let (smallest, largest) = (values[0], values[self.order - 1]);
        if largest <= 0.0 {
            return undefined("every gradient is zero (λmax = 0)".into());
        }
        if smallest <= largest * self.resolution {
            return undefined(format!(
                "the Gram matrix is singular: λmin = {smallest:.3e} is within rounding of 0 (λmax = {largest:.3e}, resolution {:.1e})",
                self.resolution
            ));
        }
        ConditionNumber::Defined { kappa: largest / smallest, smallest, largest }
    }
}
