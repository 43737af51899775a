//! The two number types that the kernels are generic over.

use crate::dispatch::{Isa, Kernels};

/// A floating-point number that there are kernels for.
pub trait Element: Copy + Default + PartialOrd + Send + Sync + std::fmt::Debug + 'static {
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
    /// The kernels of an instruction set.
    #[doc(hidden)]
    fn kernels(isa: Isa) -> &'static Kernels<Self>;
}

impl Element for f32 {
    const ZERO: Self = 0.0;
    const ONE: Self = 1.0;
    const EPSILON: f64 = f32::EPSILON as f64;
    fn from_f64(value: f64) -> Self {
        value as Self
    }
    fn to_f64(self) -> f64 {
        f64::from(self)
    }
    fn kernels(isa: Isa) -> &'static Kernels<Self> {
        crate::dispatch::kernels_f32(isa)
    }
}

impl Element for f64 {
    const ZERO: Self = 0.0;
    const ONE: Self = 1.0;
    const EPSILON: f64 = Self::EPSILON;
    fn from_f64(value: f64) -> Self {
        value
    }
    fn to_f64(self) -> f64 {
        self
    }
    fn kernels(isa: Isa) -> &'static Kernels<Self> {
        crate::dispatch::kernels_f64(isa)
    }
}
