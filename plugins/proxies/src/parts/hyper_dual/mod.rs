//! A network evaluated with two derivatives at once, exactly: its input moves in two directions, and every value carries its
//! derivatives along each of them and the mixed second one.
//!
//! Fike, Alonso: The Development of Hyper-Dual Numbers for Exact Second-Derivative Calculations, AIAA 2011. In float64, one operator
//! after the other: engines have no second derivatives.

mod number;
mod windows;

use assay_core::graph::{Graph, Node, NodeId, Operator, Shape};
use assay_core::network::Network;
pub use number::HyperDual;
use number::Value;

/// The network's output for these images, `[images, outputs]`. Batch normalisation is by the batch's own statistics, in a network in
/// inference mode by the running ones. A ReLU has the derivatives of the side that its value is on.
///
/// # Errors
/// If the network has an operator whose derivatives are not known here; the message names it.
///
/// # Panics
/// If there are no images, or values for a part of one.
pub fn evaluate(network: &Network, images: Vec<HyperDual>) -> Result<Vec<HyperDual>, String> {
    let graph = network.graph();
    let batch = images.len() / graph.input_shape().elements();
    assert_eq!(batch * graph.input_shape().elements(), images.len(), "whole images");
    let last_reader = last_readers(graph);
    let mut values: Vec<Option<Value>> = vec![None; graph.nodes().len()];
    values[0] = Some(images);
    for position in 1..graph.nodes().len() {
        let id = NodeId(position);
        // What the output does not need has no reader.
        if last_reader[position].is_none() {
            continue;
        }
        let node = graph.node(id);
        let inputs: Vec<(&Value, Shape)> =
            node.inputs.iter().filter_map(|input| Some((values[input.0].as_ref()?, graph.node(*input).shape))).collect();
        let value = compute(network, id, node, &inputs, batch)?;
        values[position] = Some(value);
        for input in &node.inputs {
            if last_reader[input.0] == Some(position) {
                values[input.0] = None;
            }
        }
    }
    Ok(values[graph.output().0].take().unwrap_or_default())
}

/// For each node that the output needs, the last node that reads it; the output is read after all.
fn last_readers(graph: &Graph) -> Vec<Option<usize>> {
    let mut last = vec![None; graph.nodes().len()];
    last[graph.output().0] = Some(graph.nodes().len());
    for position in (0..graph.nodes().len()).rev() {
        if last[position].is_some() {
            for input in &graph.nodes()[position].inputs {
                last[input.0] = last[input.0].max(Some(position));
            }
        }
    }
    last
}

fn compute(network: &Network, id: NodeId, node: &Node, inputs: &[(&Value, Shape)], batch: usize) -> Result<Value, String> {
    let unknown = || Err(format!("second derivatives are not known through `{}` ({})", node.name, node.operator.kind()));
    let Some((input, shape)) = inputs.first().copied() else { return unknown() };
    let parameters: Vec<&[f32]> = network.graph().parameters_of(id).map(|position| network.parameter(position)).collect();
    Ok(match &node.operator {
        Operator::Conv2d(conv) => {
            let value = windows::convolved(conv, parameters[0], input, shape, node.shape, batch);
            if conv.bias { with_bias(value, parameters[1], node.shape) } else { value }
        }
        Operator::Linear { bias, axis: 0, .. } if shape.area() == 1 => {
            let value = linear(parameters[0], input, shape.channels, batch);
            if *bias { with_bias(value, parameters[1], node.shape) } else { value }
        }
        Operator::BatchNorm { affine, epsilon } => {
            let mut value = match network.running(id) {
                Some(running) => by_running(input, shape, &running.mean, &running.variance, *epsilon),
                None => by_batch(input, shape, *epsilon, batch),
            };
            if *affine {
                each_channel(&mut value, shape, |channel, number| *number = number.scaled(f64::from(parameters[0][channel])));
                value = with_bias(value, parameters[1], shape);
            }
            value
        }
        Operator::Relu => input.iter().map(|number| if number.value > 0.0 { *number } else { HyperDual::ZERO }).collect(),
        Operator::AvgPool(pool) if !pool.ceil => windows::averaged(pool, input, shape, node.shape),
        Operator::MaxPool(pool) if !pool.ceil => windows::largest(pool, input, shape, node.shape),
        Operator::GlobalAvgPool => input.chunks(shape.area()).map(mean).collect(),
        Operator::WeightedSum { weights } if inputs.iter().all(|(_, other)| *other == shape) => {
            let mut total = vec![HyperDual::ZERO; input.len()];
            for ((input, _), weight) in inputs.iter().zip(weights) {
                for (sum, number) in total.iter_mut().zip(*input) {
                    *sum = *sum + number.scaled(f64::from(*weight));
                }
            }
            total
        }
        Operator::Concat { axis: 0 } => {
            let of_image =
                |image: usize| inputs.iter().flat_map(move |(input, shape)| input[image * shape.elements()..][..shape.elements()].to_vec());
            (0..batch).flat_map(of_image).collect()
        }
        Operator::Shift { offset } => windows::shifted(*offset, input, shape),
        Operator::Truncate { channels } => {
            input.chunks(shape.elements()).flat_map(|image| image[..channels * shape.area()].to_vec()).collect()
        }
        Operator::Zero { .. } => vec![HyperDual::ZERO; batch * node.shape.elements()],
        _ => return unknown(),
    })
}

