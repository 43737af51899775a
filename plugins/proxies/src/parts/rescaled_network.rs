//! A positive network whose signals stay within the range of float64 at any depth.

use assay_core::graph::{GraphBuilder, GraphError, Node, NodeId, Operator};
use assay_core::network::Network;
use assay_core::plugin::ProxyError;

use crate::parts::rewrite::{rewrite, with_parameters};

/// A signal is rescaled where its largest value leaves 2^±this.
const LARGEST_EXPONENT: i64 = 32;
/// The largest change at one place: factors are powers of two in float32.
const LARGEST_STEP: i64 = 120;

/// What is known of a signal of an image of ones.
#[derive(Clone, Debug)]
struct Signal {
    /// An upper bound of each channel, tight away from the borders.
    bounds: Vec<f64>,
    /// The true signal is 2^this times that of the rescaled network.
    exponent: i64,
}

impl Signal {
    fn largest(&self) -> f64 {
        self.bounds.iter().copied().fold(0.0, f64::max)
    }

    fn is_zero(&self) -> bool {
        self.largest() == 0.0
    }

    /// The largest bound for each of so many channels.
    fn uniform(&self, channels: usize) -> Self {
        Self { bounds: vec![self.largest(); channels], exponent: self.exponent }
    }

    fn scaled(&self, factor: f64, exponent: i64) -> Self {
        Self { bounds: self.bounds.iter().map(|bound| bound * factor).collect(), exponent }
    }
}

/// The network with powers of two multiplied in wherever its signals grow or shrink much, and the power of two that its output
/// has to be multiplied with. The network must be linear on an image of ones: no negative weights, biases or batch
/// normalisation. Gradients of its output with respect to its parameters are too small by the same power.
///
/// # Errors
/// That the score does not exist, if the network is not of that kind.
pub fn rescaled(network: &Network) -> Result<(Network, i64), ProxyError> {
    let graph = network.graph();
    // By node of the new graph.
    let mut signals = vec![Signal { bounds: vec![1.0; graph.input_shape().channels], exponent: 0 }];
    let mut unsuitable = None;
    let rebuilt = rewrite(graph, |builder, node, id, inputs| {
        let weight = graph.parameters_of(id).next().map(|position| network.parameter(position));
        match &node.operator {
            Operator::Conv2d(conv) if !conv.bias => {
                let signal = through_weights(&signals[inputs[0].0], weight.unwrap_or(&[]), node.shape.channels, conv.groups);
                place(builder, &mut signals, node, inputs, signal)
            }
            Operator::Linear { bias: false, axis, out_features } if *axis > 0 => {
                let input = &signals[inputs[0].0];
                let features = builder.shape(inputs[0]).axis(*axis);
                let signal = through_weights(&input.uniform(features), weight.unwrap_or(&[]), *out_features, 1);
                place(builder, &mut signals, node, inputs, signal.uniform(node.shape.channels))
            }
            // Elements in other places: a bound of all is one of each.
            Operator::Reshape { .. }
            | Operator::Transpose { .. }
            | Operator::Slice { .. }
            | Operator::Gather { .. }
            | Operator::Pad { .. }
            | Operator::Mean { .. } => {
                let signal = signals[inputs[0].0].uniform(node.shape.channels);
                place(builder, &mut signals, node, inputs, signal)
            }
            Operator::Linear { bias: false, .. } => {
                let signal = through_weights(&signals[inputs[0].0], weight.unwrap_or(&[]), node.shape.channels, 1);
                place(builder, &mut signals, node, inputs, signal)
            }
            Operator::WeightedSum { weights } => {
                let inputs = aligned(builder, &mut signals, node, inputs)?;
                let signal = sum(&signals, &inputs, weights, node.shape.channels);
                place(builder, &mut signals, node, &inputs, signal)
            }
            Operator::Concat { axis } => {
                let inputs = aligned(builder, &mut signals, node, inputs)?;
                let bounds = if *axis == 0 {
                    inputs.iter().flat_map(|input| signals[input.0].bounds.clone()).collect()
                } else {
                    vec![inputs.iter().map(|input| signals[input.0].largest()).fold(0.0, f64::max); node.shape.channels]
                };
                let signal = Signal { bounds, exponent: common_exponent(&signals, &inputs) };
                place(builder, &mut signals, node, &inputs, signal)
            }
            Operator::Zero { .. } => {
                let signal = signals[inputs[0].0].scaled(0.0, 0);
                place(builder, &mut signals, node, inputs, signal)
            }
            // Each of these passes on its input's scale, and no channel of it grows.
            Operator::Relu
            | Operator::AvgPool(_)
            | Operator::MaxPool(_)
            | Operator::GlobalAvgPool
            | Operator::Shift { .. }
            | Operator::Truncate { .. } => {
                let mut signal = signals[inputs[0].0].clone();
                // Of an operator that passes on its input's first channels only.
                signal.bounds.truncate(node.shape.channels);
                place(builder, &mut signals, node, inputs, signal)
            }
            other => {
                let because = format!("`{}` ({}) does not grow in proportion to what enters it", node.name, other.kind());
                unsuitable = Some(because.clone());
                Err(GraphError::Unsupported(because))
            }
        }
    });
    if let Some(because) = unsuitable {
        return Err(ProxyError::Undefined(format!("{because}, so the flow cannot be kept within the range of float64")));
    }
    let rebuilt = rebuilt?;
    let exponent = signals[rebuilt.output().0].exponent;
    Ok((with_parameters(rebuilt, network, |_, value| value)?, exponent))
}

