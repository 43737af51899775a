//! Building a network anew from another's nodes and parameters.

use std::collections::BTreeMap;
use std::sync::Arc;

use assay_core::graph::{Graph, GraphBuilder, GraphError, Node, NodeId, ParameterSpec};
use assay_core::network::Network;
use assay_core::plugin::ProxyError;

/// Builds a graph from another's nodes, one after the other. `place` is given a node, its id in the old graph, and what
/// stands for its inputs in the new one, and returns what stands for the node itself.
///
/// # Errors
/// Those of `place`.
pub fn rewrite(
    graph: &Graph,
    mut place: impl FnMut(&mut GraphBuilder, &Node, NodeId, &[NodeId]) -> Result<NodeId, GraphError>,
) -> Result<Graph, GraphError> {
    let mut builder = GraphBuilder::new(graph.input_shape())?;
    let mut placed = vec![builder.input()];
    for (position, node) in graph.nodes().iter().enumerate().skip(1) {
        let inputs: Vec<NodeId> = node.inputs.iter().map(|input| placed[input.0]).collect();
        placed.push(place(&mut builder, node, NodeId(position), &inputs)?);
    }
    for block in graph.blocks() {
        builder.block(placed[block.0]);
    }
    for path in graph.paths() {
        builder.path(placed[path.0]);
    }
    Ok(builder.finish(placed[graph.output().0]))
}

/// A network of this graph. `value` makes each number of its parameters from that of the same path in another network,
/// which may lack it.
///
/// # Errors
/// If there is no value, or the other's parameter of a path has another size.
pub fn with_parameters(
    graph: Graph,
    other: &Network,
    value: impl Fn(&ParameterSpec, Option<f32>) -> Option<f32>,
) -> Result<Network, ProxyError> {
    let others = other.graph().parameters().iter().enumerate();
    let others: BTreeMap<&str, usize> = others.map(|(position, spec)| (spec.path.as_str(), position)).collect();
    let values_of = |spec: &ParameterSpec| -> Option<Vec<f32>> {
        match others.get(spec.path.as_str()) {
            Some(position) => other.parameter(*position).iter().map(|own| value(spec, Some(*own))).collect(),
            None => Some(vec![value(spec, None)?; spec.elements()]),
        }
    };
    let values = graph.parameters().iter().filter_map(|spec| Some((spec.path.clone(), values_of(spec)?))).collect();
    Network::with_parameters(Arc::new(graph), &values).map_err(|error| ProxyError::Other(error.to_string()))
}
