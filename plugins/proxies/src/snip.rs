//! `snip`: how much the loss depends on each weight's being there.
//!
//! **What it measures.** Σ |w · ∂L/∂w| over the weights of convolutions and linear layers (no biases, no batch normalisation): L
//! is the mean cross-entropy of one minibatch at initialisation.
//! **Source.** Lee, Ajanthan, Torr: SNIP: Single-Shot Network Pruning based on Connection Sensitivity, ICLR 2019; as a score of
//! architectures: Abdelfattah, Mehrotra, Dudziak, Lane: Zero-Cost Proxies for Lightweight NAS, ICLR 2021.
//! **Cost.** One forward and one backward pass, shared with `grad-norm`, `plain` and `fisher`.
//! **Undefined** where the gradient is not finite. An architecture without a path from input to output scores 0.

use assay_core::data::{Dataset, Minibatch};
use assay_core::engine::{Ask, Engine};
use assay_core::network::Network;
use assay_core::plugin::{AskError, Measured, Pass, PassProxy, Proxy, ProxyError, WholePass};
use assay_core::score::Reading;
use assay_core::stream::Stream;

use crate::parts::loss_gradient::{self, Layer};

/// Sums the connection sensitivities of all weights.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Snip(pub WholePass);

assay_core::register! {
    Proxy,
    name: "snip",
    summary: "sum of |weight · loss gradient| (SNIP, Lee et al., ICLR 2019)",
    settings: WholePass,
    build: |pass| Ok(Box::new(Proxy::passes(Snip(pass)))),
}

impl PassProxy for Snip {
    fn unit(&self) -> Option<&'static str> {
        None
    }

    fn protocol(&self) -> String {
        format!("snip: Σ |w · ∂L/∂w|, cross-entropy, {}", self.0)
    }

    fn passes(&self, dataset: &dyn Dataset) -> Vec<Pass> {
        vec![self.0.pass(dataset, 0)]
    }

    fn ask(&self, _: usize, network: &Network, batch: &Minibatch, _: &Stream) -> Result<Ask, AskError> {
        loss_gradient::ask(network, batch)
    }

    fn read(&self, passes: &[Measured<'_>], _: &Stream, _: &dyn Engine) -> Result<Reading, ProxyError> {
        let sensitivity = |layer: &Layer<'_>| layer.products().map(f64::abs).sum::<f64>();
        Ok(Reading::finite(loss_gradient::layers(&passes[0])?.iter().map(sensitivity).sum()))
    }
}
