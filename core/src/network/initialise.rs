//! How a parameter's first values are drawn.

use rand::RngExt;
use rand_distr::{Distribution, StandardNormal};

use crate::graph::{ParameterRole, ParameterSpec};
use crate::stream::Stream;

crate::words! {
    /// A rule that draws a parameter. Normalisations always start at γ = 1, β = 0; learned values beside the weights of layers, as a
    /// class token, are drawn from N(0, 0.02²).
    #[derive(Hash)]
    pub enum Initialiser {
        /// N(0, 2 / fan-in), biases 0 (He et al., 2015).
        KaimingNormalFanIn = "kaiming-normal-fan-in",
        /// N(0, 2 / fan-out), biases 0 (He et al., 2015).
        KaimingNormalFanOut = "kaiming-normal-fan-out",
        /// U(−1/√fan-in, 1/√fan-in) for weights and biases: PyTorch's default, and what TE-NAS's released code measures.
        UniformFanIn = "uniform-fan-in",
        /// N(0, 1), biases 0: what ZenNAS measures, whose score counts the scale that batch normalisation takes away.
        StandardNormal = "standard-normal",
    }
}

/// The deviation of learned values beside the weights of layers, as vision transformers draw their class token and positions.
const OTHER_DEVIATION: f64 = 0.02;

impl Initialiser {
    /// Draws one parameter from its stream.
    #[must_use]
    pub fn draw(self, spec: &ParameterSpec, stream: &Stream) -> Vec<f32> {
        let count = spec.elements();
        let mut rng = stream.rng();
        let mut normal = |deviation: f64| -> Vec<f32> {
            let draws = (0..count).map(|_| -> f64 { StandardNormal.sample(&mut rng) });
            draws.map(|draw| (deviation * draw) as f32).collect()
        };
        match (spec.role, self) {
            (ParameterRole::Scale, _) => vec![1.0; count],
            (ParameterRole::Offset, _) => vec![0.0; count],
            (ParameterRole::Other, _) => normal(OTHER_DEVIATION),
            (ParameterRole::Weight | ParameterRole::Bias, Self::UniformFanIn) => {
                let bound = 1.0 / (spec.fan_in as f64).sqrt();
                let mut rng = stream.rng();
                (0..count).map(|_| (bound * (2.0 * rng.random::<f64>() - 1.0)) as f32).collect()
            }
            (ParameterRole::Bias, _) => vec![0.0; count],
            (ParameterRole::Weight, Self::KaimingNormalFanIn | Self::KaimingNormalFanOut | Self::StandardNormal) => {
                let deviation = match self {
                    Self::KaimingNormalFanIn => (2.0 / spec.fan_in as f64).sqrt(),
                    Self::KaimingNormalFanOut => (2.0 / spec.fan_out as f64).sqrt(),
                    _ => 1.0,
                };
                normal(deviation)
            }
        }
    }
}
