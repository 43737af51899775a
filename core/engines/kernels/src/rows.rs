//! Normalisations of rows and softmax: what each image has of its own, lane by lane, and their ways back.

use crate::Number;
use crate::simd::Simd;

/// What a [`Rows`] does. Each row has so many vectors, and beside it two of its own: 1 / deviation and mean.
#[derive(Debug)]
pub enum RowWork<'a, E> {
    /// `out[row] = [1 / √(Σ (x − mean)² / length + epsilon), mean]`, where the mean is 0 if rows are not `centred`.
    Deviations {
        /// Whether the mean is subtracted.
        centred: bool,
        /// Added to the variance.
        epsilon: E,
    },
    /// `out = (x − mean) / deviation`.
    Standardise {
        /// `[rows][1 / deviation, mean][lanes]`.
        deviations: &'a [E],
    },
    /// The gradient at x, where `values` is the gradient at what was standardised.
    StandardiseBack {
        /// `[rows][1 / deviation, mean][lanes]`.
        deviations: &'a [E],
        /// What was standardised.
        standardised: &'a [E],
        /// Whether the mean was subtracted.
        centred: bool,
    },
}

/// Work on rows, which follow each other.
#[derive(Debug)]
pub struct Rows<'a, E> {
    /// How many.
    pub rows: usize,
    /// Vectors of each.
    pub length: usize,
    /// `[rows][length][lanes]`.
    pub values: &'a [E],
    /// The same, or `[rows][2][lanes]`.
    pub out: &'a mut [E],
    /// What is done.
    pub work: RowWork<'a, E>,
}

impl<E: Number> Rows<'_, E> {
    pub(crate) fn check(&self, lanes: usize) {
        let (whole, own) = (self.rows * self.length * lanes, 2 * self.rows * lanes);
        let (out, deviations, standardised) = match self.work {
            RowWork::Deviations { .. } => (own, None, None),
            RowWork::Standardise { deviations } => (whole, Some(deviations), None),
            RowWork::StandardiseBack { deviations, standardised, .. } => (whole, Some(deviations), Some(standardised)),
        };
        assert!(self.values.len() >= whole && self.out.len() >= out, "rows are too short");
        assert!(deviations.is_none_or(|deviations| deviations.len() >= own), "too few deviations");
        assert!(standardised.is_none_or(|standardised| standardised.len() >= whole), "standardised rows are too short");
    }
}

/// # Safety
/// The processor has `S`'s instruction set, and `call.check(S::LANES)` passed.
#[inline(always)]
pub(crate) unsafe fn run<S: Simd>(call: Rows<'_, S::E>) {
    let length = call.length;
    let number = S::E::from_f64;
    // SAFETY: rows of checked slices.
    unsafe {
        let share = S::splat(number(1.0 / length.max(1) as f64));
        for row in 0..call.rows {
            let values = call.values.as_ptr().add(row * length * S::LANES);
            let value = |at: usize| S::load(values.add(at * S::LANES));
            let own = |deviations: &[S::E]| {
                let from = deviations.as_ptr().add(2 * row * S::LANES);
                (S::load(from), S::load(from.add(S::LANES)))
            };
            match &call.work {
                RowWork::Deviations { centred, epsilon } => {
                    let mean = if *centred { S::mul(sum::<S>(length, |sum, at| S::add(sum, value(at))), share) } else { S::zero() };
                    let squares = sum::<S>(length, |sum, at| {
                        let off = S::sub(value(at), mean);
                        S::fma(off, off, sum)
                    });
                    let to = call.out.as_mut_ptr().add(2 * row * S::LANES);
                    S::store(to, S::fma(squares, share, S::splat(*epsilon)));
                    S::store(to.add(S::LANES), mean);
                    for variance in std::slice::from_raw_parts_mut(to, S::LANES) {
                        *variance = S::E::ONE / variance.sqrt();
                    }
                }
                RowWork::Standardise { deviations } => {
                    let (inverse, mean) = own(deviations);
                    let to = call.out.as_mut_ptr().add(row * length * S::LANES);
                    for at in 0..length {
                        S::store(to.add(at * S::LANES), S::mul(S::sub(value(at), mean), inverse));
                    }
                }
                RowWork::StandardiseBack { deviations, standardised, centred } => {
                    let (inverse, _) = own(deviations);
                    let standardised = standardised.as_ptr().add(row * length * S::LANES);
                    let before = |at: usize| S::load(standardised.add(at * S::LANES));
                    let product = S::mul(sum::<S>(length, |sum, at| S::fma(value(at), before(at), sum)), share);
                    let mean = if *centred { S::mul(sum::<S>(length, |sum, at| S::add(sum, value(at))), share) } else { S::zero() };
                    let (none, to) = (S::zero(), call.out.as_mut_ptr().add(row * length * S::LANES));
                    let product = S::sub(none, product);
                    for at in 0..length {
                        S::store(to.add(at * S::LANES), S::mul(S::fma(product, before(at), S::sub(value(at), mean)), inverse));
                    }
                }
            }
        }
    }
}

