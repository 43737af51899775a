//! A dataset whose reading is timed.

use std::sync::Arc;

use assay_core::data::{Content, DataError, Dataset, Normalisation, Tokens};
use assay_core::engine::profile::{Profile, Work};
use assay_core::graph::Shape;

/// A dataset that adds the time of reading to a profile.
struct Timed {
    dataset: Box<dyn Dataset>,
    profile: Arc<Profile>,
}

/// A dataset whose reading is timed if there is a profile.
#[must_use]
pub(super) fn dataset(dataset: Box<dyn Dataset>, profile: Option<&Arc<Profile>>) -> Box<dyn Dataset> {
    match profile {
        Some(profile) => Box::new(Timed { dataset, profile: Arc::clone(profile) }),
        None => dataset,
    }
}

impl Dataset for Timed {
    fn shape(&self) -> Shape {
        self.dataset.shape()
    }

    fn classes(&self) -> usize {
        self.dataset.classes()
    }

    fn len(&self) -> usize {
        self.dataset.len()
    }

    fn tokens(&self) -> Option<&dyn Tokens> {
        self.dataset.tokens()
    }

    fn normalisation(&self) -> &Normalisation {
        self.dataset.normalisation()
    }

    fn describe(&self) -> String {
        self.dataset.describe()
    }

    fn read(&self, index: usize, pixels: &mut [u8]) -> Result<u32, DataError> {
        self.profile.time(|| (Work::Images, 0), || self.dataset.read(index, pixels))
    }

    fn content(&self, content: &mut Content) -> Result<(), DataError> {
        self.dataset.content(content)
    }
}
