//! Functions of each number of a tile and their derivatives, and products of two tiles.
//!
//! The loops are plain: compilers make vector instructions of them within the functions of each instruction set. No operation is
//! fused with another, so that results have the same bits on any processor.

use crate::simd::Simd;
use crate::{Map, Number};

/// A function of one number.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Function {
    /// min(max(x, low), high); the derivative is 0 at and beyond the bounds.
    Clip {
        /// The least value.
        low: f64,
        /// The largest.
        high: f64,
    },
    /// 1 / (1 + e⁻ˣ).
    Sigmoid,
    /// min(max(slope · x + offset, 0), 1).
    HardSigmoid {
        /// The factor.
        slope: f64,
        /// The summand.
        offset: f64,
    },
    /// x · min(max(x/6 + 1/2, 0), 1).
    HardSwish,
    /// x · sigmoid(x).
    Silu,
    /// x · Φ(x), with Φ the normal distribution function.
    Gelu,
    /// x/2 · (1 + tanh(√(2/π) · (x + 0.044715 x³))).
    GeluTanh,
    /// tanh(x), to within the rounding of 1.
    Tanh,
    /// x where it is positive, slope · x elsewhere.
    LeakyRelu {
        /// The factor.
        slope: f64,
    },
    /// x where it is positive, alpha · (eˣ − 1) elsewhere.
    Elu {
        /// The limit at −∞, negated.
        alpha: f64,
    },
    /// log(1 + eˣ).
    Softplus,
    /// eˣ.
    Exp,
    /// √x.
    Sqrt,
    /// 1/x.
    Reciprocal,
    /// 2/√π ∫₀ˣ e^(−t²) dt, to within the rounding of 1.
    Erf,
}

