//! Direct convolution: chains of multiply-adds into registers that hold several output channels and pixels.

use std::ops::Range;

use crate::Number;
use crate::simd::Simd;
use crate::wide;

/// One tensor that a convolution reads. Distances are in vectors.
#[derive(Clone, Copy, Debug)]
pub struct Source<'a, E> {
    /// The tile.
    pub data: &'a [E],
    /// Where the vector for output row 0, column 0 and tap offset 0 is; may lie outside as long as no tap reads there.
    pub origin: isize,
    /// From one output row to the next.
    pub row_step: usize,
    /// From one output column to the next.
    pub column_step: usize,
    /// Where each tap (input channel, kernel row, kernel column) lies from there.
    pub taps: &'a [isize],
    /// `[taps][output channels]`, or `[taps][output channels][lanes]` if `lane_weights`.
    pub weights: &'a [E],
    /// Whether every lane has weights of its own.
    pub lane_weights: bool,
}

/// Where results go. Distances are in vectors.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Target {
    /// Output channel 0, row 0, column 0.
    pub origin: usize,
    /// Output channels.
    pub channels: usize,
    /// From one channel to the next.
    pub channel_step: usize,
    /// Output rows.
    pub rows: usize,
    /// From one row to the next.
    pub row_step: usize,
    /// Output columns.
    pub columns: usize,
    /// From one column to the next.
    pub column_step: usize,
}

/// What the sums start from.
#[derive(Clone, Copy, Debug)]
pub enum Init<'a, E> {
    /// Zero.
    Zero,
    /// What the output holds.
    Accumulate,
    /// One vector an output channel.
    Channels {
        /// `[output channels][lanes]`.
        values: &'a [E],
        /// Whether what the output holds is added too.
        accumulate: bool,
    },
}

/// The values whose signs decide where a convolution's sums count. Distances are in vectors.
#[derive(Clone, Copy, Debug)]
pub struct Mask<'a, E> {
    /// The tile.
    pub data: &'a [E],
    /// The value for output channel 0, row 0, column 0.
    pub origin: usize,
    /// From one output channel to the next.
    pub channel_step: usize,
    /// From one output row to the next.
    pub row_step: usize,
    /// From one output column to the next.
    pub column_step: usize,
}

/// `out[c, y, x] = init + Σ_source Σ_tap weights[tap, c] · source[y, x, tap]`, where a mask, if there is one, leaves the
/// sums only where it is positive.
#[derive(Debug)]
pub struct Convolution<'a, E> {
    /// What is read.
    pub sources: &'a [Source<'a, E>],
    /// What the sums start from.
    pub init: Init<'a, E>,
    /// Where the sums count.
    pub mask: Option<Mask<'a, E>>,
    /// The output tile.
    pub out: &'a mut [E],
    /// Where in it.
    pub target: Target,
}

impl<E: Number> Convolution<'_, E> {
    /// Panics unless every access lies inside its slice.
    pub(crate) fn check(&self, lanes: usize) {
        let t = &self.target;
        if t.rows == 0 || t.columns == 0 || t.channels == 0 {
            return;
        }
        let last = t.origin + (t.channels - 1) * t.channel_step + (t.rows - 1) * t.row_step + (t.columns - 1) * t.column_step;
        assert!((last + 1) * lanes <= self.out.len(), "the output of a convolution is too short");
        if let Init::Channels { values, .. } = self.init {
            assert!(values.len() >= t.channels * lanes, "a convolution needs one starting vector a channel");
        }
        if let Some(mask) = &self.mask {
            let last =
                mask.origin + (t.channels - 1) * mask.channel_step + (t.rows - 1) * mask.row_step + (t.columns - 1) * mask.column_step;
            assert!((last + 1) * lanes <= mask.data.len(), "the mask of a convolution is too short");
        }
        for source in self.sources {
            let width = if source.lane_weights { lanes } else { 1 };
            assert!(source.weights.len() >= source.taps.len() * t.channels * width, "a convolution has too few weights");
            let (Some(least), Some(most)) = (source.taps.iter().min(), source.taps.iter().max()) else { continue };
            let end = source.origin + most + ((t.rows - 1) * source.row_step + (t.columns - 1) * source.column_step) as isize;
            assert!(
                source.origin + least >= 0 && (end + 1) * lanes as isize <= source.data.len() as isize,
                "a tap lies outside of its source"
            );
        }
    }
}

/// Largest share of output channels that registers hold at once, and how many pixels of them.
const fn next_block(left: usize) -> usize {
    match left {
        0..=4 => left,
        _ if left.is_multiple_of(3) => 3,
        5 => 3,
        _ => 4,
    }
}

/// Columns that all channels are computed for before the next ones: what they read stays in the first-level cache meanwhile.
const COLUMNS: usize = 8;

