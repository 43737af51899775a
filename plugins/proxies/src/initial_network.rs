//! The network that proxies without images read: its size, and how its parameters are drawn.

use assay_core::network::{Initialiser, Network};
use assay_core::plugin::{ProxyError, Setting, Subject, ValueKind};
use serde::Deserialize;

use crate::whole_network::WholeNetwork;

/// The whole network at initialisation. The defaults are those of NAS-Bench-201's training and PyTorch's initialiser.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct InitialNetwork {
    /// Channels of the network's first stage.
    pub channels: usize,
    /// Cells (a stage, in spaces with stages).
    pub cells: usize,
    /// How parameters are drawn.
    pub initialiser: Initialiser,
}

impl Default for InitialNetwork {
    fn default() -> Self {
        let WholeNetwork { channels, cells } = WholeNetwork::default();
        Self { channels, cells, initialiser: Initialiser::UniformFanIn }
    }
}

/// What proxies over [`InitialNetwork`] understand.
pub const SETTINGS: &[Setting] = &[CHANNELS, CELLS, INITIALISER];
/// The setting of [`InitialNetwork::channels`].
pub const CHANNELS: Setting = Setting {
    name: "channels",
    kind: ValueKind::Integer { min: 1, max: 4096 },
    default: Setting::said("16"),
    help: "channels of the first stage",
};
/// The setting of [`InitialNetwork::cells`].
pub const CELLS: Setting = Setting {
    name: "cells",
    kind: ValueKind::Integer { min: 1, max: 100 },
    default: Setting::said("5"),
    help: "cells (a stage, in spaces with stages)",
};
/// The setting of [`InitialNetwork::initialiser`].
pub const INITIALISER: Setting = Setting {
    name: "initialiser",
    kind: ValueKind::Choice(Initialiser::NAMES),
    default: Setting::said("uniform-fan-in"),
    help: "how parameters are drawn (uniform-fan-in is PyTorch's default)",
};

impl InitialNetwork {
    /// The subject's network: the very one that passes over equal settings measure.
    ///
    /// # Errors
    /// If the space cannot build it.
    pub fn draw(&self, subject: &Subject<'_>) -> Result<Network, ProxyError> {
        let Self { channels, cells, initialiser } = *self;
        let net = WholeNetwork { channels, cells }.net(subject.dataset);
        let graph = subject.space.lower(subject.subspace, &net)?;
        Ok(Network::initialise(graph.into(), initialiser, &subject.draws.parameters))
    }
}

impl std::fmt::Display for InitialNetwork {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "C={}, {} cell(s), {}", self.channels, self.cells, self.initialiser)
    }
}
