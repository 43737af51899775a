//! `vkdnw-single`: the number of parameter tensors, and among networks of equally many `vkdnw`.
//!
//! **What it measures.** ℵ + the entropy that [`vkdnw`](crate::vkdnw) measures, where ℵ counts the network's parameter tensors
//! (weights, biases, scales and shifts), on a path or not. The entropy is below ln 9 = 2.2 and a convolution with its normalisation
//! brings three tensors, so it decides where ℵ is equal. The released code ranks the pair of both.
//! **Source.** Tybl, Neumann: VKDNW, CVPR 2025.
//! **Cost.** That of `vkdnw`.
//! **Undefined** where `vkdnw` is.

use assay_core::data::{Dataset, Minibatch};
use assay_core::engine::{Ask, Engine};
use assay_core::network::Network;
use assay_core::plugin::{AskError, Measured, Pass, PassProxy, Proxy, ProxyError};
use assay_core::score::Reading;
use assay_core::stream::Stream;

use super::Vkdnw;

/// Counts parameter tensors, and measures the entropy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Single(pub Vkdnw);

assay_core::register! {
    Proxy,
    name: "vkdnw-single",
    summary: "number of parameter tensors plus the entropy of vkdnw (VKDNW, Tybl & Neumann, CVPR 2025)",
    settings: Vkdnw,
    build: |vkdnw| Ok(Box::new(Proxy::passes(Single(vkdnw)))),
}

impl PassProxy for Single {
    fn unit(&self) -> Option<&'static str> {
        Some("tensors + nats")
    }

    fn protocol(&self) -> String {
        format!("vkdnw-single: parameter tensors + entropy, {}", self.0.conditions())
    }

    fn passes(&self, dataset: &dyn Dataset) -> Vec<Pass> {
        self.0.passes(dataset)
    }

    fn ask(&self, position: usize, network: &Network, batch: &Minibatch, stream: &Stream) -> Result<Ask, AskError> {
        self.0.ask(position, network, batch, stream)
    }

    fn read(&self, passes: &[Measured<'_>], stream: &Stream, engine: &dyn Engine) -> Result<Reading, ProxyError> {
        let tensors = passes[0].network.graph().parameters().len();
        Ok(match self.0.read(passes, stream, engine)? {
            Reading::Value(entropy) => Reading::finite(tensors as f64 + entropy),
            undefined @ Reading::Undefined { .. } => undefined,
        })
    }
}