fn mean(numbers: &[HyperDual]) -> HyperDual {
    numbers.iter().fold(HyperDual::ZERO, |sum, number| sum + *number).scaled(1.0 / numbers.len() as f64)
}

/// Changes each number, given its channel.
fn each_channel(value: &mut Value, shape: Shape, mut change: impl FnMut(usize, &mut HyperDual)) {
    for (map, numbers) in value.chunks_mut(shape.area()).enumerate() {
        numbers.iter_mut().for_each(|number| change(map % shape.channels, number));
    }
}

fn with_bias(mut value: Value, bias: &[f32], shape: Shape) -> Value {
    each_channel(&mut value, shape, |channel, number| number.value += f64::from(bias[channel]));
    value
}

/// The products with a matrix `[outputs, inputs]`.
fn linear(weight: &[f32], input: &Value, inputs: usize, batch: usize) -> Value {
    let of_image = |image: usize| {
        let features = &input[image * inputs..][..inputs];
        weight.chunks(inputs).map(move |row| {
            row.iter().zip(features).fold(HyperDual::ZERO, |sum, (weight, feature)| sum + feature.scaled(f64::from(*weight)))
        })
    };
    (0..batch).flat_map(of_image).collect()
}

fn by_running(input: &Value, shape: Shape, mean: &[f32], variance: &[f32], epsilon: f64) -> Value {
    let mut value = input.clone();
    each_channel(&mut value, shape, |channel, number| {
        number.value -= f64::from(mean[channel]);
        *number = number.scaled(1.0 / (f64::from(variance[channel]) + epsilon).sqrt());
    });
    value
}

fn by_batch(input: &Value, shape: Shape, epsilon: f64, batch: usize) -> Value {
    let maps = |channel: usize| (0..batch).map(move |image| (image * shape.channels + channel) * shape.area());
    let mut value = input.clone();
    let share = 1.0 / (batch * shape.area()) as f64;
    for channel in 0..shape.channels {
        let sum = |value: &Value, of: fn(HyperDual) -> HyperDual| {
            let numbers = maps(channel).flat_map(|first| &value[first..][..shape.area()]);
            numbers.fold(HyperDual::ZERO, |sum, number| sum + of(*number)).scaled(share)
        };
        let mean = sum(&value, |number| number);
        for first in maps(channel) {
            value[first..][..shape.area()].iter_mut().for_each(|number| *number = *number - mean);
        }
        let mut variance = sum(&value, |number| number * number);
        variance.value += epsilon;
        let scale = variance.inverse_root();
        for first in maps(channel) {
            value[first..][..shape.area()].iter_mut().for_each(|number| *number = *number * scale);
        }
    }
    value
}
