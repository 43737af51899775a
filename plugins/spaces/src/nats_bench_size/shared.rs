//! The network of widths that share weights: a layer of fewer channels runs with the first of the weights of the widest, as in
//! slimmable networks (Yu, Yang, Xu, Yang and Huang, ICLR 2019).
//!
//! Channels stand in blocks of eight, and so do weights: a convolution is the sum of those from each block that it reads into each
//! that it makes, and a width runs the blocks that it has. Weights are drawn as those of eight channels are. The whole space's
//! network is that of the widest layers, with the convolutions beside them that other widths need; it is there to hold the weights.

use std::sync::Arc;

use assay_core::graph::{Conv2d, GraphBuilder, GraphError, NodeId, Operator, Pool};
use assay_core::network::batch_norms;
use assay_core::plugin::supernet::{Kept, SharedForm, SharedNet};
use assay_core::subspace::{Layout, Subspace};

use super::{CHANNELS, LAYERS, STEP};

/// What a layer puts out, eight channels a node.
type Blocks = Vec<NodeId>;

/// The network of one architecture or of the whole space; `widths` counts the blocks of each layer of one architecture.
pub(super) fn lower(
    layout: &Layout,
    kept: Kept<'_>,
    form: &SharedForm,
    widths: impl Fn(&Subspace) -> Result<[usize; LAYERS.len()], GraphError>,
) -> Result<SharedNet, GraphError> {
    let net = form.net;
    crate::images::check(net.input, LAYERS.len() as u32 / 2, "nats-bench-size")?;
    let subspace = kept.of_cell(0).ok_or_else(|| GraphError::Unsupported("nothing of nats-bench-size is kept".into()))?;
    let is_whole = *subspace == Subspace::whole(layout);
    let widths = if is_whole { [CHANNELS.len(); LAYERS.len()] } else { widths(subspace)? };
    let mut network = Network { builder: GraphBuilder::new(net.input)?, is_whole };
    let images = network.builder.input();
    let stem = network.conv("stem", &[images], widths[0], Conv2d::new(STEP, 3).padding(1))?;
    let mut features = network.norm("stem", stem, true)?;
    for (layer, width) in widths.into_iter().enumerate() {
        features = if layer % 2 == 0 { network.cell(layer, &features, width)? } else { network.reduction(layer, &features, width)? };
    }
    let graph = network.classify(features, net.classes, form.last_affine)?;
    let needs_none = |name: &str| name.starts_with("cells.") || (name.starts_with("lastact.") && !form.last_affine);
    let searched = batch_norms(&graph).filter(|id| needs_none(&graph.node(*id).name)).collect();
    Ok(SharedNet { graph: Arc::new(graph), cells: 1, sums: Vec::new(), searched })
}

struct Network {
    builder: GraphBuilder,
    is_whole: bool,
}

impl Network {
    /// A convolution to so many blocks; `conv` is that from one block to one.
    fn conv(&mut self, name: &str, input: &[NodeId], width: usize, conv: Conv2d) -> Result<Blocks, GraphError> {
        let mut blocks = Blocks::new();
        for to in 0..width {
            let mut terms = Vec::new();
            for (from, node) in input.iter().enumerate() {
                terms.push((1.0, self.builder.conv(format!("{name}.conv.{to}<-{from}"), *node, conv)?));
            }
            blocks.push(self.builder.weighted_sum(format!("{name}.sum.{to}"), &terms)?);
        }
        Ok(blocks)
    }

    fn each(&mut self, name: &str, input: Blocks, operator: &Operator) -> Result<Blocks, GraphError> {
        let mut one = |(block, node)| self.builder.add(format!("{name}.{block}"), operator.clone(), &[node]);
        input.into_iter().enumerate().map(&mut one).collect()
    }

    fn norm(&mut self, name: &str, input: Blocks, affine: bool) -> Result<Blocks, GraphError> {
        self.each(&format!("{name}.bn"), input, &Operator::BatchNorm { affine, epsilon: 1e-5 })
    }

