//! The operators kept on one edge, and their text form, a mask.

use std::fmt;

use serde::{Deserialize, Serialize};

/// One operator on one edge of one kind of cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Choice {
    /// The kind of cell.
    pub cell: usize,
    /// The edge.
    pub edge: usize,
    /// The operator.
    pub operator: usize,
}

/// The operators kept on one edge.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct OperatorSet(u64);

impl OperatorSet {
    /// No operator.
    pub const EMPTY: Self = Self(0);

    /// The first `count` operators.
    #[must_use]
    pub fn first(count: usize) -> Self {
        (0..count).collect()
    }

    /// Whether it holds `operator`.
    #[must_use]
    pub fn contains(self, operator: usize) -> bool {
        self.0 >> operator & 1 == 1
    }

    /// With `operator`.
    #[must_use]
    pub fn with(self, operator: usize) -> Self {
        Self(self.0 | 1 << operator)
    }

    /// Without `operator`.
    #[must_use]
    pub fn without(self, operator: usize) -> Self {
        Self(self.0 & !(1 << operator))
    }

    /// Whether all that it holds is in `other`.
    #[must_use]
    pub fn is_subset(self, other: Self) -> bool {
        self.0 & !other.0 == 0
    }

    /// How many it holds.
    #[must_use]
    pub fn len(self) -> usize {
        self.0.count_ones() as usize
    }

    /// Whether it holds no operator.
    #[must_use]
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// The position, among the operators that it holds, of the only operator of `one`. `None` if `one` does not hold exactly
    /// one operator, or if this set does not hold it.
    #[must_use]
    pub fn position_of(self, one: Self) -> Option<usize> {
        let below = Self(self.0 & one.0.wrapping_sub(1));
        (one.len() == 1 && one.is_subset(self)).then_some(below.len())
    }

    /// The operators it holds, ascending.
    pub fn iter(self) -> impl Iterator<Item = usize> {
        (0..u64::BITS as usize).filter(move |operator| self.contains(*operator))
    }
}

impl FromIterator<usize> for OperatorSet {
    fn from_iter<I: IntoIterator<Item = usize>>(operators: I) -> Self {
        operators.into_iter().fold(Self::EMPTY, Self::with)
    }
}

/// Writes one digit for each of `operators` operators: 1 for those that the set holds.
pub(super) fn write_mask(out: &mut impl fmt::Write, set: OperatorSet, operators: usize) -> fmt::Result {
    (0..operators).try_for_each(|operator| out.write_char(if set.contains(operator) { '1' } else { '0' }))
}

/// Reads a mask.
pub(super) fn operators_of(mask: &str) -> Result<OperatorSet, String> {
    if mask.is_empty() || mask.len() > u64::BITS as usize || mask.bytes().any(|byte| !matches!(byte, b'0' | b'1')) {
        return Err(format!("`{mask}` is not an operator mask of 0s and 1s"));
    }
    Ok(mask.bytes().enumerate().filter(|(_, byte)| *byte == b'1').map(|(operator, _)| operator).collect())
}
