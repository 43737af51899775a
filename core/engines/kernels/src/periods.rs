//! Weights that come again along a value: factors and summands of its numbers, and the sums that are their gradients.

use crate::Number;
use crate::simd::Simd;

/// Which weight a vector of a value has: `inner` vectors in a row have the same, and after `count` weights the first comes again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Period {
    /// Vectors that follow each other and have the same weight.
    pub inner: usize,
    /// How many weights there are.
    pub count: usize,
}

/// `out = x · factor + summand`.
#[derive(Debug)]
pub struct Weigh<'a, E> {
    /// `[vectors][lanes]`.
    pub values: &'a [E],
    /// The result.
    pub out: &'a mut [E],
    /// How many vectors: a multiple of the period.
    pub vectors: usize,
    /// Which weight is whose.
    pub period: Period,
    /// One a weight; nothing for 1.
    pub factors: Option<&'a [E]>,
    /// One a weight; nothing for 0.
    pub summands: Option<&'a [E]>,
}

/// `sums[weight] += Σ a [· b]` over the vectors that have the weight.
#[derive(Debug)]
pub struct PeriodSums<'a, E> {
    /// `[vectors][lanes]`.
    pub a: &'a [E],
    /// The same, if products are added up.
    pub b: Option<&'a [E]>,
    /// How many vectors: a multiple of the period.
    pub vectors: usize,
    /// Which weight is whose.
    pub period: Period,
    /// `[weights][lanes]`.
    pub sums: &'a mut [E],
}

impl Period {
    fn check(self, vectors: usize) {
        assert!(
            self.inner * self.count > 0 && vectors.is_multiple_of(self.inner * self.count),
            "{vectors} vectors are not whole periods of {self:?}"
        );
    }
}

impl<E: Number> Weigh<'_, E> {
    pub(crate) fn check(&self, lanes: usize) {
        self.period.check(self.vectors);
        assert!(self.values.len() >= self.vectors * lanes && self.out.len() >= self.vectors * lanes, "weighed values are too short");
        let fits = |weights: Option<&[E]>| weights.is_none_or(|weights| weights.len() >= self.period.count);
        assert!(fits(self.factors) && fits(self.summands), "too few weights");
    }
}

impl<E: Number> PeriodSums<'_, E> {
    pub(crate) fn check(&self, lanes: usize) {
        self.period.check(self.vectors);
        assert!(self.a.len() >= self.vectors * lanes && self.b.is_none_or(|b| b.len() >= self.vectors * lanes), "values are too short");
        assert!(self.sums.len() >= self.period.count * lanes, "too few sums");
    }
}

/// # Safety
/// The processor has `S`'s instruction set, and `call.check(S::LANES)` passed.
#[inline(always)]
pub(crate) unsafe fn weigh<S: Simd>(call: Weigh<'_, S::E>) {
    let Period { inner, count } = call.period;
    let mut at = 0;
    while at < call.vectors {
        for weight in 0..count {
            // SAFETY: whole periods of checked slices.
            unsafe {
                let factor = call.factors.map_or(S::splat(S::E::ONE), |factors| S::splat(*factors.as_ptr().add(weight)));
                let summand = call.summands.map_or(S::zero(), |summands| S::splat(*summands.as_ptr().add(weight)));
                for vector in at..at + inner {
                    let value = S::load(call.values.as_ptr().add(vector * S::LANES));
                    S::store(call.out.as_mut_ptr().add(vector * S::LANES), S::fma(value, factor, summand));
                }
            }
            at += inner;
        }
    }
}

/// # Safety
/// The processor has `S`'s instruction set, and `call.check(S::LANES)` passed.
#[inline(always)]
pub(crate) unsafe fn sums<S: Simd>(call: PeriodSums<'_, S::E>) {
    let Period { inner, count } = call.period;
    let mut at = 0;
    while at < call.vectors {
        for weight in 0..count {
            // SAFETY: whole periods of checked slices.
            unsafe {
                let to = call.sums.as_mut_ptr().add(weight * S::LANES);
                let mut sum = S::load(to);
                for vector in at..at + inner {
                    let a = S::load(call.a.as_ptr().add(vector * S::LANES));
                    sum = match call.b {
                        Some(b) => S::fma(a, S::load(b.as_ptr().add(vector * S::LANES)), sum),
                        None => S::add(a, sum),
                    };
                }
                S::store(to, sum);
            }
            at += inner;
        }
    }
}
