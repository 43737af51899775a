//! `nas-bench-macro`: the layer-wise space of NAS-Bench-Macro (Su et al., "Prioritized Architecture Sampling with
//! Monte-Carlo Tree Search", CVPR 2021), 3⁸ = 6,561 networks.
//!
//! Eight layers in three stages of 2, 3 and 3; the first of a stage halves the maps and doubles the channels. Each layer is
//! an identity (a 1×1 convolution where the shape changes), an inverted residual of expansion 3 and kernel 3, or one of
//! expansion 6 and kernel 5. Before them comes a 3×3 convolution to C channels (the benchmark's networks have C = 32),
//! behind them a 1×1 convolution to 40C. The number of cells of a network means nothing here: layers are what is chosen.
//!
//! The text form is the benchmark's own, one digit a layer: `02012100`. Lists and tuples of the digits are read too.
//! Two texts are of the same architecture if every layer has the same operator.

use std::sync::Arc;

use assay_core::graph::{Conv2d, Graph, GraphBuilder, GraphError, NodeId, Operator};
use assay_core::network::batch_norms;
use assay_core::plugin::supernet::{Kept, SharedForm, SharedNet, SharedSum};
use assay_core::plugin::{ArchitectureError, MacroNet, NoSettings, Part, SearchSpace};
use assay_core::subspace::{CellLayout, Choice, Layout, OperatorSet, Sketch, SketchError, SketchNode, Subspace};

use crate::checks::{Words, one_each};
use crate::notation::Written;

assay_core::register! {
    dyn SearchSpace,
    name: "nas-bench-macro",
    summary: "8 layers of 3 choices, 6,561 networks (Su et al., CVPR 2021)",
    settings: NoSettings,
    build: |_| Ok(Box::new(NasBenchMacro::new())),
}

/// Layers of each stage.
const STAGES: [usize; 3] = [2, 3, 3];
const LAYERS: [&str; 8] = ["layer 0", "layer 1", "layer 2", "layer 3", "layer 4", "layer 5", "layer 6", "layer 7"];
/// Named as in the benchmark's code.
const OPERATORS: [&str; 3] = ["id", "ir_3x3_t3", "ir_5x5_t6"];
/// Channels of the last convolution for each channel of the first.
const LAST: usize = 40;
/// How an architecture is written.
const FORM: &str = "eight digits, one a layer (0 identity, 1 expansion 3 and kernel 3, 2 expansion 6 and kernel 5), for example 02012100";

/// The space. One kind of cell, `network`, whose edges are the layers.
#[derive(Clone, Debug)]
pub struct NasBenchMacro {
    layout: Layout,
}

impl NasBenchMacro {
    /// The space.
    #[must_use]
    pub fn new() -> Self {
        Self { layout: Layout::new(OPERATORS, vec![CellLayout::uniform("network", LAYERS, OPERATORS.len())]) }
    }

    /// What each layer keeps.
    fn kept<'s>(&self, subspace: &'s Subspace) -> Result<&'s [OperatorSet], GraphError> {
        if !subspace.fits(&self.layout) {
            return Err(GraphError::Unsupported(format!("the mask `{subspace}` does not belong to nas-bench-macro")));
        }
        Ok(&subspace.cells()[0])
    }

    /// The operator of each layer.
    fn operators(&self, architecture: &Subspace) -> Result<[usize; LAYERS.len()], ArchitectureError> {
        one_each(&self.layout, architecture, Words { space: "nas-bench-macro", before: "", kept: "operators", each: "a layer" })
    }
}

impl Default for NasBenchMacro {
    fn default() -> Self {
        Self::new()
    }
}

impl SearchSpace for NasBenchMacro {
    fn layout(&self) -> &Layout {
        &self.layout
    }

    fn parse(&self, text: &str) -> Result<Subspace, ArchitectureError> {
        let written = Written::new(text, FORM)?;
        // As a list or a tuple, too.
        let listed = text.trim().strip_prefix(['[', '(']).and_then(|rest| rest.strip_suffix([']', ')']));
        let is_sign = |c: char| listed.is_some() && (c == ',' || c.is_whitespace());
        let inside = listed.unwrap_or_else(|| text.trim());
        let choice = |(position, digit): (usize, char)| match digit.to_digit(10) {
            Some(digit) if (digit as usize) < OPERATORS.len() => Ok(OperatorSet::EMPTY.with(digit as usize)),
            _ => Err(written.wrong_in(&inside[position..], "this is not an operator")),
        };
        let layers = inside.char_indices().filter(|(_, digit)| !is_sign(*digit)).map(choice).collect::<Result<Vec<_>, _>>()?;
        if layers.len() != LAYERS.len() {
            return Err(written.wrong(0, &format!("there are {} layers, not {}", layers.len(), LAYERS.len())));
        }
        Ok(Subspace::new(&self.layout, vec![layers]))
    }

