//! The pass that most proxies read: the whole network, at initialisation, on one minibatch.

use super::{Images, Pass, WholeNetwork};
use crate::data::{Augmentation, Dataset};
use crate::engine::Precision;
use crate::network::{Initialiser, NormStatistics};

crate::words! {
    /// What enters the network.
    #[derive(Default)]
    pub enum Source {
        /// Images of the dataset, with their labels.
        #[default]
        Dataset = "dataset",
        /// Pixels from the standard normal distribution, with labels drawn uniformly.
        Normal = "normal",
    }
}

crate::settings! {
    /// The settings of such a pass. Proxies whose settings are equal share it.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct WholePass {
        with pub network: WholeNetwork;
        /// images of the minibatch
        pub batch: usize = 64, in 1..=65_536;
        /// how parameters are drawn (uniform-fan-in is PyTorch's default)
        pub initialiser: Initialiser = Initialiser::UniformFanIn;
        /// floating-point type of values and gradients
        pub precision: Precision = Precision::F32;
        /// how images of the dataset are varied when they are drawn
        pub augmentation: Augmentation = Augmentation::None;
        /// what batch normalisation is by: the batch's own statistics as in training, or running ones as they are before it
        pub batch_norm: NormStatistics = NormStatistics::Batch;
        /// what enters the network: images of the dataset, or pixels from the standard normal distribution
        pub images: Source = Source::Dataset;
    }
}

impl WholePass {
    /// The pass over the measurement's minibatch, or over another one of it where `draw` is not 0.
    #[must_use]
    pub fn pass(&self, dataset: &dyn Dataset, draw: usize) -> Pass {
        let Self { network, batch, initialiser, precision, augmentation, batch_norm, images } = *self;
        let images = match images {
            Source::Dataset => Images::Sampled { batch, augmentation, draw },
            Source::Normal => Images::Normal { batch, draw },
        };
        Pass { net: network.net(dataset), initialiser, batch_norm, images, precision }
    }
}

impl std::fmt::Display for WholePass {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { network, batch, initialiser, precision, augmentation, batch_norm, images } = self;
        write!(f, "{network}, batch {batch} (")?;
        match images {
            Source::Dataset => write!(f, "{augmentation}")?,
            Source::Normal => write!(f, "standard normal pixels")?,
        }
        write!(f, "), {initialiser}, {batch_norm}, {precision}")
    }
}
