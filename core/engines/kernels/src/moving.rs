//! Moving vectors: axes in another order, cut out, repeated, or added up.

use crate::Number;
use crate::simd::Simd;

/// Axes of a [`Walk`] at most.
pub const LOOPS: usize = 5;

/// Vectors that are read and written at even steps along some axes, the last the innermost. Distances are in vectors.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Walk {
    /// How many there are along each axis.
    pub extents: [usize; LOOPS],
    /// The first that is read.
    pub from: usize,
    /// From one that is read to the next, along each axis.
    pub from_steps: [usize; LOOPS],
    /// The first that is written.
    pub to: usize,
    /// From one that is written to the next, along each axis.
    pub to_steps: [usize; LOOPS],
}

/// `to = [to +] scale · from`, along walks one after the other. Where a step of what is written is 0, only a sum makes sense.
#[derive(Debug)]
pub struct Moving<'a, E> {
    /// Which vectors.
    pub walks: &'a [Walk],
    /// What is read.
    pub from: &'a [E],
    /// What is written.
    pub to: &'a mut [E],
    /// The factor.
    pub scale: E,
    /// Whether to add to what is there.
    pub accumulate: bool,
}

impl<E: Number> Moving<'_, E> {
    pub(crate) fn check(&self, lanes: usize) {
        let end = |first: usize, extents: &[usize; LOOPS], steps: &[usize; LOOPS]| {
            extents.iter().zip(steps).fold(first, |last, (extent, step)| last + (extent - 1) * step) + 1
        };
        for Walk { extents, from, from_steps, to, to_steps } in self.walks.iter().filter(|walk| !walk.extents.contains(&0)) {
            assert!(end(*from, extents, from_steps) * lanes <= self.from.len(), "a walk reads behind the end");
            assert!(end(*to, extents, to_steps) * lanes <= self.to.len(), "a walk writes behind the end");
        }
    }
}

/// # Safety
/// The processor has `S`'s instruction set, and `call.check(S::LANES)` passed.
#[inline(always)]
pub(crate) unsafe fn run<S: Simd>(mut call: Moving<'_, S::E>) {
    // SAFETY: the caller's promise.
    unsafe {
        match (call.accumulate, call.scale == S::E::ONE) {
            (false, true) => walks::<S>(&mut call, |from, _, _| from),
            (false, false) => walks::<S>(&mut call, |from, _, scale| S::mul(scale, from)),
            (true, true) => walks::<S>(&mut call, |from, to, _| S::add(from, S::load(to))),
            (true, false) => walks::<S>(&mut call, |from, to, scale| S::fma(scale, from, S::load(to))),
        }
    }
}

#[inline(always)]
unsafe fn walks<S: Simd>(call: &mut Moving<'_, S::E>, made: impl Fn(S::V, *const S::E, S::V) -> S::V) {
    let (source, target) = (call.from.as_ptr(), call.to.as_mut_ptr());
    // SAFETY: `check` passed for all walks.
    unsafe {
        let scale = S::splat(call.scale);
        for Walk { extents: [a, b, c, d, e], from, from_steps, to, to_steps } in call.walks {
            for (i, j) in (0..*a).flat_map(|i| (0..*b).map(move |j| (i, j))) {
                for (k, l) in (0..*c).flat_map(|k| (0..*d).map(move |l| (k, l))) {
                    let first = |start: &usize, steps: &[usize; LOOPS]| {
                        (start + i * steps[0] + j * steps[1] + k * steps[2] + l * steps[3]) * S::LANES
                    };
                    let (mut from, mut to) = (source.add(first(from, from_steps)), target.add(first(to, to_steps)));
                    for _ in 0..*e {
                        S::store(to, made(S::load(from), to, scale));
                        from = from.wrapping_add(from_steps[4] * S::LANES);
                        to = to.wrapping_add(to_steps[4] * S::LANES);
                    }
                }
            }
        }
    }
}
