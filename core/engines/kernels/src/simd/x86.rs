//! AVX-512 and AVX2 with fused multiply-add.

use std::arch::x86_64::*;

use super::Simd;

pub(crate) struct Avx512<E>(std::marker::PhantomData<E>);
pub(crate) struct Avx2<E>(std::marker::PhantomData<E>);

macro_rules! x86 {
    ($set:ident, $element:ty, $register:ty, $lanes:literal, $many:literal, $load:ident, $store:ident, $splat:ident, $add:ident, $sub:ident, $mul:ident,
     $fma:ident, $max:ident, |$condition:ident, $value:ident| $positive:expr, |$a:ident, $b:ident, $equal_value:ident| $equal:expr, |$summed:ident| $sum:expr) => {
        impl Simd for $set<$element> {
            type E = $element;
            type V = $register;
            const LANES: usize = $lanes;
            const MANY_REGISTERS: bool = $many;

            #[inline(always)]
            unsafe fn load(from: *const $element) -> Self::V {
                // SAFETY: the caller promises the instruction set and `LANES` readable elements.
                unsafe { $load(from) }
            }
            #[inline(always)]
            unsafe fn store(to: *mut $element, value: Self::V) {
                // SAFETY: the caller promises the instruction set and `LANES` writable elements.
                unsafe { $store(to, value) }
            }
            #[inline(always)]
            unsafe fn splat(value: $element) -> Self::V {
                // SAFETY: the caller promises the instruction set; the same holds for all that follow.
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
                unsafe { $fma(a, b, c) }
            }
            #[inline(always)]
            unsafe fn max(a: Self::V, b: Self::V) -> Self::V {
                // SAFETY: see `splat`.
                unsafe { $max(a, b) }
            }
            #[inline(always)]
            unsafe fn where_positive($condition: Self::V, $value: Self::V) -> Self::V {
                // SAFETY: see `splat`.
                unsafe { $positive }
            }
            #[inline(always)]
            unsafe fn sum($summed: Self::V) -> $element {
                // SAFETY: see `splat`.
                unsafe { $sum }
            }
            #[inline(always)]
            unsafe fn where_equal($a: Self::V, $b: Self::V, $equal_value: Self::V) -> Self::V {
                // SAFETY: see `splat`.
                unsafe { $equal }
            }
        }
    };
}

x86!(
    Avx512,
    f32,
    __m512,
    16,
    true,
    _mm512_loadu_ps,
    _mm512_storeu_ps,
    _mm512_set1_ps,
    _mm512_add_ps,
    _mm512_sub_ps,
    _mm512_mul_ps,
    _mm512_fmadd_ps,
    _mm512_max_ps,
    |c, v| _mm512_maskz_mov_ps(_mm512_cmp_ps_mask::<_CMP_GT_OQ>(c, _mm512_setzero_ps()), v),
    |a, b, v| _mm512_maskz_mov_ps(_mm512_cmp_ps_mask::<_CMP_EQ_OQ>(a, b), v),
    |v| _mm512_reduce_add_ps(v)
);
x86!(
    Avx512,
    f64,
    __m512d,
    8,
    true,
    _mm512_loadu_pd,
    _mm512_storeu_pd,
    _mm512_set1_pd,
    _mm512_add_pd,
    _mm512_sub_pd,
    _mm512_mul_pd,
    _mm512_fmadd_pd,
    _mm512_max_pd,
    |c, v| _mm512_maskz_mov_pd(_mm512_cmp_pd_mask::<_CMP_GT_OQ>(c, _mm512_setzero_pd()), v),
    |a, b, v| _mm512_maskz_mov_pd(_mm512_cmp_pd_mask::<_CMP_EQ_OQ>(a, b), v),
    |v| _mm512_reduce_add_pd(v)
);
x86!(
    Avx2,
    f32,
    __m256,
    8,
    false,
    _mm256_loadu_ps,
    _mm256_storeu_ps,
    _mm256_set1_ps,
    _mm256_add_ps,
    _mm256_sub_ps,
    _mm256_mul_ps,
    _mm256_fmadd_ps,
    _mm256_max_ps,
    |c, v| _mm256_and_ps(_mm256_cmp_ps::<_CMP_GT_OQ>(c, _mm256_setzero_ps()), v),
    |a, b, v| _mm256_and_ps(_mm256_cmp_ps::<_CMP_EQ_OQ>(a, b), v),
    |v| std::mem::transmute::<__m256, [f32; 8]>(v).iter().sum()
);
x86!(
    Avx2,
    f64,
    __m256d,
    4,
    false,
    _mm256_loadu_pd,
    _mm256_storeu_pd,
    _mm256_set1_pd,
    _mm256_add_pd,
    _mm256_sub_pd,
    _mm256_mul_pd,
    _mm256_fmadd_pd,
    _mm256_max_pd,
    |c, v| _mm256_and_pd(_mm256_cmp_pd::<_CMP_GT_OQ>(c, _mm256_setzero_pd()), v),
    |a, b, v| _mm256_and_pd(_mm256_cmp_pd::<_CMP_EQ_OQ>(a, b), v),
    |v| std::mem::transmute::<__m256d, [f64; 4]>(v).iter().sum()
);
