//! What a controller learns from: how right the supernet is as each of its samples.

use assay_core::data::{Augmentation, DataError};
use assay_core::plugin::SearchError;
use assay_core::plugin::supernet::Kept;
use assay_core::stream::Stream;
use assay_core::subspace::Subspace;

use super::choice::accuracy;
use super::images::Halves;
use super::steps::Course;

/// What judges the samples of an epoch: each by other images.
pub struct Rewards<'a> {
    /// The images.
    pub halves: &'a Halves<'a>,
    /// Images of each sample.
    pub batch: usize,
    /// How they are varied.
    pub augmentation: Augmentation,
    /// The draws of the epoch.
    pub stream: Stream,
}

impl Rewards<'_> {
    /// The accuracy of the supernet as this architecture, on the images of the sample of this number.
    ///
    /// # Errors
    /// If they cannot be read or run.
    pub fn accuracy(&self, course: &mut Course<'_>, architecture: &Subspace, number: usize) -> Result<f64, SearchError> {
        let chosen = self.halves.judging(number, self.batch, &self.stream.child("rewards"));
        let unreadable = |error: DataError| SearchError::Impossible(error.to_string());
        let batch = self.halves.batch(&chosen, self.augmentation, &self.stream.child("variation").child(number)).map_err(unreadable)?;
        let path = course.supernet.path(Kept::Shared(architecture))?;
        Ok(accuracy(&course.supernet.test(&batch, &path)?, batch.labels()))
    }
}
