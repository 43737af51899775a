//! Functions of each number and their derivatives, and products of tiles.

use std::collections::BTreeMap;
use std::f64::consts::{FRAC_1_SQRT_2, PI};

use assay_kernels::{Apply, Element, Function, Isa, Kernels, Map, Multiply};
use proptest::prelude::*;

use super::tiles::{Random, Sum, compare, for_every_set, maps, pixels, tile, with_pad};

const ALL: [Function; 15] = [
    Function::Clip { low: 0.0, high: 6.0 },
    Function::Sigmoid,
    Function::HardSigmoid { slope: 0.25, offset: 0.5 },
    Function::HardSwish,
    Function::Silu,
    Function::Gelu,
    Function::GeluTanh,
    Function::Tanh,
    Function::LeakyRelu { slope: 0.125 },
    Function::Elu { alpha: 1.5 },
    Function::Softplus,
    Function::Exp,
    Function::Sqrt,
    Function::Reciprocal,
    Function::Erf,
];

/// The function by the standard library, in float64.
fn value(function: Function, x: f64) -> f64 {
    let sigmoid = |x: f64| 1.0 / (1.0 + (-x).exp());
    match function {
        Function::Clip { low, high } => x.clamp(low, high),
        Function::Sigmoid => sigmoid(x),
        Function::HardSigmoid { slope, offset } => (slope * x + offset).clamp(0.0, 1.0),
        Function::HardSwish => x * (x / 6.0 + 0.5).clamp(0.0, 1.0),
        Function::Silu => x * sigmoid(x),
        Function::Gelu => x / 2.0 * (1.0 + erf(x * FRAC_1_SQRT_2)),
        Function::GeluTanh => x / 2.0 * (1.0 + ((2.0 / PI).sqrt() * (x + 0.044715 * x.powi(3))).tanh()),
        Function::Tanh => x.tanh(),
        Function::LeakyRelu { slope } => x.max(0.0) + slope * x.min(0.0),
        Function::Elu { alpha } => x.max(0.0) + alpha * x.min(0.0).exp_m1(),
        Function::Softplus => x.max(0.0) + (-x.abs()).exp().ln_1p(),
        Function::Exp => x.exp(),
        Function::Sqrt => x.sqrt(),
        Function::Reciprocal => 1.0 / x,
        Function::Erf => erf(x),
    }
}

/// The error function by a series of positive terms near zero, and by its continued fraction elsewhere.
fn erf(x: f64) -> f64 {
    if x.abs() < 2.5 {
        let (mut term, mut sum) = (x, x);
        for n in 1..100 {
            term *= 2.0 * x * x / f64::from(2 * n + 1);
            sum += term;
        }
        return sum * 2.0 / PI.sqrt() * (-x * x).exp();
    }
    let size = x.abs();
    let fraction = (1..200).rev().fold(0.0, |below, n| f64::from(n) / 2.0 / (size + below));
    x.signum() * (1.0 - (-x * x).exp() / PI.sqrt() / (size + fraction))
}

/// The derivative by a quotient of differences.
fn slope(function: Function, x: f64) -> f64 {
    (value(function, x + 1e-5) - value(function, x - 1e-5)) / 2e-5
}

/// What a kernel makes of these numbers, a tile of one pixel at a time.
fn applied<E: Element>(kernels: &Kernels<E>, function: Function, derivative: bool, numbers: &[f64]) -> Vec<f64> {
    let lanes = kernels.lanes();
    let map = Map { channels: 1, height: 1, width: numbers.len().div_ceil(lanes), pad: 0 };
    let mut input: Vec<E> = numbers.iter().map(|x| E::from_f64(*x)).collect();
    input.resize(map.vectors() * lanes, E::ONE);
    let mut out = vec![E::ZERO; input.len()];
    kernels.apply(Apply { out: (&mut out, map), input: (&input, map), function, derivative });
    out[..numbers.len()].iter().map(|value| value.to_f64()).collect()
}

/// Numbers of both signs that float32 holds exactly; positive ones for functions that need it.
fn numbers(function: Function) -> Vec<f64> {
    let positive = matches!(function, Function::Sqrt | Function::Reciprocal);
    (-400..400).map(|step| f64::from(step) / 32.0 + 1.0 / 128.0).filter(|x| !positive || *x > 0.0).collect()
}

fn values_and_derivatives<E: Element>() {
    for function in ALL {
        let numbers = numbers(function);
        let mut of_first: BTreeMap<bool, Vec<f64>> = BTreeMap::new();
        for_every_set::<E>(|kernels, isa| {
            for (x, found) in numbers.iter().zip(applied(kernels, function, false, &numbers)) {
                let expected = value(function, *x);
                // What is made of the difference of numbers of the size of 1 or of x has their rounding.
                let bound = 8.0 * E::EPSILON * (expected.abs() + x.abs().max(1.0) * f64::from(u8::from(function != Function::Exp)));
                assert!((found - expected).abs() <= bound, "{function:?} of {x}: {found} instead of {expected}, {isa:?}");
            }
            for (x, found) in numbers.iter().zip(applied(kernels, function, true, &numbers)) {
                let (expected, before, after) = (slope(function, *x), slope(function, x - 1e-3), slope(function, x + 1e-3));
                let jumps = (before - after).abs() > 0.1 * expected.abs().max(1.0);
                let bound = 1e-6 * expected.abs().max(1.0) + 16.0 * E::EPSILON * (1.0 + x.abs()) * expected.abs().max(1.0);
                assert!(jumps || (found - expected).abs() <= bound, "{function:?}′ of {x}: {found} instead of {expected}, {isa:?}");
            }
            for derivative in [false, true] {
                let found = applied(kernels, function, derivative, &numbers);
                assert_eq!(of_first.entry(derivative).or_insert_with(|| found.clone()), &found, "{function:?}, {isa:?}");
            }
        });
    }
}

