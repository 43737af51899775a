//! Functions of one number and their derivatives.

use std::f64::consts::{FRAC_1_SQRT_2, FRAC_2_SQRT_PI, PI};

use assay_core::graph::Activation;

/// The function's value.
pub(super) fn value(activation: Activation, x: f64) -> f64 {
    match activation {
        Activation::Clip { low, high } => x.max(low.into()).min(high.into()),
        Activation::Sigmoid => sigmoid(x),
        Activation::HardSigmoid { slope, offset } => (f64::from(slope) * x + f64::from(offset)).clamp(0.0, 1.0),
        Activation::HardSwish => x * (x / 6.0 + 0.5).clamp(0.0, 1.0),
        Activation::Silu => x * sigmoid(x),
        Activation::Gelu => x * normal(x),
        Activation::GeluTanh => x / 2.0 * (1.0 + bend(x).tanh()),
        Activation::Tanh => x.tanh(),
        Activation::LeakyRelu { slope } => {
            if x > 0.0 {
                x
            } else {
                f64::from(slope) * x
            }
        }
        Activation::Elu { alpha } => {
            if x > 0.0 {
                x
            } else {
                f64::from(alpha) * (x.exp() - 1.0)
            }
        }
        Activation::Softplus => x.max(0.0) + (-x.abs()).exp().ln_1p(),
        Activation::Exp => x.exp(),
        Activation::Sqrt => x.sqrt(),
        Activation::Reciprocal => 1.0 / x,
        Activation::Erf => erf(x),
    }
}

/// The function's derivative.
pub(super) fn slope(activation: Activation, x: f64) -> f64 {
    let inside = |low: f64, high: f64| if x > low && x < high { 1.0 } else { 0.0 };
    match activation {
        Activation::Clip { low, high } => inside(low.into(), high.into()),
        Activation::Sigmoid => sigmoid(x) * sigmoid(-x),
        Activation::HardSigmoid { slope, offset } => {
            let line = f64::from(slope) * x + f64::from(offset);
            if line > 0.0 && line < 1.0 { slope.into() } else { 0.0 }
        }
        Activation::HardSwish => {
            if x >= 3.0 {
                1.0
            } else {
                (x / 3.0 + 0.5) * inside(-3.0, 3.0)
            }
        }
        Activation::Silu => sigmoid(x) + x * sigmoid(x) * sigmoid(-x),
        Activation::Gelu => normal(x) + x * (-x * x / 2.0).exp() / (2.0 * PI).sqrt(),
        Activation::GeluTanh => {
            let tanh = bend(x).tanh();
            let bent = (2.0 / PI).sqrt() * (1.0 + 3.0 * 0.044715 * x * x);
            (1.0 + tanh) / 2.0 + x / 2.0 * (1.0 - tanh * tanh) * bent
        }
        Activation::Tanh => 1.0 - x.tanh() * x.tanh(),
        Activation::LeakyRelu { slope } => {
            if x > 0.0 {
                1.0
            } else {
                slope.into()
            }
        }
        Activation::Elu { alpha } => {
            if x > 0.0 {
                1.0
            } else {
                f64::from(alpha) * x.exp()
            }
        }
        Activation::Softplus => sigmoid(x),
        Activation::Exp => x.exp(),
        Activation::Sqrt => 0.5 / x.sqrt(),
        Activation::Reciprocal => -1.0 / (x * x),
        Activation::Erf => FRAC_2_SQRT_PI * (-x * x).exp(),
    }
}

/// Where the derivative jumps.
pub(super) fn kinks(activation: Activation) -> Vec<f64> {
    match activation {
        Activation::Clip { low, high } => vec![low.into(), high.into()],
        Activation::HardSigmoid { slope, offset } => {
            let at = |line: f64| (line - f64::from(offset)) / f64::from(slope);
            vec![at(0.0), at(1.0)]
        }
        Activation::HardSwish => vec![-3.0, 3.0],
        Activation::LeakyRelu { .. } | Activation::Elu { .. } => vec![0.0],
        _ => Vec::new(),
    }
}

fn sigmoid(x: f64) -> f64 {
    1.0 / (1.0 + (-x).exp())
}

/// The normal distribution function.
fn normal(x: f64) -> f64 {
    (1.0 + erf(x * FRAC_1_SQRT_2)) / 2.0
}

/// What is within the tanh of the approximation of GELU.
fn bend(x: f64) -> f64 {
    (2.0 / PI).sqrt() * (x + 0.044715 * x * x * x)
}

/// The error function: 2/√π · e^(−x²) · Σ 2ⁿ x^(2n+1) / (1 · 3 · … · (2n+1)), whose terms all have one sign.
fn erf(x: f64) -> f64 {
    if x.abs() > 6.0 {
        return x.signum();
    }
    let (mut term, mut sum) = (x, x);
    for n in 1..200 {
        term *= 2.0 * x * x / f64::from(2 * n + 1);
        sum += term;
    }
    FRAC_2_SQRT_PI * (-x * x).exp() * sum
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_error_function_has_the_values_of_tables() {
        let known = [
            (0.0, 0.0),
            (0.5, 0.520_499_877_813_046_5),
            (1.0, 0.842_700_792_949_714_9),
            (3.0, 0.999_977_909_503_001_4),
            (-3.0, -0.999_977_909_503_001_4),
            (9.0, 1.0),
        ];
        for (x, expected) in known {
            assert!((erf(x) - expected).abs() < 1e-15, "{x}: {}", erf(x));
        }
    }

    #[test]
    fn derivatives_are_what_values_change_by() {
        let all = [
            Activation::RELU6,
            Activation::Clip { low: -0.5, high: 0.75 },
            Activation::Sigmoid,
            Activation::HardSigmoid { slope: 0.2, offset: 0.5 },
            Activation::HardSwish,
            Activation::Silu,
            Activation::Gelu,
            Activation::GeluTanh,
            Activation::Tanh,
            Activation::LeakyRelu { slope: 0.1 },
            Activation::Elu { alpha: 1.3 },
            Activation::Softplus,
            Activation::Exp,
            Activation::Sqrt,
            Activation::Reciprocal,
            Activation::Erf,
        ];
        for activation in all {
            for step in -40..40 {
                let x = f64::from(step) * 0.17 + 0.03;
                if matches!(activation, Activation::Sqrt) && x < 0.1 || kinks(activation).iter().any(|kink| (x - kink).abs() < 1e-3) {
                    continue;
                }
                let change = (value(activation, x + 1e-5) - value(activation, x - 1e-5)) / 2e-5;
                let error = (change - slope(activation, x)).abs() / slope(activation, x).abs().max(1.0);
                assert!(error < 1e-6, "{activation:?} at {x}: {change} instead of {}", slope(activation, x));
            }
        }
    }
}