    fn relu(&mut self, name: &str, input: &[NodeId]) -> Result<Blocks, GraphError> {
        self.each(&format!("{name}.relu"), input.to_vec(), &Operator::Relu)
    }

    fn conv_bn(&mut self, name: &str, input: &[NodeId], width: usize, conv: Conv2d) -> Result<Blocks, GraphError> {
        let features = self.conv(name, input, width, conv)?;
        self.norm(name, features, false)
    }

    /// Features of one width added up.
    fn sum(&mut self, name: &str, terms: &[&[NodeId]]) -> Result<Blocks, GraphError> {
        let width = terms.first().map_or(0, |blocks| blocks.len());
        let one = |block: usize| {
            let terms: Vec<(f32, NodeId)> = terms.iter().map(|blocks| (1.0, blocks[block])).collect();
            self.builder.weighted_sum(format!("{name}.{block}"), &terms)
        };
        (0..width).map(one).collect()
    }

    /// The fixed cell.
    fn cell(&mut self, layer: usize, input: &[NodeId], width: usize) -> Result<Blocks, GraphError> {
        let name = |part: &str| format!("cells.{layer}.{part}");
        let conv = Conv2d::new(STEP, 3).padding(1);
        let positive = self.relu(&name("nodes.0"), input)?;
        let first = self.conv_bn(&name("edges.1<-0"), &positive, width, conv)?;
        let from_input = self.conv_bn(&name("edges.2<-0"), &positive, width, conv)?;
        let positive = self.relu(&name("nodes.1"), &first)?;
        let from_first = self.conv_bn(&name("edges.2<-1"), &positive, width, conv)?;
        let second = self.sum(&name("nodes.2"), &[&from_input, &from_first])?;
        let from_first = self.conv_bn(&name("edges.3<-1"), &positive, width, conv)?;
        let positive = self.relu(&name("nodes.2"), &second)?;
        let from_second = self.conv_bn(&name("edges.3<-2"), &positive, width, conv)?;
        let mut terms: Vec<&[NodeId]> = vec![&from_first, &from_second];
        // The stem has the width of the first layer.
        let changed = match layer > 0 && (self.is_whole || input.len() != width) {
            true => self.conv_bn(&name("edges.3<-0"), input, width, Conv2d::new(STEP, 1))?,
            false => Blocks::new(),
        };
        terms.extend([changed.as_slice(), input].into_iter().filter(|blocks| blocks.len() == width));
        self.sum(&name("nodes.3"), &terms)
    }

    /// The residual block between two cells.
    fn reduction(&mut self, layer: usize, input: &[NodeId], width: usize) -> Result<Blocks, GraphError> {
        let name = |part: &str| format!("cells.{layer}.{part}");
        let conv = Conv2d::new(STEP, 3).padding(1);
        let positive = self.relu(&name("input"), input)?;
        let first = self.conv_bn(&name("conv_a"), &positive, width, conv.stride(2))?;
        let positive = self.relu(&name("conv_a"), &first)?;
        let second = self.conv_bn(&name("conv_b"), &positive, width, conv)?;
        let pooled = self.each(&name("downsample.pool"), input.to_vec(), &Operator::AvgPool(Pool::new(2, 2, 0)))?;
        let shortcut = self.conv(&name("downsample"), &pooled, width, Conv2d::new(STEP, 1))?;
        self.sum(&name("sum"), &[&second, &shortcut])
    }

    /// Pooling and the classifier, which end the network.
    fn classify(mut self, features: Blocks, classes: usize, affine: bool) -> Result<assay_core::graph::Graph, GraphError> {
        let normalised = self.norm("lastact", features, affine)?;
        let positive = self.relu("lastact", &normalised)?;
        let pooled = self.each("pool", positive, &Operator::GlobalAvgPool)?;
        let mut terms = Vec::new();
        for (block, node) in pooled.into_iter().enumerate() {
            terms.push((1.0, self.builder.linear(format!("classifier.{block}"), node, classes, block == 0)?));
        }
        let logits = self.builder.weighted_sum("classifier.sum", &terms)?;
        Ok(self.builder.finish(logits))
    }
}
