//! From what is kept of a cell to nodes of a graph.
//!
//! Every kept operator is in the graph, also where no signal passes, so that its parameters count as the benchmark counts them; engines
//! skip what the output does not need.

use assay_core::graph::{Conv2d, GraphBuilder, GraphError, NodeId, Operator};
use assay_core::subspace::{Layout, Subspace};

use super::{EDGES, EdgeOperator, NODES};
use crate::factorized_reduction::halves;
use crate::transnas_bench_101::{Cell, relu_conv_bn};

/// The cell: an edge averages its operators, and a node adds its edges.
pub(super) fn build(
    b: &mut GraphBuilder,
    layout: &Layout,
    subspace: &Subspace,
    place: Cell<'_>,
    input: NodeId,
) -> Result<NodeId, GraphError> {
    let mut nodes = vec![input];
    for target in 1..NODES {
        let (mut terms, mut paths) = (Vec::new(), Vec::new());
        for (edge, (_, source)) in EDGES.into_iter().enumerate().filter(|(_, (to, _))| *to == target) {
            let kept = subspace.kept(0, edge);
            let share = 1.0 / kept.len() as f32;
            for operator in kept.iter() {
                let operator = EdgeOperator::ALL[operator];
                let name = format!("{}.edges.{}.{}", place.name, layout.cells[0].edges[edge], operator.name());
                let stride = if source == 0 { place.stride } else { 1 };
                let output = operator_of(b, Cell { name: &name, stride, ..place }, operator, nodes[source])?;
                terms.extend(output.map(|output| (share, output)));
                paths.extend(output.filter(|output| *output != nodes[source]));
            }
        }
        let name = format!("{}.nodes.{target}", place.name);
        nodes.push(match terms[..] {
            [] => zeros(b, Cell { name: &name, ..place }, input)?,
            [(1.0, only)] => only,
            _ => {
                paths.into_iter().for_each(|path| b.path(path));
                b.weighted_sum(name, &terms)?
            }
        });
    }
    Ok(nodes[NODES - 1])
}

/// The operator's output for `input`; nothing for `none`.
fn operator_of(b: &mut GraphBuilder, place: Cell<'_>, operator: EdgeOperator, input: NodeId) -> Result<Option<NodeId>, GraphError> {
    let Cell { name, channels, stride } = place;
    Ok(match operator {
        EdgeOperator::None => None,
        EdgeOperator::Skip if stride == 1 && b.shape(input).channels == channels => Some(input),
        EdgeOperator::Skip if stride > 1 && b.shape(input).height.min(b.shape(input).width) == 1 => {
            return Err(GraphError::Unsupported(format!(
                "the images are too small for transnas-bench-101-micro: at {name} the maps have one row or column, and half of what reduces \
                 them reads none; images of 32×32 or more fit"
            )));
        }
        EdgeOperator::Skip => {
            let both = halves(b, name, input, channels)?;
            Some(b.batch_norm(format!("{name}.bn"), both)?)
        }
        EdgeOperator::Conv1x1 => Some(relu_conv_bn(b, name, input, Conv2d::new(channels, 1).stride(stride))?),
        EdgeOperator::Conv3x3 => Some(relu_conv_bn(b, name, input, Conv2d::new(channels, 3).stride(stride).padding(1))?),
    })
}

/// Zeros of the cell's output.
fn zeros(b: &mut GraphBuilder, place: Cell<'_>, input: NodeId) -> Result<NodeId, GraphError> {
    let Cell { name, channels, stride } = place;
    let copies = channels / b.shape(input).channels;
    if copies == 1 {
        return b.add(name, Operator::Zero { stride }, &[input]);
    }
    // An operator of zeros keeps the channels.
    let copies = (0..copies).map(|copy| b.add(format!("{name}.{copy}"), Operator::Zero { stride }, &[input]));
    let copies = copies.collect::<Result<Vec<_>, _>>()?;
    b.add(name, Operator::CONCAT, &copies)
}
