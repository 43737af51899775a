//! `az-expressivity` and `az-progressivity`: how evenly the channels of each block's output are used.
//!
//! **What they measure.** The entropy of the normalised eigenvalues of the channel covariance of each block's output:
//! expressivity is its sum over blocks, progressivity the smallest increase from a block to the next.
//! **Source.** Lee, Ham: AZ-NAS, CVPR 2024, Eq. 1 to 3, as the released code computes them.
//! **Cost.** One forward pass, and a product of C × C a position.
//! **Undefined** where a block's output does not vary; progressivity also where there is one block only.

use assay_core::data::{Dataset, Minibatch};
use assay_core::engine::{Answer, Ask, Engine, EngineError};
use assay_core::graph::Graph;
use assay_core::network::Network;
use assay_core::plugin::{AskError, Measured, Pass, PassProxy, Proxy, ProxyError, WholePass};
use assay_core::score::Reading;
use assay_core::stream::Stream;

use super::NoisePass;
use crate::parts::channels::not_maps;
use crate::parts::products::{Maps, products, sums};

/// Added to a share before its logarithm is taken.
const EPSILON: f64 = 1e-8;
/// A trace of the covariance below this part of the second moment is rounding.
const RESOLUTION: f64 = 1e-12;

/// The sum of the entropies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Expressivity(pub WholePass);

/// The smallest increase of entropy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Progressivity(pub WholePass);

assay_core::register! {
    Proxy,
    name: "az-expressivity",
    summary: "entropy of the channel covariances of block outputs, summed (AZ-NAS, Lee & Ham, CVPR 2024)",
    settings: NoisePass,
    build: |noise| Ok(Box::new(Proxy::passes(Expressivity(noise.pass)))),
}

assay_core::register! {
    Proxy,
    name: "az-progressivity",
    summary: "smallest increase of that entropy from block to block (AZ-NAS, Lee & Ham, CVPR 2024)",
    settings: NoisePass,
    build: |noise| Ok(Box::new(Proxy::passes(Progressivity(noise.pass)))),
}

impl PassProxy for Expressivity {
    fn unit(&self) -> Option<&'static str> {
        Some("nats")
    }

    fn protocol(&self) -> String {
        format!("az-expressivity: {}", self.0)
    }

    fn passes(&self, dataset: &dyn Dataset) -> Vec<Pass> {
        vec![self.0.pass(dataset, 0)]
    }

    fn ask(&self, _position: usize, network: &Network, _batch: &Minibatch, _stream: &Stream) -> Result<Ask, AskError> {
        Ok(Ask::new().values(network.graph().blocks()))
    }

    fn read(&self, passes: &[Measured<'_>], _stream: &Stream, _engine: &dyn Engine) -> Result<Reading, ProxyError> {
        Ok(match entropies(passes[0].network.graph(), passes[0].answer)? {
            Err(because) => Reading::undefined(because),
            Ok(entropies) => Reading::finite(entropies.iter().sum()),
        })
    }
}

impl PassProxy for Progressivity {
    fn unit(&self) -> Option<&'static str> {
        Some("nats")
    }

    fn protocol(&self) -> String {
        format!("az-progressivity: {}", self.0)
    }

    fn passes(&self, dataset: &dyn Dataset) -> Vec<Pass> {
        vec![self.0.pass(dataset, 0)]
    }

    fn ask(&self, _position: usize, network: &Network, _batch: &Minibatch, _stream: &Stream) -> Result<Ask, AskError> {
        Ok(Ask::new().values(network.graph().blocks()))
    }

    fn read(&self, passes: &[Measured<'_>], _stream: &Stream, _engine: &dyn Engine) -> Result<Reading, ProxyError> {
        Ok(match entropies(passes[0].network.graph(), passes[0].answer)? {
            Err(because) => Reading::undefined(because),
            Ok(entropies) => match entropies.windows(2).map(|pair| pair[1] - pair[0]).reduce(f64::min) {
                None => Reading::undefined("the network has one block, so nothing increases from block to block"),
                Some(smallest) => Reading::finite(smallest),
            },
        })
    }
}

/// The entropy of each block's output, or why there is none.
///
/// # Errors
/// If the answer lacks the value of a block.
pub fn entropies(graph: &Graph, answer: &Answer) -> Result<Result<Vec<f64>, String>, EngineError> {
    if let Some(because) = not_maps(graph, graph.blocks()) {
        return Ok(Err(because));
    }
    let mut entropies = Vec::new();
    for (position, block) in graph.blocks().iter().enumerate() {
        // A block that changes nothing is its predecessor.
        if let Some(last) = entropies.last().copied().filter(|_| graph.blocks()[position - 1] == *block) {
            entropies.push(last);
            continue;
        }
        let node = graph.node(*block);
        let maps = Maps { values: answer.value(*block)?, channels: node.shape.channels, positions: node.shape.area() };
        match entropy(maps) {
            Some(entropy) => entropies.push(entropy),
            None => return Ok(Err(format!("the output of block {position} does not vary"))),
        }
    }
    Ok(if entropies.is_empty() { Err("this space marks no blocks in its networks".into()) } else { Ok(entropies) })
}

/// Σ −p ln p over the shares p of the eigenvalues of the channel covariance; nothing where nothing varies.
fn entropy(maps: Maps<'_>) -> Option<f64> {
    let count = (maps.values.len() / maps.channels) as f64;
    let means: Vec<f64> = sums(maps).into_iter().map(|sum| sum / count).collect();
    let mut covariance = products(maps, maps) / count;
    let power = covariance.trace();
    for column in 0..maps.channels {
        for row in 0..maps.channels {
            covariance[(row, column)] -= means[row] * means[column];
        }
    }
    let variance = covariance.trace();
    if variance.is_nan() || variance <= RESOLUTION * power {
        return None;
    }
    let eigenvalues = covariance.symmetric_eigenvalues();
    let shares = eigenvalues.iter().map(|eigenvalue| eigenvalue / eigenvalues.sum());
    Some(shares.map(|share| -share * (share + EPSILON).ln()).sum())
}
