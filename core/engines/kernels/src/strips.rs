//! Sums of weight gradients, strip by strip of the output, in registers that hold several channels and taps.

use crate::Number;
use crate::products;
use crate::simd::Simd;
use crate::weight_gradient::{Order, Sums, WeightGradient};

/// Pixels whose products are added up before lanes are: few enough to leave gradient and input in the first-level cache,
/// enough that adding up lanes takes little.
const PIXELS: usize = 128;

/// # Safety
/// The processor has `S`'s instruction set, and `call.check(S::LANES)` passed.
#[inline(always)]
pub(crate) unsafe fn run<S: Simd>(mut call: WeightGradient<'_, S::E>) {
    if call.rows == 0 || call.columns == 0 {
        return;
    }
    // The call stays whole, its sums leave it.
    match std::mem::replace(&mut call.sums, Sums::Lanes(&mut [])) {
        Sums::Lanes(sums) => {
            // As many rows at a time as leave gradient and input in the first-level cache.
            let inputs = call.offsets.len().div_ceil(call.taps.max(1)).max(1);
            let line = (call.channels + inputs * call.input_column_step) * call.columns * S::LANES * size_of::<S::E>();
            let to = Kept { sums: sums.as_mut_ptr() };
            // Sums that no cache holds are read and written once a strip, which then should be a large one. How rows are divided
            // shows in no bit: sums go on from what there is.
            let sums = call.channels * call.offsets.len() * call.taps * S::LANES * size_of::<S::E>();
            let near = if sums > 1024 * 1024 { 512 * 1024 } else { 24 * 1024 };
            // SAFETY: the caller's promise.
            unsafe { strips::<S, _>(&call, &to, near / line.max(1)) };
        }
        Sums::Totals(totals, lanes, Order::PixelsFirst) => {
            let mut vectors = [S::E::ZERO; BLOCK * LANES];
            let to = AddedUp { totals: totals.as_mut_ptr(), lanes, vectors: vectors.as_mut_ptr() };
            // SAFETY: the caller's promise.
            unsafe { strips::<S, _>(&call, &to, PIXELS / call.columns) };
        }
        // SAFETY: the caller's promise.
        Sums::Totals(totals, lanes, Order::Together) => unsafe { products::run::<S>(&call, totals, lanes) },
    }
}

/// What becomes of a block's sums.
trait Collect<S: Simd> {
    /// Whether sums go on from what there is.
    const GOES_ON: bool;
    /// Where a block's `position`-th sum is, which is the call's sum `at`.
    unsafe fn place(&self, at: usize, position: usize) -> *mut S::E;
    /// Takes the vector at a place.
    unsafe fn take(&self, at: usize, position: usize);
}

/// Sums that stay vectors.
struct Kept<E> {
    sums: *mut E,
}

impl<S: Simd> Collect<S> for Kept<S::E> {
    const GOES_ON: bool = true;
    #[inline(always)]
    unsafe fn place(&self, at: usize, _: usize) -> *mut S::E {
        self.sums.wrapping_add(at * S::LANES)
    }
    #[inline(always)]
    unsafe fn take(&self, _: usize, _: usize) {}
}

/// The most sums of a block, and the most lanes of a set.
const BLOCK: usize = 27;
const LANES: usize = 16;

/// Sums over lanes. A block's vectors lie in memory of their own first: registers cannot be walked through.
struct AddedUp<E> {
    totals: *mut f64,
    lanes: usize,
    vectors: *mut E,
}

impl<S: Simd> Collect<S> for AddedUp<S::E> {
    const GOES_ON: bool = false;
    #[inline(always)]
    unsafe fn place(&self, _: usize, position: usize) -> *mut S::E {
        self.vectors.wrapping_add(position * S::LANES)
    }
    #[inline(always)]
    unsafe fn take(&self, at: usize, position: usize) {
        // SAFETY: `check` passed, `at` is below the number of totals, and `position` below that of the vectors.
        unsafe {
            let from = self.vectors.add(position * S::LANES);
            *self.totals.add(at) += if self.lanes == S::LANES {
                S::sum(S::load(from)).to_f64()
            } else {
                (0..self.lanes).map(|lane| (*from.add(lane)).to_f64()).sum()
            };
        }
    }
}

/// All channels, so many rows at a time.
#[inline(always)]
unsafe fn strips<S: Simd, C: Collect<S>>(call: &WeightGradient<'_, S::E>, to: &C, rows: usize) {
    let chunk = rows.clamp(1, call.rows);
    let mut first = 0;
    while first < call.rows {
        let rows = chunk.min(call.rows - first);
        let mut channel = 0;
        while channel < call.channels {
            let left = call.channels - channel;
            let block = if left.is_multiple_of(4) && S::MANY_REGISTERS { 4 } else { left.min(3) };
            // SAFETY: the caller's promise; every block stays within channels and rows.
            unsafe {
                match block {
                    4 => taps::<S, C, 4>(call, to, channel, first, rows),
                    3 => taps::<S, C, 3>(call, to, channel, first, rows),
                    2 => taps::<S, C, 2>(call, to, channel, first, rows),
                    _ => taps::<S, C, 1>(call, to, channel, first, rows),
                }
            }
            channel += block;
        }
        first += rows;
    }
}

