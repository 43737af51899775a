//! Which operators there are kernels for.

use assay_core::graph::{Graph, NodeId, Operator};

/// The first node that cannot be run.
pub(super) fn first_that_is_not(graph: &Graph) -> Option<NodeId> {
    (0..graph.nodes().len()).map(NodeId).find(|id| !graph.is_basic(*id) && !is_supported(graph, *id))
}

/// Whether an operator beyond the basic ones can be run: all but embeddings, and shifts of what is not maps.
fn is_supported(graph: &Graph, id: NodeId) -> bool {
    !matches!(graph.node(id).operator, Operator::Embedding { .. } | Operator::Shift { .. })
}
