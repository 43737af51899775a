//! `nats-bench-size`: the size space of NATS-Bench (Dong, Liu, Musial and Gabrys, TPAMI 2021), 8⁵ = 32,768 networks.
//!
//! Five layers: a cell, a residual reduction block, a cell, a reduction and a cell. Each has 8, 16, …, 64 channels; the
//! stem has those of the first. The cell is the best of the topology space on CIFAR-100,
//! `|nor_conv_3x3~0|+|nor_conv_3x3~0|nor_conv_3x3~1|+|skip_connect~0|nor_conv_3x3~1|nor_conv_3x3~2|`, whose edges from its
//! input change the channels (the skip by a 1×1 convolution, where they differ). Neither the channels nor the cells of a
//! network mean anything here: channels are what is chosen.
//!
//! The text form is the benchmark's own: `64:64:64:64:64`. Lists and tuples of the numbers are read too. Two texts are of the same
//! architecture if every layer has the same channels.

mod shared;

use assay_core::graph::{Conv2d, Graph, GraphBuilder, GraphError, NodeId, Operator, Pool};
use assay_core::plugin::supernet::{Kept, SharedForm, SharedNet};
use assay_core::plugin::{ArchitectureError, MacroNet, NoSettings, Part, SearchSpace};
use assay_core::subspace::{CellLayout, Layout, OperatorSet, Sketch, SketchError, SketchNode, Subspace};

use crate::checks::{Words, one_each};
use crate::notation::Written;

assay_core::register! {
    dyn SearchSpace,
    name: "nats-bench-size",
    summary: "5 layers of 8 to 64 channels, 32,768 networks (Dong et al., TPAMI 2021)",
    settings: NoSettings,
    build: |_| Ok(Box::new(NatsBenchSize::new())),
}

const LAYERS: [&str; 5] = ["layer 0", "layer 1", "layer 2", "layer 3", "layer 4"];
const CHANNELS: [&str; 8] = ["8", "16", "24", "32", "40", "48", "56", "64"];
/// How many channels each choice has more than the one before, and the first has.
const STEP: usize = 8;
/// How an architecture is written.
const FORM: &str = "the channels of five layers, each 8, 16, 24, 32, 40, 48, 56 or 64, for example 64:64:64:64:64";

/// The space. One kind of cell, `network`, whose edges are the layers and whose operators are the channels.
#[derive(Clone, Debug)]
pub struct NatsBenchSize {
    layout: Layout,
}

impl NatsBenchSize {
    /// The space.
    #[must_use]
    pub fn new() -> Self {
        Self { layout: Layout::new(CHANNELS, vec![CellLayout::uniform("network", LAYERS, CHANNELS.len())]) }
    }

    /// The channels of each layer.
    fn channels(&self, architecture: &Subspace) -> Result<[usize; LAYERS.len()], ArchitectureError> {
        let words = Words { space: "nats-bench-size", before: "", kept: "widths", each: "a layer" };
        Ok(one_each(&self.layout, architecture, words)?.map(|choice| (choice + 1) * STEP))
    }
}

impl Default for NatsBenchSize {
    fn default() -> Self {
        Self::new()
    }
}

impl SearchSpace for NatsBenchSize {
    fn layout(&self) -> &Layout {
        &self.layout
    }

    fn parse(&self, text: &str) -> Result<Subspace, ArchitectureError> {
        let written = Written::new(text, FORM)?;
        let choice = |part: &str| {
            let name = part.trim();
            let position = CHANNELS.iter().position(|channels| *channels == name);
            let wrong = || written.wrong_in(part, "this is not a number of channels of this space");
            position.map(|choice| OperatorSet::EMPTY.with(choice)).ok_or_else(wrong)
        };
        // As a list or a tuple, too.
        let listed = text.trim().strip_prefix(['[', '(']).and_then(|rest| rest.strip_suffix([']', ')']));
        let (inside, sign) = listed.map_or((text, ':'), |listed| (listed, ','));
        let parts = inside.split(sign);
        let layers = parts.map(choice).collect::<Result<Vec<_>, _>>()?;
        if layers.len() != LAYERS.len() {
            return Err(written.wrong(0, &format!("there are {} layers, not {}", layers.len(), LAYERS.len())));
        }
        Ok(Subspace::new(&self.layout, vec![layers]))
    }

    fn write(&self, architecture: &Subspace) -> Result<String, ArchitectureError> {
        Ok(self.channels(architecture)?.map(|channels| channels.to_string()).join(":"))
    }

    /// No two networks compute the same.
    fn canonical(&self, architecture: &Subspace) -> Result<String, ArchitectureError> {
        self.write(architecture)
    }

    fn sketch(&self, architecture: &Subspace) -> Result<Vec<Sketch>, SketchError> {
        let channels = self.channels(architecture).map_err(|error| SketchError::NotOne(error.to_string()))?;
        let layer = |(layer, channels): (usize, usize)| {
            let block = if layer % 2 == 0 { "cell" } else { "reduction" };
            SketchNode::operator(format!("{block}, {channels}"), channels / STEP - 1)
        };
        Ok(vec![Sketch::chain("network", "images", channels.into_iter().enumerate().map(layer), "classes")])
    }

