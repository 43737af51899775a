//! A network computed the obvious way: float64, one loop a dimension, every operator differentiated by hand.

use assay_core::data::Minibatch;
use assay_core::engine::learner::Dropped;
use assay_core::graph::{Conv2d, Graph, NodeId, Operator, Pool, Shape};
use assay_core::network::{Network, RunningStatistics};

/// One value, `[batch, channels, height, width]`.
#[derive(Clone, Debug)]
pub(crate) struct Tensor {
    pub(crate) batch: usize,
    pub(crate) shape: Shape,
    pub(crate) data: Vec<f64>,
}

impl Tensor {
    fn zeros(batch: usize, shape: Shape) -> Self {
        Self { batch, shape, data: vec![0.0; batch * shape.elements()] }
    }

    fn index(&self, n: usize, c: usize, y: usize, x: usize) -> usize {
        ((n * self.shape.channels + c) * self.shape.height + y) * self.shape.width + x
    }

    fn at(&self, n: usize, c: usize, y: usize, x: usize) -> f64 {
        self.data[self.index(n, c, y, x)]
    }

    fn add(&mut self, n: usize, c: usize, y: usize, x: usize, value: f64) {
        let index = self.index(n, c, y, x);
        self.data[index] += value;
    }

    /// Calls `visit` with every position.
    fn each(&self, mut visit: impl FnMut(usize, usize, usize, usize)) {
        for n in 0..self.batch {
            for c in 0..self.shape.channels {
                for y in 0..self.shape.height {
                    for x in 0..self.shape.width {
                        visit(n, c, y, x);
                    }
                }
            }
        }
    }
}

/// Where a window's position falls in an image of `shape`, if inside.
fn inside(shape: Shape, y: usize, x: usize, padding: usize) -> Option<(usize, usize)> {
    let (y, x) = (y.checked_sub(padding)?, x.checked_sub(padding)?);
    (y < shape.height && x < shape.width).then_some((y, x))
}

/// Calls `visit` for every multiplication of a convolution: output position, input position, weight index.
fn each_product(conv: &Conv2d, input: Shape, out: &Tensor, mut visit: impl FnMut([usize; 4], [usize; 4], usize)) {
    let (inputs, outputs) = (input.channels / conv.groups, conv.out_channels / conv.groups);
    out.each(|n, c, y, x| {
        for i in 0..inputs {
            for ky in 0..conv.kernel {
                for kx in 0..conv.kernel {
                    let at = (y * conv.stride + ky * conv.dilation, x * conv.stride + kx * conv.dilation);
                    if let Some((iy, ix)) = inside(input, at.0, at.1, conv.padding) {
                        let weight = ((c * inputs + i) * conv.kernel + ky) * conv.kernel + kx;
                        visit([n, c, y, x], [n, c / outputs * inputs + i, iy, ix], weight);
                    }
                }
            }
        }
    });
}

/// The positions of a pooling window inside the image, row-major.
fn window(pool: Pool, input: Shape, y: usize, x: usize) -> Vec<(usize, usize)> {
    let positions = (0..pool.kernel).flat_map(|ky| (0..pool.kernel).map(move |kx| (ky, kx)));
    positions.filter_map(|(ky, kx)| inside(input, y * pool.stride + ky, x * pool.stride + kx, pool.padding)).collect()
}

/// Mean and 1/√(variance + ε) of a channel.
fn statistics(input: &Tensor, channel: usize, epsilon: f64) -> (f64, f64) {
    let mut values = Vec::new();
    input.each(|n, c, y, x| {
        if c == channel {
            values.push(input.at(n, c, y, x));
        }
    });
    let mean = values.iter().sum::<f64>() / values.len() as f64;
    let variance = values.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / values.len() as f64;
    (mean, 1.0 / (variance + epsilon).sqrt())
}

/// How a network is run, other than plainly.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Way<'a> {
    /// Whose values are multiplied by a factor an image.
    pub(crate) dropped: &'a [Dropped],
    /// What batch normalisation normalises by in place of the batch's own statistics.
    pub(crate) running: Option<&'a RunningStatistics>,
}

