//! Weight gradients as products of matrices: for layers whose sums are many for what is added to each. Lanes and pixels are both
//! added up, so vectors lie along the kernel's taps here: a lane of what is read is a pixel of one image, and no sum has lanes that
//! would have to be added up in the end.

use crate::Number;
use crate::simd::Simd;
use crate::weight_gradient::WeightGradient;

/// Pixels that are added up before float64 takes over, times the lanes of each.
const PIXELS: usize = 16;
/// Vectors of taps of a block, and channels of it.
const WIDTH: usize = 3;
const CHANNELS: usize = 8;
/// The most lanes of a set.
const LANES: usize = 16;

/// Adds to `[channels][offsets][taps]` totals what the first so many lanes have.
///
/// # Safety
/// The processor has `S`'s instruction set, and `call.check(S::LANES)` passed for these totals.
#[inline(always)]
pub(crate) unsafe fn run<S: Simd>(call: &WeightGradient<'_, S::E>, totals: &mut [f64], lanes: usize) {
    let pixels = call.rows * call.columns;
    let count = call.offsets.len() * call.taps;
    let width = WIDTH * S::LANES;
    let mut values = [S::E::ZERO; PIXELS * LANES * WIDTH * LANES];
    for first_tap in (0..count).step_by(width) {
        let taps = width.min(count - first_tap);
        for first in (0..pixels).step_by(PIXELS) {
            let pixels = first..(first + PIXELS).min(pixels);
            for (own, pixel) in pixels.clone().enumerate() {
                let values = &mut values[own * S::LANES * width..][..S::LANES * width];
                // SAFETY: pixels and taps of the call, for which `check` passed.
                unsafe { turn::<S>(call, pixel, first_tap..first_tap + taps, lanes, values) };
            }
            let block = Block { count, first_tap, taps, first, pixels: pixels.len(), lanes };
            let mut channel = 0;
            while channel < call.channels {
                // SAFETY: channels and pixels of the call.
                unsafe {
                    channel += match call.channels - channel {
                        CHANNELS.. if S::MANY_REGISTERS => products::<S, CHANNELS, WIDTH>(call, &block, channel, &values, totals),
                        4.. => products::<S, 4, WIDTH>(call, &block, channel, &values, totals),
                        _ => products::<S, 1, WIDTH>(call, &block, channel, &values, totals),
                    };
                }
            }
        }
    }
}

/// Some taps and some pixels.
struct Block {
    /// Taps of all.
    count: usize,
    first_tap: usize,
    taps: usize,
    first: usize,
    pixels: usize,
    lanes: usize,
}

/// Lays out what some taps read for a pixel: `[lanes][taps]`.
#[inline(always)]
unsafe fn turn<S: Simd>(call: &WeightGradient<'_, S::E>, pixel: usize, taps: std::ops::Range<usize>, lanes: usize, values: &mut [S::E]) {
    let (row, column) = (pixel / call.columns, pixel % call.columns);
    let start = call.input_origin + (row * call.input_row_step + column * call.input_column_step) as isize;
    let mut from = [call.input.as_ptr(); WIDTH * LANES];
    for (from, tap) in from.iter_mut().zip(taps.clone()) {
        let offset = call.offsets[tap / call.taps] + (tap % call.taps * call.tap_step) as isize;
        *from = call.input.as_ptr().wrapping_offset((start + offset) * S::LANES as isize);
    }
    let width = WIDTH * S::LANES;
    for lane in 0..lanes {
        for (to, from) in values[lane * width..][..taps.len()].iter_mut().zip(&from) {
            // SAFETY: `check` passed for all pixels and taps.
            *to = unsafe { *from.add(lane) };
        }
    }
}

/// All pixels of a block for `A` channels. Gives `A`.
#[inline(always)]
unsafe fn products<S: Simd, const A: usize, const W: usize>(
    call: &WeightGradient<'_, S::E>,
    block: &Block,
    channel: usize,
    values: &[S::E],
    totals: &mut [f64],
) -> usize {
    // SAFETY: `check` passed for all channels and pixels; there are values of all pixels of the block.
    unsafe {
        let mut sums = [[S::zero(); W]; A];
        for own in 0..block.pixels {
            let (row, column) = ((block.first + own) / call.columns, (block.first + own) % call.columns);
            let at = call.gradient_origin + channel * call.gradient_channel_step + row * call.gradient_row_step + column;
            let gradient = call.gradient.as_ptr().add(at * S::LANES);
            let step = call.gradient_channel_step * S::LANES;
            let mut from = values.as_ptr().add(own * S::LANES * W * S::LANES);
            for lane in 0..block.lanes {
                let mut read = [S::zero(); W];
                for w in 0..W {
                    read[w] = S::load(from.add(w * S::LANES));
                }
                for a in 0..A {
                    let factor = S::splat(*gradient.add(a * step + lane));
                    for w in 0..W {
                        sums[a][w] = S::fma(factor, read[w], sums[a][w]);
                    }
                }
                from = from.wrapping_add(W * S::LANES);
            }
        }
        let mut found = [S::E::ZERO; WIDTH * LANES];
        for a in 0..A {
            for w in 0..W {
                S::store(found.as_mut_ptr().add(w * S::LANES), sums[a][w]);
            }
            let to = &mut totals[(channel + a) * block.count + block.first_tap..][..block.taps];
            for (to, found) in to.iter_mut().zip(&found) {
                *to += found.to_f64();
            }
        }
    }
    A
}
