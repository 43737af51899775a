//! Which operators there are kernels for.

use assay_core::graph::{Graph, NodeId, Operator};

use crate::lower::function;

/// The first node that cannot be run.
pub(super) fn first_that_is_not(graph: &Graph) -> Option<NodeId> {
    (0..graph.nodes().len()).map(NodeId).find(|id| !graph.is_basic(*id) && !is_supported(graph, *id))
}

/// Whether an operator beyond the basic ones can be run: pools with any window, functions of each number, products of two values or of one with a factor a
/// channel, means over whole maps, and what changes no shape. All are on maps.
fn is_supported(graph: &Graph, id: NodeId) -> bool {
    let node = graph.node(id);
    let shapes: Vec<_> = node.inputs.iter().map(|input| graph.node(*input).shape).collect();
    let is_known = match (&node.operator, shapes.as_slice()) {
        (Operator::AvgPool(_) | Operator::MaxPool(_), _) => true,
        (Operator::Activation(activation), _) => function(*activation).is_some(),
        (Operator::Product, [a, b]) => {
            let fits = |one: &assay_core::graph::Shape| *one == node.shape || (one.channels == node.shape.channels && one.area() == 1);
            (*a == node.shape || *b == node.shape) && fits(a) && fits(b)
        }
        (Operator::Mean { axes }, [_]) => *axes == [1, 2],
        (Operator::Reshape { .. }, [shape]) => *shape == node.shape,
        _ => false,
    };
    is_known && node.shape.is_maps() && shapes.iter().all(assay_core::graph::Shape::is_maps)
}
