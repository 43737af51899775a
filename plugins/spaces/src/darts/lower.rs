//! From a subspace to a graph.
//!
//! Node names say what a node is: `cells.0.preprocess0.conv`, `cells.1.edges.0<-1.sep_conv_3x3.a.depthwise`,
//! `cells.1.nodes.2`, `cells.1.concat`, `lastact.bn`, `classifier`.

use assay_core::graph::{Conv2d, Graph, GraphBuilder, GraphError, NodeId, Operator};
use assay_core::plugin::{MacroNet, Part};

use super::operator::{EdgeOperator, Form, factorized_reduction};
use super::{INPUTS, NODES, NetworkKind};

/// One operator that a node reads an earlier node through.
pub(super) struct Term {
    /// Its name in the graph, below the cell's.
    pub(super) name: String,
    pub(super) operator: EdgeOperator,
    /// The node it reads: 0 and 1 are the cell's inputs.
    pub(super) source: usize,
    /// Its weight in the node's sum.
    pub(super) share: f32,
}

/// The same where architectures share weights.
#[derive(Clone, Copy, Debug)]
pub(super) struct SharedTerm {
    /// The node it reads.
    pub(super) source: usize,
    /// Which operator, in the order of the layout.
    pub(super) operator: usize,
    /// How often it is added.
    pub(super) times: usize,
    /// The edge that offers it, where edges choose operators.
    pub(super) edge: Option<usize>,
}

/// Builds one inner node of a cell: adds what it reads, and gives the sum.
pub(super) type Node<'a> = dyn FnMut(&mut Lowering, Place, &[NodeId]) -> Result<NodeId, GraphError> + 'a;

/// Where an inner node is.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place {
    /// Its cell, in all.
    pub(super) cell: usize,
    /// Whether that is a reduction.
    pub(super) reduces: bool,
    /// The node in its cell.
    pub(super) node: usize,
}

impl Place {
    /// The stride at which the node reads another.
    pub(super) fn stride(self, source: usize) -> usize {
        if self.reduces && source < INPUTS { 2 } else { 1 }
    }
}

/// What each inner node of one kind of cell adds up.
pub(super) type Terms = [Vec<Term>; NODES];

/// A network of normal and reduction cells of these terms.
pub(super) fn lower(terms: &[Terms; 2], kind: NetworkKind, net: &MacroNet) -> Result<Graph, GraphError> {
    if net.cells == 0 {
        return Err(GraphError::Unsupported("a network needs at least one cell, 0 were asked for".into()));
    }
    let mut network = Lowering { form: Form::Alone, builder: GraphBuilder::new(net.input)? };
    let mut node = |network: &mut Lowering, place: Place, nodes: &[NodeId]| network.sum(&terms[usize::from(place.reduces)], place, nodes);
    let images = network.builder.input();
    match net.part {
        Part::Trunk => {
            crate::checks::trunk(net, "cells have")?;
            let start = Features { earlier: images, latest: images, is_reduced: false };
            let features = network.cells(start, net, &mut node)?;
            let output = network.last_activation(features)?;
            Ok(network.builder.finish(output))
        }
        Part::Classifier => {
            let start = network.stem(images, kind, net.channels)?;
            let mut features = network.cells(start, net, &mut node)?;
            if kind == NetworkKind::TeNas {
                features = network.last_activation(features)?;
            }
            network.classify(features, net.classes)
        }
    }
}

/// What a cell reads.
pub(super) struct Features {
    /// The output of the cell before the last.
    earlier: NodeId,
    /// The output of the last cell.
    latest: NodeId,
    /// Whether the last cell halved the maps, so that the earlier output has twice their height and width.
    is_reduced: bool,
}

/// A network while it is built.
pub(super) struct Lowering {
    pub(super) form: Form,
    pub(super) builder: GraphBuilder,
}

