//! What a controller learns from: how right the supernet is as each of its samples.

use assay_core::data::{Augmentation, DataError, Minibatch};
use assay_core::plugin::SearchError;
use assay_core::plugin::supernet::Kept;
use assay_core::stream::Stream;
use assay_core::subspace::Subspace;

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
    /// The images of the sample of this number.
    ///
    /// # Errors
    /// If they cannot be read.
    pub fn images(&self, number: usize) -> Result<Minibatch, SearchError> {
        let chosen = self.halves.judging(number, self.batch, &self.stream.child("rewards"));
        self.halves.batch(&chosen, self.augmentation, &self.stream.child("variation").child(number)).map_err(unreadable)
    }

    /// Images that candidates of the epoch are ranked by, not varied: one of the batches of so many images in all, the same for
    /// each candidate.
    ///
    /// # Errors
    /// If they cannot be read.
    pub fn ranking(&self, number: usize, images: usize) -> Result<Minibatch, SearchError> {
        let mut chosen = self.halves.judging(number, self.batch, &self.stream.child("ranking"));
        chosen.truncate(images.saturating_sub(number * self.batch));
        self.halves.batch(&chosen, Augmentation::None, &self.stream).map_err(unreadable)
    }

    /// Images of the first half by which running statistics are found anew, in batches of so many: the same for each architecture of
    /// the epoch. As many as there are, where there are fewer.
    ///
    /// # Errors
    /// If they cannot be read.
    pub fn recalibration(&self, images: usize, batch: usize, augmentation: Augmentation) -> Result<Vec<Minibatch>, SearchError> {
        let stream = self.stream.child("recalibration");
        let mut chosen = self.halves.order(&stream.child("order"));
        chosen.truncate(images);
        let batches = chosen.chunks(batch).enumerate();
        let read = |(number, chosen)| self.halves.batch(chosen, augmentation, &stream.child(number)).map_err(unreadable);
        batches.map(read).collect()
    }

    /// The accuracy of the supernet as this architecture, on the images of the sample of this number.
    ///
    /// # Errors
    /// If they cannot be read or run.
    pub fn accuracy(&self, course: &mut Course<'_>, architecture: &Subspace, number: usize) -> Result<f64, SearchError> {
        let batch = self.images(number)?;
        let path = course.supernet.path(Kept::Shared(architecture))?;
        let output = course.supernet.test(&batch, &path)?;
        Ok(course.supernet.accuracy(&output, &batch))
    }
}

fn unreadable(error: DataError) -> SearchError {
    SearchError::Impossible(error.to_string())
}
