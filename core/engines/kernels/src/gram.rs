//! Inner products of gradient rows, in float64, and the loop whose speed everything is measured against.

use crate::simd::Simd;

/// `products[i, j] += Σ_p rows[i, p] · rows[j, p]` for j ≤ i.
#[derive(Debug)]
pub struct GramRows<'a> {
    /// `[order][length]`; the length is a multiple of the lanes.
    pub rows: &'a [f64],
    /// How many rows.
    pub order: usize,
    /// Numbers in a row.
    pub length: usize,
    /// `[order][order]`.
    pub products: &'a mut [f64],
}

impl GramRows<'_> {
    pub(crate) fn check(&self, lanes: usize) {
        assert!(self.length.is_multiple_of(lanes) && self.rows.len() >= self.order * self.length, "rows of another length");
        assert!(self.products.len() >= self.order * self.order, "too few products");
    }
}

/// # Safety
/// The processor has `S`'s instruction set, and `call.check(S::LANES)` passed.
#[inline(always)]
pub(crate) unsafe fn run<S: Simd<E = f64>>(call: GramRows<'_>) {
    let step = if S::MANY_REGISTERS { 4 } else { 2 };
    let products = call.products.as_mut_ptr();
    let mut i = 0;
    while i < call.order {
        let mut j = 0;
        while j <= i {
            // SAFETY: blocks that would pass the last row are done one product at a time.
            unsafe {
                if i + step <= call.order && j + step <= call.order {
                    if step == 4 { block::<S, 4>(&call, products, i, j) } else { block::<S, 2>(&call, products, i, j) }
                } else {
                    for a in i..(i + step).min(call.order) {
                        for b in j..(j + step).min(call.order) {
                            block::<S, 1>(&call, products, a, b);
                        }
                    }
                }
            }
            j += step;
        }
        i += step;
    }
}

#[inline(always)]
unsafe fn block<S: Simd<E = f64>, const A: usize>(call: &GramRows<'_>, products: *mut f64, i: usize, j: usize) {
    // SAFETY: rows i..i+A and j..j+A exist, and so do their products.
    unsafe {
        let mut sums = [[S::zero(); A]; A];
        let (left, right) = (call.rows.as_ptr().add(i * call.length), call.rows.as_ptr().add(j * call.length));
        let mut at = 0;
        while at < call.length {
            let mut values = [S::zero(); A];
            for b in 0..A {
                values[b] = S::load(right.add(b * call.length + at));
            }
            for a in 0..A {
                let value = S::load(left.add(a * call.length + at));
                for b in 0..A {
                    sums[a][b] = S::fma(value, values[b], sums[a][b]);
                }
            }
            at += S::LANES;
        }
        let mut lanes = [0.0; 16];
        for a in 0..A {
            for b in 0..A {
                S::store(lanes.as_mut_ptr(), sums[a][b]);
                *products.add((i + a) * call.order + j + b) += lanes[..S::LANES].iter().sum::<f64>();
            }
        }
    }
}

/// Runs independent multiply-adds in registers and returns how many floating-point operations they were.
///
/// # Safety
/// The processor has `S`'s instruction set.
#[inline(always)]
pub(crate) unsafe fn peak<S: Simd<E = f32>>(rounds: usize) -> f64 {
    // SAFETY: the caller's promise.
    unsafe {
        let (factor, term) = (S::splat(std::hint::black_box(0.999)), S::splat(std::hint::black_box(0.001)));
        let mut sums = [S::splat(1.0); 12];
        for _ in 0..rounds {
            for sum in &mut sums {
                *sum = S::fma(*sum, factor, term);
            }
        }
        let mut total = sums[0];
        for sum in &sums[1..] {
            total = S::add(total, *sum);
        }
        let mut lanes = [0.0f32; 16];
        S::store(lanes.as_mut_ptr(), total);
        std::hint::black_box(lanes);
    }
    (rounds * 12 * S::LANES * 2) as f64
}