#[test]
fn functions_and_derivatives_are_those_of_float64_with_the_same_bits_on_every_set() {
    values_and_derivatives::<f32>();
    values_and_derivatives::<f64>();
}

#[test]
fn derivatives_at_kinks_are_those_below_or_beyond_a_bound() {
    let at = [
        (Function::Clip { low: -1.0, high: 6.0 }, [(-1.0, 0.0), (6.0, 0.0), (5.5, 1.0)]),
        (Function::HardSigmoid { slope: 0.25, offset: 0.5 }, [(-2.0, 0.0), (2.0, 0.0), (1.0, 0.25)]),
        (Function::HardSwish, [(-3.0, 0.0), (3.0, 1.0), (0.0, 0.5)]),
        (Function::LeakyRelu { slope: 0.125 }, [(0.0, 0.125), (0.5, 1.0), (-0.5, 0.125)]),
        (Function::Elu { alpha: 1.5 }, [(0.0, 1.5), (0.5, 1.0), (-800.0, 0.0)]),
    ];
    for_every_set::<f64>(|kernels, isa| {
        for (function, pairs) in at {
            for (x, expected) in pairs {
                assert_eq!(applied(kernels, function, true, &[x]), [expected], "{function:?} at {x}, {isa:?}");
            }
        }
    });
}

#[test]
fn the_exponential_function_is_right_to_the_ends_of_what_there_are_numbers_for() {
    let kernels = (Kernels::<f32>::get(Isa::best()), Kernels::<f64>::get(Isa::best()));
    let special = [f64::NEG_INFINITY, -1e6, 0.0, 1e6, f64::INFINITY, f64::NAN];
    for found in [applied(kernels.0, Function::Exp, false, &special), applied(kernels.1, Function::Exp, false, &special)] {
        assert_eq!(found[..5], [0.0, 0.0, 1.0, f64::INFINITY, f64::INFINITY]);
        assert!(found[5].is_nan());
    }
    let check = |found: Vec<f64>, numbers: &[f64], epsilon: f64| {
        for (x, found) in numbers.iter().zip(found) {
            assert!((found / x.exp() - 1.0).abs() < 2.0 * epsilon, "e^{x} = {found}");
        }
    };
    let narrow: Vec<f64> = (-346..355).map(|step| f64::from(step) / 4.0).collect();
    check(applied(kernels.0, Function::Exp, false, &narrow), &narrow, f64::from(f32::EPSILON));
    let wide: Vec<f64> = (-2830..2839).map(|step| f64::from(step) / 4.0).collect();
    check(applied(kernels.1, Function::Exp, false, &wide), &wide, f64::EPSILON);
}

fn borders<E: Element>(map: Map, seed: u64) {
    for_every_set::<E>(|kernels, isa| {
        let mut random = Random::new(seed);
        let lanes = kernels.lanes();
        let (first, second) = (with_pad(map, random.up_to(2)), with_pad(map, random.up_to(2)));
        let (a, b): (Vec<E>, Vec<E>) = (tile(&mut random, first, lanes), tile(&mut random, second, lanes));
        let before: Vec<E> = tile(&mut random, map, lanes);
        let scale: E = random.number();
        let (mut product, mut clipped) = (before.clone(), before.clone());
        kernels.multiply(Multiply { out: (&mut product, map), a: (&a, first), b: (&b, second), scale });
        let function = Function::Clip { low: -0.25, high: 0.5 };
        kernels.apply(Apply { out: (&mut clipped, map), input: (&a, first), function, derivative: false });
        let (mut products, mut values) = (BTreeMap::new(), BTreeMap::new());
        for (channel, row, column) in pixels(map) {
            for lane in 0..lanes {
                let at = |map: Map| map.at(channel, row, column) * lanes + lane;
                let (x, y) = (a[at(first)].to_f64(), b[at(second)].to_f64());
                products.insert(at(map), Sum::default().with(scale.to_f64() * x * y));
                values.insert(at(map), Sum::default().with(x.clamp(-0.25, 0.5)));
            }
        }
        compare(&product, &before, &products, &format!("product, {isa:?}"));
        compare(&clipped, &before, &values, &format!("clip, {isa:?}"));
    });
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn products_and_functions_leave_borders_alone(map in maps(5), seed: u64) {
        borders::<f32>(map, seed);
        borders::<f64>(map, seed);
    }
}
