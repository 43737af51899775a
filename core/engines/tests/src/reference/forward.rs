//! Forward: the value of every node.

use assay_core::data::Minibatch;
use assay_core::graph::Operator;
use assay_core::network::Network;

use super::{Tensor, Way, each_product, parameters, window};

/// The values of all nodes, needed or not.
pub(crate) fn forward(network: &Network, batch: &Minibatch) -> Vec<Tensor> {
    forward_by(network, batch, Way::default())
}

/// The same in this way.
pub(crate) fn forward_by(network: &Network, batch: &Minibatch, way: Way<'_>) -> Vec<Tensor> {
    let graph = network.graph();
    let mut values: Vec<Tensor> = Vec::new();
    for (position, node) in graph.nodes().iter().enumerate() {
        let mut out = Tensor::zeros(batch.len(), node.shape);
        let positions = out.clone();
        let parameters = parameters(network, way, position);
        let input = node.inputs.first().map(|input| values[input.0].clone());
        match (&node.operator, &input) {
            (Operator::Input, _) => out.data = batch.pixels().iter().map(|pixel| f64::from(*pixel)).collect(),
            (Operator::Conv2d(conv), Some(input)) => {
                each_product(conv, input.shape, &positions, |[n, c, y, x], i, weight| {
                    out.add(n, c, y, x, input.at(i[0], i[1], i[2], i[3]) * parameters[0][weight]);
                });
                if conv.bias {
                    positions.each(|n, c, y, x| out.add(n, c, y, x, parameters[1][c]));
                }
            }
            (Operator::BatchNorm { affine, epsilon }, Some(input)) => {
                for channel in 0..node.shape.channels {
                    let (mean, inverse) = way.normalised_by(network, position, input, channel, *epsilon);
                    let (gamma, beta) = if *affine { (parameters[0][channel], parameters[1][channel]) } else { (1.0, 0.0) };
                    positions.each(|n, c, y, x| {
                        if c == channel {
                            out.add(n, c, y, x, gamma * (input.at(n, c, y, x) - mean) * inverse + beta);
                        }
                    });
                }
            }
            (Operator::Relu, Some(input)) => out.data = input.data.iter().map(|value| value.max(0.0)).collect(),
            (Operator::AvgPool(pool), Some(input)) => positions.each(|n, c, y, x| {
                let window = window(*pool, input.shape, y, x);
                for (iy, ix) in &window {
                    out.add(n, c, y, x, input.at(n, c, *iy, *ix) / window.len() as f64);
                }
            }),
            (Operator::MaxPool(pool), Some(input)) => positions.each(|n, c, y, x| {
                let most = window(*pool, input.shape, y, x).into_iter().map(|(iy, ix)| input.at(n, c, iy, ix));
                out.add(n, c, y, x, most.fold(f64::NEG_INFINITY, f64::max));
            }),
            (Operator::GlobalAvgPool, Some(input)) => {
                input.each(|n, c, y, x| out.add(n, c, 0, 0, input.at(n, c, y, x) / input.shape.area() as f64));
            }
            (Operator::Linear { bias, .. }, Some(input)) => positions.each(|n, c, _, _| {
                for i in 0..input.shape.channels {
                    out.add(n, c, 0, 0, input.at(n, i, 0, 0) * parameters[0][c * input.shape.channels + i]);
                }
                if *bias {
                    out.add(n, c, 0, 0, parameters[1][c]);
                }
            }),
            (Operator::WeightedSum { weights }, _) => {
                for (weight, input) in way.weights(position, weights).iter().zip(&node.inputs) {
                    for (to, from) in out.data.iter_mut().zip(&values[input.0].data) {
                        *to += weight * from;
                    }
                }
            }
            (Operator::Concat { .. }, _) => {
                let mut first = 0;
                for input in &node.inputs {
                    let input = &values[input.0];
                    input.each(|n, c, y, x| out.add(n, first + c, y, x, input.at(n, c, y, x)));
                    first += input.shape.channels;
                }
            }
            (Operator::Shift { offset }, Some(input)) => positions.each(|n, c, y, x| {
                if y + offset < node.shape.height && x + offset < node.shape.width {
                    out.add(n, c, y, x, input.at(n, c, y + offset, x + offset));
                }
            }),
            (Operator::Truncate { .. }, Some(input)) => positions.each(|n, c, y, x| out.add(n, c, y, x, input.at(n, c, y, x))),
            _ => {}
        }
        way.drop(position, &mut out);
        values.push(out);
    }
    values
}
