//! The auxiliary head of DARTS: a second classifier behind two thirds of the cells, that only training has.

use assay_core::graph::{Conv2d, Graph, GraphBuilder, GraphError, NodeId, Operator, Pool, Shape};

/// Maps of at least this many pixels a side are CIFAR's (8×8); ImageNet's are 7×7.
const CIFAR_SIDE: usize = 8;

/// Where the head reads, and what it is.
#[derive(Clone, Debug)]
pub(crate) struct Auxiliary {
    /// A node of the network.
    pub(crate) after: NodeId,
    /// The head, whose input is that node's value.
    pub(crate) head: Graph,
}

/// The head of a network, behind the block at two thirds of its cells.
///
/// # Errors
/// If the network marks no blocks, or the maps there are smaller than the head's pooling window.
pub(crate) fn auxiliary(network: &Graph, classes: usize) -> Result<Auxiliary, GraphError> {
    // The first block is the stem.
    let cells = network.blocks().len().saturating_sub(1);
    let Some(after) = network.blocks().get(1 + 2 * cells / 3).copied() else {
        return Err(GraphError::Unsupported("a network that marks no blocks has no place for an auxiliary head; set auxiliary = 0".into()));
    };
    let shape = network.node(after).shape;
    let head = head(shape, classes).map_err(|error| {
        GraphError::Unsupported(format!(
            "the auxiliary head does not fit {shape} behind `{}` ({error}); set auxiliary = 0",
            network.node(after).name
        ))
    })?;
    Ok(Auxiliary { after, head })
}

/// ReLU, a 5×5 average, 1×1 convolution to 128 channels, 2×2 convolution to 768, and a linear layer, as the released code has it.
fn head(shape: Shape, classes: usize) -> Result<Graph, GraphError> {
    let is_imagenet = shape.height.min(shape.width) < CIFAR_SIDE;
    let mut b = GraphBuilder::new(shape)?;
    let positive = b.relu("auxiliary.relu", b.input())?;
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
    let logits = b.linear("auxiliary.classifier", vector, classes, true)?;
    Ok(b.finish(logits))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_head_has_the_parameters_of_the_released_code() {
        // PyTorch's count of AuxiliaryHeadCIFAR(576, 10) and AuxiliaryHeadImageNet(768, 1000) of `model.py`.
        assert_eq!(head(Shape::new(576, 8, 8), 10).unwrap().parameter_count(), 576 * 128 + 2 * 128 + 128 * 768 * 4 + 2 * 768 + 7690);
        assert_eq!(head(Shape::new(768, 7, 7), 1000).unwrap().parameter_count(), 768 * 128 + 2 * 128 + 128 * 768 * 4 + 769_000);
        let error = head(Shape::new(8, 4, 4), 10).unwrap_err().to_string();
        assert!(error.contains("does not fit 8×4×4"), "{error}");
    }
}
