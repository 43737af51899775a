//! The auxiliary head of DARTS: a second classifier behind two thirds of the cells, that only training has.

use assay_core::graph::{Conv2d, Graph, GraphBuilder, GraphError, NodeId, Operator, Pool};

/// Maps of at least this many pixels a side are CIFAR's (8×8); ImageNet's are 7×7.
const CIFAR_SIDE: usize = 8;

/// A network with its head.
#[derive(Clone, Debug)]
pub(crate) struct WithHead {
    /// Both; the output is the network's.
    pub(crate) graph: Graph,
    /// The logits of the head.
    pub(crate) logits: NodeId,
}

/// A network with a head behind the block at two thirds of its cells.
///
/// # Errors
/// If the network marks no blocks, or the maps there are smaller than the head's pooling window.
pub(crate) fn with_head(network: &Graph, classes: usize) -> Result<WithHead, GraphError> {
    // The first block is the stem.
    let cells = network.blocks().len().saturating_sub(1);
    let Some(after) = network.blocks().get(1 + 2 * cells / 3).copied() else {
        return Err(GraphError::Unsupported("a network that marks no blocks has no place for an auxiliary head; set auxiliary = 0".into()));
    };
    let mut b = GraphBuilder::beginning_of(network, network.nodes().len())?;
    let shape = network.node(after).shape;
    let logits = head(&mut b, after, classes).map_err(|error| {
        GraphError::Unsupported(format!(
            "the auxiliary head does not fit {shape} behind `{}` ({error}); set auxiliary = 0",
            network.node(after).name
        ))
    })?;
    Ok(WithHead { graph: b.finish(network.output()), logits })
}

/// ReLU, a 5×5 average, 1×1 convolution to 128 channels, 2×2 convolution to 768, and a linear layer, as the released code has it.
fn head(b: &mut GraphBuilder, after: NodeId, classes: usize) -> Result<NodeId, GraphError> {
    let shape = b.shape(after);
    let is_imagenet = shape.height.min(shape.width) < CIFAR_SIDE;
    let positive = b.relu("auxiliary.relu", after)?;
    let pooled = b.avg_pool("auxiliary.pool", positive, Pool::new(5, if is_imagenet { 2 } else { 3 }, 0))?;
    let narrow = b.conv("auxiliary.conv_a", pooled, Conv2d::new(128, 1))?;
    let narrow = b.batch_norm("auxiliary.bn_a", narrow)?;
    let narrow = b.relu("auxiliary.relu_a", narrow)?;
    let wide = b.conv("auxiliary.conv_b", narrow, Conv2d::new(768, 2))?;
    // The released code has no normalisation here on ImageNet, by a slip that it keeps.
    let wide = if is_imagenet { wide } else { b.batch_norm("auxiliary.bn_b", wide)? };
    let wide = b.relu("auxiliary.relu_b", wide)?;
    // One position but for images of other sizes than the papers'.
    let vector = if b.shape(wide).area() == 1 { wide } else { b.add("auxiliary.average", Operator::GlobalAvgPool, &[wide])? };
    b.linear("auxiliary.classifier", vector, classes, true)
}

#[cfg(test)]
mod tests {
    use assay_core::graph::Shape;

    use super::*;

    fn alone(shape: Shape, classes: usize) -> Result<Graph, GraphError> {
        let mut b = GraphBuilder::new(shape)?;
        let logits = head(&mut b, NodeId(0), classes)?;
        Ok(b.finish(logits))
    }

    #[test]
    fn the_head_has_the_parameters_of_the_released_code() {
        // PyTorch's count of AuxiliaryHeadCIFAR(576, 10) and AuxiliaryHeadImageNet(768, 1000) of `model.py`.
        assert_eq!(alone(Shape::new(576, 8, 8), 10).unwrap().parameter_count(), 576 * 128 + 2 * 128 + 128 * 768 * 4 + 2 * 768 + 7690);
        assert_eq!(alone(Shape::new(768, 7, 7), 1000).unwrap().parameter_count(), 768 * 128 + 2 * 128 + 128 * 768 * 4 + 769_000);
    }

    #[test]
    fn a_network_with_a_head_has_the_network_in_it_and_too_small_maps_are_refused() {
        let network = |size: usize| {
            let mut b = GraphBuilder::new(Shape::new(3, size, size)).unwrap();
            let stem = b.conv("stem", b.input(), Conv2d::new(8, 1)).unwrap();
            let cell = b.relu("cell", stem).unwrap();
            b.block(stem);
            b.block(cell);
            b.path(cell);
            let pooled = b.add("pool", Operator::GlobalAvgPool, &[cell]).unwrap();
            let output = b.linear("out", pooled, 10, true).unwrap();
            b.finish(output)
        };
        let plain = network(8);
        let WithHead { graph, logits } = with_head(&plain, 10).unwrap();
        assert_eq!(graph.nodes()[..plain.nodes().len()], *plain.nodes());
        assert_eq!((graph.output(), graph.paths(), graph.blocks()), (plain.output(), plain.paths(), plain.blocks()));
        assert_eq!(graph.node(logits).name, "auxiliary.classifier");
        let error = with_head(&network(4), 10).unwrap_err().to_string();
        assert!(error.contains("does not fit 8×4×4 behind `cell`"), "{error}");
    }
}
