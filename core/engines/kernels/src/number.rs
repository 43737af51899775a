//! The two number types that the kernels are generic over.

use std::ops::{Add, Div, Mul, Neg, Sub};

/// Numbers that can be calculated with.
pub trait Arithmetic:
    Sized + Add<Output = Self> + Sub<Output = Self> + Mul<Output = Self> + Div<Output = Self> + Neg<Output = Self>
{
}

impl<T: Add<Output = T> + Sub<Output = T> + Mul<Output = T> + Div<Output = T> + Neg<Output = T>> Arithmetic for T {}

/// A floating-point number.
pub trait Number: Copy + Default + PartialOrd + Arithmetic + Send + Sync + std::fmt::Debug + 'static {
    /// Zero.
    const ZERO: Self;
    /// One.
    const ONE: Self;
    /// The distance from 1 to the next number.
    const EPSILON: f64;
    /// The nearest number of this type.
    fn from_f64(value: f64) -> Self;
    /// The same number in float64, exactly.
    fn to_f64(self) -> f64;
    /// eˣ to within two roundings, the same bits on any processor; what is too small for a normal number is 0.
    fn exp(self) -> Self;
    /// √x.
    fn sqrt(self) -> Self;
    /// log(1 + x).
    fn ln_1p(self) -> Self;
}

/// The exponential function, in operations that compilers make vector instructions of: 2ⁿ · eʳ with n whole and |r| ≤ ½ log 2, where
/// eʳ is its Taylor polynomial.
macro_rules! exponential {
    ($float:ty, $round:expr, $bias:expr, $fraction:expr, $high:expr, $low:expr, $limits:expr, $terms:expr) => {
        #[inline(always)]
        fn exp(self) -> Self {
            let [least, most]: [$float; 2] = $limits;
            let x = self.clamp(least, most);
            // Adding this number leaves the nearest whole number in the last bits.
            let shifted = x * <$float>::from_f64(std::f64::consts::LOG2_E) + $round;
            let n = shifted - $round;
            let r = (x - n * $high) - n * $low;
            let mut sum: $float = 0.0;
            for term in $terms {
                sum = sum * r + term;
            }
            // 2ⁿ⁻¹, which is a number for each n that there is.
            let half = <$float>::from_bits((shifted.to_bits() << $fraction).wrapping_add(($bias - 1) << $fraction));
            let value = sum * half * 2.0;
            if self > most {
                <$float>::INFINITY
            } else if self < least {
                0.0
            } else {
                value
            }
        }
    };
}

impl Number for f32 {
    const ZERO: Self = 0.0;
    const ONE: Self = 1.0;
    const EPSILON: f64 = f32::EPSILON as f64;
    fn from_f64(value: f64) -> Self {
        value as Self
    }
    fn to_f64(self) -> f64 {
        f64::from(self)
    }
    exponential!(
        f32,
        12_582_912.0,
        127,
        23,
        0.693_359_4,
        -2.121_944_4e-4,
        [-86.6, 88.722_8],
        [1.0 / 5040.0, 1.0 / 720.0, 1.0 / 120.0, 1.0 / 24.0, 1.0 / 6.0, 0.5, 1.0, 1.0]
    );
    fn sqrt(self) -> Self {
        self.sqrt()
    }
    fn ln_1p(self) -> Self {
        self.ln_1p()
    }
}

impl Number for f64 {
    const ZERO: Self = 0.0;
    const ONE: Self = 1.0;
    const EPSILON: f64 = Self::EPSILON;
    fn from_f64(value: f64) -> Self {
        value
    }
    fn to_f64(self) -> f64 {
        self
    }
    exponential!(
        f64,
        6_755_399_441_055_744.0,
        1023,
        52,
        0.693_147_180_369_123_8,
        1.908_214_929_270_587_7e-10,
        [-707.7, 709.782],
        [
            1.0 / 6_227_020_800.0,
            1.0 / 479_001_600.0,
            1.0 / 39_916_800.0,
            1.0 / 3_628_800.0,
            1.0 / 362_880.0,
            1.0 / 40_320.0,
            1.0 / 5040.0,
            1.0 / 720.0,
            1.0 / 120.0,
            1.0 / 24.0,
            1.0 / 6.0,
            0.5,
            1.0,
            1.0
        ]
    );
    fn sqrt(self) -> Self {
        self.sqrt()
    }
    fn ln_1p(self) -> Self {
        self.ln_1p()
    }
}