/// # Safety
/// The processor has `S`'s instruction set, and `call.check(S::LANES)` passed.
#[inline(always)]
pub(crate) unsafe fn run<S: Simd>(call: Convolution<'_, S::E>) {
    let t = call.target;
    let out = call.out.as_mut_ptr();
    if wide::takes(&call) {
        // SAFETY: the caller's promise.
        return unsafe { wide::run::<S>(&call, out) };
    }
    let mut first_channel = 0;
    if S::MANY_REGISTERS && t.rows * t.columns == 1 {
        // Of a single pixel, a whole cache line of weights a tap.
        while first_channel + 16 <= t.channels {
            // SAFETY: the caller's promise; 16 channels are left.
            unsafe { block::<S, 16, 1>(&call, out, 0, first_channel, 0) };
            first_channel += 16;
        }
    }
    for row in 0..t.rows {
        for first in (0..t.columns).step_by(COLUMNS) {
            let columns = first..(first + COLUMNS).min(t.columns);
            let mut channel = first_channel;
            while channel < t.channels {
                let block = next_block(t.channels - channel);
                // SAFETY: the caller's promise; `channel + block` stays within the channels.
                unsafe {
                    match block {
                        4 => line::<S, 4>(&call, out, row, channel, columns.clone()),
                        3 => line::<S, 3>(&call, out, row, channel, columns.clone()),
                        2 => line::<S, 2>(&call, out, row, channel, columns.clone()),
                        _ => line::<S, 1>(&call, out, row, channel, columns.clone()),
                    }
                }
                channel += block;
            }
        }
    }
}

/// Some columns of one output row of `A` channels.
#[inline(always)]
unsafe fn line<S: Simd, const A: usize>(
    call: &Convolution<'_, S::E>,
    out: *mut S::E,
    row: usize,
    channel: usize,
    Range { start: mut column, end: columns }: Range<usize>,
) {
    // SAFETY: each call covers columns below `columns`.
    unsafe {
        if S::MANY_REGISTERS && A <= 3 {
            while column + 8 <= columns {
                block::<S, A, 8>(call, out, row, channel, column);
                column += 8;
            }
        }
        while column + 4 <= columns {
            block::<S, A, 4>(call, out, row, channel, column);
            column += 4;
        }
        if column + 2 <= columns {
            block::<S, A, 2>(call, out, row, channel, column);
            column += 2;
        }
        if column < columns {
            block::<S, A, 1>(call, out, row, channel, column);
        }
    }
}

/// `P` pixels of `A` channels.
#[inline(always)]
unsafe fn block<S: Simd, const A: usize, const P: usize>(
    call: &Convolution<'_, S::E>,
    out: *mut S::E,
    row: usize,
    channel: usize,
    column: usize,
) {
    let t = &call.target;
    // SAFETY: `check` passed for all rows, columns and channels of the target.
    unsafe {
        let out = out.add((t.origin + channel * t.channel_step + row * t.row_step + column * t.column_step) * S::LANES);
        let (channel_step, column_step) = (t.channel_step * S::LANES, t.column_step * S::LANES);
        let mut sums = [[S::zero(); P]; A];
        // With a mask, what the output holds is added after masking.
        let accumulate = matches!(call.init, Init::Accumulate | Init::Channels { accumulate: true, .. });
        if accumulate && call.mask.is_none() {
            for a in 0..A {
                for p in 0..P {
                    sums[a][p] = S::load(out.add(a * channel_step + p * column_step));
                }
            }
        }
        if let Init::Channels { values, .. } = call.init {
            for a in 0..A {
                let value = S::load(values.as_ptr().add((channel + a) * S::LANES));
                for p in 0..P {
                    sums[a][p] = S::add(sums[a][p], value);
                }
            }
        }
        for source in call.sources {
            let step = source.column_step * S::LANES;
            let base = source
                .data
                .as_ptr()
                .wrapping_offset((source.origin + (row * source.row_step + column * source.column_step) as isize) * S::LANES as isize);
            if source.lane_weights {
                let mut weights = source.weights.as_ptr().add(channel * S::LANES);
                for tap in source.taps {
                    let from = base.wrapping_offset(*tap * S::LANES as isize);
                    let mut factors = [S::zero(); A];
                    for a in 0..A {
                        factors[a] = S::load(weights.add(a * S::LANES));
                    }
                    for p in 0..P {
                        let value = S::load(from.add(p * step));
                        for a in 0..A {
                            sums[a][p] = S::fma(factors[a], value, sums[a][p]);
                        }
                    }
                    weights = weights.wrapping_add(t.channels * S::LANES);
                }
            } else {
                let mut weights = source.weights.as_ptr().add(channel);
                for tap in source.taps {
                    let from = base.wrapping_offset(*tap * S::LANES as isize);
                    let mut factors = [S::zero(); A];
                    for a in 0..A {
                        factors[a] = S::splat(*weights.add(a));
                    }
                    for p in 0..P {
                        let value = S::load(from.add(p * step));
                        for a in 0..A {
                            sums[a][p] = S::fma(factors[a], value, sums[a][p]);
                        }
                    }
                    weights = weights.wrapping_add(t.channels);
                }
            }
        }
        if let Some(mask) = &call.mask {
            let values = mask
                .data
                .as_ptr()
                .add((mask.origin + channel * mask.channel_step + row * mask.row_step + column * mask.column_step) * S::LANES);
            for a in 0..A {
                for p in 0..P {
                    let value = S::load(values.add((a * mask.channel_step + p * mask.column_step) * S::LANES));
                    let mut sum = S::where_positive(value, sums[a][p]);
                    if accumulate {
                        sum = S::add(sum, S::load(out.add(a * channel_step + p * column_step)));
                    }
                    S::store(out.add(a * channel_step + p * column_step), sum);
                }
            }
            return;
        }
        for a in 0..A {
            for p in 0..P {
                S::store(out.add(a * channel_step + p * column_step), sums[a][p]);
            }
        }
    }
}
