//! Choosing the kernels of an instruction set at run time.

use crate::simd::portable::Portable;
use crate::{
    AffineSum, Apply, Blend, ChannelSums, Combine, Convolution, GramRows, Isa, LaneMoments, LaneTotals, Moving, Multiply, Number,
    PeriodSums, Pooling, Rectify, Rows, ScaleShift, Softmax, Weigh, WeightGradient, affine, convolve, elementwise, functions, gram,
    moments, moving, periods, pool, rows, strips,
};

/// A number that there are kernels for.
pub trait Element: Number {
    /// The kernels of an instruction set.
    #[doc(hidden)]
    fn kernels(isa: Isa) -> &'static Kernels<Self>;
}

/// The kernels of one instruction set for one number type.
#[derive(Debug)]
pub struct Kernels<E: Element> {
    lanes: usize,
    convolve: unsafe fn(Convolution<'_, E>),
    weight_gradient: unsafe fn(WeightGradient<'_, E>),
    channel_sums: unsafe fn(ChannelSums<'_, E>),
    scale_shift: unsafe fn(ScaleShift<'_, E>),
    blend: unsafe fn(Blend<'_, E>),
    combine: unsafe fn(Combine<'_, E>),
    rectify: unsafe fn(Rectify<'_, E>),
    apply: unsafe fn(Apply<'_, E>),
    multiply: unsafe fn(Multiply<'_, E>),
    affine_sum: unsafe fn(AffineSum<'_, E>),
    lane_moments: unsafe fn(LaneMoments<'_, E>),
    lane_totals: unsafe fn(LaneTotals<'_, E>),
    pool: unsafe fn(Pooling<'_, E>),
    moving: unsafe fn(Moving<'_, E>),
    rows: unsafe fn(Rows<'_, E>),
    softmax: unsafe fn(Softmax<'_, E>),
    weigh: unsafe fn(Weigh<'_, E>),
    period_sums: unsafe fn(PeriodSums<'_, E>),
    gram: unsafe fn(GramRows<'_>),
    peak: unsafe fn(usize) -> f64,
}

macro_rules! entry {
    ($($(#[$doc:meta])* $name:ident($call:ty);)*) => {
        $($(#[$doc])*
        ///
        /// # Panics
        /// If a slice is too short for what is asked.
        pub fn $name(&self, call: $call) {
            call.check(self.lanes);
            // SAFETY: `get` made sure of the instruction set, `check` of the slices.
            unsafe { (self.$name)(call) }
        })*
    };
}

impl<E: Element> Kernels<E> {
    /// The kernels of an instruction set.
    ///
    /// # Panics
    /// If this processor does not have it.
    #[must_use]
    pub fn get(isa: Isa) -> &'static Self {
        assert!(Isa::available().contains(&isa), "this processor has no {isa:?}");
        E::kernels(isa)
    }

    /// Numbers in a vector.
    #[must_use]
    pub fn lanes(&self) -> usize {
        self.lanes
    }

    entry! {
        /// See [`Convolution`].
        convolve(Convolution<'_, E>);
        /// See [`WeightGradient`].
        weight_gradient(WeightGradient<'_, E>);
        /// See [`ChannelSums`].
        channel_sums(ChannelSums<'_, E>);
        /// See [`ScaleShift`].
        scale_shift(ScaleShift<'_, E>);
        /// See [`Blend`].
        blend(Blend<'_, E>);
        /// See [`Combine`].
        combine(Combine<'_, E>);
        /// See [`Rectify`].
        rectify(Rectify<'_, E>);
        /// See [`Apply`].
        apply(Apply<'_, E>);
        /// See [`Multiply`].
        multiply(Multiply<'_, E>);
        /// See [`AffineSum`].
        affine_sum(AffineSum<'_, E>);
        /// See [`LaneMoments`].
        lane_moments(LaneMoments<'_, E>);
        /// See [`LaneTotals`].
        lane_totals(LaneTotals<'_, E>);
        /// See [`Pooling`].
        pool(Pooling<'_, E>);
        /// See [`Moving`].
        moving(Moving<'_, E>);
        /// See [`Rows`].
        rows(Rows<'_, E>);
        /// See [`Softmax`].
        softmax(Softmax<'_, E>);
        /// See [`Weigh`].
        weigh(Weigh<'_, E>);
        /// See [`PeriodSums`].
        period_sums(PeriodSums<'_, E>);
    }

    /// See [`GramRows`]; rows are as long as a multiple of [`Kernels::gram_lanes`].
    ///
    /// # Panics
    /// If a slice is too short for what is asked.
    pub fn gram(&self, call: GramRows<'_>) {
        call.check(self.gram_lanes());
        // SAFETY: `get` made sure of the instruction set, `check` of the slices.
        unsafe { (self.gram)(call) }
    }

    /// Float64 numbers in a vector.
    #[must_use]
    pub fn gram_lanes(&self) -> usize {
        self.lanes * size_of::<E>() / 8
    }

    pub(crate) fn peak(&self, rounds: usize) -> f64 {
        // SAFETY: `get` made sure of the instruction set.
        unsafe { (self.peak)(rounds) }
    }
}

macro_rules! table {
    ($module:ident, $set:path, $element:ty, [$($feature:meta)?]) => {
        mod $module {
            use super::*;
            use $set as Set;
            use crate::simd::Simd;

            macro_rules! wrap {
                ($name:ident, $call:ty, $generic:path) => {
                    /// # Safety
                    /// The processor has the instruction set, and the call was checked.
                    $(#[$feature])?
                    unsafe fn $name(call: $call) {
                        // SAFETY: the caller's promise.
                        unsafe { $generic(call) }
                    }
                };
            }
            wrap!(convolve, Convolution<'_, $element>, convolve::run::<Set<$element>>);
            wrap!(weight_gradient, WeightGradient<'_, $element>, strips::run::<Set<$element>>);
            wrap!(channel_sums, ChannelSums<'_, $element>, elementwise::channel_sums::<Set<$element>>);
            wrap!(scale_shift, ScaleShift<'_, $element>, elementwise::scale_shift::<Set<$element>>);
            wrap!(blend, Blend<'_, $element>, elementwise::blend::<Set<$element>>);
            wrap!(combine, Combine<'_, $element>, elementwise::combine::<Set<$element>>);
            wrap!(rectify, Rectify<'_, $element>, elementwise::rectify::<Set<$element>>);
            wrap!(apply, Apply<'_, $element>, functions::apply::<Set<$element>>);
            wrap!(multiply, Multiply<'_, $element>, functions::multiply::<Set<$element>>);
            wrap!(affine_sum, AffineSum<'_, $element>, affine::run::<Set<$element>>);
            wrap!(lane_moments, LaneMoments<'_, $element>, moments::run::<Set<$element>>);
            wrap!(lane_totals, LaneTotals<'_, $element>, elementwise::lane_totals::<Set<$element>>);
            wrap!(pooled, Pooling<'_, $element>, pool::run::<Set<$element>>);
            wrap!(moving_work, Moving<'_, $element>, moving::run::<Set<$element>>);
            wrap!(rows_work, Rows<'_, $element>, rows::run::<Set<$element>>);
            wrap!(softmax_work, Softmax<'_, $element>, rows::softmax::<Set<$element>>);
            wrap!(weigh_work, Weigh<'_, $element>, periods::weigh::<Set<$element>>);
            wrap!(period_sums_work, PeriodSums<'_, $element>, periods::sums::<Set<$element>>);
            wrap!(gram_rows, GramRows<'_>, gram::run::<Set<f64>>);
            /// # Safety
            /// The processor has the instruction set.
            $(#[$feature])?
            unsafe fn peak(rounds: usize) -> f64 {
                // SAFETY: the caller's promise.
                unsafe { gram::peak::<Set<f32>>(rounds) }
            }

            pub(super) static TABLE: Kernels<$element> = Kernels {
                lanes: <Set<$element> as Simd>::LANES,
                convolve,
                weight_gradient,
                channel_sums,
                scale_shift,
                blend,
                combine,
                rectify,
                apply,
                multiply,
                affine_sum,
                lane_moments,
                lane_totals,
                pool: pooled,
                moving: moving_work,
                rows: rows_work,
                softmax: softmax_work,
                weigh: weigh_work,
                period_sums: period_sums_work,
                gram: gram_rows,
                peak,
            };
        }
    };
}

table!(portable_f32, Portable, f32, []);
table!(portable_f64, Portable, f64, []);
#[cfg(target_arch = "x86_64")]
table!(avx512_f32, crate::simd::x86::Avx512, f32, [target_feature(enable = "avx512f")]);
#[cfg(target_arch = "x86_64")]
table!(avx512_f64, crate::simd::x86::Avx512, f64, [target_feature(enable = "avx512f")]);
#[cfg(target_arch = "x86_64")]
table!(avx2_f32, crate::simd::x86::Avx2, f32, [target_feature(enable = "avx2,fma")]);
#[cfg(target_arch = "x86_64")]
table!(avx2_f64, crate::simd::x86::Avx2, f64, [target_feature(enable = "avx2,fma")]);
#[cfg(target_arch = "aarch64")]
table!(neon_f32, crate::simd::neon::Neon, f32, [target_feature(enable = "neon")]);
#[cfg(target_arch = "aarch64")]
table!(neon_f64, crate::simd::neon::Neon, f64, [target_feature(enable = "neon")]);

impl Element for f32 {
    fn kernels(isa: Isa) -> &'static Kernels<Self> {
        match isa {
            #[cfg(target_arch = "x86_64")]
            Isa::Avx512 => &avx512_f32::TABLE,
            #[cfg(target_arch = "x86_64")]
            Isa::Avx2 => &avx2_f32::TABLE,
            #[cfg(target_arch = "aarch64")]
            Isa::Neon => &neon_f32::TABLE,
            _ => &portable_f32::TABLE,
        }
    }
}

impl Element for f64 {
    fn kernels(isa: Isa) -> &'static Kernels<Self> {
        match isa {
            #[cfg(target_arch = "x86_64")]
            Isa::Avx512 => &avx512_f64::TABLE,
            #[cfg(target_arch = "x86_64")]
            Isa::Avx2 => &avx2_f64::TABLE,
            #[cfg(target_arch = "aarch64")]
            Isa::Neon => &neon_f64::TABLE,
            _ => &portable_f64::TABLE,
        }
    }
}
