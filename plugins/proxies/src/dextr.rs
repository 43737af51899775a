//! `dextr`: how well conditioned the layers' outputs are, and how much the output bends along a circle of inputs, taken together.
//!
//! **What it measures.** a b / (a + b). a = ln(1 + Σ over layers of σmin / σmax), the smallest and largest singular values of the layer's
//! output for the first image, channels × positions. b = ln(1 + κ), where κ is the extrinsic curvature of the network's
//! output y along cos θ · u + sin θ · v, u and v two orthonormal pictures drawn at random: Σ over points of the circle of
//! (ẏ·ẏ)^(−3/2) √((ẏ·ẏ)(ÿ·ÿ) − (ẏ·ÿ)²).
//! **Source.** Asthana, Conrad, Ortmanns, Belagiannis: Dextr: Zero-Shot Neural Architecture Search with Singular Value Decomposition and
//! Extrinsic Curvature, TMLR 2025, and its released code for NAS-Bench-201: one image in batch statistics, one point of a circle of
//! pictures of 64 × 64 pixels. The code hooks every PyTorch module, so that containers count their last layer again and skip
//! connections their input; here each layer and each block counts once. Of several points it differentiates the sum of all
//! outputs, because batch normalisation couples them, and so do we.
//! **Cost.** A forward pass of one image, the singular values of a matrix a layer, and the second derivatives of one point in
//! float64: they are exact, not differences.
//! **Undefined** where the output does not move with the input, and where the network has operators whose second derivatives are not
//! known here.

use std::f64::consts::TAU;

use assay_core::data::{Dataset, Minibatch};
use assay_core::engine::{Ask, Engine};
use assay_core::graph::{Graph, NodeId, Operator, Shape};
use assay_core::network::Network;
use assay_core::plugin::{AskError, Images, Measured, Pass, PassProxy, Proxy, ProxyError, WholePass};
use assay_core::score::Reading;
use assay_core::stream::Stream;
use nalgebra::DMatrix;
use rand_distr::{Distribution, StandardNormal};

use crate::parts::channels::maps_only;
use crate::parts::hyper_dual::{HyperDual, evaluate};

assay_core::settings! {
    /// Conditioning and curvature.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct Dextr {
        with pub pass: WholePass = WholePass { batch: 1, ..WholePass::default() };
        /// points of the circle whose curvatures are summed; batch normalisation couples them
        pub points: usize = 1, in 1..=256;
        /// pixels along each side of the pictures on the circle
        pub side: usize = 64, in 8..=1024;
    }
}

assay_core::register! {
    Proxy,
    name: "dextr",
    summary: "conditioning of layers' outputs and curvature along a circle of inputs (Dextr, Asthana et al., TMLR 2025)",
    settings: Dextr,
    build: |dextr| Ok(Box::new(Proxy::passes(dextr))),
}

impl PassProxy for Dextr {
    fn unit(&self) -> Option<&'static str> {
        None
    }

    fn protocol(&self) -> String {
        let Self { pass, points, side } = self;
        format!("dextr: first image, {points} point(s) of a circle of {side}×{side} pixels, {pass}")
    }

    /// The circle has a pass of its own: its images have another size, but the network the same weights.
    fn passes(&self, dataset: &dyn Dataset) -> Vec<Pass> {
        let mut circle = self.pass.pass(dataset, 0);
        circle.net.input = Shape::new(circle.net.input.channels, self.side, self.side);
        circle.images = Images::Normal { batch: 1, draw: 0 };
        vec![self.pass.pass(dataset, 0), circle]
    }

    fn ask(&self, position: usize, network: &Network, _batch: &Minibatch, _stream: &Stream) -> Result<Ask, AskError> {
        maps_only(network.graph(), &layers(network.graph()))?;
        Ok(if position == 0 { Ask::new().values(&layers(network.graph())) } else { Ask::new() })
    }

    fn read(&self, passes: &[Measured<'_>], stream: &Stream, _engine: &dyn Engine) -> Result<Reading, ProxyError> {
        let Measured { network, answer, .. } = passes[0];
        let graph = network.graph();
        let mut conditioning = 0.0;
        for layer in layers(graph) {
            let shape = graph.node(layer).shape;
            conditioning += conditioning_of(&answer.value(layer)?[..shape.elements()], shape.channels);
        }
        let network = passes[1].network;
        let basis = basis(network.graph().input_shape().elements(), stream);
        let (velocity, acceleration) = match derivatives(network, &basis, self.points) {
            Ok(derivatives) => derivatives,
            Err(because) => return Ok(Reading::undefined(because)),
        };
        let outputs = velocity.len() / self.points;
        let curvature: f64 = velocity.chunks(outputs).zip(acceleration.chunks(outputs)).map(|(v, a)| curvature(v, a)).sum();
        let (a, b) = (conditioning.ln_1p(), curvature.ln_1p());
        Ok(match curvature.is_nan() {
            true => Reading::undefined("the output does not move with the input, so it has no curvature"),
            false if a + b == 0.0 => Reading::undefined("no layer's output has two singular values, and the output moves along a line"),
            false => Reading::finite(a * b / (a + b)),
        })
    }
}

