//! `depth-spread`: how unlike in depth the paths through a network are.
//!
//! **What it measures.** Convolutions and linear layers on the longest path from input to output, minus those on the shortest. A
//! path that a zero interrupts is none. It is largest where a long path has a short one beside it, and 0 in a plain chain.
//! **Source.** Our own, not published: `docs/score.md`. The reasons are of He, Zhang, Ren, Sun: Deep Residual Learning for Image
//! Recognition, CVPR 2016, where shortcuts let deep networks train, and of Veit, Wilber, Belongie: Residual Networks Behave Like
//! Ensembles of Relatively Shallow Networks, NeurIPS 2016. FreeREA's `skip-length` prefers such cells by the name of an operator.
//! It is a prior about what trains well, not a measurement: no tensor is computed.
//! **Cost.** None to speak of: the network is built without tensors.
//! **Undefined** where no path joins input and output.

use assay_core::data::Dataset;
use assay_core::graph::{Graph, Operator, ParameterRole};
use assay_core::plugin::{MacroNet, Proxy, StructuralProxy, Structure, WholeNetwork};
use assay_core::score::Reading;

/// The longest path minus the shortest, in layers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DepthSpread(pub WholeNetwork);

assay_core::register! {
    Proxy,
    name: "depth-spread",
    summary: "layers on the longest path minus layers on the shortest (our own, unpublished: docs/score.md)",
    settings: WholeNetwork,
    build: |network| Ok(Box::new(Proxy::structure(DepthSpread(network)))),
}

impl StructuralProxy for DepthSpread {
    fn unit(&self) -> Option<&'static str> {
        Some("layers")
    }

    fn protocol(&self) -> String {
        format!("depth-spread: convolutions and linear layers on the longest path minus those on the shortest, {}", self.0)
    }

    fn net(&self, dataset: &dyn Dataset) -> MacroNet {
        self.0.net(dataset)
    }

    fn read(&self, structure: &Structure) -> Reading {
        match depths(structure.graph()) {
            Some(Depths { shortest, longest }) => Reading::Value((longest - shortest) as f64),
            None => Reading::undefined("no path joins input and output"),
        }
    }
}

/// Layers on paths from the input to a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Depths {
    shortest: usize,
    longest: usize,
}

/// Those of the output; nothing where no path leads there.
fn depths(graph: &Graph) -> Option<Depths> {
    let mut layers = vec![0; graph.nodes().len()];
    for parameter in graph.parameters().iter().filter(|parameter| parameter.role == ParameterRole::Weight) {
        layers[parameter.node.0] = 1;
    }
    let mut of_nodes: Vec<Option<Depths>> = Vec::with_capacity(layers.len());
    for (node, own) in graph.nodes().iter().zip(layers) {
        let before = match node.operator {
            Operator::Input => Some(Depths { shortest: 0, longest: 0 }),
            Operator::Zero { .. } => None,
            _ => node
                .inputs
                .iter()
                .filter_map(|input| of_nodes[input.0])
                .reduce(|one, other| Depths { shortest: one.shortest.min(other.shortest), longest: one.longest.max(other.longest) }),
        };
        of_nodes.push(before.map(|Depths { shortest, longest }| Depths { shortest: shortest + own, longest: longest + own }));
    }
    of_nodes[graph.output().0]
}
