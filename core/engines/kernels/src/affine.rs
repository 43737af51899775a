//! Sums of values that batch normalisations would have changed, without storing what they would have become.

use crate::simd::Simd;
use crate::{Map, Number};

/// One term of an [`AffineSum`].
#[derive(Clone, Copy, Debug)]
pub struct AffineTerm<'a, E> {
    /// The tile.
    pub data: (&'a [E], Map),
    /// `[channels][center, scale]`.
    pub factors: &'a [E],
}

/// `out = constant[c] + Σ (term − center[c]) · scale[c]`, and zero where that is negative if `rectified`.
#[derive(Debug)]
pub struct AffineSum<'a, E> {
    /// The result's tile.
    pub out: (&'a mut [E], Map),
    /// What is added.
    pub terms: &'a [AffineTerm<'a, E>],
    /// One a channel.
    pub constants: &'a [E],
    /// Whether negative sums become zero.
    pub rectified: bool,
}

impl<E: Number> AffineSum<'_, E> {
    pub(crate) fn check(&self, lanes: usize) {
        let fits = |data: &[E], map: &Map| assert!(map.vectors() * lanes <= data.len(), "a tile of {map:?} does not fit");
        let to = &self.out.1;
        fits(self.out.0, to);
        assert!(self.constants.len() >= to.channels, "too few constants");
        for AffineTerm { data: (data, map), factors } in self.terms {
            fits(data, map);
            assert!((map.channels, map.height, map.width) == (to.channels, to.height, to.width), "{map:?} and {to:?} differ");
            assert!(factors.len() >= 2 * to.channels, "too few factors");
        }
    }
}

/// # Safety
/// The processor has `S`'s instruction set, and `call.check(S::LANES)` passed.
#[inline(always)]
pub(crate) unsafe fn run<S: Simd>(mut call: AffineSum<'_, S::E>) {
    let mut terms = call.terms;
    let mut first = true;
    loop {
        let (now, later) = terms.split_at(terms.len().min(4));
        // SAFETY: the caller's promise.
        unsafe {
            match now.len() {
                0 => add::<S, 0>(&mut call, now, first, later.is_empty()),
                1 => add::<S, 1>(&mut call, now, first, later.is_empty()),
                2 => add::<S, 2>(&mut call, now, first, later.is_empty()),
                3 => add::<S, 3>(&mut call, now, first, later.is_empty()),
                _ => add::<S, 4>(&mut call, now, first, later.is_empty()),
            }
        }
        if later.is_empty() {
            return;
        }
        (terms, first) = (later, false);
    }
}

/// Adds `N` terms in one pass, to the constants if it is the first.
#[inline(always)]
unsafe fn add<S: Simd, const N: usize>(call: &mut AffineSum<'_, S::E>, terms: &[AffineTerm<'_, S::E>], first: bool, last: bool) {
    let map = call.out.1;
    let out = call.out.0.as_mut_ptr();
    let rectified = call.rectified && last;
    // SAFETY: channels, rows and columns of checked tiles; there are `N` terms.
    unsafe {
        for channel in 0..map.channels {
            let constant = S::splat(*call.constants.as_ptr().add(channel));
            let (mut centers, mut scales) = ([S::zero(); N], [S::zero(); N]);
            for n in 0..N {
                let factors = terms[n].factors.as_ptr().add(2 * channel);
                (centers[n], scales[n]) = (S::splat(*factors), S::splat(*factors.add(1)));
            }
            for row in 0..map.height {
                let to = out.add(map.at(channel, row, 0) * S::LANES);
                let mut from = [std::ptr::null::<S::E>(); N];
                for n in 0..N {
                    let (data, layout) = terms[n].data;
                    from[n] = data.as_ptr().add(layout.at(channel, row, 0) * S::LANES);
                }
                for at in (0..map.width).map(|column| column * S::LANES) {
                    let mut sum = if first { constant } else { S::load(to.add(at)) };
                    for n in 0..N {
                        S::prefetch(from[n].wrapping_add(at + crate::elementwise::PREFETCH * S::LANES));
                        sum = S::fma(S::sub(S::load(from[n].add(at)), centers[n]), scales[n], sum);
                    }
                    S::store(to.add(at), if rectified { S::max(sum, S::zero()) } else { sum });
                }
            }
        }
    }
}
