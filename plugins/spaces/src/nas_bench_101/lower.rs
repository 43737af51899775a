//! From a cell to a graph, as the benchmark's code builds it.
//!
//! A module has the cell's vertices. What flows into a vertex is added up; from the module's input it comes through a 1×1
//! projection. What flows into the output is concatenated, and the projected input added to it. The vertices that feed the
//! output share its channels, the first of them with one more where they do not divide; a vertex has as many channels as
//! the widest that it feeds, and a reader that has one fewer drops the last.

use assay_core::graph::{Conv2d, Graph, GraphBuilder, GraphError, NodeId, Operator, Pool};
use assay_core::plugin::{MacroNet, Part};

use super::cell::{Cell, VertexOperator};

/// Stacks of modules; between two the maps are halved and the channels doubled.
const STACKS: usize = 3;

/// The network of a cell; without one, what surrounds the modules.
pub(super) fn lower(cell: Option<&Cell>, net: &MacroNet) -> Result<Graph, GraphError> {
    if net.cells == 0 {
        return Err(GraphError::Unsupported("a stack needs at least one module, 0 were asked for".into()));
    }
    let mut b = GraphBuilder::new(net.input)?;
    let images = b.input();
    match net.part {
        Part::Trunk => {
            crate::checks::trunk(net, "modules have")?;
            let output = stack(&mut b, cell, 0, images, net.channels, net.cells)?;
            Ok(b.finish(output))
        }
        Part::Classifier => {
            let mut features = conv_bn_relu(&mut b, "stem", images, Conv2d::new(net.channels, 3).padding(1))?;
            b.block(features);
            let mut channels = net.channels;
            for index in 0..STACKS {
                if index > 0 {
                    features = b.add(format!("stacks.{index}.pool"), Operator::MaxPool(Pool::new(2, 2, 0)), &[features])?;
                    channels *= 2;
                }
                features = stack(&mut b, cell, index, features, channels, net.cells)?;
            }
            let pooled = b.add("pool", Operator::GlobalAvgPool, &[features])?;
            let logits = b.linear("classifier", pooled, net.classes, true)?;
            Ok(b.finish(logits))
        }
    }
}

fn stack(
    b: &mut GraphBuilder,
    cell: Option<&Cell>,
    index: usize,
    input: NodeId,
    channels: usize,
    modules: usize,
) -> Result<NodeId, GraphError> {
    let mut features = input;
    for (number, cell) in (0..modules).zip(std::iter::repeat(cell)) {
        if let Some(cell) = cell {
            features = module(b, cell, &format!("stacks.{index}.modules.{number}"), features, channels)?;
        }
        b.block(features);
    }
    Ok(features)
}

fn module(b: &mut GraphBuilder, cell: &Cell, name: &str, input: NodeId, channels: usize) -> Result<NodeId, GraphError> {
    let output = cell.vertices() - 1;
    let widths = widths(cell, channels)?;
    let mut values = vec![input];
    for (vertex, width) in widths.iter().copied().enumerate().skip(1) {
        let name = format!("{name}.vertices.{vertex}");
        let mut terms = Vec::new();
        for from in (1..vertex).filter(|from| cell.has(*from, vertex)) {
            terms.push((1.0, first_channels(b, &format!("{name}.from.{from}"), values[from], width)?));
        }
        if cell.has(0, vertex) {
            terms.push((1.0, projection(b, &name, input, width)?));
        }
        let sum = match terms[..] {
            [(_, only)] => only,
            _ => b.weighted_sum(format!("{name}.sum"), &terms)?,
        };
        let operator = cell.operator(vertex);
        let name = format!("{name}.{}", operator.name());
        values.push(match operator {
            VertexOperator::Conv3x3 => conv_bn_relu(b, &name, sum, Conv2d::new(width, 3).padding(1))?,
            VertexOperator::Conv1x1 => conv_bn_relu(b, &name, sum, Conv2d::new(width, 1))?,
            VertexOperator::MaxPool3x3 => b.add(name, Operator::MaxPool(Pool::new(3, 1, 1)), &[sum])?,
        });
    }
    let feeding: Vec<NodeId> = (1..output).filter(|vertex| cell.has(*vertex, output)).map(|vertex| values[vertex]).collect();
    let name = format!("{name}.output");
    let features = match feeding[..] {
        [] => return projection(b, &name, input, channels),
        [only] => only,
        _ => b.add(format!("{name}.concat"), Operator::CONCAT, &feeding)?,
    };
    if !cell.has(0, output) {
        return Ok(features);
    }
    let projected = projection(b, &name, input, channels)?;
    b.weighted_sum(format!("{name}.sum"), &[(1.0, features), (1.0, projected)])
}

/// The channels of each inner vertex; entry 0 is not used.
fn widths(cell: &Cell, channels: usize) -> Result<Vec<usize>, GraphError> {
    let output = cell.vertices() - 1;
    let feeding: Vec<usize> = (1..output).filter(|vertex| cell.has(*vertex, output)).collect();
    if channels < feeding.len() {
        let count = feeding.len();
        return Err(GraphError::Unsupported(format!("{channels} channels cannot be shared by the {count} vertices that feed the output")));
    }
    let mut widths = vec![0; output];
    for (position, vertex) in feeding.iter().enumerate() {
        widths[*vertex] = channels / feeding.len() + usize::from(position < channels % feeding.len());
    }
    for vertex in (1..output).rev().filter(|vertex| !cell.has(*vertex, output)) {
        widths[vertex] = (vertex + 1..output).filter(|to| cell.has(vertex, *to)).map(|to| widths[to]).max().unwrap_or_default();
    }
    Ok(widths)
}

/// The first channels of a value, or the value where it has no more.
fn first_channels(b: &mut GraphBuilder, name: &str, value: NodeId, channels: usize) -> Result<NodeId, GraphError> {
    if b.shape(value).channels == channels {
        return Ok(value);
    }
    b.add(name, Operator::Truncate { channels }, &[value])
}

fn projection(b: &mut GraphBuilder, name: &str, input: NodeId, channels: usize) -> Result<NodeId, GraphError> {
    conv_bn_relu(b, &format!("{name}.projection"), input, Conv2d::new(channels, 1))
}

fn conv_bn_relu(b: &mut GraphBuilder, name: &str, input: NodeId, conv: Conv2d) -> Result<NodeId, GraphError> {
    let features = b.conv(format!("{name}.conv"), input, conv)?;
    let normalised = b.batch_norm(format!("{name}.bn"), features)?;
    b.relu(format!("{name}.relu"), normalised)
}
