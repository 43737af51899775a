//! The network at initialisation, as proxies without a pass draw it.

use assay_core::network::{Initialiser, Network, NormStatistics};
use assay_core::plugin::{MacroNet, ProxyError, Subject, WholeNetwork};

assay_core::settings! {
    /// The whole network at initialisation. The defaults are those of NAS-Bench-201's training and PyTorch's initialiser.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub struct InitialNetwork {
        with pub size: WholeNetwork;
        /// how parameters are drawn (uniform-fan-in is PyTorch's default)
        pub initialiser: Initialiser = Initialiser::UniformFanIn;
    }
}

impl InitialNetwork {
    /// The subject's network: the very one that passes over equal settings measure. `statistics` are none where the proxy does
    /// without batch normalisation and images.
    ///
    /// # Errors
    /// If the space cannot build it, or it cannot be measured so.
    pub fn draw(&self, subject: &Subject<'_>, statistics: Option<NormStatistics>) -> Result<Network, ProxyError> {
        draw(subject, &self.size.net(subject.dataset), self.initialiser, statistics)
    }
}

/// The subject's network of this size.
///
/// # Errors
/// If the space cannot build it, there is not enough memory for it, or it cannot be measured so.
pub fn draw(
    subject: &Subject<'_>,
    net: &MacroNet,
    initialiser: Initialiser,
    statistics: Option<NormStatistics>,
) -> Result<Network, ProxyError> {
    let graph = subject.space.lower(subject.subspace, net)?;
    if statistics.is_some() {
        subject.enters(&graph, net)?;
    }
    subject.network(graph, initialiser, statistics)
}

impl std::fmt::Display for InitialNetwork {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}, {}", self.size, self.initialiser)
    }
}
