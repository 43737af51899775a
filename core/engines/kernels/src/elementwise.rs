//! Operations that visit every vector of a tile once.

use std::ops::Range;

use crate::simd::Simd;
use crate::{Map, Number};

/// How many vectors ahead the next ones are asked for: rows are too short for processors to notice the pattern in time.
pub(crate) const PREFETCH: usize = 32;

/// Panics unless a tile of this layout fits into this many elements.
fn check_tile(map: &Map, elements: usize, lanes: usize) {
    assert!(map.vectors() * lanes <= elements, "a tile of {map:?} does not fit in {elements} elements");
}

/// Panics unless two layouts have the same pixels.
fn check_same(a: &Map, b: &Map) {
    assert!((a.channels, a.height, a.width) == (b.channels, b.height, b.width), "{a:?} and {b:?} differ");
}

/// `sums[c] += Σ_{y,x} a · b`, or `Σ a · (b − center[c])` with a center; without b `Σ a`, or `Σ (a − center[c])²`; a vector a
/// channel.
#[derive(Debug)]
pub struct ChannelSums<'a, E> {
    /// The tile.
    pub a: (&'a [E], Map),
    /// A second tile of the same pixels.
    pub b: Option<(&'a [E], Map)>,
    /// One number a channel.
    pub center: Option<&'a [E]>,
    /// `[channels][lanes]`.
    pub sums: &'a mut [E],
}

impl<E: Number> ChannelSums<'_, E> {
    pub(crate) fn check(&self, lanes: usize) {
        check_tile(&self.a.1, self.a.0.len(), lanes);
        if let Some((data, map)) = &self.b {
            check_tile(map, data.len(), lanes);
            check_same(map, &self.a.1);
        }
        assert!(self.center.is_none_or(|center| center.len() >= self.a.1.channels), "too few centers");
        assert!(self.sums.len() >= self.a.1.channels * lanes, "too few sums");
    }
}

/// What a [`ChannelSums`] adds up.
const VALUES: usize = 0;
const SQUARES: usize = 1;
const PRODUCTS: usize = 2;
const CENTERED_PRODUCTS: usize = 3;

/// # Safety
/// The processor has `S`'s instruction set, and `call.check(S::LANES)` passed.
#[inline(always)]
pub(crate) unsafe fn channel_sums<S: Simd>(call: ChannelSums<'_, S::E>) {
    // SAFETY: the caller's promise.
    unsafe {
        match (call.b.is_some(), call.center.is_some()) {
            (false, false) => sums_of::<S, VALUES>(call),
            (false, true) => sums_of::<S, SQUARES>(call),
            (true, false) => sums_of::<S, PRODUCTS>(call),
            (true, true) => sums_of::<S, CENTERED_PRODUCTS>(call),
        }
    }
}

/// The form is known to the compiler: a choice within the loop would cost more than what it chooses.
#[inline(always)]
unsafe fn sums_of<S: Simd, const FORM: usize>(call: ChannelSums<'_, S::E>) {
    let (a, map) = call.a;
    let (b, b_map) = call.b.unwrap_or(call.a);
    for channel in 0..map.channels {
        // SAFETY: channels, rows and columns of checked tiles.
        unsafe {
            let center = call.center.map_or(S::zero(), |center| S::splat(*center.as_ptr().add(channel)));
            let mut sums = [S::zero(); 4];
            for row in 0..map.height {
                let from = a.as_ptr().add(map.at(channel, row, 0) * S::LANES);
                let other = b.as_ptr().add(b_map.at(channel, row, 0) * S::LANES);
                let mut step = |column: usize, sum: usize| {
                    let value = S::load(from.add(column * S::LANES));
                    sums[sum] = match FORM {
                        VALUES => S::add(value, sums[sum]),
                        SQUARES => {
                            let off = S::sub(value, center);
                            S::fma(off, off, sums[sum])
                        }
                        PRODUCTS => S::fma(value, S::load(other.add(column * S::LANES)), sums[sum]),
                        _ => S::fma(value, S::sub(S::load(other.add(column * S::LANES)), center), sums[sum]),
                    };
                };
                let mut column = 0;
                while column + 4 <= map.width {
                    step(column, 0);
                    step(column + 1, 1);
                    step(column + 2, 2);
                    step(column + 3, 3);
                    column += 4;
                }
                while column < map.width {
                    step(column, 0);
                    column += 1;
                }
            }
            let to = call.sums.as_mut_ptr().add(channel * S::LANES);
            let sum = S::add(S::add(sums[0], sums[1]), S::add(sums[2], sums[3]));
            S::store(to, S::add(S::load(to), sum));
        }
    }
}

