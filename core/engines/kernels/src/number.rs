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
    /// 1 − erf(x), to within the rounding of 1.
    fn erfc(self) -> Self;
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

/// The complement of the error function: t · e^(P(u) − x²) with t = 2 / (2 + |x|) and u = 2t − 1, where P is the Chebyshev series of
/// log(erfc(x) / t) + x² in u, as powers of u, the highest first.
macro_rules! error_function {
    ($float:ty, $powers:expr) => {
        #[inline(always)]
        fn erfc(self) -> Self {
            let size = self.abs();
            let t = 2.0 / (2.0 + size);
            let u = t + t - 1.0;
            let mut sum: $float = 0.0;
            for power in $powers {
                sum = sum * u + power;
            }
            let tail = t * Number::exp(sum - size * size);
            if self < 0.0 { 2.0 - tail } else { tail }
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
    error_function!(
        f32,
        [
            0.000_333_735_9,
            -0.000_207_909_12,
            -0.002_048_734_8,
            0.001_776_564_6,
            0.008_703_812,
            -0.009_873_768,
            -0.046_874_89,
            0.047_343_105,
            0.672_642_23,
            -0.671_794_06
        ]
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
    error_function!(
        f64,
        [
            -1.8902306008944537e-09,
            4.06088214696972e-09,
            1.1172352263623759e-08,
            -3.9171820510271855e-08,
            1.4448658046252676e-09,
            1.5334345920908177e-07,
            -2.495832761719667e-07,
            -1.6849800720653297e-07,
            1.2500276612569754e-06,
            -1.27231190486887e-06,
            -2.947986876998259e-06,
            8.562623420121286e-06,
            1.3772664134464417e-07,
            -3.0187884551394243e-05,
            3.17451797494374e-05,
            7.14010141275703e-05,
            -0.000_174_302_947_203_076_2,
            -9.37350311709817e-05,
            0.000_673_678_795_580_235,
            -0.000_146_246_863_378_003_36,
            -0.002_345_812_500_482_853,
            0.001_758_933_557_799_016,
            0.008_824_938_557_060_623,
            -0.009_872_689_366_389_959,
            -0.046_895_610_231_175_3,
            0.047_343_306_841_904_43,
            0.672_643_223_977_656_7,
            -0.671_794_084_056_692_3
        ]
    );
    fn sqrt(self) -> Self {
        self.sqrt()
    }
    fn ln_1p(self) -> Self {
        self.ln_1p()
    }
}
