//! One vector register of numbers, for each instruction set.

#[cfg(target_arch = "aarch64")]
pub(crate) mod neon;
pub(crate) mod portable;
#[cfg(target_arch = "x86_64")]
pub(crate) mod x86;

use crate::Number;

/// The operations the kernels are written in. Every method is `unsafe` because it may only run on a processor that has
/// the instruction set, and pointers must be valid for `LANES` elements.
pub(crate) trait Simd: 'static {
    /// What one lane holds.
    type E: Number;
    /// A register.
    type V: Copy;
    /// Lanes of a register.
    const LANES: usize;
    /// Whether there are 32 registers (else 16).
    const MANY_REGISTERS: bool;

    unsafe fn load(from: *const Self::E) -> Self::V;
    unsafe fn store(to: *mut Self::E, value: Self::V);
    unsafe fn splat(value: Self::E) -> Self::V;
    unsafe fn add(a: Self::V, b: Self::V) -> Self::V;
    unsafe fn sub(a: Self::V, b: Self::V) -> Self::V;
    unsafe fn mul(a: Self::V, b: Self::V) -> Self::V;
    /// a · b + c.
    unsafe fn fma(a: Self::V, b: Self::V, c: Self::V) -> Self::V;
    unsafe fn max(a: Self::V, b: Self::V) -> Self::V;
    /// `value` in lanes where `condition` > 0, else 0.
    unsafe fn where_positive(condition: Self::V, value: Self::V) -> Self::V;
    /// `value` in lanes where a = b, else 0.
    unsafe fn where_equal(a: Self::V, b: Self::V, value: Self::V) -> Self::V;

    /// The sum of all lanes.
    unsafe fn sum(value: Self::V) -> Self::E;
    /// Asks for the cache line at `address`, which need not be readable.
    #[inline(always)]
    unsafe fn prefetch(address: *const Self::E) {
        #[cfg(target_arch = "x86_64")]
        // SAFETY: every 64-bit x86 processor has the instruction, and it never faults.
        unsafe {
            std::arch::x86_64::_mm_prefetch::<{ std::arch::x86_64::_MM_HINT_T0 }>(address.cast());
        }
        #[cfg(not(target_arch = "x86_64"))]
        let _ = address;
    }

    #[inline(always)]
    unsafe fn zero() -> Self::V {
        // SAFETY: the caller's promise.
        unsafe { Self::splat(Self::E::ZERO) }
    }
}
