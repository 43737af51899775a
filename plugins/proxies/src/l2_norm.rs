//! `l2-norm`: the norm of the weights at initialisation.
//!
//! **What it measures.** Σ ‖W‖₂ over convolutions and linear layers (no biases, no batch normalisation), those that lead nowhere
//! included. As weights are random, it is a function of the layers' shapes and the initialiser: a weighted count of layers.
//! **Source.** The baseline in the released code of Abdelfattah, Mehrotra, Dudziak, Lane: Zero-Cost Proxies for Lightweight NAS,
//! ICLR 2021.
//! **Cost.** Drawing the weights.
//! **Undefined** never.

use assay_core::network::Network;
use assay_core::plugin::{Proxy, ProxyError, Subject, Work, ZeroCostProxy};
use assay_core::score::{Direction, Reading};

use crate::parts::initial_network::InitialNetwork;
use crate::parts::loss_gradient::weights;

/// Sums the norms of the layers' weights.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct L2Norm(pub InitialNetwork);

assay_core::register! {
    Proxy,
    name: "l2-norm",
    summary: "sum of the norms of the layers' weights (baseline: Abdelfattah et al., ICLR 2021)",
    settings: InitialNetwork,
    build: |network| Ok(Box::new(Proxy::own(L2Norm(network)))),
}

impl ZeroCostProxy for L2Norm {
    fn direction(&self) -> Direction {
        Direction::HigherIsBetter
    }

    fn unit(&self) -> Option<&'static str> {
        None
    }

    fn protocol(&self) -> String {
        format!("l2-norm: Σ over layers of ‖W‖₂, all operators, {}", self.0)
    }

    fn work(&self) -> Option<Work> {
        Some(Work::default())
    }

    fn measure(&self, subject: &Subject<'_>) -> Result<Reading, ProxyError> {
        Ok(score(&self.0.draw(subject, None)?))
    }
}

/// The score of a network.
#[must_use]
pub fn score(network: &Network) -> Reading {
    let norm = |position: usize| network.parameter(position).iter().map(|weight| f64::from(*weight).powi(2)).sum::<f64>().sqrt();
    Reading::finite(weights(network.graph()).map(|(position, _)| norm(position)).sum())
}
