//! Parameters of a controller, which Adam learns (Kingma & Ba, ICLR 2015).

use assay_core::engine::learner::{Optimiser, Rules, Update};
use serde::{Deserialize, Serialize};

/// Parameters, one after the other, and what Adam remembers of them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Learnt {
    /// All parameters.
    pub values: Vec<f64>,
    memories: Vec<Vec<f64>>,
    updates: u64,
}

/// How they are moved.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LearntRules {
    /// Adam's step.
    pub rate: f64,
    /// The shares of the last moments that stay.
    pub betas: [f64; 2],
    /// Added to the root of the second moment.
    pub epsilon: f64,
    /// λ of λ·w in the gradient, after it was cut.
    pub decay: f64,
    /// The norm that the gradient is cut to.
    pub clip: f64,
}

impl Learnt {
    /// With these values.
    #[must_use]
    pub fn new(values: Vec<f64>) -> Self {
        let memories = vec![vec![0.0; values.len()]; 2];
        Self { values, memories, updates: 0 }
    }

    /// Takes a step along a gradient; gives its norm, before it was cut.
    pub fn step(&mut self, gradient: &[f64], rules: &LearntRules) -> f64 {
        let norm = gradient.iter().map(|value| value * value).sum::<f64>().sqrt();
        self.updates += 1;
        let optimiser = Optimiser::Adam { betas: rules.betas, epsilon: rules.epsilon };
        let update = Update {
            rate: rules.rate,
            cut: Rules::cut(norm, Some(rules.clip)),
            gradient,
            parameter: &mut self.values,
            memories: &mut self.memories,
        };
        Rules { optimiser, ..Rules::default() }.update(rules.decay, self.updates, update);
        norm
    }
}
