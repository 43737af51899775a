//! What is written down of an epoch.

use serde::{Deserialize, Serialize};

/// One epoch: a point of the learning curve.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct EpochRecord {
    /// From 1.
    pub epoch: usize,
    /// The learning rate of its steps.
    pub learning_rate: f64,
    /// The probability of drop-path in its steps.
    pub drop_path: f64,
    /// Mean loss over its images as they were trained on (smoothed targets, without the auxiliary head's part).
    pub train_loss: f64,
    /// Share of its images that were classified correctly as they were trained on, 0 to 1.
    pub train_accuracy: f64,
    /// The test after it.
    pub test: Tested,
    /// Seconds of training and testing.
    pub seconds: f64,
}

/// A test by running statistics.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Tested {
    /// Images.
    pub images: usize,
    /// Images classified correctly.
    pub correct: usize,
    /// Mean cross-entropy.
    pub loss: f64,
}

impl Tested {
    /// Share of the images that were classified correctly, 0 to 1.
    #[must_use]
    pub fn accuracy(&self) -> f64 {
        self.correct as f64 / self.images.max(1) as f64
    }
}
