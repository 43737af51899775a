//! `live-params`: the number of parameters that matter.
//!
//! **What it measures.** Parameters of the operators on a path from input to output, plus those of the network's fixed part
//! (stem, reductions, classifier), which counts for architectures without any path too: see
//! [`Structure::is_effective`]. What `params` counts beyond them cannot influence the output.
//! **Source.** Ours, as the baseline that a proxy has to beat: on NAS-Bench-201 it orders architectures better than most
//! proxies. Reachability as the criterion: Tybl, Neumann: Training-free Neural Architecture Search through Variance of
//! Knowledge of Deep Network Weights (VKDNW), CVPR 2025, which leaves architectures with unreachable operators out.
//! **Cost.** None to speak of: the network is built without tensors.
//! **Undefined** never.

use assay_core::data::Dataset;
use assay_core::plugin::{MacroNet, Proxy, StructuralProxy, Structure, WholeNetwork};
use assay_core::score::Reading;

/// Counts parameters of operators on a path from input to output.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LiveParams(pub WholeNetwork);

assay_core::register! {
    Proxy,
    name: "live-params",
    summary: "number of parameters of operators on a path from input to output (baseline)",
    settings: WholeNetwork,
    build: |network| Ok(Box::new(Proxy::structure(LiveParams(network)))),
}

impl StructuralProxy for LiveParams {
    fn unit(&self) -> Option<&'static str> {
        Some("parameters")
    }

    fn protocol(&self) -> String {
        format!("live-params: operators on a path from input to output, and the fixed part, {}", self.0)
    }

    fn net(&self, dataset: &dyn Dataset) -> MacroNet {
        self.0.net(dataset)
    }

    fn read(&self, structure: &Structure) -> Reading {
        Reading::Value(structure.effective_parameter_count() as f64)
    }
}
