//! `plain`: the first-order change of the loss when every weight is removed.
//!
//! **What it measures.** Σ w · ∂L/∂w over the weights of convolutions and linear layers (no biases, no batch normalisation): L is
//! the mean cross-entropy of one minibatch at initialisation. Its terms have both signs and nearly cancel in front of batch
//! normalisation, so it is the noisiest of its family.
//! **Source.** Mozer, Smolensky: Skeletonization, NIPS 1988, whose sign `snip` dropped; as a score of architectures: the released
//! code of Abdelfattah, Mehrotra, Dudziak, Lane: Zero-Cost Proxies for Lightweight NAS, ICLR 2021.
//! **Cost.** One forward and one backward pass, shared with `grad-norm`, `snip` and `fisher`.
//! **Undefined** where the gradient is not finite. An architecture without a path from input to output scores 0.

use assay_core::data::{Dataset, Minibatch};
use assay_core::engine::{Ask, Engine};
use assay_core::network::Network;
use assay_core::plugin::{AskError, Measured, Pass, PassProxy, Proxy, ProxyError, WholePass};
use assay_core::score::Reading;
use assay_core::stream::Stream;

use crate::parts::loss_gradient::{self, Layer};

/// Sums weight · gradient.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Plain(pub WholePass);

assay_core::register! {
    Proxy,
    name: "plain",
    summary: "sum of weight · loss gradient (Mozer & Smolensky, NIPS 1988; Abdelfattah et al., ICLR 2021)",
    settings: WholePass,
    build: |pass| Ok(Box::new(Proxy::passes(Plain(pass)))),
}

impl PassProxy for Plain {
    fn unit(&self) -> Option<&'static str> {
        None
    }

    fn protocol(&self) -> String {
        format!("plain: Σ w · ∂L/∂w, cross-entropy, {}", self.0)
    }

    fn passes(&self, dataset: &dyn Dataset) -> Vec<Pass> {
        vec![self.0.pass(dataset, 0)]
    }

    fn ask(&self, _: usize, network: &Network, batch: &Minibatch, _: &Stream) -> Result<Ask, AskError> {
        loss_gradient::ask(network, batch)
    }

    fn read(&self, passes: &[Measured<'_>], _: &Stream, _: &dyn Engine) -> Result<Reading, ProxyError> {
        let sum = |layer: &Layer<'_>| layer.products().sum::<f64>();
        Ok(Reading::finite(loss_gradient::layers(&passes[0])?.iter().map(sum).sum()))
    }
}
