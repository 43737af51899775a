//! `trainable-layers`: the number of layers with weights that matter.
//!
//! **What it measures.** Convolutions and linear layers on a path from input to output, plus those of the network's fixed part
//! (stem, reductions, classifier), which count for architectures without any path too: see [`Structure::is_effective`].
//! **Source.** Tybl, Neumann: Training-free Neural Architecture Search through Variance of Knowledge of Deep Network Weights
//! (VKDNW), CVPR 2025, whose aggregate and comparison it is part of.
//! **Cost.** None to speak of: the network is built without tensors.
//! **Undefined** never.

use assay_core::data::Dataset;
use assay_core::plugin::{MacroNet, Proxy, StructuralProxy, Structure, WholeNetwork};
use assay_core::score::Reading;

use crate::parts::loss_gradient::weights;

/// Counts convolutions and linear layers on a path from input to output.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TrainableLayers(pub WholeNetwork);

assay_core::register! {
    Proxy,
    name: "trainable-layers",
    summary: "number of convolutions and linear layers on a path from input to output (VKDNW, CVPR 2025)",
    settings: WholeNetwork,
    build: |network| Ok(Box::new(Proxy::structure(TrainableLayers(network)))),
}

impl StructuralProxy for TrainableLayers {
    fn unit(&self) -> Option<&'static str> {
        Some("layers")
    }

    fn protocol(&self) -> String {
        format!("trainable-layers: convolutions and linear layers on a path from input to output, and of the fixed part, {}", self.0)
    }

    fn net(&self, dataset: &dyn Dataset) -> MacroNet {
        self.0.net(dataset)
    }

    fn read(&self, structure: &Structure) -> Reading {
        let layers = weights(structure.graph()).filter(|(_, spec)| structure.is_effective(spec.node));
        Reading::Value(layers.count() as f64)
    }
}
