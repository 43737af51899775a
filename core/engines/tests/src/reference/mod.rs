//! A network computed the obvious way: float64, one loop a dimension, every operator differentiated by hand.

mod backward;
mod forward;

use std::collections::BTreeMap;

use assay_core::engine::learner::{Dropped, Mixture};
use assay_core::graph::{Conv2d, NodeId, Operator, Pool, Shape, Sides};
use assay_core::network::{Network, RunningStatistics};

pub(crate) use self::backward::{gradients, pull_back, pull_back_by};
pub(crate) use self::forward::{forward, forward_by};

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
fn inside(shape: Shape, [y, x]: [usize; 2], padding: Sides) -> Option<(usize, usize)> {
    let (y, x) = (y.checked_sub(padding.top)?, x.checked_sub(padding.left)?);
    (y < shape.height && x < shape.width).then_some((y, x))
}

/// Calls `visit` for every multiplication of a convolution: output position, input position, weight index.
fn each_product(conv: &Conv2d, input: Shape, out: &Tensor, mut visit: impl FnMut([usize; 4], [usize; 4], usize)) {
    let (inputs, outputs) = (input.channels / conv.groups, conv.out_channels / conv.groups);
    out.each(|n, c, y, x| {
        for i in 0..inputs {
            for ky in 0..conv.kernel.rows {
                for kx in 0..conv.kernel.columns {
                    let at = [y * conv.stride.rows + ky * conv.dilation.rows, x * conv.stride.columns + kx * conv.dilation.columns];
                    if let Some((iy, ix)) = inside(input, at, conv.padding) {
                        let weight = ((c * inputs + i) * conv.kernel.rows + ky) * conv.kernel.columns + kx;
                        visit([n, c, y, x], [n, c / outputs * inputs + i, iy, ix], weight);
                    }
                }
            }
        }
    });
}

/// The positions of a pooling window inside the image, row-major.
fn window(pool: Pool, input: Shape, y: usize, x: usize) -> Vec<(usize, usize)> {
    let positions = (0..pool.kernel.rows).flat_map(|ky| (0..pool.kernel.columns).map(move |kx| (ky, kx)));
    positions.filter_map(|(ky, kx)| inside(input, [y * pool.stride.rows + ky, x * pool.stride.columns + kx], pool.padding)).collect()
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
    pub(crate) running: Option<&'a Moments>,
    /// Those that do not, even so.
    pub(crate) by_batch: &'a [NodeId],
    /// By what weights sums add their terms, in place of the graph's.
    pub(crate) mixtures: &'a [Mixture],
    /// The parameters, in place of the network's.
    pub(crate) parameters: Option<&'a [Vec<f64>]>,
}

/// The mean and the variance of each channel, by batch normalisation.
pub(crate) type Moments = BTreeMap<NodeId, (Vec<f64>, Vec<f64>)>;

/// Running statistics in 64 bits.
pub(crate) fn wide(statistics: &RunningStatistics) -> Moments {
    let wide = |values: &[f32]| values.iter().copied().map(f64::from).collect();
    statistics.nodes.iter().map(|(id, own)| (*id, (wide(&own.mean), wide(&own.variance)))).collect()
}

impl Way<'_> {
    /// The weights of a sum.
    fn weights(&self, position: usize, own: &[f32]) -> Vec<f64> {
        let given = Mixture::weights_of(self.mixtures, NodeId(position));
        given.map_or_else(|| own.iter().copied().map(f64::from).collect(), <[f64]>::to_vec)
    }

    /// What a channel is centred by and multiplied by.
    fn normalised_by(&self, network: &Network, position: usize, input: &Tensor, channel: usize, epsilon: f64) -> (f64, f64) {
        let id = NodeId(position);
        let by = |mean: f64, variance: f64| (mean, 1.0 / (variance + epsilon).sqrt());
        if let Some((mean, variance)) = self.running.filter(|_| !self.by_batch.contains(&id)).map(|running| &running[&id]) {
            return by(mean[channel], variance[channel]);
        }
        let own = network.running(id).map(|own| by(f64::from(own.mean[channel]), f64::from(own.variance[channel])));
        own.unwrap_or_else(|| statistics(input, channel, epsilon))
    }

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

/// The parameters of a node: those that are given, or the network's.
fn parameters(network: &Network, way: Way<'_>, position: usize) -> Vec<Vec<f64>> {
    let values = |parameter: usize| match way.parameters {
        Some(given) => given[parameter].clone(),
        None => network.parameter(parameter).iter().map(|value| f64::from(*value)).collect(),
    };
    network.graph().parameters_of(NodeId(position)).map(values).collect()
}
