//! How gradients change parameters: the optimisers, as PyTorch computes them.

use crate::engine::Precision;
use crate::graph::{ParameterRole, ParameterSpec};

/// Added to the gradient's norm before it divides, as PyTorch does.
const CLIP_EPSILON: f64 = 1e-6;

/// How a step follows from a gradient.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Optimiser {
    /// Stochastic gradient descent: v ← m·v + g, w ← w − r·v, or w ← w − r·(g + m·v) with Nesterov's look ahead.
    Sgd {
        /// The share of the last velocity that stays.
        momentum: f64,
        /// Whether the step looks ahead.
        nesterov: bool,
    },
    /// Adam (Kingma & Ba, ICLR 2015), with weight decay in the gradient.
    Adam {
        /// The shares of the last moments that stay.
        betas: [f64; 2],
        /// Added to the root of the second moment.
        epsilon: f64,
    },
}

impl Optimiser {
    /// How many numbers it remembers for each parameter's element.
    #[must_use]
    pub fn memories(&self) -> usize {
        match self {
            Self::Sgd { .. } => 1,
            Self::Adam { .. } => 2,
        }
    }
}

/// Which parameters decay.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Decayed {
    /// All of them, as PyTorch's optimisers do by default.
    #[default]
    All,
    /// The weights of convolutions and linear layers: not batch normalisation, not biases.
    Weights,
}

/// What holds for all steps of a learner.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rules {
    /// How a step follows from a gradient.
    pub optimiser: Optimiser,
    /// λ of λ·w, which is added to the gradient.
    pub weight_decay: f64,
    /// Which parameters decay.
    pub decayed: Decayed,
    /// The share of a step's statistics in the running ones.
    pub statistics_share: f64,
    /// The type that is computed in. Parameters are 32-bit floats in any case.
    pub precision: Precision,
    /// Whether convolutions and linear layers compute in 16 bits (bfloat16), where the engine can.
    pub narrow: bool,
}

impl Default for Rules {
    /// Plain stochastic gradient descent, statistics as PyTorch's default.
    fn default() -> Self {
        Self {
            optimiser: Optimiser::Sgd { momentum: 0.0, nesterov: false },
            weight_decay: 0.0,
            decayed: Decayed::All,
            statistics_share: 0.1,
            precision: Precision::F32,
            narrow: false,
        }
    }
}

impl Rules {
    /// λ for this parameter.
    #[must_use]
    pub fn decay_of(&self, spec: &ParameterSpec) -> f64 {
        match self.decayed {
            Decayed::Weights if spec.role != ParameterRole::Weight => 0.0,
            _ => self.weight_decay,
        }
    }

    /// What a gradient of this norm is multiplied by so that it is no longer than `limit`.
    #[must_use]
    pub fn cut(norm: f64, limit: Option<f64>) -> f64 {
        limit.map_or(1.0, |limit| (limit / (norm + CLIP_EPSILON)).min(1.0))
    }

    /// One step of one parameter, its `updates`-th (from 1). The gradient is multiplied by `cut` first. `memories` are the
    /// optimiser's numbers of this parameter, zeros before the first step.
    pub fn update<T: Kept>(&self, decay: f64, updates: u64, update: Update<'_, T>) {
        let Update { rate, cut, gradient, parameter, memories } = update;
        let zeros = if gradient.is_empty() { vec![0.0; parameter.len()] } else { Vec::new() };
        let gradient = if gradient.is_empty() { &zeros } else { gradient };
        match (self.optimiser, memories) {
            (Optimiser::Sgd { momentum, nesterov }, [velocity, ..]) => {
                for ((w, v), g) in parameter.iter_mut().zip(velocity.iter_mut()).zip(gradient) {
                    let g = g * cut + decay * w.wide();
                    let next = momentum * v.wide() + g;
                    *v = T::of(next);
                    *w = T::of(w.wide() - rate * if nesterov { g + momentum * next } else { next });
                }
            }
            (Optimiser::Adam { betas: [b1, b2], epsilon }, [first, second, ..]) => {
                let power = i32::try_from(updates).unwrap_or(i32::MAX);
                let (c1, c2) = (1.0 - b1.powi(power), 1.0 - b2.powi(power));
                for (((w, m), s), g) in parameter.iter_mut().zip(first.iter_mut()).zip(second.iter_mut()).zip(gradient) {
                    let g = g * cut + decay * w.wide();
                    let (next, square) = (b1 * m.wide() + (1.0 - b1) * g, b2 * s.wide() + (1.0 - b2) * g * g);
                    (*m, *s) = (T::of(next), T::of(square));
                    *w = T::of(w.wide() - rate * (next / c1) / ((square / c2).sqrt() + epsilon));
                }
            }
            // As many memories as `Optimiser::memories` says are a learner's to keep.
            (_, _) => {}
        }
    }
}

/// A type in which a learner keeps parameters and what its optimiser remembers.
pub trait Kept: Copy {
    /// The number.
    fn wide(self) -> f64;

    /// The nearest number of this type.
    fn of(number: f64) -> Self;
}

impl Kept for f32 {
    fn wide(self) -> f64 {
        self.into()
    }

    fn of(number: f64) -> Self {
        number as Self
    }
}

impl Kept for f64 {
    fn wide(self) -> f64 {
        self
    }

    fn of(number: f64) -> Self {
        number
    }
}

/// What one step of one parameter changes, and by what.
#[derive(Debug)]
pub struct Update<'a, T> {
    /// The learning rate.
    pub rate: f64,
    /// What the gradient is multiplied by.
    pub cut: f64,
    /// The gradient; empty if it is zero.
    pub gradient: &'a [f64],
    /// The parameter.
    pub parameter: &'a mut [T],
    /// What the optimiser remembers of it.
    pub memories: &'a mut [Vec<T>],
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Three steps from w = 1 with gradients 0.5, −1, 2 and λ = 0.1, rate 0.1.
    fn steps(optimiser: Optimiser) -> f32 {
        let rules = Rules { optimiser, ..Rules::default() };
        let (mut w, mut memories) = ([1.0_f32], vec![vec![0.0_f32]; optimiser.memories()]);
        for (step, gradient) in [0.5, -1.0, 2.0].into_iter().enumerate() {
            let update = Update { rate: 0.1, cut: 1.0, gradient: &[gradient], parameter: &mut w, memories: &mut memories };
            rules.update(0.1, step as u64 + 1, update);
        }
        w[0]
    }

    #[test]
    fn optimisers_take_the_steps_of_pytorch() {
        // torch.optim.SGD(momentum=0.9, weight_decay=0.1), with nesterov=True, and torch.optim.Adam(weight_decay=0.1), lr 0.1.
        let close = |found: f32, expected: f64| assert!((f64::from(found) - expected).abs() < 1e-6, "{found} instead of {expected}");
        close(steps(Optimiser::Sgd { momentum: 0.9, nesterov: false }), SGD);
        close(steps(Optimiser::Sgd { momentum: 0.9, nesterov: true }), NESTEROV);
        close(steps(Optimiser::Adam { betas: [0.9, 0.999], epsilon: 1e-8 }), ADAM);
    }

    const SGD: f64 = 0.799_774_000;
    const NESTEROV: f64 = 0.641_448_646;
    const ADAM: f64 = 0.877_617_261;

    #[test]
    fn a_gradient_is_cut_only_if_it_is_too_long() {
        assert_eq!((Rules::cut(5.0, None), Rules::cut(5.0, Some(6.0))), (1.0, 1.0));
        assert!((Rules::cut(5.0, Some(1.0)) - 0.2).abs() < 1e-6);
    }
}
