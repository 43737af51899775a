//! Where a network's blocks end, found from where one value alone is live, or told.
//!
//! A block ends where branches are joined by a sum or a concatenation and nothing else is carried past, with the activation that
//! follows; and where a stretch of layers ends before branches begin, as the stem does. A network without branches has a block for
//! each layer.

use assay_core::graph::{Graph, GraphBuilder, NodeId, Operator};

use crate::Problem;

/// The graph with the blocks that are found in it.
pub(crate) fn found(graph: Graph) -> Result<Graph, Problem> {
    let blocks = blocks(&graph);
    if blocks.is_empty() { Ok(graph) } else { marked(graph, &blocks) }
}

/// The graph with blocks that end at these nodes.
pub(crate) fn marked(graph: Graph, blocks: &[NodeId]) -> Result<Graph, Problem> {
    let mut builder = GraphBuilder::beginning_of(&graph, graph.nodes().len())?;
    blocks.iter().for_each(|block| builder.block(*block));
    Ok(builder.finish(graph.output()))
}

/// What a stretch between two places where one value alone is live does.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Stretch {
    /// Branches that a sum or a concatenation joins.
    Block,
    /// A layer with weights.
    Layer,
    /// Branches that are joined otherwise, as a gate is, or a function without weights.
    Other,
}

fn blocks(graph: &Graph) -> Vec<NodeId> {
    let cuts = cuts(graph);
    let stretches: Vec<Stretch> = cuts.windows(2).map(|pair| stretch(graph, pair[0], pair[1])).collect();
    let mut ends = Vec::new();
    let has_branches = stretches.contains(&Stretch::Block);
    // Whether there was a layer since the last block.
    let mut since = false;
    for (place, kind) in stretches.iter().enumerate() {
        let next = stretches.get(place + 1);
        since |= *kind == Stretch::Layer;
        let id = cuts[place + 1];
        let is_end = match kind {
            Stretch::Block => !next_is_function(graph, &cuts, place),
            _ if has_branches => {
                let ends_a_block = place > 0 && is_after_block(&stretches, graph, &cuts, place) && !next_is_function(graph, &cuts, place);
                ends_a_block || (since && next == Some(&Stretch::Block))
            }
            _ => since && (next == Some(&Stretch::Layer) || next_is_pool(graph, &cuts, place)),
        };
        if is_end && id != graph.output() {
            ends.push(id);
            since = false;
        }
    }
    ends
}

/// Whether what follows is a function of each element, which belongs to the block before it.
fn next_is_function(graph: &Graph, cuts: &[NodeId], place: usize) -> bool {
    cuts.get(place + 2).is_some_and(|next| is_function(graph, *next))
}

fn next_is_pool(graph: &Graph, cuts: &[NodeId], place: usize) -> bool {
    let operator = cuts.get(place + 2).map(|next| &graph.node(*next).operator);
    matches!(operator, Some(Operator::GlobalAvgPool | Operator::MaxPool(_) | Operator::AvgPool(_) | Operator::Reshape { .. }))
}

fn is_function(graph: &Graph, id: NodeId) -> bool {
    matches!(graph.node(id).operator, Operator::Relu | Operator::Activation(_)) && graph.node(id).inputs.len() == 1
}

/// Whether nothing but functions lies between a block and this place.
fn is_after_block(stretches: &[Stretch], graph: &Graph, cuts: &[NodeId], place: usize) -> bool {
    let mut at = place;
    while at > 0 && is_function(graph, cuts[at + 1]) {
        at -= 1;
        if stretches[at] == Stretch::Block {
            return true;
        }
    }
    false
}

/// The nodes that every way from the input to the output goes through, in order, the input first.
fn cuts(graph: &Graph) -> Vec<NodeId> {
    let live = graph.liveness();
    let mut reached = vec![false; graph.nodes().len()];
    reached[0] = true;
    let mut last_reader: Vec<usize> = (0..graph.nodes().len()).collect();
    for (position, node) in graph.nodes().iter().enumerate() {
        for input in node.inputs.iter().filter(|_| live.is_needed(NodeId(position))) {
            reached[position] |= reached[input.0];
            last_reader[input.0] = position;
        }
    }
    let mut open = 0;
    let mut cuts = Vec::new();
    for position in (0..graph.nodes().len()).filter(|position| reached[*position]) {
        if open <= position {
            cuts.push(NodeId(position));
        }
        open = open.max(last_reader[position]);
    }
    cuts
}

fn stretch(graph: &Graph, from: NodeId, to: NodeId) -> Stretch {
    let node = graph.node(to);
    let is_plain = node.inputs.contains(&from) && node.inputs.iter().all(|input| *input == from || graph.node(*input).operator.is_source());
    if !is_plain && matches!(node.operator, Operator::WeightedSum { .. } | Operator::Concat { .. }) && node.inputs.len() > 1 {
        return Stretch::Block;
    }
    let has_layer =
        (from.0 + 1..=to.0).any(|position| matches!(graph.node(NodeId(position)).operator, Operator::Conv2d(_) | Operator::Linear { .. }));
    if has_layer { Stretch::Layer } else { Stretch::Other }
}