/// `totals[i] += Σ of some lanes of vector i`.
#[derive(Debug)]
pub struct LaneTotals<'a, E> {
    /// `[vectors][lanes]`.
    pub vectors: &'a [E],
    /// The lanes that count.
    pub lanes: Range<usize>,
    /// One number a vector.
    pub totals: &'a mut [f64],
}

impl<E: Number> LaneTotals<'_, E> {
    pub(crate) fn check(&self, lanes: usize) {
        assert!(self.vectors.len() >= self.totals.len() * lanes && self.lanes.end <= lanes, "too few lanes");
    }
}

/// # Safety
/// The processor has `S`'s instruction set, and `call.check(S::LANES)` passed.
#[inline(always)]
pub(crate) unsafe fn lane_totals<S: Simd>(call: LaneTotals<'_, S::E>) {
    if call.lanes.len() < S::LANES {
        // One after the other, so that the sum does not depend on which lanes they are.
        for (vector, total) in call.vectors.chunks_exact(S::LANES).zip(call.totals) {
            *total += vector[call.lanes.clone()].iter().map(|value| value.to_f64()).sum::<f64>();
        }
        return;
    }
    // SAFETY: there are as many vectors as totals.
    unsafe {
        for (position, total) in call.totals.iter_mut().enumerate() {
            *total += S::sum(S::load(call.vectors.as_ptr().add(position * S::LANES))).to_f64();
        }
    }
}

/// `out = (out − center[c]) · scale[c]`, in place.
#[derive(Debug)]
pub struct ScaleShift<'a, E> {
    /// The tile.
    pub out: (&'a mut [E], Map),
    /// Subtracted, one a channel.
    pub center: &'a [E],
    /// Multiplied, one a channel.
    pub scale: &'a [E],
}

impl<E: Number> ScaleShift<'_, E> {
    pub(crate) fn check(&self, lanes: usize) {
        check_tile(&self.out.1, self.out.0.len(), lanes);
        assert!(self.center.len() >= self.out.1.channels && self.scale.len() >= self.out.1.channels, "too few channels");
    }
}

/// # Safety
/// The processor has `S`'s instruction set, and `call.check(S::LANES)` passed.
#[inline(always)]
pub(crate) unsafe fn scale_shift<S: Simd>(call: ScaleShift<'_, S::E>) {
    let (out, map) = call.out;
    for channel in 0..map.channels {
        // SAFETY: channels, rows and columns of checked tiles.
        unsafe {
            let (center, scale) = (S::splat(*call.center.as_ptr().add(channel)), S::splat(*call.scale.as_ptr().add(channel)));
            for row in 0..map.height {
                let to = out.as_mut_ptr().add(map.at(channel, row, 0) * S::LANES);
                for column in 0..map.width {
                    let to = to.add(column * S::LANES);
                    S::store(to, S::mul(S::sub(S::load(to), center), scale));
                }
            }
        }
    }
}

