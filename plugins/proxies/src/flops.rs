//! `flops`: the multiply-adds of one image.
//!
//! **What it measures.** Multiply-adds of one image through every convolution and linear layer of the whole network, whether or not
//! any signal passes it. A multiply-add counts once (twice as many floating-point operations); batch normalisation,
//! activations, pools and sums do not count.
//! **Source.** The baseline of every comparison of proxies: White, Khodak, Tu, Shah, Bubeck, Dey: A Deeper Look at Zero-Cost
//! Proxies for Lightweight NAS, ICLR Blog Track 2022; Ning et al.: Evaluating Efficient Performance Estimators of Neural
//! Architectures, NeurIPS 2021.
//! **Cost.** None to speak of: the network is built without tensors.
//! **Undefined** never.

use assay_core::data::Dataset;
use assay_core::plugin::{MacroNet, Proxy, StructuralProxy, Structure, WholeNetwork};
use assay_core::score::Reading;

/// Counts multiply-adds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Flops(pub WholeNetwork);

assay_core::register! {
    Proxy,
    name: "flops",
    summary: "multiply-adds of one image through convolutions and linear layers (baseline: Ning et al., NeurIPS 2021)",
    settings: WholeNetwork,
    build: |network| Ok(Box::new(Proxy::structure(Flops(network)))),
}

impl StructuralProxy for Flops {
    fn unit(&self) -> Option<&'static str> {
        Some("multiply-adds")
    }

    fn protocol(&self) -> String {
        format!("flops: multiply-adds of all convolutions and linear layers, {}", self.0)
    }

    fn net(&self, dataset: &dyn Dataset) -> MacroNet {
        self.0.net(dataset)
    }

    fn read(&self, structure: &Structure) -> Reading {
        Reading::Value(structure.graph().multiply_adds() as f64)
    }
}
