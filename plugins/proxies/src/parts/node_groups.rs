//! The values of many nodes, a few nodes a pass: those of all nodes of a network at once would take gigabytes.

use assay_core::data::Minibatch;
use assay_core::engine::{Ask, Engine, EngineError, Precision};
use assay_core::graph::{Graph, NodeId};
use assay_core::network::Network;

/// The bytes of values that one pass gives, unless those of a single node are more.
const TOGETHER: usize = 256 << 20;

/// Splits nodes into groups whose values over a batch of `images` come out of one pass; `each` is how many numbers are asked for an
/// element of a node, as 2 for its value and gradient. The order stays.
#[must_use]
pub fn groups<'n>(graph: &Graph, images: usize, nodes: &'n [NodeId], each: usize) -> Vec<&'n [NodeId]> {
    let bytes = |node: &NodeId| images * each * graph.node(*node).shape.elements() * size_of::<f64>();
    let mut groups = Vec::new();
    let (mut first, mut taken) = (0, 0);
    for (position, node) in nodes.iter().enumerate() {
        if position > first && taken + bytes(node) > TOGETHER {
            groups.push(&nodes[first..position]);
            (first, taken) = (position, 0);
        }
        taken += bytes(node);
    }
    groups.push(&nodes[first..]);
    groups.retain(|group| !group.is_empty());
    groups
}

/// Shows `visit` the value of each of these nodes, `[batch, channels, height, width]`, in order.
///
/// # Errors
/// Those of the engine and of `visit`.
pub fn visit_values<E: From<EngineError>>(
    engine: &dyn Engine,
    network: &Network,
    batch: &Minibatch,
    precision: Precision,
    nodes: &[NodeId],
    mut visit: impl FnMut(NodeId, &[f64]) -> Result<(), E>,
) -> Result<(), E> {
    for group in groups(network.graph(), batch.len(), nodes, 1) {
        let answer = engine.pass(network, batch, &Ask::new().values(group), precision)?;
        for node in group {
            visit(*node, answer.value(*node)?)?;
        }
    }
    Ok(())
}
