//! The network that most proxies look at: the whole one, as benchmarks train it.

use crate::data::Dataset;
use crate::plugin::{MacroNet, Part};

crate::settings! {
    /// The size of the whole network. The defaults are those of NAS-Bench-201's training.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub struct WholeNetwork {
        /// channels of the first stage
        pub channels: usize = 16, in 1..=4096;
        /// cells (a stage, in spaces with stages)
        pub cells: usize = 5, in 1..=100;
    }
}

impl WholeNetwork {
    /// From the images of this dataset to its classes.
    #[must_use]
    pub fn net(&self, dataset: &dyn Dataset) -> MacroNet {
        let Self { channels, cells } = *self;
        MacroNet { input: dataset.shape(), channels, cells, classes: dataset.classes(), part: Part::Classifier }
    }
}

/// For protocols: `C=16, 5 cell(s)`.
impl std::fmt::Display for WholeNetwork {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "C={}, {} cell(s)", self.channels, self.cells)
    }
}
