//! Functions of one number that a network applies to each element of a value.

use serde::{Deserialize, Serialize};

/// What becomes of each element. `max(0, x)` is [`Operator::Relu`](super::Operator::Relu).
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "function", rename_all = "snake_case")]
pub enum Activation {
    /// min(max(x, low), high). ReLU6 is one with 0 and 6. At and beyond a bound the derivative is 0.
    Clip {
        /// The least value.
        low: f32,
        /// The largest value.
        high: f32,
    },
    /// 1 / (1 + e⁻ˣ).
    Sigmoid,
    /// min(max(slope · x + offset, 0), 1).
    HardSigmoid {
        /// The factor; PyTorch's is 1/6.
        slope: f32,
        /// The summand; PyTorch's is 1/2.
        offset: f32,
    },
    /// x · min(max(x/6 + 1/2, 0), 1).
    HardSwish,
    /// x · sigmoid(x), also called swish.
    Silu,
    /// x · Φ(x), with Φ the normal distribution function.
    Gelu,
    /// The approximation x/2 · (1 + tanh(√(2/π) · (x + 0.044715 x³))).
    GeluTanh,
    /// tanh(x).
    Tanh,
    /// x where it is positive, slope · x elsewhere.
    LeakyRelu {
        /// The factor of negative values.
        slope: f32,
    },
    /// x where it is positive, alpha · (eˣ − 1) elsewhere.
    Elu {
        /// The limit at −∞, negated.
        alpha: f32,
    },
    /// log(1 + eˣ).
    Softplus,
    /// eˣ.
    Exp,
    /// √x.
    Sqrt,
    /// 1/x.
    Reciprocal,
    /// 2/√π ∫₀ˣ e^(−t²) dt.
    Erf,
}

impl Activation {
    /// ReLU6.
    pub const RELU6: Self = Self::Clip { low: 0.0, high: 6.0 };

    /// A short name for messages and drawings.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Clip { .. } => "clip",
            Self::Sigmoid => "sigmoid",
            Self::HardSigmoid { .. } => "hard_sigmoid",
            Self::HardSwish => "hard_swish",
            Self::Silu => "silu",
            Self::Gelu => "gelu",
            Self::GeluTanh => "gelu_tanh",
            Self::Tanh => "tanh",
            Self::LeakyRelu { .. } => "leaky_relu",
            Self::Elu { .. } => "elu",
            Self::Softplus => "softplus",
            Self::Exp => "exp",
            Self::Sqrt => "sqrt",
            Self::Reciprocal => "reciprocal",
            Self::Erf => "erf",
        }
    }

    /// Whether it is max(0, x) with a largest value, as ReLU6: it has linear regions as a ReLU has.
    #[must_use]
    pub fn is_clipped_relu(&self) -> bool {
        matches!(self, Self::Clip { low, high } if *low == 0.0 && *high > 0.0)
    }

    /// What is wrong with its numbers, if anything.
    pub(super) fn check(&self) -> Result<(), String> {
        let numbers: &[f32] = match self {
            Self::Clip { low, high } => &[*low, *high],
            Self::HardSigmoid { slope, offset } => &[*slope, *offset],
            Self::LeakyRelu { slope } => &[*slope],
            Self::Elu { alpha } => &[*alpha],
            _ => &[],
        };
        if let Some(number) = numbers.iter().find(|number| !number.is_finite()) {
            return Err(format!("its numbers must be finite, one is {number}"));
        }
        match self {
            Self::Clip { low, high } if low >= high => Err(format!("clips to an interval from {low} to {high}, which holds nothing")),
            _ => Ok(()),
        }
    }
}
