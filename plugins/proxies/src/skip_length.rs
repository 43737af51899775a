//! `skip-length`: how far the skip connections of a cell reach.
//!
//! **What it measures.** The mean over skip connections of the nodes that they pass over: an edge from node i to node j passes over
//! j − 1 − i. 0 where there is none, and of skip connections to the next node. Cells of several kinds count together.
//! **Source.** Cavagnero, Robbiano, Caputo, Averta: FreeREA: Training-Free Evolution-based Architecture Search, WACV 2023, and its
//! released code for NAS-Bench-201. It is a prior about what trains well, not a measurement: no tensor is computed.
//! **Cost.** None to speak of.
//! **Undefined** where the space's choices are not edges between nodes of a cell.

use assay_core::data::Dataset;
use assay_core::plugin::{KeptEdge, MacroNet, Proxy, StructuralProxy, Structure, WholeNetwork};
use assay_core::score::Reading;

assay_core::settings! {
    /// The length of skip connections.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct SkipLength {
        with pub network: WholeNetwork;
        /// the space's name for the operator that passes its input on
        pub operator: String = "skip_connect".into();
    }
}

assay_core::register! {
    Proxy,
    name: "skip-length",
    summary: "mean length of a cell's skip connections (FreeREA, Cavagnero et al., WACV 2023)",
    settings: SkipLength,
    build: |proxy| Ok(Box::new(Proxy::structure(proxy))),
}

impl StructuralProxy for SkipLength {
    fn unit(&self) -> Option<&'static str> {
        Some("nodes")
    }

    fn protocol(&self) -> String {
        format!("skip-length: nodes that `{}` passes over, the mean", self.operator)
    }

    fn net(&self, dataset: &dyn Dataset) -> MacroNet {
        self.network.net(dataset)
    }

    fn read(&self, structure: &Structure) -> Reading {
        let Some(edges) = structure.edges() else {
            return Reading::undefined("the choices of this space are not edges between nodes of a cell");
        };
        let is_skip = |edge: &&KeptEdge| edge.operator == self.operator;
        let lengths: Vec<usize> = edges.iter().filter(is_skip).map(|edge| edge.joins.to - 1 - edge.joins.from).collect();
        Reading::Value(if lengths.is_empty() { 0.0 } else { lengths.iter().sum::<usize>() as f64 / lengths.len() as f64 })
    }
}
