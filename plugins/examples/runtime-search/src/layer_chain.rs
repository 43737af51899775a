//! `layer-chain`: some layers one after the other, each an identity, a 1×1 or a 3×3 convolution with a shortcut.
//!
//! The text form is one word a layer: `3x3-skip-1x1-3x3`.

use assay_plugin_sdk::graph::{Conv2d, Graph, GraphBuilder, NodeId, Operator};
use assay_plugin_sdk::subspace::{CellLayout, Edge, Layout, OperatorSet, Subspace, Wiring};
use assay_plugin_sdk::{Error, Net, Part, Setting, Settings, Space};
use serde::Deserialize;

const OPERATORS: [&str; 3] = ["skip", "1x1", "3x3"];

pub struct LayerChain {
    layout: Layout,
}

#[derive(Deserialize)]
#[serde(default)]
struct Given {
    layers: usize,
}

impl Default for Given {
    fn default() -> Self {
        Self { layers: 4 }
    }
}

impl Space for LayerChain {
    const NAME: &'static str = "layer-chain";
    const SUMMARY: &'static str = "a chain of layers of 3 choices, an example of a space that is loaded at run time";
    const SETTINGS: &'static [Setting] = &[Setting::integer("layers", 1, 8, "4", "layers of the chain")];

    fn new(settings: &Settings) -> Result<Self, Error> {
        let Given { layers } = settings.parse()?;
        let names = (0..layers).map(|layer| format!("layer {layer}"));
        let chain = Wiring {
            nodes: (0..=layers).map(|node| node.to_string()).collect(),
            edges: (0..layers).map(|layer| Edge { from: layer, to: layer + 1 }).collect(),
            concatenated: Vec::new(),
        };
        let cell = CellLayout::uniform("network", names, OPERATORS.len()).wired(chain);
        Ok(Self { layout: Layout::new(OPERATORS, vec![cell]) })
    }

    fn layout(&self) -> &Layout {
        &self.layout
    }

    fn parse(&self, text: &str) -> Result<Subspace, Error> {
        let layer = |word: &str| match self.layout.operator(word) {
            Some(operator) => Ok(OperatorSet::EMPTY.with(operator)),
            None => Err(Error::new(format!("`{word}` is not a layer; known: {}", OPERATORS.join(", ")))),
        };
        let layers = text.trim().split('-').map(layer).collect::<Result<Vec<_>, _>>()?;
        let expected = self.layout.cells[0].edges.len();
        if layers.len() != expected {
            return Err(Error::new(format!("{} layers where the space has {expected}", layers.len())));
        }
        Ok(Subspace::new(&self.layout, vec![layers]))
    }

    fn write(&self, architecture: &Subspace) -> Result<String, Error> {
        let words = architecture.cells()[0].iter().map(|kept| kept.iter().map(|operator| OPERATORS[operator]).collect::<String>());
        Ok(words.collect::<Vec<_>>().join("-"))
    }

    /// Where in the chain identities stand does not matter.
    fn canonical(&self, architecture: &Subspace) -> Result<String, Error> {
        let text = self.write(architecture)?;
        let (skips, others): (Vec<&str>, Vec<&str>) = text.split('-').partition(|word| *word == "skip");
        Ok([others, skips].concat().join("-"))
    }

    fn lower(&self, subspace: &Subspace, net: &Net) -> Result<Graph, Error> {
        let mut builder = GraphBuilder::new(net.input)?;
        let images = builder.input();
        let mut features = match net.part {
            Part::Classifier => {
                let stem = builder.conv("stem.conv", images, Conv2d::new(net.channels, 3).padding(1))?;
                builder.batch_norm("stem.bn", stem)?
            }
            Part::Trunk => images,
        };
        builder.block(features);
        let channels = builder.shape(features).channels;
        for (layer, kept) in subspace.cells()[0].iter().enumerate() {
            features = sum_of(&mut builder, layer, *kept, features, channels)?;
            builder.block(features);
        }
        let features = builder.relu("last.relu", features)?;
        if net.part == Part::Trunk {
            return Ok(builder.finish(features));
        }
        let pooled = builder.add("pool", Operator::GlobalAvgPool, &[features])?;
        let logits = builder.linear("classifier", pooled, net.classes, true)?;
        Ok(builder.finish(logits))
    }
}

/// The mean of what the kept operators compute.
fn sum_of(builder: &mut GraphBuilder, layer: usize, kept: OperatorSet, input: NodeId, channels: usize) -> Result<NodeId, Error> {
    let share = 1.0 / kept.len() as f32;
    let mut terms = Vec::new();
    for operator in kept.iter() {
        let name = format!("layers.{layer}.{}", OPERATORS[operator]);
        let output = match operator {
            0 => input,
            _ => {
                let kernel = 2 * operator - 1;
                let active = builder.relu(format!("{name}.relu"), input)?;
                let conv = builder.conv(format!("{name}.conv"), active, Conv2d::new(channels, kernel).padding(kernel / 2))?;
                let normed = builder.batch_norm(format!("{name}.bn"), conv)?;
                builder.weighted_sum(format!("{name}.sum"), &[(1.0, normed), (1.0, input)])?
            }
        };
        terms.push((share, output));
    }
    let name = format!("layers.{layer}");
    Ok(match terms[..] {
        [] => builder.add(name, Operator::Zero { stride: 1 }, &[input])?,
        [(_, only)] => only,
        _ => builder.weighted_sum(name, &terms)?,
    })
}
