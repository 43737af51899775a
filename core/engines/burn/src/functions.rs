//! Functions of each element, and their derivatives.

use std::f64::consts::{FRAC_1_SQRT_2, FRAC_2_SQRT_PI, PI};

use assay_core::graph::Activation;
use burn_tensor::Tensor;
use burn_tensor::activation::sigmoid;
use burn_tensor::backend::Backend;

/// The value; on a backend that differentiates, with [`slope`] as its derivative.
///
/// burn's own derivatives are others where a function has a kink: here they are 0 at and beyond the bounds of a clip.
pub(crate) fn applied<B: Backend>(activation: Activation, x: Tensor<B, 4>) -> Tensor<B, 4> {
    if !B::ad_enabled(&x.device()) {
        return value(activation, x);
    }
    // At 0 the derivative of a root has no value that could be multiplied by 0.
    if activation == Activation::Sqrt {
        return x.sqrt();
    }
    let still = x.clone().detach();
    value(activation, still.clone()) + slope(activation, still.clone()) * (x - still)
}

/// The function's value.
fn value<B: Backend>(activation: Activation, x: Tensor<B, 4>) -> Tensor<B, 4> {
    match activation {
        Activation::Clip { low, high } => x.clamp(low, high),
        Activation::Sigmoid => sigmoid(x),
        Activation::HardSigmoid { slope, offset } => line(x, slope, offset).clamp(0.0, 1.0),
        Activation::HardSwish => (x.clone() / 6.0 + 0.5).clamp(0.0, 1.0) * x,
        Activation::Silu => sigmoid(x.clone()) * x,
        Activation::Gelu => normal(x.clone()) * x,
        Activation::GeluTanh => (bend(x.clone()).tanh() + 1.0) * x * 0.5,
        Activation::Tanh => x.tanh(),
        Activation::LeakyRelu { slope } => {
            let positive = x.clone().greater_elem(0.0);
            (x.clone() * slope).mask_where(positive, x)
        }
        Activation::Elu { alpha } => {
            let positive = x.clone().greater_elem(0.0);
            ((x.clone().clamp_max(0.0).exp() - 1.0) * alpha).mask_where(positive, x)
        }
        Activation::Softplus => (-x.clone().abs()).exp().log1p() + x.clamp_min(0.0),
        Activation::Exp => x.exp(),
        Activation::Sqrt => x.sqrt(),
        Activation::Reciprocal => x.recip(),
        Activation::Erf => x.erf(),
    }
}

/// The function's derivative.
pub(crate) fn slope<B: Backend>(activation: Activation, x: Tensor<B, 4>) -> Tensor<B, 4> {
    match activation {
        Activation::Clip { low, high } => inside(&x, low, high),
        Activation::Sigmoid => sigmoid(x.clone()) * sigmoid(-x),
        Activation::HardSigmoid { slope, offset } => inside(&line(x, slope, offset), 0.0, 1.0) * slope,
        Activation::HardSwish => {
            let line = (x.clone() / 3.0 + 0.5) * inside(&x, -3.0, 3.0);
            line.mask_fill(x.greater_equal_elem(3.0), 1.0)
        }
        Activation::Silu => {
            let share = sigmoid(x.clone());
            (x.clone() * sigmoid(-x) + 1.0) * share
        }
        Activation::Gelu => normal(x.clone()) + (x.clone() * x.clone() * -0.5).exp() * x / (2.0 * PI).sqrt(),
        Activation::GeluTanh => {
            let tanh = bend(x.clone()).tanh();
            let within = (x.clone() * x.clone() * (3.0 * CUBE) + 1.0) * (2.0 / PI).sqrt();
            let rest = (-(tanh.clone() * tanh.clone()) + 1.0) * within * x;
            (tanh + 1.0 + rest) * 0.5
        }
        Activation::Tanh => {
            let tanh = x.tanh();
            -(tanh.clone() * tanh) + 1.0
        }
        Activation::LeakyRelu { slope } => x.zeros_like().add_scalar(slope).mask_fill(x.greater_elem(0.0), 1.0),
        Activation::Elu { alpha } => (x.clone().clamp_max(0.0).exp() * alpha).mask_fill(x.greater_elem(0.0), 1.0),
        Activation::Softplus => sigmoid(x),
        Activation::Exp => x.exp(),
        Activation::Sqrt => x.sqrt().recip() * 0.5,
        Activation::Reciprocal => -(x.clone() * x).recip(),
        Activation::Erf => (-(x.clone() * x)).exp() * FRAC_2_SQRT_PI,
    }
}

/// 1 between the bounds, 0 at and beyond them.
fn inside<B: Backend>(x: &Tensor<B, 4>, low: f32, high: f32) -> Tensor<B, 4> {
    let within = x.clone().greater_elem(low).bool_and(x.clone().lower_elem(high));
    x.zeros_like().mask_fill(within, 1.0)
}

fn line<B: Backend>(x: Tensor<B, 4>, slope: f32, offset: f32) -> Tensor<B, 4> {
    x * slope + offset
}

/// The normal distribution function.
fn normal<B: Backend>(x: Tensor<B, 4>) -> Tensor<B, 4> {
    ((x * FRAC_1_SQRT_2).erf() + 1.0) * 0.5
}

/// The factor of x³ in the approximation of GELU.
const CUBE: f64 = 0.044715;

/// What is within the tanh of the approximation of GELU.
fn bend<B: Backend>(x: Tensor<B, 4>) -> Tensor<B, 4> {
    (x.clone() * x.clone() * CUBE + 1.0) * x * (2.0 / PI).sqrt()
}
