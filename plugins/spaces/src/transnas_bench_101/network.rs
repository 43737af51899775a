//! The network around the cells: a stem that reduces the images to a quarter, modules of cells, pooling and a linear layer.
//!
//! Nodes are named as the published code names its modules: `stem.conv`, `layer0.1.conv_a.conv`.

use assay_core::graph::{Conv2d, Graph, GraphBuilder, GraphError, NodeId, Operator};
use assay_core::plugin::{MacroNet, Part};

use super::Heads;

/// What the first cell of a module changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Module {
    /// Whether it doubles the channels.
    pub(crate) widens: bool,
    /// Whether it halves height and width.
    pub(crate) halves: bool,
}

impl Module {
    /// In the order of the benchmark's digits, which begin with 1.
    pub(crate) const ALL: [Self; 4] = [
        Self { widens: false, halves: false },
        Self { widens: true, halves: false },
        Self { widens: false, halves: true },
        Self { widens: true, halves: true },
    ];
}

/// Where a cell is, and what it makes of its input.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cell<'a> {
    /// What the names of its nodes begin with.
    pub(crate) name: &'a str,
    /// Channels of its output.
    pub(crate) channels: usize,
    /// Of what reads its input.
    pub(crate) stride: usize,
}

/// Builds a cell behind a node.
type Build<'a> = dyn FnMut(&mut GraphBuilder, Cell<'_>, NodeId) -> Result<NodeId, GraphError> + 'a;

/// A network of these modules, each of `net.cells` cells.
pub(crate) fn lower(net: &MacroNet, modules: &[Module], heads: Heads, build: &mut Build<'_>) -> Result<Graph, GraphError> {
    if net.cells == 0 {
        return Err(GraphError::Unsupported("a module needs at least one cell, 0 were asked for; the benchmark's have 2".into()));
    }
    let mut b = GraphBuilder::new(net.input)?;
    let images = b.input();
    match net.part {
        Part::Trunk => {
            crate::checks::trunk(net, "cells read")?;
            let first = &modules[..modules.len().min(1)];
            let features = stack(&mut b, images, first, net.cells, build)?;
            let normalised = b.batch_norm("lastact.bn", features)?;
            let output = b.relu("lastact.relu", normalised)?;
            Ok(b.finish(output))
        }
        Part::Classifier => {
            let outputs = heads.outputs(net.classes)?;
            let stem = stem(&mut b, images, net.channels)?;
            let features = stack(&mut b, stem, modules, net.cells, build)?;
            let pooled = b.add("pool", Operator::GlobalAvgPool, &[features])?;
            let logits = b.linear("classifier", pooled, outputs, true)?;
            Ok(b.finish(logits))
        }
    }
}

/// Two convolutions of stride 2, the first to half the channels.
fn stem(b: &mut GraphBuilder, images: NodeId, channels: usize) -> Result<NodeId, GraphError> {
    if channels < 2 {
        return Err(GraphError::Unsupported(format!(
            "the stem begins with half of the channels, so that there have to be 2 or more, not {channels}; the benchmark's networks have 64"
        )));
    }
    let conv = |channels| Conv2d::new(channels, 3).stride(2).padding(1);
    let half = b.conv("stem.conv", images, conv(channels / 2))?;
    let half = b.batch_norm("stem.bn", half)?;
    let output = relu_conv_bn(b, "stem.second", half, conv(channels))?;
    b.block(output);
    Ok(output)
}

fn stack(b: &mut GraphBuilder, input: NodeId, modules: &[Module], cells: usize, build: &mut Build<'_>) -> Result<NodeId, GraphError> {
    let mut features = input;
    let mut channels = b.shape(input).channels;
    for (index, Module { widens, halves }) in modules.iter().enumerate() {
        if *widens {
            channels *= 2;
        }
        for cell in 0..cells {
            let stride = if *halves && cell == 0 { 2 } else { 1 };
            features = build(b, Cell { name: &format!("layer{index}.{cell}"), channels, stride }, features)?;
            b.block(features);
        }
    }
    Ok(features)
}

/// ReLU, a convolution without bias, batch normalisation.
pub(crate) fn relu_conv_bn(b: &mut GraphBuilder, name: &str, input: NodeId, conv: Conv2d) -> Result<NodeId, GraphError> {
    let positive = b.relu(format!("{name}.relu"), input)?;
    let features = b.conv(format!("{name}.conv"), positive, conv)?;
    b.batch_norm(format!("{name}.bn"), features)
}