/// The bounds behind a convolution or linear layer.
fn through_weights(input: &Signal, weight: &[f32], out_channels: usize, groups: usize) -> Signal {
    let (per_group, outputs) = (input.bounds.len() / groups, out_channels / groups);
    let taps = weight.len() / (out_channels * per_group).max(1);
    let of_channel = |(channel, weight): (usize, &[f32])| {
        let first = channel / outputs * per_group;
        let inputs = weight.chunks(taps).zip(&input.bounds[first..first + per_group]);
        inputs.map(|(taps, bound)| bound * taps.iter().map(|weight| f64::from(*weight)).sum::<f64>()).sum()
    };
    Signal { bounds: weight.chunks(per_group * taps).enumerate().map(of_channel).collect(), exponent: input.exponent }
}

/// The bounds of a sum of signals of one exponent. One of a single channel is added to all.
fn sum(signals: &[Signal], inputs: &[NodeId], weights: &[f32], channels: usize) -> Signal {
    let mut bounds = vec![0.0; channels];
    for (input, weight) in inputs.iter().zip(weights) {
        for (bound, of_input) in bounds.iter_mut().zip(signals[input.0].bounds.iter().cycle()) {
            *bound += f64::from(*weight).abs() * of_input;
        }
    }
    Signal { bounds, exponent: common_exponent(signals, inputs) }
}

/// Brings inputs of different exponents to the largest. A zero has any.
fn aligned(builder: &mut GraphBuilder, signals: &mut Vec<Signal>, node: &Node, inputs: &[NodeId]) -> Result<Vec<NodeId>, GraphError> {
    let exponent = common_exponent(signals, inputs);
    let align = |(position, input): (usize, &NodeId)| {
        if signals[input.0].is_zero() {
            return Ok(*input);
        }
        rescale(builder, signals, &format!("{}.input{position}", node.name), *input, exponent)
    };
    inputs.iter().enumerate().map(align).collect()
}

/// The largest exponent of those inputs that carry anything.
fn common_exponent(signals: &[Signal], inputs: &[NodeId]) -> i64 {
    let carrying = inputs.iter().map(|input| &signals[input.0]).filter(|signal| !signal.is_zero());
    carrying.map(|signal| signal.exponent).max().unwrap_or(0)
}

/// Adds a node and, where its signal leaves the range, what rescales it.
fn place(
    builder: &mut GraphBuilder,
    signals: &mut Vec<Signal>,
    node: &Node,
    inputs: &[NodeId],
    signal: Signal,
) -> Result<NodeId, GraphError> {
    let (largest, exponent) = (signal.largest(), signal.exponent);
    let id = builder.add(node.name.clone(), node.operator.clone(), inputs)?;
    signals.push(signal);
    // Of what is not finite, the score will tell.
    let grown = if largest > 0.0 && largest.is_finite() { largest.log2().floor() as i64 } else { 0 };
    if grown.abs() <= LARGEST_EXPONENT { Ok(id) } else { rescale(builder, signals, &node.name, id, exponent + grown) }
}

/// Adds what brings a signal to this exponent.
fn rescale(builder: &mut GraphBuilder, signals: &mut Vec<Signal>, name: &str, mut id: NodeId, exponent: i64) -> Result<NodeId, GraphError> {
    while signals[id.0].exponent != exponent {
        let before = signals[id.0].exponent;
        let step = (before - exponent).clamp(-LARGEST_STEP, LARGEST_STEP);
        let factor = 2.0_f32.powi(step as i32);
        let signal = signals[id.0].scaled(f64::from(factor), before - step);
        id = builder.add(format!("{name}.to{}", before - step), Operator::WeightedSum { weights: vec![factor] }, &[id])?;
        signals.push(signal);
    }
    Ok(id)
}
