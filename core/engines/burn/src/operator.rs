//! The forward computation of every operator, on any burn backend. The engine and training run graphs by it; on an
//! autodiff backend, what it computes can be differentiated.

use assay_core::graph::{Conv2d, Graph, NodeId, Operator, Pool};
use burn_tensor::Tensor;
use burn_tensor::backend::Backend;
use burn_tensor::module::{avg_pool2d, conv2d, max_pool2d};
use burn_tensor::ops::ConvOptions;

/// What a pass over a graph decides: where parameters come from, how it normalises, in which types it computes.
pub trait Layers<B: Backend> {
    /// A parameter, flat, by its position in [`Graph::parameters`].
    fn parameter(&self, position: usize) -> Tensor<B, 1>;

    /// Zeros of the type that values have.
    fn zeros(&self, dimensions: [usize; 4]) -> Tensor<B, 4>;

    /// The value of a batch normalisation. `scale` is γ and β, if it has them.
    fn normalise(&mut self, id: NodeId, input: Tensor<B, 4>, scale: Option<[Tensor<B, 1>; 2]>, epsilon: f64) -> Tensor<B, 4>;

    /// The value of a max pool.
    fn max_pool(&mut self, id: NodeId, input: Tensor<B, 4>, pool: Pool) -> Tensor<B, 4> {
        let _ = id;
        max_pool2d(input, pool.kernel.both(), pool.stride.both(), [pool.padding.top; 2], [1; 2], false)
    }

    /// The value of a weighted sum.
    fn sum(&mut self, id: NodeId, weights: &[f32], inputs: Vec<Tensor<B, 4>>) -> Tensor<B, 4> {
        let _ = id;
        let terms = inputs.into_iter().zip(weights).map(|(term, weight)| scaled(term, *weight));
        terms.reduce(|sum, term| sum + term).expect("a checked graph sums at least one input")
    }

    /// A value or parameter in the type that convolutions and linear layers compute in.
    fn narrow<const D: usize>(&self, tensor: Tensor<B, D>) -> Tensor<B, D> {
        tensor
    }

    /// What such a layer gives, in the type that values have.
    fn widen<const D: usize>(&self, tensor: Tensor<B, D>) -> Tensor<B, D> {
        tensor
    }
}

/// A node's value `[images, channels, height, width]`. `inputs` are the values of the node's inputs, in order; the input
/// node takes the images, and an [`Operator::Zero`] takes none.
///
/// # Panics
/// If an input is missing.
pub fn value<B: Backend>(
    layers: &mut impl Layers<B>,
    graph: &Graph,
    id: NodeId,
    inputs: impl IntoIterator<Item = Tensor<B, 4>>,
    images: usize,
) -> Tensor<B, 4> {
    let node = graph.node(id);
    let shape = [images, node.shape.channels, node.shape.height, node.shape.width];
    let mut inputs = inputs.into_iter();
    let mut input = || inputs.next().expect("a checked graph gives every operator its inputs");
    let parameters = graph.parameters_of(id);
    let bias = || (parameters.len() > 1).then_some(parameters.start + 1);
    match &node.operator {
        Operator::Input => input(),
        Operator::Conv2d(conv) => {
            let bias = bias().map(|bias| layers.narrow(layers.parameter(bias)));
            let weight = weight::<B, 4>(layers, graph, id);
            layers.widen(conv2d(layers.narrow(input()), layers.narrow(weight), bias, conv_options(conv)))
        }
        Operator::BatchNorm { affine, epsilon } => {
            let scale = affine.then(|| [0, 1].map(|which| layers.parameter(parameters.start + which)));
            layers.normalise(id, input(), scale, *epsilon)
        }
        Operator::Relu => burn_tensor::activation::relu(input()),
        Operator::AvgPool(Pool { kernel, stride, padding, .. }) => {
            avg_pool2d(input(), kernel.both(), stride.both(), [padding.top; 2], false, false)
        }
        Operator::MaxPool(pool) => layers.max_pool(id, input(), *pool),
        Operator::GlobalAvgPool => {
            let input = input();
            let [_, channels, height, width] = input.dims();
            input.reshape([images, channels, height * width]).mean_dim(2).reshape(shape)
        }
        Operator::Linear { .. } => {
            let weight = weight::<B, 2>(layers, graph, id);
            let product = layers.narrow(input().flatten::<2>(1, 3)).matmul(layers.narrow(weight).transpose());
            let product = layers.widen(product);
            let sum = match bias() {
                Some(bias) => product + layers.parameter(bias).unsqueeze_dim(0),
                None => product,
            };
            sum.reshape(shape)
        }
        Operator::WeightedSum { weights } => layers.sum(id, weights, inputs.collect()),
        Operator::Concat { .. } => Tensor::cat(inputs.collect(), 1),
        Operator::Shift { offset } => {
            let [_, channels, height, width] = shape;
            let kept = [height - offset, width - offset];
            let moved = input().narrow(2, *offset, kept[0]).narrow(3, *offset, kept[1]);
            layers.zeros(shape).slice_assign([0..images, 0..channels, 0..kept[0], 0..kept[1]], moved)
        }
        Operator::Truncate { channels } => input().narrow(1, 0, *channels),
        Operator::Zero { .. } => layers.zeros(shape),
        other => unreachable!("`{}` is not run here, which the engine checks first", other.kind()),
    }
}

/// The weight of a convolution or linear layer, in its own dimensions.
pub(crate) fn weight<B: Backend, const D: usize>(layers: &impl Layers<B>, graph: &Graph, id: NodeId) -> Tensor<B, D> {
    let position = graph.parameters_of(id).start;
    let shape: [usize; D] = std::array::from_fn(|axis| graph.parameters()[position].shape[axis]);
    layers.parameter(position).reshape(shape)
}

/// burn's form of a convolution's options.
fn conv_options(conv: &Conv2d) -> ConvOptions<2> {
    ConvOptions::new(conv.stride.both(), [conv.padding.top; 2], conv.dilation.both(), conv.groups)
}

/// `factor · tensor`, without a pass over memory where the factor is 1.
pub(crate) fn scaled<B: Backend, const D: usize>(tensor: Tensor<B, D>, factor: f32) -> Tensor<B, D> {
    #[expect(clippy::float_cmp, reason = "exactly 1 is the weight of a lone operator")]
    if factor == 1.0 { tensor } else { tensor * factor }
}

/// One value a channel as one value a row of `[images · channels, …]`. In rows, burn-flex broadcasts some twenty times
/// faster than over `[1, channels, 1, 1]`.
pub fn channel_rows<B: Backend>(channels: Tensor<B, 1>, images: usize) -> Tensor<B, 2> {
    let count = channels.dims()[0];
    channels.reshape([1, count]).repeat_dim(0, images).reshape([images * count, 1])
}
