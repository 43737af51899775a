//! Paired values that can be ordered: of equal number and without NaN.

/// Which half of the pairs an error is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// The scores.
    X,
    /// The accuracies.
    Y,
    /// The third variable, which a partial correlation holds fixed.
    Given,
}

impl std::fmt::Display for Side {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::X => "x (the scores)",
            Self::Y => "y (the accuracies)",
            Self::Given => "the third variable",
        })
    }
}

/// Why values cannot be paired.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PairsError {
    /// One side has more values than the other.
    #[error("{side} has {found} values where {expected} are needed, one for each architecture and in the same order")]
    Lengths {
        /// The side that does not fit.
        side: Side,
        /// How many values the other side has.
        expected: usize,
        /// How many values it has.
        found: usize,
    },
    /// NaN has no place in an order.
    #[error("value {position} (counted from 0) of {side} is NaN, which has no rank; mark it as undefined, or leave its architecture out")]
    NotANumber {
        /// The side that holds it.
        side: Side,
        /// Where, counted from 0.
        position: usize,
    },
}

/// `n` pairs (x, y): a score and an accuracy of each of `n` architectures. Infinite values are allowed and ordered;
/// NaN is not; −0 is 0.
#[derive(Clone, Debug, PartialEq)]
pub struct Pairs {
    x: Vec<f64>,
    y: Vec<f64>,
}

impl Pairs {
    /// Pairs the values of two slices, position by position.
    ///
    /// # Errors
    /// [`PairsError`] if the slices differ in length or hold a NaN.
    pub fn new(x: &[f64], y: &[f64]) -> Result<Self, PairsError> {
        if y.len() != x.len() {
            return Err(PairsError::Lengths { side: Side::Y, expected: x.len(), found: y.len() });
        }
        Ok(Self { x: ordered(x, Side::X)?, y: ordered(y, Side::Y)? })
    }

    /// The scores, in the order in which they were given.
    #[must_use]
    pub fn x(&self) -> &[f64] {
        &self.x
    }

    /// The accuracies, in the order in which they were given.
    #[must_use]
    pub fn y(&self) -> &[f64] {
        &self.y
    }

    /// How many pairs there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.x.len()
    }

    /// Whether there are no pairs.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.x.is_empty()
    }

    /// The pairs at these positions, in this order, each as often as it is named.
    ///
    /// # Panics
    /// If a position is not below [`len`](Self::len).
    #[must_use]
    pub fn select(&self, positions: impl IntoIterator<Item = usize>) -> Self {
        let (x, y) = positions.into_iter().map(|position| (self.x[position], self.y[position])).unzip();
        Self { x, y }
    }

    /// Both sides paired with a third variable: (x, given) and (y, given).
    pub(crate) fn given(&self, given: &[f64]) -> Result<(Self, Self), PairsError> {
        if given.len() != self.len() {
            return Err(PairsError::Lengths { side: Side::Given, expected: self.len(), found: given.len() });
        }
        let given = ordered(given, Side::Given)?;
        Ok((Self { x: self.x.clone(), y: given.clone() }, Self { x: self.y.clone(), y: given }))
    }
}

fn ordered(values: &[f64], side: Side) -> Result<Vec<f64>, PairsError> {
    match values.iter().position(|value| value.is_nan()) {
        Some(position) => Err(PairsError::NotANumber { side, position }),
        // −0 + 0 = 0: from here on, equal values have equal bits.
        None => Ok(values.iter().map(|value| value + 0.0).collect()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_paired_is_refused_with_its_place() {
        assert_eq!(
            Pairs::new(&[1.0, 2.0], &[1.0]).unwrap_err().to_string(),
            "y (the accuracies) has 1 values where 2 are needed, one for each architecture and in the same order"
        );
        assert_eq!(
            Pairs::new(&[1.0, f64::NAN], &[1.0, 2.0]).unwrap_err().to_string(),
            "value 1 (counted from 0) of x (the scores) is NaN, which has no rank; mark it as undefined, or leave its architecture out"
        );
        let pairs = Pairs::new(&[1.0, 2.0], &[1.0, f64::INFINITY]).unwrap();
        assert_eq!(pairs.given(&[f64::NAN, 0.0]).unwrap_err(), PairsError::NotANumber { side: Side::Given, position: 0 });
    }

    #[test]
    fn the_two_zeros_are_one_value() {
        let pairs = Pairs::new(&[-0.0], &[-0.0]).unwrap();
        assert!(pairs.x()[0].is_sign_positive() && pairs.y()[0].is_sign_positive());
    }
}