    fn write(&self, architecture: &Subspace) -> Result<String, ArchitectureError> {
        Ok(self.operators(architecture)?.map(|operator| operator.to_string()).concat())
    }

    /// Where in a stage identities stand does not matter, as long as they are not its first layer: here they come last, as in
    /// the benchmark, which trained 3,969 networks for the 6,561.
    fn canonical(&self, architecture: &Subspace) -> Result<String, ArchitectureError> {
        let text = self.write(architecture)?;
        let mut rest = text.as_str();
        let mut canonical = String::with_capacity(text.len());
        for layers in STAGES {
            let (stage, others) = rest.split_at(layers);
            let (first, behind) = stage.split_at(1);
            let blocks = behind.replace('0', "");
            canonical.push_str(&format!("{first}{blocks:0<width$}", width = layers - 1));
            rest = others;
        }
        Ok(canonical)
    }

    fn sketch(&self, architecture: &Subspace) -> Result<Vec<Sketch>, SketchError> {
        let operators = self.operators(architecture).map_err(|error| SketchError::NotOne(error.to_string()))?;
        let layer = |(layer, operator): (usize, usize)| {
            let begins_stage = (0..STAGES.len()).any(|stage| STAGES[..stage].iter().sum::<usize>() == layer);
            let stride = if begins_stage { ", stride 2" } else { "" };
            SketchNode::operator(format!("{}{stride}", OPERATORS[operator]), operator)
        };
        Ok(vec![Sketch::chain("network", "images", operators.into_iter().enumerate().map(layer), "classes")])
    }

    fn lower(&self, subspace: &Subspace, net: &MacroNet) -> Result<Graph, GraphError> {
        let mut network = Lowering { layers: self.kept(subspace)?, builder: GraphBuilder::new(net.input)?, sums: None };
        let images = network.builder.input();
        match net.part {
            Part::Trunk => {
                crate::checks::trunk(net, "layers have")?;
                let features = network.stages(images, 1)?;
                let normalised = network.builder.batch_norm("lastact.bn", features)?;
                let output = network.builder.relu("lastact.relu", normalised)?;
                Ok(network.builder.finish(output))
            }
            Part::Classifier => {
                let output = network.classifier(net, true)?;
                Ok(network.builder.finish(output))
            }
        }
    }

    /// A layer adds its operators; what normalises them has neither γ nor β.
    fn shared_net(&self, kept: Kept<'_>, form: &SharedForm) -> Result<SharedNet, GraphError> {
        let nothing = || GraphError::Unsupported("nothing of nas-bench-macro is kept".into());
        let layers = self.kept(kept.of_cell(0).ok_or_else(nothing)?)?;
        let mut network = Lowering { layers, builder: GraphBuilder::new(form.net.input)?, sums: Some(Vec::new()) };
        let output = network.classifier(&form.net, form.last_affine)?;
        let Lowering { builder, sums, .. } = network;
        let graph = builder.finish(output);
        let needs_none = |name: &str| name.starts_with("layers.") || (name == "last.bn" && !form.last_affine);
        let searched = batch_norms(&graph).filter(|id| needs_none(&graph.node(*id).name)).collect();
        Ok(SharedNet { graph: Arc::new(graph), cells: 1, sums: sums.unwrap_or_default(), searched })
    }
}

struct Lowering<'a> {
    layers: &'a [OperatorSet],
    builder: GraphBuilder,
    /// The sums of layers, where architectures share weights.
    sums: Option<Vec<SharedSum>>,
}