/// The layers whose outputs are looked at, and the outputs of the blocks.
#[must_use]
pub fn layers(graph: &Graph) -> Vec<NodeId> {
    let is_layer = |id: &NodeId| {
        let operator = &graph.node(*id).operator;
        matches!(
            operator,
            Operator::Conv2d(_)
                | Operator::BatchNorm { .. }
                | Operator::LayerNorm { .. }
                | Operator::RmsNorm { .. }
                | Operator::GroupNorm { .. }
                | Operator::Relu
                | Operator::Activation(_)
                | Operator::AvgPool(_)
                | Operator::MaxPool(_)
                | Operator::GlobalAvgPool
                | Operator::Linear { .. }
        ) || graph.blocks().contains(id)
    };
    (0..graph.nodes().len()).map(NodeId).filter(is_layer).collect()
}

/// σmin / σmax of maps `[channels, positions]`; 0 where all are zero.
#[must_use]
pub fn conditioning_of(maps: &[f64], channels: usize) -> f64 {
    // A column a channel.
    let values = DMatrix::from_column_slice(maps.len() / channels, channels, maps).singular_values();
    let ratio = values.min() / values.max();
    if ratio.is_finite() { ratio } else { 0.0 }
}

/// Two orthonormal pictures.
fn basis(elements: usize, stream: &Stream) -> [Vec<f64>; 2] {
    let mut rng = stream.child("dextr").rng();
    let mut draw = || -> Vec<f64> { (0..elements).map(|_| StandardNormal.sample(&mut rng)).collect() };
    let mut pictures = [draw(), draw()];
    let product = |one: &[f64], other: &[f64]| one.iter().zip(other).map(|(one, other)| one * other).sum::<f64>();
    let normalise = |picture: &mut Vec<f64>| {
        let length = product(picture, picture).sqrt();
        picture.iter_mut().for_each(|pixel| *pixel /= length);
    };
    normalise(&mut pictures[0]);
    let [first, second] = &mut pictures;
    let along = product(first, second);
    second.iter_mut().zip(&*first).for_each(|(pixel, other)| *pixel -= along * other);
    normalise(second);
    pictures
}

/// For each point of the circle, the first and second derivative of the outputs with respect to its angle, `[points, outputs]`
/// each: of the sum of all points' outputs, as far as those are coupled.
///
/// # Errors
/// If the network has an operator whose derivatives are not known; the message names it.
pub fn derivatives(network: &Network, basis: &[Vec<f64>; 2], points: usize) -> Result<(Vec<f64>, Vec<f64>), String> {
    let step = if points > 1 { TAU / (points - 1) as f64 } else { 0.0 };
    let (mut velocity, mut acceleration) = (Vec::new(), Vec::new());
    for point in 0..points {
        // The first direction moves this point's angle, the second all points' angles.
        let picture = |other: usize| {
            let (sine, cosine) = (other as f64 * step).sin_cos();
            let own = f64::from(u8::from(other == point));
            basis[0].iter().zip(&basis[1]).map(move |(u, v)| {
                let (value, slope) = (cosine * u + sine * v, cosine * v - sine * u);
                HyperDual { value, first: own * slope, second: slope, mixed: -own * value }
            })
        };
        let output = evaluate(network, (0..points).flat_map(picture).collect())?;
        let outputs = output.len() / points;
        let sum = |output_position: usize, part: fn(&HyperDual) -> f64| -> f64 {
            output.iter().skip(output_position).step_by(outputs).map(part).sum()
        };
        velocity.extend((0..outputs).map(|position| sum(position, |number| number.first)));
        acceleration.extend((0..outputs).map(|position| sum(position, |number| number.mixed)));
    }
    Ok((velocity, acceleration))
}

/// The curvature of a curve of this velocity and acceleration; not a number where it does not move.
#[must_use]
pub fn curvature(velocity: &[f64], acceleration: &[f64]) -> f64 {
    let product = |one: &[f64], other: &[f64]| one.iter().zip(other).map(|(one, other)| one * other).sum::<f64>();
    let (vv, aa, va) = (product(velocity, velocity), product(acceleration, acceleration), product(velocity, acceleration));
    vv.powf(-1.5) * (vv * aa - va * va).max(0.0).sqrt()
}
