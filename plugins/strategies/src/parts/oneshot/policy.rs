//! A controller with what its rewards are compared with.

use serde::{Deserialize, Serialize};

use super::controller::{Controller, Said};

/// A controller with its baseline.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Policy {
    /// What chooses.
    pub controller: Controller,
    /// What rewards are compared with.
    pub baseline: Baseline,
}

/// The baseline, which stands still within an epoch.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Baseline {
    /// That of the epochs before; none in the first.
    pub before: Option<f64>,
    sum: f64,
    count: usize,
    last: f64,
}

impl Baseline {
    /// Notes what a sample made of it.
    pub fn note(&mut self, sampled: f64) {
        self.sum += sampled;
        self.count += 1;
        self.last = sampled;
    }

    /// That of the next epoch: the mean of this one's, or what the last sample made of it.
    #[must_use]
    pub fn next(&self, by_mean: bool) -> Self {
        let before = if by_mean { self.sum / self.count.max(1) as f64 } else { self.last };
        Self { before: Some(before), ..Self::default() }
    }
}

/// How samples are rewarded.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RewardRules {
    /// What the entropy counts.
    pub entropy: f64,
    /// The share of the baseline that stays.
    pub keep: f64,
    /// Samples of a step.
    pub samples: usize,
}

/// What one sample adds to a step of the controller.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sampled {
    /// The accuracy, and what the entropy counts.
    pub reward: f64,
    /// What it is compared with: the accuracy itself in the first epoch.
    pub baseline: f64,
    /// −log π · (reward − baseline) / samples.
    pub loss: f64,
    /// The gradient of the loss by log π and by the entropy, which is in the reward and so in the baseline.
    pub by: [f64; 2],
}

impl Sampled {
    /// Of what the controller said, and the accuracy in 0..1.
    #[must_use]
    pub fn new(said: &Said, accuracy: f64, before: Option<f64>, rules: &RewardRules) -> Self {
        let RewardRules { entropy, keep, samples } = *rules;
        let reward = accuracy + entropy * said.entropy;
        let (baseline, slope) = match before {
            None => (accuracy, entropy),
            Some(before) => (before - (1.0 - keep) * (before - reward), entropy * keep),
        };
        let (count, advantage) = (samples as f64, reward - baseline);
        let by = [-advantage / count, -said.log_probability * slope / count];
        Self { reward, baseline, loss: -said.log_probability * advantage / count, by }
    }
}
