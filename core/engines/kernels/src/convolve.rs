//! Chains of multiply-adds into registers that hold several output channels and pixels of a convolution.

use std::ops::Range;

use crate::convolution::{Convolution, Init};
use crate::simd::Simd;
use crate::wide;

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
