//! One forward pass, with what the backward pass will need.

use assay_core::data::Minibatch;
use assay_core::graph::{Conv2d, Graph, NodeId, Operator, Pool};
use assay_core::network::Network;
use burn::tensor::backend::Backend;
use burn::tensor::module::{avg_pool2d, conv2d, max_pool2d_with_indices};
use burn::tensor::ops::ConvOptions;
use burn::tensor::{Int, Tensor};

use super::tensors::{Margin, Tensors};

/// The values of a network's nodes on one minibatch, each `[batch, channels, height, width]`.
pub(super) struct Pass<B: Backend> {
    pub(super) graph: Graph,
    pub(super) tensors: Tensors<B>,
    pub(super) batch: usize,
    values: Vec<Option<Tensor<B, 4>>>,
    pub(super) saved: Vec<Saved<B>>,
    pub(super) weights: Vec<Option<Tensor<B, 1>>>,
}

/// What an operator keeps for its backward pass besides its input and output.
pub(super) enum Saved<B: Backend> {
    Nothing,
    /// Batch normalisation: x̂ as rows `[batch · channels, area]`, and 1/σ `[channels]`.
    Normalised {
        rows: Tensor<B, 2>,
        inverse_deviation: Tensor<B, 1>,
    },
    /// Where each maximum lay.
    Maxima(Tensor<B, 4, Int>),
}

impl<B: Backend> Pass<B> {
    /// Computes every node that the output depends on.
    pub(super) fn run(tensors: Tensors<B>, network: &Network, batch: &Minibatch) -> Self {
        Self::run_for(tensors, network, batch, &[])
    }

    /// Computes every node that the output or one of `taps` depends on.
    pub(super) fn run_for(tensors: Tensors<B>, network: &Network, batch: &Minibatch, taps: &[NodeId]) -> Self {
        let graph = network.graph().clone();
        let needed = graph.needed_by(taps);
        let weights = (0..graph.parameters().len())
            .map(|position| {
                let values = network.parameter(position);
                needed[graph.parameters()[position].node.0].then(|| tensors.of_f32(values, [values.len()]))
            })
            .collect();
        let count = graph.nodes().len();
        let saved = (0..count).map(|_| Saved::Nothing).collect();
        let mut pass = Self { graph, tensors, batch: batch.len(), values: vec![None; count], saved, weights };
        for (position, needed) in needed.into_iter().enumerate() {
            if needed {
                let value = pass.compute(NodeId(position), batch);
                pass.values[position] = Some(value);
            }
        }
        pass
    }

    /// A node's value.
    pub(super) fn value(&self, id: NodeId) -> &Tensor<B, 4> {
        self.values[id.0].as_ref().expect("a pass computes every node that is asked for")
    }

    /// Whether the node was computed.
    pub(super) fn has(&self, id: NodeId) -> bool {
        self.values[id.0].is_some()
    }

    /// The dimensions of a node's value for `images` images.
    pub(super) fn dimensions(&self, id: NodeId, images: usize) -> [usize; 4] {
        let shape = self.graph.node(id).shape;
        [images, shape.channels, shape.height, shape.width]
    }

    /// A parameter of a node, `which` = 0 for the weight and 1 for the bias, if the node has it.
    pub(super) fn parameter(&self, id: NodeId, which: usize) -> Option<Tensor<B, 1>> {
        self.graph.parameters_of(id).nth(which).and_then(|position| self.weights[position].clone())
    }

    /// A node's weight in its own dimensions.
    pub(super) fn weight<const D: usize>(&self, id: NodeId) -> Tensor<B, D> {
        let position = self.graph.parameters_of(id).start;
        let shape: [usize; D] = std::array::from_fn(|axis| self.graph.parameters()[position].shape[axis]);
        self.parameter(id, 0).expect("only operators with a weight ask for it").reshape(shape)
    }