/// `out = α[c] · a + β[c] · (b − center[c]) + γ[c]`, every factor a vector.
#[derive(Debug)]
pub struct Blend<'a, E> {
    /// The result's tile.
    pub out: (&'a mut [E], Map),
    /// The first tile.
    pub a: (&'a [E], Map),
    /// The second; without it β is not used.
    pub b: Option<(&'a [E], Map)>,
    /// Subtracted from b, one a channel; nothing without it.
    pub center: Option<&'a [E]>,
    /// `[channels][α, β, γ][lanes]`.
    pub factors: &'a [E],
    /// Which rows.
    pub rows: Range<usize>,
}

impl<E: Number> Blend<'_, E> {
    pub(crate) fn check(&self, lanes: usize) {
        check_tile(&self.out.1, self.out.0.len(), lanes);
        for (data, map) in std::iter::once(&self.a).chain(&self.b) {
            check_tile(map, data.len(), lanes);
            check_same(map, &self.out.1);
        }
        assert!(self.factors.len() >= 3 * self.out.1.channels * lanes, "too few factors");
        assert!(self.center.is_none_or(|center| center.len() >= self.out.1.channels), "too few centers");
        assert!(self.rows.end <= self.out.1.height, "there are no rows {:?}", self.rows);
    }
}

/// # Safety
/// The processor has `S`'s instruction set, and `call.check(S::LANES)` passed.
#[inline(always)]
pub(crate) unsafe fn blend<S: Simd>(call: Blend<'_, S::E>) {
    let (out, map) = call.out;
    for channel in 0..map.channels {
        // SAFETY: channels, rows and columns of checked tiles.
        unsafe {
            let factors = call.factors.as_ptr().add(3 * channel * S::LANES);
            let (alpha, beta, gamma) = (S::load(factors), S::load(factors.add(S::LANES)), S::load(factors.add(2 * S::LANES)));
            let center = call.center.map_or(S::zero(), |center| S::splat(*center.as_ptr().add(channel)));
            for row in call.rows.clone() {
                let to = out.as_mut_ptr().add(map.at(channel, row, 0) * S::LANES);
                let a = call.a.0.as_ptr().add(call.a.1.at(channel, row, 0) * S::LANES);
                let columns = (0..map.width).map(|column| column * S::LANES);
                let Some((b, b_map)) = call.b else {
                    columns.for_each(|at| S::store(to.add(at), S::fma(alpha, S::load(a.add(at)), gamma)));
                    continue;
                };
                let b = b.as_ptr().add(b_map.at(channel, row, 0) * S::LANES);
                let blend = |at: usize, b: S::V| S::store(to.add(at), S::fma(alpha, S::load(a.add(at)), S::fma(beta, b, gamma)));
                let ahead = |at: usize| {
                    S::prefetch(a.wrapping_add(at + PREFETCH * S::LANES));
                    S::prefetch(b.wrapping_add(at + PREFETCH * S::LANES));
                };
                if call.center.is_some() {
                    for at in columns {
                        ahead(at);
                        blend(at, S::sub(S::load(b.add(at)), center));
                    }
                } else {
                    for at in columns {
                        ahead(at);
                        blend(at, S::load(b.add(at)));
                    }
                }
            }
        }
    }
}

/// One term of a [`Combine`].
#[derive(Clone, Copy, Debug)]
pub struct Term<'a, E> {
    /// The tile.
    pub data: (&'a [E], Map),
    /// Its factor.
    pub scale: E,
    /// Where this is not positive, the term is zero.
    pub mask: Option<(&'a [E], Map)>,
}

/// `out = [out +] Σ scale · term`.
#[derive(Debug)]
pub struct Combine<'a, E> {
    /// The result's tile.
    pub out: (&'a mut [E], Map),
    /// What is added.
    pub terms: &'a [Term<'a, E>],
    /// Whether to add to what is there.
    pub accumulate: bool,
}

impl<E: Number> Combine<'_, E> {
    pub(crate) fn check(&self, lanes: usize) {
        check_tile(&self.out.1, self.out.0.len(), lanes);
        for (data, map) in self.terms.iter().flat_map(|term| std::iter::once(&term.data).chain(&term.mask)) {
            check_tile(map, data.len(), lanes);
            check_same(map, &self.out.1);
        }
    }
}

