//! What a search or a study trains: architectures, judged by the test images that they classify correctly.

use super::{Request, SettingsError};
use crate::subspace::Subspace;

/// An accuracy that is had by training: the share of the test images that a network classifies correctly after so many
/// epochs of the experiment's recipe, in per cent. More is better.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrainingUse {
    /// Epochs from the start. A longer training of an architecture goes on from where a shorter one ended.
    pub epochs: usize,
    /// Trainings of each architecture, each by a seed of its own.
    pub repeats: usize,
}

impl TrainingUse {
    /// Those that the setting `key` names by their epochs, the shortest first, each repeated so often.
    ///
    /// # Errors
    /// If the epochs are not whole numbers in ascending order.
    pub fn all(key: &str, epochs: &[f64], repeats: usize) -> Result<Vec<Self>, SettingsError> {
        let is_whole = |epochs: &f64| (1.0..=100_000.0).contains(epochs) && epochs.fract() == 0.0;
        if epochs.is_empty() || !epochs.iter().all(is_whole) || !epochs.is_sorted_by(|one, other| one < other) {
            return Err(SettingsError::new(key, "must be whole numbers of epochs from 1 to 100000, ascending, such as [1, 3, 9]"));
        }
        Ok(epochs.iter().map(|epochs| Self { epochs: *epochs as usize, repeats }).collect())
    }

    /// What its requests and the run's tables call it: `accuracy_after_12_epochs`.
    #[must_use]
    pub fn label(&self) -> String {
        let plural = if self.epochs == 1 { "" } else { "s" };
        format!("accuracy_after_{}_epoch{plural}", self.epochs)
    }

    /// The request that trains an architecture for a repeat, from 1. Weights, the order of the images and how they are varied
    /// are all drawn by the seed of the repeat, so both of its streams have one name.
    #[must_use]
    pub fn request(&self, architecture: &Subspace, repeat: usize) -> Request {
        let path = Self::path(repeat);
        Request { label: self.label(), subspace: architecture.clone(), parameters: path.clone(), images: path }
    }

    /// The name of the streams of a repeat, from 1.
    #[must_use]
    pub fn path(repeat: usize) -> String {
        format!("training/{repeat}")
    }

    /// The seed of a repeat, from 1: that of the experiment for the first, so that a single training of the same recipe with it
    /// is the same training; then one more each.
    #[must_use]
    pub fn seed(experiment: u64, repeat: usize) -> u64 {
        experiment.wrapping_add(repeat.saturating_sub(1) as u64)
    }
}
