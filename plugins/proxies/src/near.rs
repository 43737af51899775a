//! `near`: how many directions the channels of each layer use.
//!
//! **What it measures.** Σ over layers of the effective rank of a square block of the layer's output: rows are positions of images,
//! columns channels, and the effective rank is the exponential of the entropy of the singular values' shares. Layers are those with
//! weights (convolutions, linear layers, normalisations) and activation functions, on a path to the output or not.
//! **Source.** Husistein, Reiher, Eckhoff: NEAR: A Training-Free Pre-Estimator of Machine Learning Model Performance, ICLR 2025, and
//! its released package, whose mean over 32 repetitions is the study's number of repeats here. The package orders rows by image,
//! column and row, and begins the block at random, at a multiple of the map's width (`blocks = "drawn"`); it cuts the block where
//! the matrix ends. Where a minibatch has fewer rows than a layer has channels, it goes on to the next minibatch.
//! **Cost.** One forward pass, or a few where all values together are large, and the singular values of a C × C matrix a layer.
//! **Undefined** where the minibatch has fewer rows than a layer has channels: take a larger one.

use assay_core::data::{Dataset, Minibatch};
use assay_core::engine::{Ask, Engine};
use assay_core::graph::{Graph, NodeId, Operator, Shape};
use assay_core::network::Network;
use assay_core::plugin::{AskError, Measured, Pass, PassProxy, Proxy, ProxyError, WholePass};
use assay_core::score::Reading;
use assay_core::stream::Stream;
use nalgebra::DMatrix;
use rand::RngExt;

use crate::parts::channels::maps_only;
use crate::parts::node_groups::visit_values;

assay_core::words! {
    /// Where the blocks begin.
    pub enum Blocks {
        /// Anywhere, drawn for each layer.
        Drawn = "drawn" as "drawn blocks",
        /// At the first row.
        First = "first" as "first blocks",
    }
}

assay_core::settings! {
    /// The effective ranks of layers.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct Near {
        with pub pass: WholePass;
        /// where the square block of a layer's output begins: at a row drawn for each layer, or at the first
        pub blocks: Blocks = Blocks::Drawn;
    }
}

assay_core::register! {
    Proxy,
    name: "near",
    summary: "effective ranks of the outputs of all layers, summed (NEAR, Husistein et al., ICLR 2025)",
    settings: Near,
    build: |near| Ok(Box::new(Proxy::passes(near))),
}

impl PassProxy for Near {
    fn unit(&self) -> Option<&'static str> {
        Some("ranks")
    }

    fn protocol(&self) -> String {
        format!("near: {}, {}", self.blocks, self.pass)
    }

    fn passes(&self, dataset: &dyn Dataset) -> Vec<Pass> {
        vec![self.pass.pass(dataset, 0)]
    }

    fn ask(&self, _position: usize, network: &Network, _batch: &Minibatch, _stream: &Stream) -> Result<Ask, AskError> {
        maps_only(network.graph(), &layers(network.graph()))?;
        Ok(Ask::new())
    }

    fn read(&self, passes: &[Measured<'_>], stream: &Stream, engine: &dyn Engine) -> Result<Reading, ProxyError> {
        let Measured { network, batch, .. } = passes[0];
        let graph = network.graph();
        let layers = layers(graph);
        let narrow = layers.iter().map(|layer| graph.node(*layer)).find(|node| batch.len() * node.shape.area() < node.shape.channels);
        if let Some(node) = narrow {
            let (rows, columns) = (batch.len() * node.shape.area(), node.shape.channels);
            return Ok(Reading::undefined(format!("`{}` has {columns} channels but only {rows} rows; use a larger batch", node.name)));
        }
        let mut score = 0.0;
        visit_values(engine, network, batch, self.pass.precision, &layers, |layer, values| {
            let node = graph.node(layer);
            let block = match self.blocks {
                Blocks::First => 0,
                Blocks::Drawn => match starts(node.shape, batch.len()) {
                    0 => 0,
                    starts => stream.child("near").child(&node.name).rng().random_range(0..starts),
                },
            };
            score += effective_rank(&rows(values, node.shape, block));
            Ok::<_, ProxyError>(())
        })?;
        Ok(if layers.is_empty() { Reading::undefined("the network has no layer") } else { Reading::finite(score) })
    }
}

/// The layers whose outputs are looked at.
#[must_use]
pub fn layers(graph: &Graph) -> Vec<NodeId> {
    let is_layer = |id: &NodeId| {
        matches!(
            graph.node(*id).operator,
            Operator::Conv2d(_)
                | Operator::Linear { .. }
                | Operator::BatchNorm { .. }
                | Operator::LayerNorm { .. }
                | Operator::RmsNorm { .. }
                | Operator::GroupNorm { .. }
                | Operator::Relu
                | Operator::Activation(_)
        )
    };
    (0..graph.nodes().len()).map(NodeId).filter(is_layer).collect()
}

/// The rows from one possible start of a block to the next.
fn step(shape: Shape) -> usize {
    if shape.area() == 1 { shape.channels } else { shape.width }
}

/// Starts that a block is drawn from.
fn starts(shape: Shape, images: usize) -> usize {
    (images * shape.area() / step(shape)).saturating_sub(1)
}

/// As many rows as the layer has channels, or fewer at the end, from the block's start: a row a position of an image, ordered by
/// image, column and row; a column a channel.
#[must_use]
pub fn rows(values: &[f64], shape: Shape, block: usize) -> DMatrix<f64> {
    let (channels, positions) = (shape.channels, shape.area());
    let first = block * step(shape);
    let count = channels.min(values.len() / channels - first);
    DMatrix::from_fn(count, channels, |row, channel| {
        let (image, place) = ((first + row) / positions, (first + row) % positions);
        let (column, row) = (place / shape.height, place % shape.height);
        values[(image * channels + channel) * positions + row * (positions / shape.height) + column]
    })
}

/// The exponential of the entropy of the singular values' shares; 0 of a matrix of zeros.
#[must_use]
pub fn effective_rank(matrix: &DMatrix<f64>) -> f64 {
    let values = matrix.singular_values();
    let sum: f64 = values.iter().sum();
    if sum == 0.0 {
        return 0.0;
    }
    let entropy: f64 = values.iter().map(|value| value / sum).filter(|share| *share > 0.0).map(|share| -share * share.ln()).sum();
    entropy.exp()
}