impl Lowering<'_> {
    /// The whole network; `last_affine` says whether what normalises the last convolution has γ and β.
    fn classifier(&mut self, net: &MacroNet, last_affine: bool) -> Result<NodeId, GraphError> {
        let images = self.builder.input();
        let stem = self.conv_bn("stem", images, Conv2d::new(net.channels, 3).padding(1), true)?;
        let stem = self.builder.relu("stem.relu", stem)?;
        self.builder.block(stem);
        let features = self.stages(stem, STAGES.len())?;
        let features = self.conv_bn("last", features, Conv2d::new(LAST * net.channels, 1), last_affine)?;
        let features = self.builder.relu("last.relu", features)?;
        let pooled = self.builder.add("pool", Operator::GlobalAvgPool, &[features])?;
        self.builder.linear("classifier", pooled, net.classes, true)
    }

    /// The layers of the first `count` stages.
    fn stages(&mut self, input: NodeId, count: usize) -> Result<NodeId, GraphError> {
        let mut features = input;
        let mut channels = self.builder.shape(input).channels;
        let mut layer = 0;
        for layers in &STAGES[..count] {
            channels *= 2;
            for position in 0..*layers {
                features = self.layer(layer, features, channels, if position == 0 { 2 } else { 1 })?;
                self.builder.block(features);
                layer += 1;
            }
        }
        Ok(features)
    }

    fn layer(&mut self, layer: usize, input: NodeId, channels: usize, stride: usize) -> Result<NodeId, GraphError> {
        let kept = self.layers[layer];
        let share = 1.0 / kept.len() as f32;
        let mut terms = Vec::new();
        for operator in kept.iter() {
            let name = format!("layers.{layer}.{}", OPERATORS[operator]);
            let output = match operator {
                0 => self.identity(&name, input, channels, stride)?,
                1 => self.inverted_residual(&name, input, channels, stride, 3, 3)?,
                _ => self.inverted_residual(&name, input, channels, stride, 6, 5)?,
            };
            terms.push((share, output));
        }
        let name = format!("layers.{layer}");
        if let Some(sums) = self.sums.as_mut().filter(|_| !terms.is_empty()) {
            let terms: Vec<(f32, NodeId)> = terms.into_iter().map(|(_, output)| (1.0, output)).collect();
            let node = self.builder.weighted_sum(name, &terms)?;
            let choice = |operator| Choice { cell: 0, edge: layer, operator };
            sums.push(SharedSum { node, terms: kept.iter().map(choice).collect() });
            return Ok(node);
        }
        match terms[..] {
            [] => self.builder.add(name, Operator::Zero { stride }, &[input]),
            [(_, only)] => Ok(only),
            _ => self.builder.weighted_sum(name, &terms),
        }
    }

    fn identity(&mut self, name: &str, input: NodeId, channels: usize, stride: usize) -> Result<NodeId, GraphError> {
        if stride == 1 && self.builder.shape(input).channels == channels {
            return Ok(input);
        }
        self.layer_conv(name, input, Conv2d::new(channels, 1).stride(stride))
    }

    /// A 1×1 convolution to `expansion` times the channels, a depthwise convolution, and a 1×1 convolution to `channels`; with a
    /// shortcut where the shape stays.
    fn inverted_residual(
        &mut self,
        name: &str,
        input: NodeId,
        channels: usize,
        stride: usize,
        expansion: usize,
        kernel: usize,
    ) -> Result<NodeId, GraphError> {
        let inputs = self.builder.shape(input).channels;
        let hidden = inputs * expansion;
        let wide = self.layer_conv(&format!("{name}.expand"), input, Conv2d::new(hidden, 1))?;
        let wide = self.builder.relu(format!("{name}.expand.relu"), wide)?;
        let depthwise = Conv2d::new(hidden, kernel).stride(stride).padding(kernel / 2).groups(hidden);
        let mixed = self.layer_conv(&format!("{name}.depthwise"), wide, depthwise)?;
        let mixed = self.builder.relu(format!("{name}.depthwise.relu"), mixed)?;
        let narrow = self.layer_conv(&format!("{name}.project"), mixed, Conv2d::new(channels, 1))?;
        if stride == 1 && inputs == channels {
            return self.builder.weighted_sum(format!("{name}.sum"), &[(1.0, narrow), (1.0, input)]);
        }
        Ok(narrow)
    }

    /// A convolution of a layer.
    fn layer_conv(&mut self, name: &str, input: NodeId, conv: Conv2d) -> Result<NodeId, GraphError> {
        self.conv_bn(name, input, conv, self.sums.is_none())
    }

    fn conv_bn(&mut self, name: &str, input: NodeId, conv: Conv2d, affine: bool) -> Result<NodeId, GraphError> {
        let features = self.builder.conv(format!("{name}.conv"), input, conv)?;
        self.builder.add(format!("{name}.bn"), Operator::BatchNorm { affine, epsilon: 1e-5 }, &[features])
    }
}
