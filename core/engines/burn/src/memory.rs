//! What a call takes at the least beside the network and the images, in bytes: known before it begins. Scratch memory of operators is
//! not counted.

use assay_core::engine::{Ask, Precision};
use assay_core::graph::{Graph, Node, NodeId, Operator, ParameterSpec};

fn element(precision: Precision) -> usize {
    match precision {
        Precision::F32 => size_of::<f32>(),
        Precision::F64 => size_of::<f64>(),
    }
}

/// Whether the node's value may be elements of its input, in whatever order, or the same for all images.
fn may_be_shared(node: &Node) -> bool {
    match node.operator {
        Operator::Reshape { .. } | Operator::Transpose { .. } | Operator::Slice { .. } | Operator::Truncate { .. } => true,
        Operator::Parameter { .. } | Operator::Constant { .. } | Operator::Zero { .. } => true,
        Operator::WeightedSum { .. } | Operator::Product | Operator::Concat { .. } => node.inputs.len() == 1,
        Operator::Pad { ref amounts } => amounts.iter().flatten().all(|amount| *amount == 0),
        _ => false,
    }
}

/// The elements of all values that a pass keeps, a batch of so many images.
fn values(graph: &Graph, taps: &[NodeId], images: usize) -> usize {
    let kept = graph.nodes().iter().zip(graph.needed_by(taps)).filter(|(node, needed)| *needed && !may_be_shared(node));
    kept.map(|(node, _)| node.shape.elements()).fold(0, usize::saturating_add).saturating_mul(images)
}

/// The elements of the parameters that this holds of.
fn parameters(graph: &Graph, which: impl Fn(&ParameterSpec) -> bool) -> usize {
    graph.parameters().iter().filter(|spec| which(spec)).map(ParameterSpec::elements).fold(0, usize::saturating_add)
}

/// That of a pass with this ask.
pub(super) fn of_pass(graph: &Graph, images: usize, ask: &Ask, precision: Precision) -> usize {
    let gradients = ask.gradients.iter().filter(|(_, wanted)| wanted.parameters).count();
    let held = values(graph, &ask.named(), images).saturating_mul(element(precision));
    // What is read, with the cotangent of one objective at a time: in 64 bits.
    let elements = |node: &NodeId| graph.node(*node).shape.elements();
    let read = elements(&graph.output()).saturating_add(ask.values.iter().map(elements).fold(0, usize::saturating_add));
    let cotangent = ask.gradients.iter().map(|(objective, _)| elements(&objective.node)).max().unwrap_or(0);
    let of_images = read.saturating_add(cotangent).saturating_mul(images);
    let of_parameters = gradients.saturating_mul(parameters(graph, |_| true));
    held.saturating_add(of_images.saturating_add(of_parameters).saturating_mul(size_of::<f64>()))
}

/// That of a tangent Gram matrix, for which all rows of J are held.
pub(super) fn of_gram(graph: &Graph, images: usize, precision: Precision) -> usize {
    let held = values(graph, &[], images).saturating_mul(element(precision));
    let rows = images.saturating_mul(parameters(graph, ParameterSpec::is_named_weight)).saturating_mul(size_of::<f64>());
    held.saturating_add(rows)
}
