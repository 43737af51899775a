//! Convolutions with so many weights that no first-level cache holds them: the same chains of multiply-adds as any other's, some taps
//! at a time, whose weights lie one after the other and whose values stay near. What is added up so far waits in the output, so that
//! no bit differs.

use crate::Number;
use crate::convolution::{Convolution, Init};
use crate::simd::Simd;

/// Weights from which on this is faster.
const MANY: usize = 1 << 16;
/// Taps at a time, and pixels whose values of these taps are in the first-level cache at once.
const TAPS: usize = 48;
const PIXELS: usize = 8;
/// Channels whose weights of these taps are laid out at once.
const CHANNELS: usize = 128;
/// Channels of a block.
const BLOCK: usize = 4;

/// Whether a convolution is one of these: of one source whose weights are those of all lanes, and whose output may hold what is not
/// complete.
pub(crate) fn takes<E: Number>(call: &Convolution<'_, E>) -> bool {
    let accumulates = matches!(call.init, Init::Accumulate | Init::Channels { accumulate: true, .. });
    let [source] = call.sources else { return false };
    let pixels = call.target.rows * call.target.columns;
    !source.lane_weights && source.taps.len() * call.target.channels >= MANY && pixels >= BLOCK && !(accumulates && call.mask.is_some())
}

/// Some pixels of the output: where each is read, written and masked, in elements.
struct Pixels<E> {
    from: [*const E; PIXELS],
    to: [*mut E; PIXELS],
    mask: [*const E; PIXELS],
    count: usize,
}

/// What is the same for all blocks of some taps.
struct Chunk<'a, S: Simd> {
    taps: &'a [isize],
    /// What the sums start from: nothing if they go on.
    init: Option<Init<'a, S::E>>,
    /// Whether these taps are the last.
    last: bool,
    channel_step: usize,
    mask_step: Option<usize>,
}

/// # Safety
/// The processor has `S`'s instruction set, `call.check(S::LANES)` passed, and this module takes the call.
#[inline(always)]
pub(crate) unsafe fn run<S: Simd>(call: &Convolution<'_, S::E>, out: *mut S::E) {
    let [source] = call.sources else { return };
    let t = call.target;
    let mut weights = [S::E::ZERO; TAPS * CHANNELS];
    let all = t.rows * t.columns;
    for first_tap in (0..source.taps.len()).step_by(TAPS) {
        let taps = &source.taps[first_tap..(first_tap + TAPS).min(source.taps.len())];
        let chunk = Chunk::<S> {
            taps,
            init: (first_tap == 0).then_some(call.init),
            last: first_tap + taps.len() == source.taps.len(),
            channel_step: t.channel_step * S::LANES,
            mask_step: call.mask.map(|mask| mask.channel_step * S::LANES),
        };
        for first_channel in (0..t.channels).step_by(CHANNELS) {
            let channels = CHANNELS.min(t.channels - first_channel);
            // Block after block, `[taps][channels of the block]`.
            for (tap, weights_of_tap) in source.weights[first_tap * t.channels..].chunks(t.channels).take(taps.len()).enumerate() {
                for block in (0..channels).step_by(BLOCK) {
                    let width = BLOCK.min(channels - block);
                    let to = &mut weights[block * taps.len() + tap * width..][..width];
                    to.copy_from_slice(&weights_of_tap[first_channel + block..][..width]);
                }
            }
            for first in (0..all).step_by(PIXELS) {
                // SAFETY: pixels of the target, for which `check` passed; channels below those of the target.
                unsafe {
                    let pixels = pixels::<S>(call, out, first, first_channel);
                    for block in (0..channels).step_by(BLOCK) {
                        let weights = weights.as_ptr().add(block * taps.len());
                        match channels - block {
                            1 => line::<S, 1>(&chunk, &pixels, weights, first_channel, block),
                            2 => line::<S, 2>(&chunk, &pixels, weights, first_channel, block),
                            3 => line::<S, 3>(&chunk, &pixels, weights, first_channel, block),
                            _ => line::<S, BLOCK>(&chunk, &pixels, weights, first_channel, block),
                        }
                    }
                }
            }
        }
    }
}