    /// The network of one architecture. Widths of a layer cannot be averaged, so there are no supernets; the empty subspace
    /// gives what surrounds the layers.
    fn lower(&self, subspace: &Subspace, net: &MacroNet) -> Result<Graph, GraphError> {
        let channels =
            match subspace.choices().next() {
                None if subspace.fits(&self.layout) => None,
                _ => Some(self.channels(subspace).map_err(|error| {
                    GraphError::Unsupported(format!("nats-bench-size has no network of several widths at once: {error}"))
                })?),
            };
        let mut b = GraphBuilder::new(net.input)?;
        let images = b.input();
        match net.part {
            Part::Trunk => {
                let first = channels.map(|channels| channels[0]);
                let features = first.map_or(Ok(images), |channels| cell(&mut b, 0, images, channels))?;
                let output = last_activation(&mut b, features)?;
                Ok(b.finish(output))
            }
            Part::Classifier => {
                crate::images::check(net.input, LAYERS.len() as u32 / 2, "nats-bench-size")?;
                let width = channels.map_or(STEP, |channels| channels[0]);
                let stem = b.conv("stem.conv", images, Conv2d::new(width, 3).padding(1))?;
                let mut features = b.batch_norm("stem.bn", stem)?;
                b.block(features);
                for (layer, channels) in channels.into_iter().flatten().enumerate() {
                    features = match layer % 2 {
                        0 => cell(&mut b, layer, features, channels)?,
                        _ => reduction(&mut b, layer, features, channels)?,
                    };
                    b.block(features);
                }
                let features = last_activation(&mut b, features)?;
                let pooled = b.add("pool", Operator::GlobalAvgPool, &[features])?;
                let logits = b.linear("classifier", pooled, net.classes, true)?;
                Ok(b.finish(logits))
            }
        }
    }

    fn shared_net(&self, kept: Kept<'_>, form: &SharedForm) -> Result<SharedNet, GraphError> {
        shared::lower(&self.layout, kept, form, |subspace| {
            let unsupported = |error: ArchitectureError| GraphError::Unsupported(error.to_string());
            Ok(self.channels(subspace).map_err(unsupported)?.map(|channels| channels / STEP))
        })
    }
}

/// The fixed cell, with this number of output channels.
fn cell(b: &mut GraphBuilder, layer: usize, input: NodeId, channels: usize) -> Result<NodeId, GraphError> {
    let name = |part: &str| format!("cells.{layer}.{part}");
    let conv = Conv2d::new(channels, 3).padding(1);
    let first = relu_conv_bn(b, &name("edges.1<-0"), input, conv)?;
    let from_input = relu_conv_bn(b, &name("edges.2<-0"), input, conv)?;
    let from_first = relu_conv_bn(b, &name("edges.2<-1"), first, conv)?;
    let second = b.weighted_sum(name("nodes.2"), &[(1.0, from_input), (1.0, from_first)])?;
    let mut paths = vec![from_input, from_first];
    let skip = match b.shape(input).channels == channels {
        true => input,
        false => {
            let skip = b.conv(name("edges.3<-0.conv"), input, Conv2d::new(channels, 1))?;
            let skip = b.batch_norm(name("edges.3<-0.bn"), skip)?;
            paths.push(skip);
            skip
        }
    };
    let from_first = relu_conv_bn(b, &name("edges.3<-1"), first, conv)?;
    let from_second = relu_conv_bn(b, &name("edges.3<-2"), second, conv)?;
    paths.extend([from_first, from_second]);
    paths.into_iter().for_each(|path| b.path(path));
    b.weighted_sum(name("nodes.3"), &[(1.0, skip), (1.0, from_first), (1.0, from_second)])
}

/// The residual block between two cells: half the height and width.
fn reduction(b: &mut GraphBuilder, layer: usize, input: NodeId, channels: usize) -> Result<NodeId, GraphError> {
    let name = |part: &str| format!("cells.{layer}.{part}");
    let conv = Conv2d::new(channels, 3).padding(1);
    let first = relu_conv_bn(b, &name("conv_a"), input, conv.stride(2))?;
    let second = relu_conv_bn(b, &name("conv_b"), first, conv)?;
    let pooled = b.avg_pool(name("downsample.pool"), input, Pool::new(2, 2, 0))?;
    let shortcut = b.conv(name("downsample.conv"), pooled, Conv2d::new(channels, 1))?;
    b.weighted_sum(name("sum"), &[(1.0, second), (1.0, shortcut)])
}

fn relu_conv_bn(b: &mut GraphBuilder, name: &str, input: NodeId, conv: Conv2d) -> Result<NodeId, GraphError> {
    let positive = b.relu(format!("{name}.relu"), input)?;
    let features = b.conv(format!("{name}.conv"), positive, conv)?;
    b.batch_norm(format!("{name}.bn"), features)
}

fn last_activation(b: &mut GraphBuilder, input: NodeId) -> Result<NodeId, GraphError> {
    let normalised = b.batch_norm("lastact.bn", input)?;
    b.relu("lastact.relu", normalised)
}
