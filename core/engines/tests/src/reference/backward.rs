//! Backward: the gradient of every parameter and every value.

use assay_core::graph::{Graph, NodeId, Operator};
use assay_core::network::Network;

use super::{Tensor, Way, each_product, parameters, window};

/// The gradient of Σ cotangent · output with respect to every parameter.
pub(crate) fn gradients(network: &Network, values: &[Tensor], cotangent: &[f64]) -> Vec<Vec<f64>> {
    pull_back(network, values, network.graph().output(), cotangent).0
}

/// The gradient of Σ cotangent · value of a node with respect to every parameter, and with respect to every node's value.
pub(crate) fn pull_back(network: &Network, values: &[Tensor], from: NodeId, cotangent: &[f64]) -> (Vec<Vec<f64>>, Vec<Tensor>) {
    pull_back_by(network, values, &[(from, cotangent.to_vec())], Way::default())
}

/// The same from several nodes together, where the values came about in this way. The gradient of a value that is dropped for
/// some images is that of the value before it is.
pub(crate) fn pull_back_by(
    network: &Network,
    values: &[Tensor],
    from: &[(NodeId, Vec<f64>)],
    way: Way<'_>,
) -> (Vec<Vec<f64>>, Vec<Tensor>) {
    let graph: &Graph = network.graph();
    let mut all: Vec<Vec<f64>> = graph.parameters().iter().map(|spec| vec![0.0; spec.elements()]).collect();
    let mut sensitivities: Vec<Tensor> = values.iter().map(|value| Tensor::zeros(value.batch, value.shape)).collect();
    for (from, cotangent) in from {
        for (to, value) in sensitivities[from.0].data.iter_mut().zip(cotangent) {
            *to += value;
        }
    }
    for (position, node) in graph.nodes().iter().enumerate().rev() {
        way.drop(position, &mut sensitivities[position]);
        let dy = sensitivities[position].clone();
        let weights = parameters(network, way, position);
        let first = graph.parameters_of(NodeId(position)).start;
        let Some(from) = node.inputs.first().map(|input| input.0) else { continue };
        let input = &values[from];
        match &node.operator {
            Operator::Conv2d(conv) => {
                each_product(conv, input.shape, &dy, |[n, c, y, x], i, weight| {
                    all[first][weight] += dy.at(n, c, y, x) * input.at(i[0], i[1], i[2], i[3]);
                    sensitivities[from].add(i[0], i[1], i[2], i[3], dy.at(n, c, y, x) * weights[0][weight]);
                });
                if conv.bias {
                    dy.each(|n, c, y, x| all[first + 1][c] += dy.at(n, c, y, x));
                }
            }
            Operator::BatchNorm { affine, epsilon } => {
                let count = (dy.batch * dy.shape.area()) as f64;
                for channel in 0..dy.shape.channels {
                    let (mean, inverse) = way.normalised_by(network, position, input, channel, *epsilon);
                    let gamma = if *affine { weights[0][channel] } else { 1.0 };
                    let (mut sum, mut product) = (0.0, 0.0);
                    dy.each(|n, c, y, x| {
                        if c == channel {
                            sum += dy.at(n, c, y, x);
                            product += dy.at(n, c, y, x) * (input.at(n, c, y, x) - mean) * inverse;
                        }
                    });
                    if *affine {
                        all[first][channel] += product;
                        all[first + 1][channel] += sum;
                    }
                    // No gradient goes through the statistics of a network in inference mode.
                    let (sum, product) = if network.running(NodeId(position)).is_some() { (0.0, 0.0) } else { (sum, product) };
                    dy.each(|n, c, y, x| {
                        if c == channel {
                            let normalised = (input.at(n, c, y, x) - mean) * inverse;
                            let value = gamma * inverse * (dy.at(n, c, y, x) - sum / count - normalised * product / count);
                            sensitivities[from].add(n, c, y, x, value);
                        }
                    });
                }
            }
            Operator::Relu => dy.each(|n, c, y, x| {
                if input.at(n, c, y, x) > 0.0 {
                    sensitivities[from].add(n, c, y, x, dy.at(n, c, y, x));
                }
            }),
            Operator::AvgPool(pool) => dy.each(|n, c, y, x| {
                let window = window(*pool, input.shape, y, x);
                for (iy, ix) in &window {
                    sensitivities[from].add(n, c, *iy, *ix, dy.at(n, c, y, x) / window.len() as f64);
                }
            }),
            Operator::MaxPool(pool) => dy.each(|n, c, y, x| {
                let mut best: Option<(usize, usize)> = None;
                for (iy, ix) in window(*pool, input.shape, y, x) {
                    if best.is_none_or(|(by, bx)| input.at(n, c, iy, ix) > input.at(n, c, by, bx)) {
                        best = Some((iy, ix));
                    }
                }
                if let Some((iy, ix)) = best {
                    sensitivities[from].add(n, c, iy, ix, dy.at(n, c, y, x));
                }
            }),
            Operator::GlobalAvgPool => {
                input.each(|n, c, y, x| sensitivities[from].add(n, c, y, x, dy.at(n, c, 0, 0) / input.shape.area() as f64));
            }
            Operator::Linear { bias, .. } => dy.each(|n, c, _, _| {
                for i in 0..input.shape.channels {
                    let weight = c * input.shape.channels + i;
                    all[first][weight] += dy.at(n, c, 0, 0) * input.at(n, i, 0, 0);
                    sensitivities[from].add(n, i, 0, 0, dy.at(n, c, 0, 0) * weights[0][weight]);
                }
                if *bias {
                    all[first + 1][c] += dy.at(n, c, 0, 0);
                }
            }),
            Operator::WeightedSum { weights } => {
                for (weight, input) in way.weights(position, weights).iter().zip(&node.inputs) {
                    for (to, from) in sensitivities[input.0].data.iter_mut().zip(&dy.data) {
                        *to += weight * from;
                    }
                }
            }
            Operator::Concat { .. } => {
                let mut channel = 0;
                for input in &node.inputs {
                    let shape = values[input.0].shape;
                    let whole = Tensor::zeros(dy.batch, shape);
                    whole.each(|n, c, y, x| sensitivities[input.0].add(n, c, y, x, dy.at(n, channel + c, y, x)));
                    channel += shape.channels;
                }
            }
            Operator::Shift { offset } => dy.each(|n, c, y, x| {
                if y + offset < node.shape.height && x + offset < node.shape.width {
                    sensitivities[from].add(n, c, y + offset, x + offset, dy.at(n, c, y, x));
                }
            }),
            Operator::Truncate { .. } => dy.each(|n, c, y, x| sensitivities[from].add(n, c, y, x, dy.at(n, c, y, x))),
            Operator::Input | Operator::Zero { .. } => {}
            other => unreachable!("no random graph has a `{}`", other.kind()),
        }
    }
    (all, sensitivities)
}