impl Lowering {
    pub(super) fn stem(&mut self, images: NodeId, kind: NetworkKind, channels: usize) -> Result<Features, GraphError> {
        let b = &mut self.builder;
        let conv = |channels| Conv2d::new(channels, 3).padding(1);
        let channels = match kind {
            NetworkKind::Cifar => 3 * channels,
            NetworkKind::TeNas => channels,
            NetworkKind::ImageNet => {
                let half = b.conv("stem0.conv_a", images, conv(channels / 2).stride(2))?;
                let half = b.batch_norm("stem0.bn_a", half)?;
                let half = b.relu("stem0.relu", half)?;
                let quarter = b.conv("stem0.conv_b", half, conv(channels).stride(2))?;
                let earlier = b.batch_norm("stem0.bn_b", quarter)?;
                let positive = b.relu("stem1.relu", earlier)?;
                let eighth = b.conv("stem1.conv", positive, conv(channels).stride(2))?;
                let latest = b.batch_norm("stem1.bn", eighth)?;
                b.block(latest);
                return Ok(Features { earlier, latest, is_reduced: true });
            }
        };
        let stem = b.conv("stem.conv", images, conv(channels))?;
        let stem = b.batch_norm("stem.bn", stem)?;
        b.block(stem);
        Ok(Features { earlier: stem, latest: stem, is_reduced: false })
    }

    /// The cells, two of them reductions that double the channels: those at one and two thirds, but never the first.
    pub(super) fn cells(&mut self, start: Features, net: &MacroNet, node: &mut Node<'_>) -> Result<NodeId, GraphError> {
        let mut features = start;
        let mut channels = net.channels;
        for index in 0..net.cells {
            let reduces = index > 0 && (index == net.cells / 3 || index == 2 * net.cells / 3);
            if reduces {
                channels *= 2;
            }
            let output = self.cell(index, &features, channels, reduces, node)?;
            self.builder.block(output);
            features = Features { earlier: features.latest, latest: output, is_reduced: reduces };
        }
        Ok(features.latest)
    }

    fn cell(
        &mut self,
        index: usize,
        features: &Features,
        channels: usize,
        reduces: bool,
        node: &mut Node<'_>,
    ) -> Result<NodeId, GraphError> {
        let name = |part: &str| format!("cells.{index}.{part}");
        let form = self.form;
        let first = match features.is_reduced {
            true => factorized_reduction(&mut self.builder, form, &name("preprocess0"), features.earlier, channels)?,
            false => self.preprocess(&name("preprocess0"), features.earlier, channels)?,
        };
        let second = self.preprocess(&name("preprocess1"), features.latest, channels)?;
        let mut nodes = vec![first, second];
        for number in 0..NODES {
            let sum = node(self, Place { cell: index, reduces, node: number }, &nodes)?;
            nodes.push(sum);
        }
        self.builder.add(name("concat"), Operator::CONCAT, &nodes[INPUTS..])
    }

    /// The sum of a node's terms.
    fn sum(&mut self, terms: &Terms, place: Place, nodes: &[NodeId]) -> Result<NodeId, GraphError> {
        let name = |part: &str| format!("cells.{}.{part}", place.cell);
        let (mut summands, mut paths) = (Vec::new(), Vec::new());
        for Term { name: term, operator, source, share } in &terms[place.node] {
            let output = operator.build(&mut self.builder, self.form, &name(term), nodes[*source], place.stride(*source))?;
            summands.extend(output.map(|output| (*share, output)));
            paths.extend(output.filter(|output| *output != nodes[*source]));
        }
        let name = name(&format!("nodes.{}", place.node));
        match summands[..] {
            [] => self.builder.add(name, Operator::Zero { stride: place.stride(0) }, &[nodes[0]]),
            [(1.0, only)] => Ok(only),
            _ => {
                paths.into_iter().for_each(|path| self.builder.path(path));
                self.builder.weighted_sum(name, &summands)
            }
        }
    }

    /// Pooling and the classifier, which end the network.
    pub(super) fn classify(mut self, features: NodeId, classes: usize) -> Result<Graph, GraphError> {
        let pooled = self.builder.add("pool", Operator::GlobalAvgPool, &[features])?;
        let logits = self.builder.linear("classifier", pooled, classes, true)?;
        Ok(self.builder.finish(logits))
    }

    /// Brings an input to the cell's channels.
    fn preprocess(&mut self, name: &str, input: NodeId, channels: usize) -> Result<NodeId, GraphError> {
        let positive = self.builder.relu(format!("{name}.relu"), input)?;
        let features = self.builder.conv(format!("{name}.conv"), positive, Conv2d::new(channels, 1))?;
        self.form.batch_norm(&mut self.builder, format!("{name}.bn"), features)
    }

    fn last_activation(&mut self, input: NodeId) -> Result<NodeId, GraphError> {
        let normalised = self.builder.batch_norm("lastact.bn", input)?;
        self.builder.relu("lastact.relu", normalised)
    }
}