impl Way<'_> {
    /// Multiplies each image of a node's value, or of its gradient, by its factor.
    fn drop(&self, position: usize, value: &mut Tensor) {
        for Dropped { factors, .. } in self.dropped.iter().filter(|dropped| dropped.node.0 == position) {
            let size = value.shape.elements();
            for (image, factor) in value.data.chunks_mut(size).zip(factors) {
                image.iter_mut().for_each(|value| *value *= f64::from(*factor));
            }
        }
    }
}

/// The mean and the biased variance of each channel.
pub(crate) fn moments(value: &Tensor) -> (Vec<f64>, Vec<f64>) {
    let of = |channel: usize| {
        let (mean, inverse) = statistics(value, channel, 0.0);
        (mean, 1.0 / (inverse * inverse))
    };
    (0..value.shape.channels).map(of).unzip()
}

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
        let parameters = parameters(network, position);
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
                    let (mean, inverse) = match way.running {
                        None => statistics(input, channel, *epsilon),
                        Some(running) => {
                            let own = &running.nodes[&NodeId(position)];
                            (f64::from(own.mean[channel]), 1.0 / (f64::from(own.variance[channel]) + epsilon).sqrt())
                        }
                    };
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
                for (weight, input) in weights.iter().zip(&node.inputs) {
                    for (to, from) in out.data.iter_mut().zip(&values[input.0].data) {
                        *to += f64::from(*weight) * from;
                    }
                }
            }
            (Operator::Concat, _) => {
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

/// Whether rounding decides a gradient: a ReLU's input or a maximum's lead is within rounding of 0, or batch
/// normalisation divides by a deviation that is itself rounding.
pub(crate) fn is_at_an_edge(network: &Network, values: &[Tensor]) -> bool {
    let close = |difference: f64| difference != 0.0 && difference.abs() < 1e-9;
    network.graph().nodes().iter().any(|node| {
        let Some(input) = node.inputs.first().map(|input| &values[input.0]) else { return false };
        match &node.operator {
            Operator::Relu => input.data.iter().any(|value| close(*value)),
            Operator::BatchNorm { .. } => (0..input.shape.channels).any(|channel| statistics(input, channel, 0.0).1 > 1e4),
            Operator::MaxPool(pool) => {
                let mut edge = false;
                Tensor::zeros(input.batch, node.shape).each(|n, c, y, x| {
                    let mut all: Vec<f64> = window(*pool, input.shape, y, x).into_iter().map(|(iy, ix)| input.at(n, c, iy, ix)).collect();
                    all.sort_by(f64::total_cmp);
                    edge |= all.windows(2).any(|pair| close(pair[1] - pair[0]));
                });
                edge
            }
            _ => false,
        }
    })
}

fn parameters(network: &Network, position: usize) -> Vec<Vec<f64>> {
    let values = |parameter| network.parameter(parameter).iter().map(|value| f64::from(*value)).collect();
    network.graph().parameters_of(NodeId(position)).map(values).collect()
}

/// The gradient of Σ cotangent · output with respect to every parameter.
pub(crate) fn gradients(network: &Network, values: &[Tensor], cotangent: &[f64]) -> Vec<Vec<f64>> {
    pull_back(network, values, network.graph().output(), cotangent).0
}

/// The gradient of Σ cotangent · value of a node with respect to every parameter, and with respect to every node's value.
pub(crate) fn pull_back(network: &Network, values: &[Tensor], from: NodeId, cotangent: &[f64]) -> (Vec<Vec<f64>>, Vec<Tensor>) {
    pull_back_by(network, values, &[(from, cotangent.to_vec())], Way::default())
}

/// The same from several nodes together, where the values came about in this way.
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
        let mut dy = sensitivities[position].clone();
        way.drop(position, &mut dy);
        let weights = parameters(network, position);
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
                    let (mean, inverse) = statistics(input, channel, *epsilon);
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
                for (weight, input) in weights.iter().zip(&node.inputs) {
                    for (to, from) in sensitivities[input.0].data.iter_mut().zip(&dy.data) {
                        *to += f64::from(*weight) * from;
                    }
                }
            }
            Operator::Concat => {
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
        }
    }
    (all, sensitivities)
}
