//! `synflow-bn`: the synaptic flow through all weights, batch normalisation included.
//!
//! **What it measures.** Σ |w · ∂R/∂w| as `synflow`, but with every batch normalisation, in training mode on the one image of ones.
//! What batch normalisation follows is scale-invariant, so most terms nearly vanish: it measures little beside the layers
//! without one.
//! **Source.** The variant in the released code of Abdelfattah, Mehrotra, Dudziak, Lane: Zero-Cost Proxies for Lightweight NAS,
//! ICLR 2021, after Tanaka, Kunin, Yamins, Ganguli: SynFlow, NeurIPS 2020.
//! **Cost.** One forward and one backward pass of one image in float64.
//! **Undefined** where it is not finite.

use assay_core::engine::Precision;
use assay_core::network::NormStatistics;
use assay_core::plugin::{Proxy, ProxyError, Subject, Work, ZeroCostProxy};
use assay_core::score::{Direction, Reading};

use crate::parts::initial_network::InitialNetwork;
use crate::parts::positive_network::Norms;
use crate::synflow::score;

/// Sums the synaptic flow of all weights, with batch normalisation.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SynflowBn(pub InitialNetwork);

assay_core::register! {
    Proxy,
    name: "synflow-bn",
    summary: "synaptic flow with batch normalisation (variant of Abdelfattah et al., ICLR 2021)",
    settings: InitialNetwork,
    build: |network| Ok(Box::new(Proxy::own(SynflowBn(network)))),
}

impl ZeroCostProxy for SynflowBn {
    fn direction(&self) -> Direction {
        Direction::HigherIsBetter
    }

    fn unit(&self) -> Option<&'static str> {
        None
    }

    fn protocol(&self) -> String {
        format!("synflow-bn: Σ |w · ∂R/∂w|, one image of ones, {}, {}, float64", Norms::All, self.0)
    }

    fn work(&self) -> Option<Work> {
        Some(Work::of_both_passes(1, Precision::F64))
    }

    fn measure(&self, subject: &Subject<'_>) -> Result<Reading, ProxyError> {
        score(&self.0.draw(subject, Some(NormStatistics::Batch))?, Norms::All, subject.engine)
    }
}
