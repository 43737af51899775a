//! Heads in the place of pooling and a linear layer.

use crate::graph::{Conv2d, Graph, GraphBuilder, GraphError, NodeId, Operator};
use crate::network::{Initialiser, Network};

/// What the parameters of all heads begin with.
const NAME: &str = "classifier";

/// A network up to the features that its last two nodes pool and classify.
fn trunk(network: &Graph) -> Result<(GraphBuilder, NodeId), GraphError> {
    let nodes = network.nodes();
    if let [.., pool, linear] = nodes
        && let ([features], Operator::GlobalAvgPool, Operator::Linear { .. }) = (&pool.inputs[..], &pool.operator, &linear.operator)
        && network.output() == NodeId(nodes.len() - 1)
        && linear.inputs == [NodeId(nodes.len() - 2)]
    {
        return Ok((GraphBuilder::beginning_of(network, nodes.len() - 2)?, *features));
    }
    let problem = "networks of this space do not end in pooling and a linear layer, in whose place a pretext task has a head of its own";
    Err(GraphError::Unsupported(problem.into()))
}

/// A 1×1 convolution to a map of a channel a class.
pub(super) fn of_pixels(network: &Graph, classes: usize) -> Result<Graph, GraphError> {
    let (mut b, features) = trunk(network)?;
    let map = b.conv(NAME, features, Conv2d::new(classes, 1).bias(true))?;
    Ok(b.finish(map))
}

/// Pooling, and of the linear layer that reads the pooled features of a group of images, one after the other, the part of each place
/// in the group. An image has all of them, of which its own counts.
pub(super) fn of_groups(network: &Graph, images: usize, classes: usize) -> Result<Graph, GraphError> {
    let (mut b, features) = trunk(network)?;
    let pooled = b.add("pool", Operator::GlobalAvgPool, &[features])?;
    // The layer has one bias, which the first image of a group adds.
    let place = |place: usize| b.linear(format!("{NAME}.{place}"), pooled, classes, place == 0);
    let places: Vec<NodeId> = (0..images).map(place).collect::<Result<_, _>>()?;
    let output = b.add(format!("{NAME}.places"), Operator::CONCAT, &places)?;
    Ok(b.finish(output))
}

/// The layer that a group is read by has as many times the inputs of its parts, which initialisers by fan-in draw so much smaller.
pub(super) fn as_one_layer(network: Network, images: usize, initialiser: Initialiser) -> Network {
    let by = match initialiser {
        Initialiser::UniformFanIn | Initialiser::KaimingNormalFanIn => (1.0 / (images as f64).sqrt()) as f32,
        Initialiser::KaimingNormalFanOut | Initialiser::StandardNormal => return network,
    };
    let graph = network.shared_graph();
    let mut parameters = network.into_parameters();
    for (spec, values) in graph.parameters().iter().zip(&mut parameters) {
        if graph.node(spec.node).name.strip_prefix(NAME).is_some_and(|rest| rest.starts_with('.')) {
            values.iter_mut().for_each(|value| *value *= by);
        }
    }
    Network::drawn(graph, parameters)
}
