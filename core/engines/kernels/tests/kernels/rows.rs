//! Moves, normalisations of rows, softmax and weights that come again, against plain loops.

use std::collections::BTreeMap;

use assay_kernels::{Element, LOOPS, Moving, Period, PeriodSums, RowWork, Rows, Softmax, Walk, Weigh};
use proptest::prelude::*;

use super::tiles::{Random, Sum, compare, for_every_set};

/// A walk whose writes do not meet, and the lengths of what it reads and writes, in vectors.
fn walk(random: &mut Random) -> (Walk, usize, usize) {
    let extents: [usize; LOOPS] = std::array::from_fn(|_| 1 + random.up_to(3));
    let mut to_steps = [0; LOOPS];
    let mut step = 1 + random.up_to(1);
    for axis in [2, 4, 0, 1, 3] {
        to_steps[axis] = step;
        step *= extents[axis];
    }
    let from_steps = std::array::from_fn(|_| random.up_to(6));
    let (from, to) = (random.up_to(5), random.up_to(5));
    let end = |first: usize, steps: &[usize; LOOPS]| {
        first + extents.iter().zip(steps).map(|(extent, step)| (extent - 1) * step).sum::<usize>() + 1
    };
    let lengths = (end(from, &from_steps), end(to, &to_steps));
    (Walk { extents, from, from_steps, to, to_steps }, lengths.0, lengths.1)
}

/// What the walk reads and writes, in its order.
fn pairs(walk: &Walk) -> Vec<(usize, usize)> {
    let mut pairs = vec![(walk.from, walk.to)];
    for axis in 0..LOOPS {
        let along = |(from, to): (usize, usize)| {
            (0..walk.extents[axis]).map(move |at| (from + at * walk.from_steps[axis], to + at * walk.to_steps[axis]))
        };
        pairs = pairs.into_iter().flat_map(along).collect();
    }
    pairs
}

fn moves<E: Element>(seed: u64, scaled: bool, accumulate: bool, adds_up: bool) {
    for_every_set::<E>(|kernels, isa| {
        let mut random = Random::new(seed);
        let lanes = kernels.lanes();
        let (mut walk, reads, writes) = walk(&mut random);
        if adds_up {
            walk.to_steps[random.up_to(LOOPS - 1)] = 0;
        }
        let accumulate = accumulate || adds_up;
        let (from, before): (Vec<E>, Vec<E>) = (random.numbers(reads * lanes), random.numbers(writes * lanes));
        let scale = if scaled { random.number() } else { E::ONE };
        let mut to = before.clone();
        kernels.moving(Moving { walks: &[walk], from: &from, to: &mut to, scale, accumulate });
        let mut expected: BTreeMap<usize, Sum> = BTreeMap::new();
        for (read, written) in pairs(&walk) {
            for lane in 0..lanes {
                let at = written * lanes + lane;
                let start = if accumulate { Sum::default().with(before[at].to_f64()) } else { Sum::default() };
                expected.entry(at).or_insert(start).add(scale.to_f64() * from[read * lanes + lane].to_f64());
            }
        }
        compare(&to, &before, &expected, &format!("{walk:?}, {isa:?}"));
    });
}

/// The largest difference, where the numbers are about as large as 1.
fn off<E: Element>(found: &[E], expected: impl Fn(usize) -> f64) -> f64 {
    found.iter().enumerate().map(|(at, found)| (found.to_f64() - expected(at)).abs()).fold(0.0, f64::max)
}

fn normalised_rows<E: Element>(seed: u64, centred: bool) {
    for_every_set::<E>(|kernels, isa| {
        let mut random = Random::new(seed);
        let lanes = kernels.lanes();
        let (count, length) = (1 + random.up_to(3), 2 + random.up_to(40));
        let whole = count * length * lanes;
        let (values, gradient): (Vec<E>, Vec<E>) = (random.numbers(whole), random.numbers(whole));
        let epsilon = 0.01;
        let (mut deviations, mut standardised, mut back) = (vec![E::ZERO; 2 * count * lanes], vec![E::ZERO; whole], vec![E::ZERO; whole]);
        let (rows, eps) = (count, E::from_f64(epsilon));
        let work = RowWork::Deviations { centred, epsilon: eps };
        kernels.rows(Rows { rows, length, values: &values, out: &mut deviations, work });
        let work = RowWork::Standardise { deviations: &deviations };
        kernels.rows(Rows { rows, length, values: &values, out: &mut standardised, work });
        let work = RowWork::StandardiseBack { deviations: &deviations, standardised: &standardised, centred };
        kernels.rows(Rows { rows, length, values: &gradient, out: &mut back, work });
        let of = |data: &[E], at: usize, step: usize| data[(at / (length * lanes) * length + step) * lanes + at % lanes].to_f64();
        let mean = |f: &dyn Fn(usize) -> f64| (0..length).map(f).sum::<f64>() / length as f64;
        let center = |at: usize| if centred { mean(&|step| of(&values, at, step)) } else { 0.0 };
        let deviation = |at: usize| (mean(&|step| (of(&values, at, step) - center(at)).powi(2)) + epsilon).sqrt();
        let normal = |at: usize, step: usize| (of(&values, at, step) - center(at)) / deviation(at);
        let step = |at: usize| at / lanes % length;
        let error = off(&standardised, |at| normal(at, step(at)));
        assert!(error < 100.0 * E::EPSILON, "standardised rows are off by {error:.1e}, {isa:?}");
        let expected = |at: usize| {
            let shift = if centred { mean(&|step| of(&gradient, at, step)) } else { 0.0 };
            let slope = mean(&|step| of(&gradient, at, step) * normal(at, step));
            (of(&gradient, at, step(at)) - shift - normal(at, step(at)) * slope) / deviation(at)
        };
        let error = off(&back, expected);
        assert!(error < 1000.0 * E::EPSILON, "their gradient is off by {error:.1e}, {isa:?}");
    });
}

