//! What came of a training, as `summary.json` in its run folder.

use std::path::Path;

use assay_core::experiment::Training;
use assay_training::{EpochRecord, Tested};
use serde::{Deserialize, Serialize};

use crate::run::folder;
use crate::run::machine::Machine;

/// What tells a training's summary from that of other runs.
pub const KIND: &str = "training";
/// The version of the summary's form.
pub const SCHEMA: u32 = 1;

/// The result of a training. Apart from seconds and machine, equal trainings have equal summaries.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TrainingSummary {
    /// Always [`KIND`].
    pub kind: String,
    /// The version of this form.
    pub schema: u32,
    /// The program's version.
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
    /// Share of the test images that the network tells wrong after the last epoch, in percent.
    pub test_error_percent: f64,
    /// The test after the last epoch.
    pub test: Tested,
    /// Images trained on.
    pub train_images: usize,
    /// The conditions, in one line.
    pub protocol: String,
    /// The recipe.
    pub recipe: Training,
    /// Every epoch.
    pub curve: Vec<EpochRecord>,
    /// Seconds of training and testing, of all sessions.
    pub seconds: f64,
    /// Where the last session ran.
    pub machine: Machine,
}

impl TrainingSummary {
    /// Reads one, if this is a training's summary at all.
    #[must_use]
    pub fn from_json(bytes: &[u8]) -> Option<Self> {
        serde_json::from_slice(bytes).ok().filter(|summary: &Self| summary.kind == KIND)
    }
}

/// The summary in this folder, if it holds a finished training.
#[must_use]
pub fn read(path: &Path) -> Option<TrainingSummary> {
    TrainingSummary::from_json(&std::fs::read(path.join(folder::SUMMARY)).ok()?)
}

/// One epoch, for people.
#[must_use]
pub fn line(record: &EpochRecord) -> String {
    let EpochRecord { epoch, train_loss, train_accuracy, test, seconds, .. } = record;
    format!(
        "epoch {epoch}: training loss {train_loss:.3}, accuracy {:.1} %; test accuracy {:.2} % ({} images); {seconds:.0} s",
        100.0 * train_accuracy,
        100.0 * test.accuracy(),
        test.images
    )
}

/// The learning curve: a row an epoch, with every digit.
///
/// # Errors
/// Only where memory is out.
pub fn csv(curve: &[EpochRecord]) -> Result<Vec<u8>, csv::Error> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record([
        "epoch",
        "learning_rate",
        "drop_path",
        "train_loss",
        "train_accuracy",
        "test_loss",
        "test_accuracy",
        "test_images",
        "seconds",
    ])?;
    for record in curve {
        let test = record.test;
        writer.serialize((
            record.epoch,
            record.learning_rate,
            record.drop_path,
            record.train_loss,
            record.train_accuracy,
            test.loss,
            test.accuracy(),
            test.images,
            record.seconds,
        ))?;
    }
    writer.into_inner().map_err(|error| error.into_error().into())
}
