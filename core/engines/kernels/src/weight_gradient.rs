//! Weight gradients: the correlation of an output gradient with the input, summed over pixels, lane by lane.

use crate::Number;
use crate::simd::Simd;

/// `sums[c, r, k] += Σ_{y,x} gradient[c, y, x] · input[y, x, offsets[r] + k]`, a vector each. Distances are in vectors.
#[derive(Debug)]
pub struct WeightGradient<'a, E> {
    /// The output gradient's tile.
    pub gradient: &'a [E],
    /// Where its first channel, row 0, column 0 is.
    pub gradient_origin: usize,
    /// From one of its channels to the next.
    pub gradient_channel_step: usize,
    /// From one of its rows to the next; columns follow each other.
    pub gradient_row_step: usize,
    /// Output channels.
    pub channels: usize,
    /// Output rows.
    pub rows: usize,
    /// Output columns.
    pub columns: usize,
    /// The input's tile.
    pub input: &'a [E],
    /// Where the vector for output row 0, column 0 and offset 0 is.
    pub input_origin: isize,
    /// From one output row to the next.
    pub input_row_step: usize,
    /// From one output column to the next.
    pub input_column_step: usize,
    /// Where each kernel row (input channel, kernel row) begins from there.
    pub offsets: &'a [isize],
    /// Columns of the kernel.
    pub taps: usize,
    /// From one kernel column to the next.
    pub tap_step: usize,
    /// `[channels][offsets][taps][lanes]`.
    pub sums: &'a mut [E],
}

impl<E: Number> WeightGradient<'_, E> {
    /// Panics unless every access lies inside its slice.
    pub(crate) fn check(&self, lanes: usize) {
        assert!(self.sums.len() >= self.channels * self.offsets.len() * self.taps * lanes, "a weight gradient has too few sums");
        let (Some(least), Some(most)) = (self.offsets.iter().min(), self.offsets.iter().max()) else { return };
        if self.rows == 0 || self.columns == 0 || self.channels == 0 || self.taps == 0 {
            return;
        }
        let last = self.gradient_origin
            + (self.channels - 1) * self.gradient_channel_step
            + (self.rows - 1) * self.gradient_row_step
            + (self.columns - 1);
        assert!((last + 1) * lanes <= self.gradient.len(), "the output gradient of a weight gradient is too short");
        let reach = (self.rows - 1) * self.input_row_step + (self.columns - 1) * self.input_column_step + (self.taps - 1) * self.tap_step;
        let end = self.input_origin + most + reach as isize;
        assert!(
            self.input_origin + least >= 0 && (end + 1) * lanes as isize <= self.input.len() as isize,
            "a weight gradient reads outside of its input"
        );
    }
}

/// # Safety
/// The processor has `S`'s instruction set, and `call.check(S::LANES)` passed.
#[inline(always)]
pub(crate) unsafe fn run<S: Simd>(call: WeightGradient<'_, S::E>) {
    if call.rows == 0 || call.columns == 0 {
        return;
    }
    let sums = call.sums.as_mut_ptr();
    // As many rows at a time as leave gradient and input in the first-level cache.
    let inputs = call.offsets.len().div_ceil(call.taps.max(1)).max(1);
    let line = (call.channels + inputs * call.input_column_step) * call.columns * S::LANES * size_of::<S::E>();
    let chunk = (24 * 1024 / line.max(1)).clamp(1, call.rows);
    let mut first = 0;
    while first < call.rows {
        let rows = chunk.min(call.rows - first);
        let mut channel = 0;
        while channel < call.channels {
            let left = call.channels - channel;
            // SAFETY: the caller's promise; every block stays within channels and rows.
            unsafe {
                match if left.is_multiple_of(4) && S::MANY_REGISTERS { 4 } else { left.min(3) } {
                    4 => {
                        taps::<S, 4>(&call, sums, channel, first, rows);
                        channel += 4;
                    }
                    3 => {
                        taps::<S, 3>(&call, sums, channel, first, rows);
                        channel += 3;
                    }
                    2 => {
                        taps::<S, 2>(&call, sums, channel, first, rows);
                        channel += 2;
                    }
                    _ => {
                        taps::<S, 1>(&call, sums, channel, first, rows);
                        channel += 1;
                    }
                }
            }
        }
        first += rows;
    }
}

/// All kernel rows and columns for `A` channels.
#[inline(always)]
unsafe fn taps<S: Simd, const A: usize>(call: &WeightGradient<'_, S::E>, sums: *mut S::E, channel: usize, first: usize, rows: usize) {
    let count = call.offsets.len();
    let mut tap = 0;
    while tap < call.taps {
        let width = (call.taps - tap).min(3);
        let mut offset = 0;
        // SAFETY: offsets and taps stay below their counts.
        unsafe {
            if S::MANY_REGISTERS {
                if A == 4 {
                    while offset + 2 <= count {
                        match width {
                            3 => block::<S, A, 2, 3>(call, sums, channel, first, rows, offset, tap),
                            2 => block::<S, A, 2, 2>(call, sums, channel, first, rows, offset, tap),
                            _ => block::<S, A, 2, 1>(call, sums, channel, first, rows, offset, tap),
                        }
                        offset += 2;
                    }
                } else {
                    while offset + 3 <= count {
                        match width {
                            3 => block::<S, A, 3, 3>(call, sums, channel, first, rows, offset, tap),
                            2 => block::<S, A, 3, 2>(call, sums, channel, first, rows, offset, tap),
                            _ => block::<S, A, 3, 1>(call, sums, channel, first, rows, offset, tap),
                        }
                        offset += 3;
                    }
                }
            }
            while offset < count {
                match width {
                    3 => block::<S, A, 1, 3>(call, sums, channel, first, rows, offset, tap),
                    2 => block::<S, A, 1, 2>(call, sums, channel, first, rows, offset, tap),
                    _ => block::<S, A, 1, 1>(call, sums, channel, first, rows, offset, tap),
                }
                offset += 1;
            }
        }
        tap += width;
    }
}

/// `A` channels × `R` kernel rows × `K` kernel columns, all in registers.
#[inline(always)]
unsafe fn block<S: Simd, const A: usize, const R: usize, const K: usize>(
    call: &WeightGradient<'_, S::E>,
    results: *mut S::E,
    channel: usize,
    first: usize,
    rows: usize,
    offset: usize,
    tap: usize,
) {
    let lanes = S::LANES;
    let at = |a: usize, r: usize, k: usize| (((channel + a) * call.offsets.len() + offset + r) * call.taps + tap + k) * lanes;
    // SAFETY: `check` passed for all channels, rows, offsets and taps.
    unsafe {
        let mut sums = [[[S::zero(); K]; R]; A];
        for a in 0..A {
            for r in 0..R {
                for k in 0..K {
                    sums[a][r][k] = S::load(results.add(at(a, r, k)));
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
                    S::store(results.add(at(a, r, k)), sums[a][r][k]);
                }
            }
        }
    }
}