    fn compute(&mut self, id: NodeId, batch: &Minibatch) -> Tensor<B, 4> {
        let node = self.graph.node(id).clone();
        let shape = self.dimensions(id, self.batch);
        let input = |which: usize| self.value(node.inputs[which]).clone();
        match &node.operator {
            Operator::Input => self.tensors.of_f32(batch.pixels(), shape),
            Operator::Conv2d(conv) => conv2d(input(0), self.weight::<4>(id), self.parameter(id, 1), conv_options(conv)),
            Operator::BatchNorm { affine, epsilon } => {
                let (rows, inverse_deviation) = normalise(input(0), *epsilon);
                let value = if *affine {
                    let [scale, offset] = [0, 1].map(|which| self.parameter(id, which).expect("an affine node has γ and β"));
                    rows.clone() * channel_rows(scale, self.batch) + channel_rows(offset, self.batch)
                } else {
                    rows.clone()
                };
                self.saved[id.0] = Saved::Normalised { rows, inverse_deviation };
                value.reshape(shape)
            }
            Operator::Relu => input(0).clamp_min(0.0),
            Operator::AvgPool(Pool { kernel, stride, padding }) => {
                avg_pool2d(input(0), [*kernel; 2], [*stride; 2], [*padding; 2], false, false)
            }
            Operator::MaxPool(Pool { kernel, stride, padding }) => {
                let (value, maxima) = max_pool2d_with_indices(input(0), [*kernel; 2], [*stride; 2], [*padding; 2], [1; 2], false);
                self.saved[id.0] = Saved::Maxima(maxima);
                value
            }
            Operator::GlobalAvgPool => {
                let [images, channels, height, width] = input(0).dims();
                input(0).reshape([images, channels, height * width]).mean_dim(2).reshape(shape)
            }
            Operator::Linear { .. } => {
                let weight = self.weight::<2>(id);
                let features = weight.dims()[1];
                let product = input(0).reshape([self.batch, features]).matmul(weight.transpose());
                match self.parameter(id, 1) {
                    Some(bias) => (product + bias.unsqueeze::<2>()).reshape(shape),
                    None => product.reshape(shape),
                }
            }
            Operator::WeightedSum { weights } => (0..weights.len())
                .map(|term| scaled(input(term), weights[term]))
                .reduce(|sum, term| sum + term)
                .expect("a checked graph sums at least one input"),
            Operator::Concat => Tensor::cat((0..node.inputs.len()).map(input).collect(), 1),
            Operator::Shift { offset } => {
                let [_, _, height, width] = shape;
                let kept = input(0).slice([0..self.batch, 0..shape[1], *offset..height, *offset..width]);
                self.tensors.padded(kept, Margin { bottom: *offset, right: *offset, ..Margin::default() })
            }
            Operator::Truncate { channels } => input(0).slice([0..self.batch, 0..*channels]),
            Operator::Zero { .. } => self.tensors.zeros(shape),
        }
    }
}

/// burn's form of a convolution's options.
pub(super) fn conv_options(conv: &Conv2d) -> ConvOptions<2> {
    ConvOptions::new([conv.stride; 2], [conv.padding; 2], [conv.dilation; 2], conv.groups)
}

/// `factor · tensor`, without a pass over memory where the factor is 1.
pub(super) fn scaled<B: Backend, const D: usize>(tensor: Tensor<B, D>, factor: f32) -> Tensor<B, D> {
    #[expect(clippy::float_cmp, reason = "exactly 1 is the weight of a lone operator")]
    if factor == 1.0 { tensor } else { tensor * factor }
}

/// One value a channel as one value a row of `[images · channels, …]`.
pub(super) fn channel_rows<B: Backend>(channels: Tensor<B, 1>, images: usize) -> Tensor<B, 2> {
    let count = channels.dims()[0];
    channels.reshape([1, count]).repeat_dim(0, images).reshape([images * count, 1])
}

/// x̂ as rows `[images · channels, area]`, and 1/σ a channel. The row layout keeps broadcasting on burn-flex's fast path.
fn normalise<B: Backend>(x: Tensor<B, 4>, epsilon: f64) -> (Tensor<B, 2>, Tensor<B, 1>) {
    let [images, channels, height, width] = x.dims();
    let area = height * width;
    let rows = x.reshape([images * channels, area]);
    let channel_mean = |rows: Tensor<B, 2>| rows.mean_dim(1).reshape([images, channels]).mean_dim(0).reshape([channels]);
    let centred = rows.clone() - channel_rows(channel_mean(rows), images);
    let variance = channel_mean(centred.clone() * centred.clone());
    let inverse_deviation = (variance + epsilon).sqrt().recip();
    (centred * channel_rows(inverse_deviation.clone(), images), inverse_deviation)
}
