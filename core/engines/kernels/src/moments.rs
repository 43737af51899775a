//! Mean and spread of each channel, lane by lane, some rows at a time: while a convolution's output is still near.

use std::ops::Range;

use crate::simd::Simd;
use crate::{Map, Number};

/// Adds rows of a tile to each lane's mean and Σ (x − mean)² of each channel. The rows that are given have a mean of their own,
/// about which their squares are; then they join those before (Chan, Golub & LeVeque, 1979). So a mean far from zero costs no
/// precision.
#[derive(Debug)]
pub struct LaneMoments<'a, E> {
    /// The tile.
    pub values: (&'a [E], Map),
    /// Which rows.
    pub rows: Range<usize>,
    /// How many rows were added before.
    pub before: usize,
    /// `[channels][mean, Σ (x − mean)²][lanes]`; zeros before the first rows.
    pub moments: &'a mut [E],
}

impl<E: Number> LaneMoments<'_, E> {
    pub(crate) fn check(&self, lanes: usize) {
        let (data, map) = &self.values;
        assert!(map.vectors() * lanes <= data.len(), "a tile of {map:?} does not fit in {} elements", data.len());
        assert!(self.rows.end <= map.height, "there are no rows {:?}", self.rows);
        assert!(self.moments.len() >= 2 * map.channels * lanes, "too few moments");
    }
}

/// # Safety
/// The processor has `S`'s instruction set, and `call.check(S::LANES)` passed.
#[inline(always)]
pub(crate) unsafe fn run<S: Simd>(call: LaneMoments<'_, S::E>) {
    let (data, map) = call.values;
    let (own, before) = ((call.rows.len() * map.width) as f64, (call.before * map.width) as f64);
    if own == 0.0 {
        return;
    }
    let number = S::E::from_f64;
    // SAFETY: channels, rows and columns of a checked tile, and two vectors a channel.
    unsafe {
        let (inverse, share) = (S::splat(number(1.0 / own)), S::splat(number(own / (own + before))));
        let weight = S::splat(number(own * before / (own + before)));
        for channel in 0..map.channels {
            let row = |row: usize| data.as_ptr().add(map.at(channel, row, 0) * S::LANES);
            let mut sums = [S::zero(); 4];
            for from in call.rows.clone().map(row) {
                each::<S>(from, map.width, |value, sum| sums[sum] = S::add(sums[sum], value));
            }
            let center = S::mul(S::add(S::add(sums[0], sums[1]), S::add(sums[2], sums[3])), inverse);
            let mut squares = [S::zero(); 4];
            for from in call.rows.clone().map(row) {
                each::<S>(from, map.width, |value, sum| {
                    let off = S::sub(value, center);
                    squares[sum] = S::fma(off, off, squares[sum]);
                });
            }
            let squares = S::add(S::add(squares[0], squares[1]), S::add(squares[2], squares[3]));
            let mean = call.moments.as_mut_ptr().add(2 * channel * S::LANES);
            let spread = mean.add(S::LANES);
            let off = S::sub(center, S::load(mean));
            S::store(mean, S::fma(off, share, S::load(mean)));
            S::store(spread, S::fma(S::mul(off, off), weight, S::add(S::load(spread), squares)));
        }
    }
}

/// Shows each of `count` vectors, and which of four sums is its own.
///
/// # Safety
/// There are `count` vectors from there, and the processor has `S`'s instruction set.
#[inline(always)]
unsafe fn each<S: Simd>(from: *const S::E, count: usize, mut add: impl FnMut(S::V, usize)) {
    // SAFETY: the caller's promise.
    unsafe {
        let value = |column: usize| S::load(from.add(column * S::LANES));
        let mut column = 0;
        while column + 4 <= count {
            for sum in 0..4 {
                add(value(column + sum), sum);
            }
            column += 4;
        }
        for column in column..count {
            add(value(column), 0);
        }
    }
}
