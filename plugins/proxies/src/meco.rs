//! `meco`: how little the channels of each layer repeat each other.
//!
//! **What it measures.** Σ over layers of the smallest eigenvalue of the correlation matrix of the layer's channels, on one
//! image.
//! **Source.** Jiang, Wang, Bie: MeCo: Zero-Shot NAS with One Data and Single Forward Pass via Minimum Eigenvalue of
//! Correlation, NeurIPS 2023, Eq. 5. A layer is a convolution, batch or group normalisation, activation or pool that the output
//! depends on, each counted once. The released code hooks every PyTorch module instead, so that containers (a cell, a ReLU-conv-BN block)
//! count their last layer again and skip connections their input; it also feeds noise of 64×64 in one of its versions and
//! an image of the dataset in the other, which is our default. As there, a channel that does not vary has zeros
//! for correlations, also with itself, and the network sees the one image alone.
//! **Cost.** One forward pass of one image, and the eigenvalues of a C × C matrix a layer.
//! **Undefined** where no layer has several positions, and where one works on features along another axis than the first, as on tokens.

use assay_core::data::{Dataset, Minibatch};
use assay_core::engine::{Ask, Engine};
use assay_core::graph::{Graph, NodeId, Operator};
use assay_core::network::Network;
use assay_core::plugin::{AskError, Measured, Pass, PassProxy, Proxy, ProxyError, WholePass};
use assay_core::score::Reading;
use assay_core::stream::Stream;
use nalgebra::DMatrix;

use crate::parts::channels::maps_only;

assay_core::settings! {
    /// The smallest eigenvalues of channel correlations on the first image of the minibatch.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct Meco {
        with pub pass: WholePass = WholePass { batch: 1, ..WholePass::default() };
    }
}

/// A standard deviation below this part of the largest value is rounding of float32.
const RESOLUTION: f64 = 1e-6;

assay_core::register! {
    Proxy,
    name: "meco",
    summary: "smallest eigenvalue of each layer's channel correlations, summed (MeCo, Jiang et al., NeurIPS 2023)",
    settings: Meco,
    build: |meco| Ok(Box::new(Proxy::passes(meco))),
}

impl PassProxy for Meco {
    fn unit(&self) -> Option<&'static str> {
        None
    }

    fn protocol(&self) -> String {
        format!("meco: first image, {}", self.pass)
    }

    fn passes(&self, dataset: &dyn Dataset) -> Vec<Pass> {
        vec![self.pass.pass(dataset, 0)]
    }

    fn ask(&self, _position: usize, network: &Network, _batch: &Minibatch, _stream: &Stream) -> Result<Ask, AskError> {
        let layers = layers(network.graph());
        maps_only(network.graph(), &layers)?;
        Ok(Ask::new().values(&layers))
    }

    fn read(&self, passes: &[Measured<'_>], _stream: &Stream, _engine: &dyn Engine) -> Result<Reading, ProxyError> {
        let graph = passes[0].network.graph();
        let layers = layers(graph);
        let mut score = 0.0;
        for layer in &layers {
            let shape = graph.node(*layer).shape;
            let first_image = &passes[0].answer.value(*layer)?[..shape.elements()];
            score += smallest_eigenvalue(first_image, shape.channels);
        }
        Ok(match layers.len() {
            0 => Reading::undefined("no layer has maps of several positions whose channels could correlate"),
            _ => Reading::finite(score),
        })
    }
}

/// The layers whose channels are compared. Those of one position have no correlations.
fn layers(graph: &Graph) -> Vec<NodeId> {
    let live = graph.liveness();
    let is_layer = |id: &NodeId| {
        let node = graph.node(*id);
        let compares = matches!(
            node.operator,
            Operator::Conv2d(_)
                | Operator::BatchNorm { .. }
                | Operator::GroupNorm { .. }
                | Operator::Relu
                | Operator::Activation(_)
                | Operator::AvgPool(_)
                | Operator::MaxPool(_)
        );
        compares && live.is_needed(*id) && node.shape.area() > 1
    };
    (0..graph.nodes().len()).map(NodeId).filter(is_layer).collect()
}

/// The smallest eigenvalue of the correlation matrix of maps `[channels, positions]`.
fn smallest_eigenvalue(values: &[f64], channels: usize) -> f64 {
    let positions = values.len() / channels;
    // A column a channel, of mean 0 and length 1, or of zeros where the channel does not vary.
    let mut maps = DMatrix::from_column_slice(positions, channels, values);
    for mut map in maps.column_iter_mut() {
        let mean = map.mean();
        let largest = map.amax();
        map.add_scalar_mut(-mean);
        let length = map.norm();
        let varies = length > RESOLUTION * largest * (positions as f64).sqrt();
        map *= if varies { 1.0 / length } else { 0.0 };
    }
    (maps.transpose() * &maps).symmetric_eigenvalues().min()
}
