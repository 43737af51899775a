//! The network that structural proxies count in: the one that benchmarks train.

use assay_core::data::Dataset;
use assay_core::plugin::{MacroNet, Part, Setting, ValueKind};
use serde::Deserialize;

/// The size of the whole network. The defaults are those of NAS-Bench-201's training.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct WholeNetwork {
    /// Channels of the network's first stage.
    pub channels: usize,
    /// Cells (a stage, in spaces with stages).
    pub cells: usize,
}

impl Default for WholeNetwork {
    fn default() -> Self {
        Self { channels: 16, cells: 5 }
    }
}

/// What proxies over [`WholeNetwork`] understand.
pub const SETTINGS: &[Setting] = &[
    Setting {
        name: "channels",
        kind: ValueKind::Integer { min: 1, max: 4096 },
        default: Setting::said("16"),
        help: "channels of the first stage",
    },
    Setting {
        name: "cells",
        kind: ValueKind::Integer { min: 1, max: 100 },
        default: Setting::said("5"),
        help: "cells (a stage, in spaces with stages)",
    },
];

impl WholeNetwork {
    /// From the images of this dataset to its classes.
    #[must_use]
    pub fn net(&self, dataset: &dyn Dataset) -> MacroNet {
        let Self { channels, cells } = *self;
        MacroNet { input: dataset.shape(), channels, cells, classes: dataset.classes(), part: Part::Classifier }
    }
}

impl std::fmt::Display for WholeNetwork {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "C={}, {} cell(s)", self.channels, self.cells)
    }
}
