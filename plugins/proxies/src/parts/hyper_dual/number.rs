//! A number with its derivatives along two directions, and the mixed second derivative.

use std::ops::{Add, Mul, Sub};

/// A number with its derivatives.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[repr(C)]
pub struct HyperDual {
    /// The number.
    pub value: f64,
    /// Its derivative along the first direction.
    pub first: f64,
    /// That along the second.
    pub second: f64,
    /// The derivative along the second of that along the first.
    pub mixed: f64,
}

/// A value of a batch, `[images, channels, positions]`.
pub(super) type Value = Vec<HyperDual>;

impl HyperDual {
    /// 0, which does not change.
    pub const ZERO: Self = Self { value: 0.0, first: 0.0, second: 0.0, mixed: 0.0 };

    /// This times a number that does not change.
    #[must_use]
    pub fn scaled(self, by: f64) -> Self {
        Self { value: self.value * by, first: self.first * by, second: self.second * by, mixed: self.mixed * by }
    }

    /// 1 / √x.
    #[must_use]
    pub fn inverse_root(self) -> Self {
        let value = 1.0 / self.value.sqrt();
        let slope = -0.5 * value / self.value;
        let bend = -1.5 * slope / self.value;
        let Self { first, second, mixed, .. } = self;
        Self { value, first: slope * first, second: slope * second, mixed: slope * mixed + bend * first * second }
    }

    /// The parts, in their order.
    #[must_use]
    pub const fn parts(self) -> [f64; 4] {
        [self.value, self.first, self.second, self.mixed]
    }

    /// The number of these parts.
    #[must_use]
    pub const fn of([value, first, second, mixed]: [f64; 4]) -> Self {
        Self { value, first, second, mixed }
    }
}

impl Add for HyperDual {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self {
            value: self.value + other.value,
            first: self.first + other.first,
            second: self.second + other.second,
            mixed: self.mixed + other.mixed,
        }
    }
}

impl Sub for HyperDual {
    type Output = Self;

    fn sub(self, other: Self) -> Self {
        self + other.scaled(-1.0)
    }
}

impl Mul for HyperDual {
    type Output = Self;

    fn mul(self, other: Self) -> Self {
        Self {
            value: self.value * other.value,
            first: self.first * other.value + self.value * other.first,
            second: self.second * other.value + self.value * other.second,
            mixed: self.mixed * other.value + self.first * other.second + self.second * other.first + self.value * other.mixed,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn derivatives_are_those_of_calculus() {
        // f(s, t) = (1 + s)(2 + t) + s t at 0: its derivatives are 2, 1 and 2.
        let s = HyperDual { value: 0.0, first: 1.0, ..HyperDual::ZERO };
        let t = HyperDual { value: 0.0, second: 1.0, ..HyperDual::ZERO };
        let one = HyperDual { value: 1.0, ..HyperDual::ZERO };
        let f = (one + s) * (one.scaled(2.0) + t) + s * t;
        assert_eq!(f.parts(), [2.0, 2.0, 1.0, 2.0]);
        // (4 + s + t)^(−1/2): −1/2 · 4^(−3/2), and 3/4 · 4^(−5/2).
        let root = (one.scaled(4.0) + s + t).inverse_root();
        assert_eq!(root.parts(), [0.5, -0.0625, -0.0625, 0.0234375]);
        assert_eq!((f - f).parts(), [0.0; 4]);
    }
}
