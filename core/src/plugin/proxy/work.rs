//! Roughly what a measurement takes, so that it can be told before it is made.

use super::{Pass, Proxy};
use crate::data::Dataset;
use crate::engine::Precision;

/// Roughly what one measurement of a network takes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Work {
    /// How often the multiply-adds of one image are made: once for a forward pass, twice for a backward pass.
    pub passes_of_an_image: u64,
    /// Images whose values are kept at once.
    pub images: usize,
    /// Gradients with respect to all weights that are kept at once.
    pub gradients: usize,
    /// In which type.
    pub precision: Precision,
}

impl Work {
    /// That of a forward and a backward pass over so many images.
    #[must_use]
    pub fn of_both_passes(images: usize, precision: Precision) -> Self {
        Self { passes_of_an_image: 3 * images as u64, images, gradients: 1, precision }
    }

    fn of(passes: &[Pass]) -> Self {
        let mut work = Self::default();
        for pass in passes {
            let of_pass = Self::of_both_passes(pass.images.count(), pass.precision);
            work.passes_of_an_image += of_pass.passes_of_an_image;
            work.images = work.images.max(of_pass.images);
            work.gradients += of_pass.gradients;
            work.precision = of_pass.precision;
        }
        work
    }
}

impl Proxy {
    /// Roughly what a measurement by it takes; none where that is not known. What is not computed by passes takes nothing.
    #[must_use]
    pub fn work(&self, dataset: &dyn Dataset) -> Option<Work> {
        match self {
            Self::Structure(_) | Self::Recorded(_) => Some(Work::default()),
            Self::Passes(proxy) => Some(Work::of(&proxy.passes(dataset))),
            Self::Own(proxy) => proxy.work(),
        }
    }
}
