//! `az-trainability`: whether gradients keep their length on the way through each block.
//!
//! **What it measures.** The mean over blocks of 2 − σ − 1/σ, where σ is the largest singular value of the least-squares
//! estimate of the block's backward map, g_inᵀ g_out / (B·H·W): g_out is ±1 at random at the block's output and g_in its
//! gradient at the block's input. Best (0) at σ = 1.
//! **Source.** Lee, Ham: AZ-NAS, CVPR 2024, Eq. 4 to 6, as the released code computes it: 10⁻⁶ is added to σ in the
//! denominator, and where a block reduces the resolution g_in is unshuffled, its pixels becoming channels.
//! **Cost.** One forward pass and one backward pass in all, cut at the blocks.
//! **Undefined** where a block passes gradients through unchanged, where a block's resolutions do not divide, or where
//! there is one block only.

use std::sync::Arc;

use assay_core::data::{Dataset, Minibatch};
use assay_core::engine::{Answer, Ask, Cotangent, Engine, EngineError, Objective, Wanted};
use assay_core::graph::{Graph, NodeId, Shape};
use assay_core::network::Network;
use assay_core::plugin::{AskError, Measured, Pass, PassProxy, Proxy, ProxyError, WholePass};
use assay_core::score::Reading;
use assay_core::stream::Stream;
use rand::RngExt;

use super::NoisePass;
use crate::parts::channels::not_maps;
use crate::parts::products::{Maps, products};

/// Added to σ in the denominator.
const EPSILON: f64 = 1e-6;

/// How gradients change from block to block.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trainability(pub WholePass);

assay_core::register! {
    Proxy,
    name: "az-trainability",
    summary: "nearness to 1 of the largest singular value of each block's backward map (AZ-NAS, Lee & Ham, CVPR 2024)",
    settings: NoisePass,
    build: |noise| Ok(Box::new(Proxy::passes(Trainability(noise.pass)))),
}

impl PassProxy for Trainability {
    fn unit(&self) -> Option<&'static str> {
        None
    }

    fn protocol(&self) -> String {
        format!("az-trainability: {}", self.0)
    }

    fn passes(&self, dataset: &dyn Dataset) -> Vec<Pass> {
        vec![self.0.pass(dataset, 0)]
    }

    fn ask(&self, _position: usize, network: &Network, batch: &Minibatch, stream: &Stream) -> Result<Ask, AskError> {
        Ok(ask_with(network.graph(), &signs(network.graph(), batch.len(), stream)))
    }

    fn read(&self, passes: &[Measured<'_>], stream: &Stream, _engine: &dyn Engine) -> Result<Reading, ProxyError> {
        let Measured { network, batch, answer, .. } = passes[0];
        Ok(read_with(network.graph(), answer, &signs(network.graph(), batch.len(), stream))?)
    }
}

/// The blocks after the first, each with the one before it.
fn steps(graph: &Graph) -> impl Iterator<Item = (NodeId, NodeId)> {
    graph.blocks().windows(2).map(|pair| (pair[0], pair[1]))
}

/// ±1 at random for every element of the value of each block after the first.
fn signs(graph: &Graph, batch: usize, stream: &Stream) -> Vec<Arc<[f64]>> {
    let of = |(step, (_, to)): (usize, (NodeId, NodeId))| {
        let mut rng = stream.child("az-trainability").child(step).rng();
        let elements = batch * graph.node(to).shape.elements();
        let words = (0..elements.div_ceil(64)).map(|_| rng.random::<u64>());
        let signs = words.flat_map(|word| (0..64).map(move |bit| if word >> bit & 1 == 1 { 1.0 } else { -1.0 }));
        signs.take(elements).collect()
    };
    steps(graph).enumerate().map(of).collect()
}

/// What [`read_with`] reads: for each block after the first, the gradient of Σ cotangent · output at the block before it.
/// `cotangents` holds one a block after the first, `[batch, channels, height, width]`.
#[must_use]
pub fn ask_with(graph: &Graph, cotangents: &[Arc<[f64]>]) -> Ask {
    let changing = steps(graph).zip(cotangents).filter(|((from, to), _)| from != to);
    changing.fold(Ask::new(), |ask, ((from, to), cotangent)| ask.gradients(objective(to, cotangent), Wanted::node(from)))
}

fn objective(node: NodeId, cotangent: &Arc<[f64]>) -> Objective {
    Objective { node, cotangent: Cotangent::Given(Arc::clone(cotangent)) }
}

/// The trainability under these cotangents.
///
/// # Errors
/// If the answer is not one to [`ask_with`] with the same cotangents.
pub fn read_with(graph: &Graph, answer: &Answer, cotangents: &[Arc<[f64]>]) -> Result<Reading, EngineError> {
    if let Some(because) = not_maps(graph, graph.blocks()) {
        return Ok(Reading::undefined(because));
    }
    let mut scores = Vec::with_capacity(cotangents.len());
    for (position, ((from, to), cotangent)) in steps(graph).zip(cotangents).enumerate() {
        let block = || format!("block {}", position + 1);
        let unchanged = || Reading::undefined(format!("{} passes gradients through unchanged", block()));
        if from == to {
            return Ok(unchanged());
        }
        let gradient = answer.gradients(&objective(to, cotangent))?.node(from)?;
        let (input, output) = (graph.node(from).shape, graph.node(to).shape);
        if input == output && gradient == &cotangent[..] {
            return Ok(unchanged());
        }
        let Some((unshuffled, channels)) = unshuffle(gradient, input, output) else {
            return Ok(Reading::undefined(format!("the maps of {input} that enter {} do not divide into those of {output}", block())));
        };
        let entering = Maps { values: &unshuffled, channels, positions: output.area() };
        let leaving = Maps { values: cotangent, channels: output.channels, positions: output.area() };
        let vectors = (cotangent.len() / output.channels) as f64;
        let map = products(entering, leaving) / vectors;
        // The square of the largest singular value is the largest eigenvalue of either product with the transpose.
        let square = if map.nrows() < map.ncols() { &map * map.transpose() } else { map.transpose() * &map };
        let largest = square.symmetric_eigenvalues().max().max(0.0).sqrt();
        scores.push(2.0 - largest - 1.0 / (largest + EPSILON));
    }
    Ok(match scores.len() {
        0 => Reading::undefined("the network has fewer than two blocks, so no gradient passes from one to another"),
        count => Reading::finite(scores.iter().sum::<f64>() / count as f64),
    })
}

/// Maps of the output's height and width, with as many times more channels, and the number of those; nothing where one
/// resolution is not a multiple of the other.
fn unshuffle(values: &[f64], input: Shape, output: Shape) -> Option<(Vec<f64>, usize)> {
    let step = input.height / output.height.max(1);
    if step == 0 || (input.height, input.width) != (step * output.height, step * output.width) {
        return None;
    }
    if step == 1 {
        return Some((values.to_vec(), input.channels));
    }
    let mut unshuffled = Vec::with_capacity(values.len());
    for map in values.chunks_exact(input.area()) {
        for (top, left) in (0..step).flat_map(|top| (0..step).map(move |left| (top, left))) {
            let rows = map.chunks_exact(input.width).skip(top).step_by(step);
            unshuffled.extend(rows.flat_map(|row| row.iter().skip(left).step_by(step)));
        }
    }
    Some((unshuffled, input.channels * step * step))
}