/// Adds up what `add` makes of each of `length` vectors, by four sums in turn.
#[inline(always)]
unsafe fn sum<S: Simd>(length: usize, add: impl Fn(S::V, usize) -> S::V) -> S::V {
    // SAFETY: the caller's `add` reads vectors below `length`.
    unsafe {
        let mut sums = [S::zero(); 4];
        let mut at = 0;
        while at + 4 <= length {
            for own in 0..4 {
                sums[own] = add(sums[own], at + own);
            }
            at += 4;
        }
        for at in at..length {
            sums[0] = add(sums[0], at);
        }
        S::add(S::add(sums[0], sums[1]), S::add(sums[2], sums[3]))
    }
}

/// `out = e^x / Σ e^x` along an axis, or its way back.
#[derive(Debug)]
pub struct Softmax<'a, E> {
    /// Places before the axis.
    pub outer: usize,
    /// Numbers along the axis.
    pub extent: usize,
    /// Places after the axis.
    pub inner: usize,
    /// `[outer][extent][inner][lanes]`: x, or the gradient at what was put out.
    pub values: &'a [E],
    /// What was put out, on the way back.
    pub before: Option<&'a [E]>,
    /// As `values`.
    pub out: &'a mut [E],
}

impl<E: Number> Softmax<'_, E> {
    pub(crate) fn check(&self, lanes: usize) {
        let whole = self.outer * self.extent * self.inner * lanes;
        assert!(self.values.len() >= whole && self.out.len() >= whole, "the values of a softmax are too short");
        assert!(self.before.is_none_or(|before| before.len() >= whole), "the softmax of a way back is too short");
    }
}

/// # Safety
/// The processor has `S`'s instruction set, and `call.check(S::LANES)` passed.
#[inline(always)]
pub(crate) unsafe fn softmax<S: Simd>(call: Softmax<'_, S::E>) {
    let Softmax { outer, extent, inner, values, before, out } = call;
    if extent == 0 {
        return;
    }
    for place in 0..outer * inner {
        let at = |position: usize| ((place / inner * extent + position) * inner + place % inner) * S::LANES;
        // SAFETY: positions below the extent, in checked slices.
        unsafe {
            let value = |position: usize| S::load(values.as_ptr().add(at(position)));
            if let Some(before) = before {
                let before = |position: usize| S::load(before.as_ptr().add(at(position)));
                let product = sum::<S>(extent, |sum, position| S::fma(value(position), before(position), sum));
                for position in 0..extent {
                    let to = out.as_mut_ptr().add(at(position));
                    S::store(to, S::mul(before(position), S::sub(value(position), product)));
                }
                continue;
            }
            let mut most = value(0);
            for position in 1..extent {
                most = S::max(most, value(position));
            }
            for position in 0..extent {
                let to = out.as_mut_ptr().add(at(position));
                S::store(to, S::sub(value(position), most));
                for number in std::slice::from_raw_parts_mut(to, S::LANES) {
                    *number = number.exp();
                }
            }
            let target = out.as_mut_ptr();
            let total = sum::<S>(extent, |sum, position| S::add(sum, S::load(target.add(at(position)))));
            let mut shares = [S::E::ZERO; 16];
            S::store(shares.as_mut_ptr(), total);
            for share in &mut shares[..S::LANES] {
                *share = S::E::ONE / *share;
            }
            let share = S::load(shares.as_ptr());
            for position in 0..extent {
                let to = target.add(at(position));
                S::store(to, S::mul(S::load(to), share));
            }
        }
    }
}
