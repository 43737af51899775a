//! The picture of a network: its nodes, and what they read.

use assay_core::graph::{Graph, Operator};
use assay_core::subspace::{Arrow, Sketch, SketchNode};

/// A node of the picture a node of the graph. Constants and parameters of their own are left out, and of batch normalisations,
/// activations and changes of the axes that one node alone reads, the operator is written behind that which they read.
pub(super) fn of(graph: &Graph) -> Sketch {
    let nodes = graph.nodes();
    let mut readers = vec![0_usize; nodes.len()];
    nodes.iter().flat_map(|node| &node.inputs).for_each(|input| readers[input.0] += 1);
    let live = graph.liveness();
    // By node of the graph: where it is in the picture.
    let mut shown: Vec<Option<usize>> = vec![None; nodes.len()];
    let mut names: Vec<Vec<&str>> = Vec::new();
    let mut arrows: Vec<Arrow> = Vec::new();
    for (position, node) in nodes.iter().enumerate() {
        let is_value = !matches!(node.operator, Operator::Parameter { .. } | Operator::Constant { .. });
        if !is_value || !live.is_needed(assay_core::graph::NodeId(position)) {
            continue;
        }
        let read: Vec<usize> = node.inputs.iter().filter_map(|input| shown[input.0]).collect();
        if let ([input], [at]) = (node.inputs.as_slice(), read.as_slice())
            && is_joined(&node.operator)
            && readers[input.0] == 1
            && input.0 != 0
        {
            names[*at].push(node.operator.kind());
            shown[position] = Some(*at);
            continue;
        }
        let to = names.len();
        names.push(vec![node.operator.kind()]);
        shown[position] = Some(to);
        arrows.extend(read.into_iter().map(|from| Arrow { from, to, operator: None }));
    }
    Sketch { kind: "network".into(), nodes: names.iter().map(|kinds| SketchNode::sum(kinds.join(" · "))).collect(), arrows }
}

/// Whether an operator is written behind that which it reads.
fn is_joined(operator: &Operator) -> bool {
    matches!(
        operator,
        Operator::BatchNorm { .. } | Operator::Relu | Operator::Activation(_) | Operator::Transpose { .. } | Operator::Reshape { .. }
    )
}
