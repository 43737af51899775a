//! What a search learns beside weights: a number for each operator of each edge, and Adam's memory of it.

use assay_core::plugin::supernet::PerChoice;
use assay_core::stream::Stream;
use assay_core::subspace::Layout;
use rand_distr::{Distribution, StandardNormal};
use serde::{Deserialize, Serialize};

/// The standard deviation that the numbers begin with.
const SPREAD: f64 = 1e-3;

/// How the numbers are learnt: Adam (Kingma & Ba, ICLR 2015), with decay in the gradient.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AlphaRules {
    /// The learning rate.
    pub rate: f64,
    /// The shares of the last moments that stay.
    pub betas: [f64; 2],
    /// Added to the root of the second moment.
    pub epsilon: f64,
    /// λ of λ·α, which is added to the gradient.
    pub decay: f64,
}

/// The numbers α.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Alphas {
    /// One a choice.
    pub values: PerChoice,
    /// The gradient that the last step of them left behind.
    pub left: PerChoice,
    first: PerChoice,
    second: PerChoice,
    steps: i32,
}

impl Alphas {
    /// With these values.
    #[must_use]
    pub fn new(layout: &Layout, values: PerChoice) -> Self {
        let zeros = PerChoice::filled(layout, 0.0);
        Self { values, left: zeros.clone(), first: zeros.clone(), second: zeros, steps: 0 }
    }

    /// Drawn close to zero.
    #[must_use]
    pub fn draw(layout: &Layout, stream: &Stream) -> Self {
        let mut rng = stream.rng();
        let mut draw = |_: &f64| -> f64 { SPREAD * <StandardNormal as Distribution<f64>>::sample(&StandardNormal, &mut rng) };
        let zeros = PerChoice::filled(layout, 0.0);
        let values = PerChoice(zeros.0.iter().map(|cell| cell.iter().map(|edge| edge.iter().map(&mut draw).collect()).collect()).collect());
        Self::new(layout, values)
    }

    /// The probabilities of each edge's operators.
    #[must_use]
    pub fn probabilities(&self) -> PerChoice {
        self.values.by_edge(softmax)
    }

    /// The gradient by α, from that by their probabilities: p (u − Σ p u).
    #[must_use]
    pub fn through_softmax(&self, by_probabilities: &PerChoice) -> PerChoice {
        self.probabilities().with(by_probabilities, |p, u| {
            let mean: f64 = p.iter().zip(u).map(|(p, u)| p * u).sum();
            p.iter().zip(u).map(|(p, u)| p * (u - mean)).collect()
        })
    }

    /// One step along a gradient, which is left behind.
    pub fn step(&mut self, gradient: PerChoice, rules: &AlphaRules) {
        let AlphaRules { rate, betas: [b1, b2], epsilon, decay } = *rules;
        self.steps += 1;
        let (c1, c2) = (1.0 - b1.powi(self.steps), 1.0 - b2.powi(self.steps));
        let decayed = gradient.with(&self.values, |g, w| g.iter().zip(w).map(|(g, w)| g + decay * w).collect());
        self.first = self.first.with(&decayed, |m, g| m.iter().zip(g).map(|(m, g)| b1 * m + (1.0 - b1) * g).collect());
        self.second = self.second.with(&decayed, |s, g| s.iter().zip(g).map(|(s, g)| b2 * s + (1.0 - b2) * g * g).collect());
        let moves =
            self.first.with(&self.second, |m, s| m.iter().zip(s).map(|(m, s)| rate / c1 * m / (s.sqrt() / c2.sqrt() + epsilon)).collect());
        self.values = self.values.with(&moves, |w, by| w.iter().zip(by).map(|(w, by)| w - by).collect());
        self.left = gradient;
    }
}

/// exp / Σ exp.
#[must_use]
pub fn softmax(logits: &[f64]) -> Vec<f64> {
    let most = logits.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let exponentials: Vec<f64> = logits.iter().map(|logit| (logit - most).exp()).collect();
    let sum: f64 = exponentials.iter().sum();
    exponentials.into_iter().map(|value| value / sum).collect()
}

/// The logarithm of the softmax.
#[must_use]
pub fn log_softmax(logits: &[f64]) -> Vec<f64> {
    let most = logits.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let sum: f64 = logits.iter().map(|logit| (logit - most).exp()).sum();
    logits.iter().map(|logit| logit - most - sum.ln()).collect()
}

/// Σ of all squares.
#[must_use]
pub fn squares(of: &PerChoice) -> f64 {
    of.numbers().map(|number| number * number).sum()
}

/// The sum of two.
#[must_use]
pub fn sum(one: &PerChoice, other: &PerChoice) -> PerChoice {
    one.with(other, |a, b| a.iter().zip(b).map(|(a, b)| a + b).collect())
}