/// # Safety
/// The processor has `S`'s instruction set, and `call.check(S::LANES)` passed.
#[inline(always)]
pub(crate) unsafe fn combine<S: Simd>(call: Combine<'_, S::E>) {
    let (out, map) = call.out;
    let out = out.as_mut_ptr();
    let mut accumulate = call.accumulate;
    let mut terms = call.terms;
    // SAFETY: the caller's promise.
    unsafe {
        if terms.is_empty() && !accumulate {
            add_terms::<S, 0>(out, &map, terms, false);
        }
        while !terms.is_empty() {
            let (now, later) = terms.split_at(terms.len().min(4));
            match now.len() {
                1 => add_terms::<S, 1>(out, &map, now, accumulate),
                2 => add_terms::<S, 2>(out, &map, now, accumulate),
                3 => add_terms::<S, 3>(out, &map, now, accumulate),
                _ => add_terms::<S, 4>(out, &map, now, accumulate),
            }
            accumulate = true;
            terms = later;
        }
    }
}

/// Adds `N` terms in one pass.
#[inline(always)]
unsafe fn add_terms<S: Simd, const N: usize>(out: *mut S::E, map: &Map, terms: &[Term<'_, S::E>], accumulate: bool) {
    // SAFETY: channels, rows and columns of checked tiles; there are `N` terms.
    unsafe {
        let mut scales = [S::zero(); N];
        let mut masked = false;
        for n in 0..N {
            scales[n] = S::splat(terms[n].scale);
            masked |= terms[n].mask.is_some();
        }
        for channel in 0..map.channels {
            for row in 0..map.height {
                let to = out.add(map.at(channel, row, 0) * S::LANES);
                let mut from = [std::ptr::null::<S::E>(); N];
                let mut masks = [None; N];
                for n in 0..N {
                    let (data, layout) = terms[n].data;
                    from[n] = data.as_ptr().add(layout.at(channel, row, 0) * S::LANES);
                    masks[n] = terms[n].mask.map(|(data, layout)| data.as_ptr().add(layout.at(channel, row, 0) * S::LANES));
                }
                for at in (0..map.width).map(|column| column * S::LANES) {
                    let mut sum = if accumulate { S::load(to.add(at)) } else { S::zero() };
                    for n in 0..N {
                        let mut value = S::load(from[n].add(at));
                        if masked && let Some(mask) = masks[n] {
                            value = S::where_positive(S::load(mask.add(at)), value);
                        }
                        sum = S::fma(scales[n], value, sum);
                    }
                    S::store(to.add(at), sum);
                }
            }
        }
    }
}

/// `out = max(0, input)`.
#[derive(Debug)]
pub struct Rectify<'a, E> {
    /// The result's tile.
    pub out: (&'a mut [E], Map),
    /// The tile.
    pub input: (&'a [E], Map),
}

impl<E: Number> Rectify<'_, E> {
    pub(crate) fn check(&self, lanes: usize) {
        check_tile(&self.out.1, self.out.0.len(), lanes);
        check_tile(&self.input.1, self.input.0.len(), lanes);
        check_same(&self.input.1, &self.out.1);
    }
}

/// # Safety
/// The processor has `S`'s instruction set, and `call.check(S::LANES)` passed.
#[inline(always)]
pub(crate) unsafe fn rectify<S: Simd>(call: Rectify<'_, S::E>) {
    let (out, map) = call.out;
    for channel in 0..map.channels {
        for row in 0..map.height {
            // SAFETY: channels, rows and columns of checked tiles.
            unsafe {
                let to = out.as_mut_ptr().add(map.at(channel, row, 0) * S::LANES);
                let from = call.input.0.as_ptr().add(call.input.1.at(channel, row, 0) * S::LANES);
                for at in (0..map.width).map(|column| column * S::LANES) {
                    S::store(to.add(at), S::max(S::load(from.add(at)), S::zero()));
                }
            }
        }
    }
}
