//! From a subspace to a graph.
//!
//! Node names follow the published TE-NAS code where it names its modules: `stem.conv`, `cells.0.edges.1<-0.nor_conv_3x3.bn`,
//! `cells.1.conv_a.conv`, `lastact.bn`, `classifier`. Every kept operator is in the graph, also where no signal passes,
//! so that its parameters count as the benchmark counts them; engines skip what the output does not need.

use assay_core::graph::{Conv2d, Graph, GraphBuilder, GraphError, NodeId, Operator, Pool, Shape};
use assay_core::plugin::{MacroNet, Part};
use assay_core::subspace::{Layout, Subspace};

use super::{EDGES, EdgeOperator, NODES};

/// Stages of the network; each doubles the channels and halves the maps.
const STAGES: usize = 3;

pub(super) fn lower(layout: &Layout, subspace: &Subspace, net: &MacroNet) -> Result<Graph, GraphError> {
    let mut network = Network::new(net.input)?;
    match net.part {
        Part::Trunk => {
            crate::checks::trunk(net, "cells have")?;
            let images = network.builder.input();
            let features = cell(&mut network, layout, subspace, 0, images)?;
            let output = network.last_activation(features, true)?;
            Ok(network.builder.finish(output))
        }
        Part::Classifier => {
            let features = network.body(net, &mut |network, index, input| cell(network, layout, subspace, index, input))?;
            let features = network.last_activation(features, true)?;
            network.classify(features, net.classes)
        }
    }
}

fn cell(network: &mut Network, layout: &Layout, subspace: &Subspace, index: usize, input: NodeId) -> Result<NodeId, GraphError> {
    let mut nodes = vec![input];
    for target in 1..NODES {
        let (mut terms, mut paths) = (Vec::new(), Vec::new());
        for (edge, (_, source)) in EDGES.iter().enumerate().filter(|(_, (to, _))| *to == target) {
            let kept = subspace.kept(0, edge);
            // An edge averages its operators; the node adds its edges. One sum does both.
            let share = 1.0 / kept.len() as f32;
            let prefix = format!("cells.{index}.edges.{}", layout.cells[0].edges[edge]);
            for operator in kept.iter() {
                let output = operator_of(network, &prefix, EdgeOperator::ALL[operator], nodes[*source])?;
                terms.extend(output.map(|output| (share, output)));
                paths.extend(output.filter(|output| *output != nodes[*source]));
            }
        }
        let name = format!("cells.{index}.nodes.{target}");
        nodes.push(match terms[..] {
            [] => network.builder.add(name, Operator::Zero { stride: 1 }, &[input])?,
            [(1.0, only)] => only,
            _ => {
                paths.into_iter().for_each(|path| network.builder.path(path));
                network.builder.weighted_sum(name, &terms)?
            }
        });
    }
    Ok(nodes[NODES - 1])
}

/// The operator's output for `input`; nothing for `none`.
fn operator_of(network: &mut Network, prefix: &str, operator: EdgeOperator, input: NodeId) -> Result<Option<NodeId>, GraphError> {
    let channels = network.builder.shape(input).channels;
    let name = format!("{prefix}.{}", operator.name());
    Ok(match operator {
        EdgeOperator::None => None,
        EdgeOperator::Skip => Some(input),
        EdgeOperator::Conv1x1 => Some(network.relu_conv_bn(&name, input, Conv2d::new(channels, 1), true)?),
        EdgeOperator::Conv3x3 => Some(network.relu_conv_bn(&name, input, Conv2d::new(channels, 3).padding(1), true)?),
        EdgeOperator::AvgPool => Some(network.avg_pool(name, input)?),
    })
}

/// A network while it is built: what stands around its cells, and what they are made of.
pub(super) struct Network {
    pub(super) builder: GraphBuilder,
}

/// Builds the cell of this number behind a node.
type Cell<'a> = dyn FnMut(&mut Network, usize, NodeId) -> Result<NodeId, GraphError> + 'a;

impl Network {
    /// For images of this shape.
    pub(super) fn new(input: Shape) -> Result<Self, GraphError> {
        Ok(Self { builder: GraphBuilder::new(input)? })
    }

    /// Stem, then stages of cells with a reduction block between two.
    pub(super) fn body(&mut self, net: &MacroNet, cell: &mut Cell<'_>) -> Result<NodeId, GraphError> {
        crate::images::check(net.input, STAGES as u32 - 1, "nas-bench-201")?;
        if net.cells == 0 {
            return Err(GraphError::Unsupported("a stage needs at least one cell, 0 were asked for".into()));
        }
        let images = self.builder.input();
        let stem = self.builder.conv("stem.conv", images, Conv2d::new(net.channels, 3).padding(1))?;
        let mut features = self.builder.batch_norm("stem.bn", stem)?;
        self.builder.block(features);
        let mut index = 0;
        for stage in 0..STAGES {
            if stage > 0 {
                features = self.reduction(index, features)?;
                self.builder.block(features);
                index += 1;
            }
            for _ in 0..net.cells {
                features = cell(self, index, features)?;
                self.builder.block(features);
                index += 1;
            }
        }
        Ok(features)
    }

    /// The residual block between two stages: twice the channels, half the height and width.
    fn reduction(&mut self, index: usize, input: NodeId) -> Result<NodeId, GraphError> {
        let channels = 2 * self.builder.shape(input).channels;
        let name = |part: &str| format!("cells.{index}.{part}");
        let conv = Conv2d::new(channels, 3).padding(1);
        let first = self.relu_conv_bn(&name("conv_a"), input, conv.stride(2), true)?;
        let second = self.relu_conv_bn(&name("conv_b"), first, conv, true)?;
        let pooled = self.builder.avg_pool(name("downsample.pool"), input, Pool::new(2, 2, 0))?;
        let shortcut = self.builder.conv(name("downsample.conv"), pooled, Conv2d::new(channels, 1))?;
        self.builder.weighted_sum(name("sum"), &[(1.0, second), (1.0, shortcut)])
    }

    pub(super) fn last_activation(&mut self, input: NodeId, affine: bool) -> Result<NodeId, GraphError> {
        let normalised = self.batch_norm("lastact.bn".into(), input, affine)?;
        self.builder.relu("lastact.relu", normalised)
    }

    /// Pooling and the classifier, which end the network.
    pub(super) fn classify(mut self, features: NodeId, classes: usize) -> Result<Graph, GraphError> {
        let pooled = self.builder.add("pool", Operator::GlobalAvgPool, &[features])?;
        let logits = self.builder.linear("classifier", pooled, classes, true)?;
        Ok(self.builder.finish(logits))
    }

    /// Every convolution has a ReLU of its own, as in the published code, which counts each one's units.
    pub(super) fn relu_conv_bn(&mut self, name: &str, input: NodeId, conv: Conv2d, affine: bool) -> Result<NodeId, GraphError> {
        let positive = self.builder.relu(format!("{name}.relu"), input)?;
        let features = self.builder.conv(format!("{name}.conv"), positive, conv)?;
        self.batch_norm(format!("{name}.bn"), features, affine)
    }

    /// The 3×3 average of an edge.
    pub(super) fn avg_pool(&mut self, name: String, input: NodeId) -> Result<NodeId, GraphError> {
        self.builder.avg_pool(name, input, Pool::new(3, 1, 1))
    }

    fn batch_norm(&mut self, name: String, input: NodeId, affine: bool) -> Result<NodeId, GraphError> {
        self.builder.add(name, Operator::BatchNorm { affine, epsilon: 1e-5 }, &[input])
    }
}
