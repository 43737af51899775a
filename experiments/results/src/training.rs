//! The result of a training.

use serde::{Deserialize, Serialize};

use crate::kind::Kind;
use crate::machine::Machine;
use crate::recipe::Recipe;

/// The result of a training. Apart from seconds and machine, equal trainings have equal summaries.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TrainingSummary {
    /// [`Kind::Training`].
    pub kind: Kind,
    /// [`SCHEMA`](Self::SCHEMA).
    pub schema: u32,
    /// The version of the program.
    pub assay: String,
    /// The experiment's name.
    pub experiment: String,
    /// The seed.
    pub seed: u64,
    /// The search space.
    pub space: String,
    /// The architecture as the space writes it.
    pub architecture: String,
    /// Parameters of the network, without the auxiliary head.
    pub parameters: usize,
    /// Multiply-adds of one image, without the auxiliary head.
    pub multiply_adds: u64,
    /// Epochs trained.
    pub epochs: usize,
    /// Steps made.
    pub steps: usize,
    /// Share of the test images that the network classifies wrongly after the last epoch, in per cent.
    pub test_error_percent: f64,
    /// The test after the last epoch.
    pub test: Tested,
    /// Images trained on.
    pub train_images: usize,
    /// The conditions, in one line.
    pub protocol: String,
    /// Every setting of the training.
    pub recipe: Recipe,
    /// Every epoch.
    pub curve: Vec<EpochRecord>,
    /// Seconds of training and testing, of all sessions.
    pub seconds: f64,
    /// Seconds of processor time of the same, of all threads. Nothing where the system does not tell, and in trainings of earlier
    /// versions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cpu_seconds: Option<f64>,
    /// Where the last session ran.
    pub machine: Machine,
}

impl TrainingSummary {
    /// The version of the summary's form.
    pub const SCHEMA: u32 = 1;
}

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
    /// Share of its images that were classified correctly as they were trained on, or of the answers that were right, 0 to 1.
    pub train_accuracy: f64,
    /// The test after it.
    pub test: Tested,
    /// Seconds of training and testing.
    pub seconds: f64,
    /// Seconds of processor time of the same, of all threads, if that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cpu_seconds: Option<f64>,
}

/// A test by running statistics.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Tested {
    /// Images.
    pub images: usize,
    /// Images classified correctly; of a pretext task the answers that are right.
    pub correct: usize,
    /// Answers that are asked of all images, where a pretext task asks several of each.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answers: Option<usize>,
    /// Mean cross-entropy.
    pub loss: f64,
}

impl Tested {
    /// Share of the images that were classified correctly, or of the answers that are right, 0 to 1.
    #[must_use]
    pub fn accuracy(&self) -> f64 {
        self.correct as f64 / self.answers.unwrap_or(self.images).max(1) as f64
    }
}

impl std::fmt::Display for EpochRecord {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { epoch, train_loss, train_accuracy, test, seconds, .. } = self;
        write!(
            f,
            "epoch {epoch}: training loss {train_loss:.3}, accuracy {:.1} %; test accuracy {:.2} % ({} images); {seconds:.0} s",
            100.0 * train_accuracy,
            100.0 * test.accuracy(),
            test.images
        )
    }
}
