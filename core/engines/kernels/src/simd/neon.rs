//! NEON, which every 64-bit ARM processor has.

use std::arch::aarch64::*;

use super::Simd;

pub(crate) struct Neon<E>(std::marker::PhantomData<E>);

macro_rules! neon {
    ($element:ty, $register:ty, $lanes:literal, $load:ident, $store:ident, $splat:ident, $add:ident, $sub:ident, $mul:ident, $fma:ident, $max:ident,
     $greater:ident, $equal:ident, $select:ident, $sum:ident) => {
        impl Simd for Neon<$element> {
            type E = $element;
            type V = $register;
            const LANES: usize = $lanes;
            const MANY_REGISTERS: bool = true;

            #[inline(always)]
            unsafe fn load(from: *const $element) -> Self::V {
                // SAFETY: the caller promises `LANES` readable elements.
                unsafe { $load(from) }
            }
            #[inline(always)]
            unsafe fn store(to: *mut $element, value: Self::V) {
                // SAFETY: the caller promises `LANES` writable elements.
                unsafe { $store(to, value) }
            }
            #[inline(always)]
            unsafe fn splat(value: $element) -> Self::V {
                // SAFETY: NEON is part of the architecture; the same holds for all that follow.
                unsafe { $splat(value) }
            }
            #[inline(always)]
            unsafe fn add(a: Self::V, b: Self::V) -> Self::V {
                // SAFETY: see `splat`.
                unsafe { $add(a, b) }
            }
            #[inline(always)]
            unsafe fn sub(a: Self::V, b: Self::V) -> Self::V {
                // SAFETY: see `splat`.
                unsafe { $sub(a, b) }
            }
            #[inline(always)]
            unsafe fn mul(a: Self::V, b: Self::V) -> Self::V {
                // SAFETY: see `splat`.
                unsafe { $mul(a, b) }
            }
            #[inline(always)]
            unsafe fn fma(a: Self::V, b: Self::V, c: Self::V) -> Self::V {
                // SAFETY: see `splat`.
                unsafe { $fma(c, a, b) }
            }
            #[inline(always)]
            unsafe fn max(a: Self::V, b: Self::V) -> Self::V {
                // SAFETY: see `splat`.
                unsafe { $max(a, b) }
            }
            #[inline(always)]
            unsafe fn where_positive(condition: Self::V, value: Self::V) -> Self::V {
                // SAFETY: see `splat`.
                unsafe { $select($greater(condition, $splat(0.0)), value, $splat(0.0)) }
            }
            #[inline(always)]
            unsafe fn sum(value: Self::V) -> $element {
                // SAFETY: see `splat`.
                unsafe { $sum(value) }
            }
            #[inline(always)]
            unsafe fn where_equal(a: Self::V, b: Self::V, value: Self::V) -> Self::V {
                // SAFETY: see `splat`.
                unsafe { $select($equal(a, b), value, $splat(0.0)) }
            }
        }
    };
}

neon!(
    f32,
    float32x4_t,
    4,
    vld1q_f32,
    vst1q_f32,
    vdupq_n_f32,
    vaddq_f32,
    vsubq_f32,
    vmulq_f32,
    vfmaq_f32,
    vmaxq_f32,
    vcgtq_f32,
    vceqq_f32,
    vbslq_f32,
    vaddvq_f32
);
neon!(
    f64,
    float64x2_t,
    2,
    vld1q_f64,
    vst1q_f64,
    vdupq_n_f64,
    vaddq_f64,
    vsubq_f64,
    vmulq_f64,
    vfmaq_f64,
    vmaxq_f64,
    vcgtq_f64,
    vceqq_f64,
    vbslq_f64,
    vaddvq_f64
);