/// The pixels from number `first` on.
#[inline(always)]
unsafe fn pixels<S: Simd>(call: &Convolution<'_, S::E>, out: *mut S::E, first: usize, channel: usize) -> Pixels<S::E> {
    let (t, source) = (call.target, &call.sources[0]);
    let count = PIXELS.min(t.rows * t.columns - first);
    let none = std::ptr::null::<S::E>();
    let mut pixels = Pixels { from: [none; PIXELS], to: [out; PIXELS], mask: [none; PIXELS], count };
    for own in 0..count {
        let (row, column) = ((first + own) / t.columns, (first + own) % t.columns);
        let from = source.origin + (row * source.row_step + column * source.column_step) as isize;
        pixels.from[own] = source.data.as_ptr().wrapping_offset(from * S::LANES as isize);
        let to = t.origin + channel * t.channel_step + row * t.row_step + column * t.column_step;
        pixels.to[own] = out.wrapping_add(to * S::LANES);
        if let Some(mask) = &call.mask {
            let at = mask.origin + channel * mask.channel_step + row * mask.row_step + column * mask.column_step;
            pixels.mask[own] = mask.data.as_ptr().wrapping_add(at * S::LANES);
        }
    }
    pixels
}

/// All of these pixels of `A` channels.
#[inline(always)]
unsafe fn line<S: Simd, const A: usize>(chunk: &Chunk<'_, S>, pixels: &Pixels<S::E>, weights: *const S::E, first: usize, block: usize) {
    let mut at = 0;
    // SAFETY: the caller's promise; pixels below their number.
    unsafe {
        while at + 4 <= pixels.count {
            tile::<S, A, 4>(chunk, pixels, weights, first, block, at);
            at += 4;
        }
        while at < pixels.count {
            tile::<S, A, 1>(chunk, pixels, weights, first, block, at);
            at += 1;
        }
    }
}

/// `P` pixels of `A` channels, all in registers.
#[inline(always)]
unsafe fn tile<S: Simd, const A: usize, const P: usize>(
    chunk: &Chunk<'_, S>,
    pixels: &Pixels<S::E>,
    mut weights: *const S::E,
    first: usize,
    block: usize,
    at: usize,
) {
    // SAFETY: the caller's promise.
    unsafe {
        let mut sums = [[S::zero(); P]; A];
        let goes_on = matches!(chunk.init, None | Some(Init::Accumulate | Init::Channels { accumulate: true, .. }));
        let (mut from, mut to) = ([pixels.from[at]; P], [pixels.to[at]; P]);
        for p in 0..P {
            from[p] = pixels.from[at + p];
            to[p] = pixels.to[at + p].wrapping_add(block * chunk.channel_step);
        }
        if goes_on {
            for a in 0..A {
                for p in 0..P {
                    sums[a][p] = S::load(to[p].add(a * chunk.channel_step));
                }
            }
        }
        if let Some(Init::Channels { values, .. }) = chunk.init {
            for a in 0..A {
                let value = S::load(values.as_ptr().add((first + block + a) * S::LANES));
                for p in 0..P {
                    sums[a][p] = S::add(sums[a][p], value);
                }
            }
        }
        for tap in chunk.taps {
            let tap = *tap * S::LANES as isize;
            let mut factors = [S::zero(); A];
            for a in 0..A {
                factors[a] = S::splat(*weights.add(a));
            }
            for p in 0..P {
                let value = S::load(from[p].wrapping_offset(tap));
                for a in 0..A {
                    sums[a][p] = S::fma(factors[a], value, sums[a][p]);
                }
            }
            weights = weights.wrapping_add(A);
        }
        if let (true, Some(step)) = (chunk.last, chunk.mask_step) {
            for a in 0..A {
                for p in 0..P {
                    let value = S::load(pixels.mask[at + p].add((block + a) * step));
                    sums[a][p] = S::where_positive(value, sums[a][p]);
                }
            }
        }
        for a in 0..A {
            for p in 0..P {
                S::store(to[p].add(a * chunk.channel_step), sums[a][p]);
            }
        }
    }
}
