//! Along which axis the channels of each node's value lie.
//!
//! Convolutional maps have them along the first. Sequences of tokens have their features along a later one, and so have maps that a
//! network has transposed for a layer normalisation.

use assay_core::graph::{AXES, Graph, NodeId, Operator};
use assay_core::plugin::AskError;

/// For each node, the axis of its channels or features. Nothing where that cannot be told, as of attention's weights or of a
/// value whose channels are split over two axes.
#[must_use]
pub fn axes(graph: &Graph) -> Vec<Option<usize>> {
    let mut axes: Vec<Option<usize>> = Vec::with_capacity(graph.nodes().len());
    for node in graph.nodes() {
        let of_input = node.inputs.first().and_then(|input| axes[input.0]);
        axes.push(match &node.operator {
            Operator::Input
            | Operator::Conv2d(_)
            | Operator::BatchNorm { .. }
            | Operator::GroupNorm { .. }
            | Operator::AvgPool(_)
            | Operator::MaxPool(_)
            | Operator::GlobalAvgPool => Some(0),
            Operator::Linear { axis, .. } | Operator::Embedding { axis, .. } => Some(*axis),
            Operator::WeightedSum { .. } | Operator::Product | Operator::Concat { .. } => {
                node.inputs.iter().find_map(|input| axes[input.0])
            }
            Operator::Transpose { order } => of_input.map(|axis| order.iter().position(|from| *from == axis).unwrap_or(axis)),
            Operator::Reshape { .. } => {
                let before = node.inputs.first().map(|input| graph.node(*input).shape.axes());
                of_input.zip(before).and_then(|(axis, before)| kept(axis, before, node.shape.axes()))
            }
            Operator::MatMul { .. } | Operator::Parameter { .. } | Operator::Constant { .. } => None,
            _ => of_input,
        });
    }
    axes
}

/// The axis of a reshaped value that walks through the same elements as this one did.
fn kept(axis: usize, before: [usize; AXES], after: [usize; AXES]) -> Option<usize> {
    let outer = |axes: &[usize; AXES], axis: usize| axes[..axis].iter().product::<usize>();
    (0..AXES).find(|other| after[*other] == before[axis] && outer(&after, *other) == outer(&before, axis))
}

/// Why what is measured of maps of channels cannot be measured of one of these nodes: of the first whose value is not such maps. A
/// clause. Nothing where all are.
#[must_use]
pub fn not_maps(graph: &Graph, nodes: &[NodeId]) -> Option<String> {
    let axes = axes(graph);
    let id = nodes.iter().find(|id| axes[id.0] != Some(0))?;
    let (name, shape) = (&graph.node(*id).name, graph.node(*id).shape);
    Some(match axes[id.0] {
        Some(axis) => format!("the value of `{name}` ({shape}) has its features along axis {axis} and is not maps of channels"),
        None => format!("the value of `{name}` ({shape}) is not maps of channels"),
    })
}

/// Makes sure that the values of these nodes are maps of channels.
///
/// # Errors
/// That what is measured of such maps does not exist, with the node whose value is something else.
pub fn maps_only(graph: &Graph, nodes: &[NodeId]) -> Result<(), AskError> {
    not_maps(graph, nodes).map_or(Ok(()), |because| Err(AskError::Undefined(because)))
}

#[cfg(test)]
mod tests {
    use assay_core::graph::{Conv2d, GraphBuilder, Shape};

    use super::*;

    #[test]
    fn channels_are_followed_through_patches_and_back_to_maps() {
        let mut builder = GraphBuilder::new(Shape::new(3, 16, 16)).unwrap();
        let images = builder.input();
        let patches = builder.conv("patches", images, Conv2d::new(48, 4).stride(4)).unwrap();
        let flat = builder.add("flat", Operator::Reshape { axes: vec![48, 16] }, &[patches]).unwrap();
        let tokens = builder.add("tokens", Operator::Transpose { order: vec![1, 0] }, &[flat]).unwrap();
        let heads = builder.add("heads", Operator::Reshape { axes: vec![16, 4, 12] }, &[tokens]).unwrap();
        let joined = builder.add("joined", Operator::Reshape { axes: vec![16, 48] }, &[heads]).unwrap();
        let mixed = builder.add("mixed", Operator::Linear { out_features: 48, bias: true, axis: 1 }, &[joined]).unwrap();
        let first = builder.add("first", Operator::Slice { axis: 0, start: 0, end: 1, step: 1 }, &[mixed]).unwrap();
        let class = builder.add("class", Operator::Reshape { axes: vec![48] }, &[first]).unwrap();
        let logits = builder.linear("logits", class, 10, true).unwrap();
        let graph = builder.finish(logits);
        let axes: Vec<Option<usize>> = axes(&graph);
        assert_eq!(axes, [Some(0), Some(0), Some(0), Some(1), None, None, Some(1), Some(1), Some(0), Some(0)]);
        assert_eq!(not_maps(&graph, &[patches, logits]), None);
        let because = not_maps(&graph, &[patches, mixed]).unwrap();
        assert_eq!(because, "the value of `mixed` (16×48×1) has its features along axis 1 and is not maps of channels");
    }
}