/// `out = f(input)`, or `f′(input)`.
#[derive(Debug)]
pub struct Apply<'a, E> {
    /// The result's tile.
    pub out: (&'a mut [E], Map),
    /// The tile.
    pub input: (&'a [E], Map),
    /// f.
    pub function: Function,
    /// Whether the derivative is wanted.
    pub derivative: bool,
}

/// `out = scale · a · b`.
#[derive(Debug)]
pub struct Multiply<'a, E> {
    /// The result's tile.
    pub out: (&'a mut [E], Map),
    /// The first tile.
    pub a: (&'a [E], Map),
    /// The second, of the same pixels.
    pub b: (&'a [E], Map),
    /// The factor.
    pub scale: E,
}

fn check_tiles<E>((out, map): (&[E], &Map), others: &[(&[E], Map)], lanes: usize) {
    for (data, other) in std::iter::once((out, map)).chain(others.iter().map(|(data, map)| (*data, map))) {
        assert!(other.vectors() * lanes <= data.len(), "a tile of {other:?} does not fit in {} elements", data.len());
        assert!((other.channels, other.height, other.width) == (map.channels, map.height, map.width), "{other:?} and {map:?} differ");
    }
}

impl<E: Number> Apply<'_, E> {
    pub(crate) fn check(&self, lanes: usize) {
        check_tiles((&*self.out.0, &self.out.1), &[self.input], lanes);
    }
}

impl<E: Number> Multiply<'_, E> {
    pub(crate) fn check(&self, lanes: usize) {
        check_tiles((&*self.out.0, &self.out.1), &[self.a, self.b], lanes);
    }
}

/// # Safety
/// The processor has `S`'s instruction set, and `call.check(S::LANES)` passed.
#[inline(always)]
pub(crate) unsafe fn multiply<S: Simd>(call: Multiply<'_, S::E>) {
    let (out, map) = call.out;
    for channel in 0..map.channels {
        for row in 0..map.height {
            // SAFETY: channels, rows and columns of checked tiles.
            unsafe {
                let scale = S::splat(call.scale);
                let to = out.as_mut_ptr().add(map.at(channel, row, 0) * S::LANES);
                let a = call.a.0.as_ptr().add(call.a.1.at(channel, row, 0) * S::LANES);
                let b = call.b.0.as_ptr().add(call.b.1.at(channel, row, 0) * S::LANES);
                for at in (0..map.width).map(|column| column * S::LANES) {
                    S::store(to.add(at), S::mul(S::mul(scale, S::load(a.add(at))), S::load(b.add(at))));
                }
            }
        }
    }
}

/// # Safety
/// The processor has `S`'s instruction set, and `call.check(S::LANES)` passed.
#[inline(always)]
pub(crate) unsafe fn apply<S: Simd>(call: Apply<'_, S::E>) {
    let of = S::E::from_f64;
    if call.derivative {
        match call.function {
            Function::Clip { low, high } => {
                let (low, high) = (of(low), of(high));
                each::<S>(call, |x| choose(x > low && x < high, S::E::ONE, S::E::ZERO));
            }
            Function::Sigmoid => each::<S>(call, |x| sigmoid(x) * sigmoid(-x)),
            Function::HardSigmoid { slope, offset } => {
                let (slope, offset) = (of(slope), of(offset));
                each::<S>(call, |x| {
                    let line = slope * x + offset;
                    choose(line > S::E::ZERO && line < S::E::ONE, slope, S::E::ZERO)
                });
            }
            Function::HardSwish => each::<S>(call, |x| {
                let line = choose(x > of(-3.0), x * of(1.0 / 3.0) + of(0.5), S::E::ZERO);
                choose(x < of(3.0), line, S::E::ONE)
            }),
            Function::Silu => each::<S>(call, |x| sigmoid(x) * (S::E::ONE + x * sigmoid(-x))),
            Function::Gelu => each::<S>(call, |x| below(x) + x * of(DENSITY) * (of(-0.5) * x * x).exp()),
            Function::GeluTanh => each::<S>(call, |x| {
                let bent = tanh(bend(x));
                let inner = of(ROOT) * (S::E::ONE + of(3.0 * CUBE) * x * x);
                of(0.5) * (S::E::ONE + bent + x * (S::E::ONE - bent * bent) * inner)
            }),
            Function::Tanh => each::<S>(call, |x| {
                let tanh = tanh(x);
                S::E::ONE - tanh * tanh
            }),
            Function::LeakyRelu { slope } => {
                let slope = of(slope);
                each::<S>(call, |x| choose(x > S::E::ZERO, S::E::ONE, slope));
            }
            Function::Elu { alpha } => {
                let alpha = of(alpha);
                each::<S>(call, |x| choose(x > S::E::ZERO, S::E::ONE, alpha * least(x, S::E::ZERO).exp()));
            }
            Function::Softplus => each::<S>(call, sigmoid),
            Function::Exp => each::<S>(call, S::E::exp),
            Function::Sqrt => each::<S>(call, |x| of(0.5) / x.sqrt()),
            Function::Reciprocal => each::<S>(call, |x| -(S::E::ONE / (x * x))),
            Function::Erf => each::<S>(call, |x| of(SLOPE) * (-(x * x)).exp()),
        }
        return;
    }
    match call.function {
        Function::Clip { low, high } => {
            let (low, high) = (of(low), of(high));
            each::<S>(call, |x| least(most(x, low), high));
        }
        Function::Sigmoid => each::<S>(call, sigmoid),
        Function::HardSigmoid { slope, offset } => {
            let (slope, offset) = (of(slope), of(offset));
            each::<S>(call, |x| least(most(slope * x + offset, S::E::ZERO), S::E::ONE));
        }
        Function::HardSwish => each::<S>(call, |x| x * least(most(x * of(1.0 / 6.0) + of(0.5), S::E::ZERO), S::E::ONE)),
        Function::Silu => each::<S>(call, |x| x * sigmoid(x)),
        Function::Gelu => each::<S>(call, |x| x * below(x)),
        Function::GeluTanh => each::<S>(call, |x| of(0.5) * x * (S::E::ONE + tanh(bend(x)))),
        Function::Tanh => each::<S>(call, tanh),
        Function::LeakyRelu { slope } => {
            let slope = of(slope);
            each::<S>(call, |x| choose(x > S::E::ZERO, x, slope * x));
        }
        Function::Elu { alpha } => {
            let alpha = of(alpha);
            each::<S>(call, |x| choose(x > S::E::ZERO, x, alpha * (least(x, S::E::ZERO).exp() - S::E::ONE)));
        }
        Function::Softplus => each::<S>(call, |x| most(x, S::E::ZERO) + (-most(x, -x)).exp().ln_1p()),
        Function::Exp => each::<S>(call, S::E::exp),
        Function::Sqrt => each::<S>(call, S::E::sqrt),
        Function::Reciprocal => each::<S>(call, |x| S::E::ONE / x),
        Function::Erf => each::<S>(call, |x| S::E::ONE - x.erfc()),
    }
}

/// Applies a function to each number within the border.
#[inline(always)]
fn each<S: Simd>(call: Apply<'_, S::E>, function: impl Fn(S::E) -> S::E) {
    let ((out, map), (input, from)) = (call.out, call.input);
    let line = map.width * S::LANES;
    for channel in 0..map.channels {
        for row in 0..map.height {
            let to = &mut out[map.at(channel, row, 0) * S::LANES..][..line];
            let from = &input[from.at(channel, row, 0) * S::LANES..][..line];
            for (to, from) in to.iter_mut().zip(from) {
                *to = function(*from);
            }
        }
    }
}

#[inline(always)]
fn choose<E: Number>(condition: bool, yes: E, no: E) -> E {
    if condition { yes } else { no }
}

#[inline(always)]
fn most<E: Number>(a: E, b: E) -> E {
    choose(a > b, a, b)
}

#[inline(always)]
fn least<E: Number>(a: E, b: E) -> E {
    choose(a < b, a, b)
}

#[inline(always)]
fn sigmoid<E: Number>(x: E) -> E {
    E::ONE / (E::ONE + (-x).exp())
}

#[inline(always)]
fn tanh<E: Number>(x: E) -> E {
    E::ONE - E::from_f64(2.0) / (E::ONE + (x + x).exp())
}

/// The normal distribution function.
#[inline(always)]
fn below<E: Number>(x: E) -> E {
    E::from_f64(0.5) * (-(x * E::from_f64(std::f64::consts::FRAC_1_SQRT_2))).erfc()
}

/// 1/√(2π).
const DENSITY: f64 = 0.398_942_280_401_432_7;

/// 2/√π.
const SLOPE: f64 = std::f64::consts::FRAC_2_SQRT_PI;

/// √(2/π).
const ROOT: f64 = 0.797_884_560_802_865_4;

/// The factor of x³ in the approximation of GELU.
const CUBE: f64 = 0.044_715;

/// What is within the tanh of the approximation of GELU.
#[inline(always)]
fn bend<E: Number>(x: E) -> E {
    E::from_f64(ROOT) * (x + E::from_f64(CUBE) * x * x * x)
}