fn softmax<E: Element>(seed: u64) {
    for_every_set::<E>(|kernels, isa| {
        let mut random = Random::new(seed);
        let lanes = kernels.lanes();
        let (outer, extent, inner) = (1 + random.up_to(3), 1 + random.up_to(9), 1 + random.up_to(3));
        let whole = outer * extent * inner * lanes;
        // So large that e^x has no number.
        let values: Vec<E> = random.numbers::<E>(whole).iter().map(|value| E::from_f64(2000.0 + 8.0 * value.to_f64())).collect();
        let gradient: Vec<E> = random.numbers(whole);
        let (mut out, mut back) = (vec![E::ZERO; whole], vec![E::ZERO; whole]);
        kernels.softmax(Softmax { outer, extent, inner, values: &values, before: None, out: &mut out });
        kernels.softmax(Softmax { outer, extent, inner, values: &gradient, before: Some(&out), out: &mut back });
        let line = inner * lanes;
        let along = |at: usize| (0..extent).map(move |step| (at / (extent * line) * extent + step) * line + at % line);
        let share = |at: usize| {
            let most = along(at).map(|at| values[at].to_f64()).fold(f64::NEG_INFINITY, f64::max);
            (values[at].to_f64() - most).exp() / along(at).map(|at| (values[at].to_f64() - most).exp()).sum::<f64>()
        };
        let error = off(&out, share);
        assert!(error < 20.0 * E::EPSILON, "softmax is off by {error:.1e}, {isa:?}");
        let error =
            off(&back, |at| share(at) * (gradient[at].to_f64() - along(at).map(|at| share(at) * gradient[at].to_f64()).sum::<f64>()));
        assert!(error < 40.0 * E::EPSILON, "its gradient is off by {error:.1e}, {isa:?}");
    });
}

fn weights<E: Element>(seed: u64, period: Period) {
    for_every_set::<E>(|kernels, isa| {
        let mut random = Random::new(seed);
        let lanes = kernels.lanes();
        let vectors = period.inner * period.count * (1 + random.up_to(3));
        let [a, b]: [Vec<E>; 2] = std::array::from_fn(|_| random.numbers(vectors * lanes));
        let [factors, summands]: [Vec<E>; 2] = std::array::from_fn(|_| random.numbers(period.count));
        let before: Vec<E> = random.numbers(period.count * lanes);
        let (mut out, mut sums) = (a.clone(), before.clone());
        kernels.weigh(Weigh { values: &a, out: &mut out, vectors, period, factors: Some(&factors), summands: Some(&summands) });
        kernels.period_sums(PeriodSums { a: &a, b: Some(&b), vectors, period, sums: &mut sums });
        let mut weighed = BTreeMap::new();
        let mut added: BTreeMap<usize, Sum> =
            before.iter().enumerate().map(|(at, value)| (at, Sum::default().with(value.to_f64()))).collect();
        for at in 0..vectors * lanes {
            let weight = at / lanes / period.inner % period.count;
            let value = a[at].to_f64();
            weighed.insert(at, Sum::default().with(value * factors[weight].to_f64()).with(summands[weight].to_f64()));
            added.entry(weight * lanes + at % lanes).or_default().add(value * b[at].to_f64());
        }
        compare(&out, &a, &weighed, &format!("{period:?}, {isa:?}"));
        compare(&sums, &before, &added, &format!("sums of {period:?}, {isa:?}"));
    });
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn vectors_go_where_walks_lead(seed: u64, scaled: bool, accumulate: bool, adds_up: bool) {
        moves::<f32>(seed, scaled, accumulate, adds_up);
        moves::<f64>(seed, scaled, accumulate, adds_up);
    }

    #[test]
    fn rows_are_standardised_and_their_gradients_go_back(seed: u64, centred: bool) {
        normalised_rows::<f32>(seed, centred);
        normalised_rows::<f64>(seed, centred);
    }

    #[test]
    fn softmax_and_its_gradient_are_those_of_float64(seed: u64) {
        softmax::<f32>(seed);
        softmax::<f64>(seed);
    }

    #[test]
    fn weights_come_again_after_a_period(seed: u64, inner in 1_usize..5, count in 1_usize..9) {
        weights::<f32>(seed, Period { inner, count });
        weights::<f64>(seed, Period { inner, count });
    }
}