/// All kernel rows and columns for `A` channels.
#[inline(always)]
unsafe fn taps<S: Simd, C: Collect<S>, const A: usize>(call: &WeightGradient<'_, S::E>, to: &C, channel: usize, first: usize, rows: usize) {
    let count = call.offsets.len();
    let mut tap = 0;
    while tap < call.taps {
        let width = (call.taps - tap).min(3);
        let mut offset = 0;
        // As many kernel rows at a time as registers hold.
        let most = match (S::MANY_REGISTERS, A, width) {
            (false, ..) => 1,
            (true, 4, 1) => 4,
            (true, 4, _) => 2,
            (true, ..) => 3,
        };
        while offset < count {
            let height = if count - offset >= most { most } else { 1 };
            // SAFETY: offsets and taps stay below their counts.
            unsafe {
                match (height, width) {
                    (4, _) => block::<S, C, A, 4, 1>(call, to, channel, first, rows, offset, tap),
                    (3, 3) => block::<S, C, A, 3, 3>(call, to, channel, first, rows, offset, tap),
                    (3, 2) => block::<S, C, A, 3, 2>(call, to, channel, first, rows, offset, tap),
                    (3, _) => block::<S, C, A, 3, 1>(call, to, channel, first, rows, offset, tap),
                    (2, 3) => block::<S, C, A, 2, 3>(call, to, channel, first, rows, offset, tap),
                    (2, 2) => block::<S, C, A, 2, 2>(call, to, channel, first, rows, offset, tap),
                    (_, 3) => block::<S, C, A, 1, 3>(call, to, channel, first, rows, offset, tap),
                    (_, 2) => block::<S, C, A, 1, 2>(call, to, channel, first, rows, offset, tap),
                    _ => block::<S, C, A, 1, 1>(call, to, channel, first, rows, offset, tap),
                }
            }
            offset += height;
        }
        tap += width;
    }
}

/// `A` channels × `R` kernel rows × `K` kernel columns, all in registers.
#[inline(always)]
unsafe fn block<S: Simd, C: Collect<S>, const A: usize, const R: usize, const K: usize>(
    call: &WeightGradient<'_, S::E>,
    to: &C,
    channel: usize,
    first: usize,
    rows: usize,
    offset: usize,
    tap: usize,
) {
    let lanes = S::LANES;
    let at = |a: usize, r: usize, k: usize| ((channel + a) * call.offsets.len() + offset + r) * call.taps + tap + k;
    // SAFETY: `check` passed for all channels, rows, offsets and taps.
    unsafe {
        let mut sums = [[[S::zero(); K]; R]; A];
        for a in 0..A {
            for r in 0..R {
                for k in 0..K {
                    if C::GOES_ON {
                        sums[a][r][k] = S::load(to.place(at(a, r, k), (a * R + r) * K + k));
                    }
                }
            }
        }
        let channel_step = call.gradient_channel_step * lanes;
        let (tap_step, column_step) = (call.tap_step * lanes, call.input_column_step * lanes);
        for row in first..first + rows {
            let mut gradient = call
                .gradient
                .as_ptr()
                .add((call.gradient_origin + channel * call.gradient_channel_step + row * call.gradient_row_step) * lanes);
            let start = call.input_origin + (row * call.input_row_step + tap * call.tap_step) as isize;
            let mut input = [call.input.as_ptr(); R];
            for r in 0..R {
                input[r] = input[r].wrapping_offset((start + call.offsets[offset + r]) * lanes as isize);
            }
            for _ in 0..call.columns {
                // The next row of the input, and of the gradient: rows are too short for processors to notice.
                S::prefetch(input[R - 1].wrapping_add(call.input_row_step * lanes));
                if offset == 0 {
                    for a in 0..A {
                        S::prefetch(gradient.wrapping_add(a * channel_step + call.gradient_row_step * lanes));
                    }
                }
                let mut factors = [S::zero(); A];
                for a in 0..A {
                    factors[a] = S::load(gradient.add(a * channel_step));
                }
                for r in 0..R {
                    for k in 0..K {
                        let value = S::load(input[r].add(k * tap_step));
                        for a in 0..A {
                            sums[a][r][k] = S::fma(factors[a], value, sums[a][r][k]);
                        }
                    }
                    input[r] = input[r].wrapping_add(column_step);
                }
                gradient = gradient.wrapping_add(lanes);
            }
        }
        for a in 0..A {
            for r in 0..R {
                for k in 0..K {
                    S::store(to.place(at(a, r, k), (a * R + r) * K + k), sums[a][r][k]);
                }
            }
        }
        if C::GOES_ON {
            return;
        }
        for a in 0..A {
            for r in 0..R {
                for k in 0..K {
                    to.take(at(a, r, k), (a * R + r) * K + k);
                }
            }
        }
    }
}
