//! Plain arrays, for processors without a vector unit that we know; compilers turn them into what there is.

use super::Simd;

pub(crate) struct Portable<E>(std::marker::PhantomData<E>);

macro_rules! portable {
    ($element:ty, $lanes:literal) => {
        impl Simd for Portable<$element> {
            type E = $element;
            type V = [$element; $lanes];
            const LANES: usize = $lanes;
            const MANY_REGISTERS: bool = false;

            #[inline(always)]
            unsafe fn load(from: *const $element) -> Self::V {
                // SAFETY: the caller promises `LANES` readable elements.
                unsafe { from.cast::<Self::V>().read_unaligned() }
            }
            #[inline(always)]
            unsafe fn store(to: *mut $element, value: Self::V) {
                // SAFETY: the caller promises `LANES` writable elements.
                unsafe { to.cast::<Self::V>().write_unaligned(value) }
            }
            #[inline(always)]
            unsafe fn splat(value: $element) -> Self::V {
                [value; $lanes]
            }
            #[inline(always)]
            unsafe fn add(a: Self::V, b: Self::V) -> Self::V {
                std::array::from_fn(|i| a[i] + b[i])
            }
            #[inline(always)]
            unsafe fn sub(a: Self::V, b: Self::V) -> Self::V {
                std::array::from_fn(|i| a[i] - b[i])
            }
            #[inline(always)]
            unsafe fn mul(a: Self::V, b: Self::V) -> Self::V {
                std::array::from_fn(|i| a[i] * b[i])
            }
            // Not `mul_add`: without a fused instruction that is a library call.
            #[inline(always)]
            unsafe fn fma(a: Self::V, b: Self::V, c: Self::V) -> Self::V {
                std::array::from_fn(|i| a[i] * b[i] + c[i])
            }
            #[inline(always)]
            unsafe fn max(a: Self::V, b: Self::V) -> Self::V {
                std::array::from_fn(|i| if a[i] > b[i] { a[i] } else { b[i] })
            }
            #[inline(always)]
            unsafe fn where_positive(condition: Self::V, value: Self::V) -> Self::V {
                std::array::from_fn(|i| if condition[i] > 0.0 { value[i] } else { 0.0 })
            }
            #[inline(always)]
            unsafe fn sum(value: Self::V) -> $element {
                value.iter().sum()
            }
            #[inline(always)]
            unsafe fn where_equal(a: Self::V, b: Self::V, value: Self::V) -> Self::V {
                std::array::from_fn(|i| if a[i] == b[i] { value[i] } else { 0.0 })
            }
        }
    };
}

portable!(f32, 4);
portable!(f64, 2);
