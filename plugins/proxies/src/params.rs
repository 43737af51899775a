//! `params`: the number of parameters.
//!
//! **What it measures.** Parameters of the whole network, of every operator of the architecture, whether or not any signal
//! passes it, as NAS-Bench-201 counts them: convolutions, batch normalisation's γ and β, the classifier.
//! **Source.** The baseline of every comparison of proxies: White, Khodak, Tu, Shah, Bubeck, Dey: A Deeper Look at Zero-Cost
//! Proxies for Lightweight NAS, ICLR Blog Track 2022; Ning et al.: Evaluating Efficient Performance Estimators of Neural
//! Architectures, NeurIPS 2021.
//! **Cost.** None to speak of: the network is built without tensors.
//! **Undefined** never.

use assay_core::data::Dataset;
use assay_core::plugin::{MacroNet, Proxy, StructuralProxy, Structure, WholeNetwork};
use assay_core::score::Reading;

/// Counts parameters.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Params(pub WholeNetwork);

assay_core::register! {
    Proxy,
    name: "params",
    summary: "number of parameters of all operators (baseline: Ning et al., NeurIPS 2021)",
    settings: WholeNetwork,
    build: |network| Ok(Box::new(Proxy::structure(Params(network)))),
}

impl StructuralProxy for Params {
    fn unit(&self) -> Option<&'static str> {
        Some("parameters")
    }

    fn protocol(&self) -> String {
        format!("params: all operators, {}", self.0)
    }

    fn net(&self, dataset: &dyn Dataset) -> MacroNet {
        self.0.net(dataset)
    }

    fn read(&self, structure: &Structure) -> Reading {
        Reading::Value(structure.graph().parameter_count() as f64)
    }
}
