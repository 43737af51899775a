//! What a pass over a graph decides: where parameters come from, how it normalises, in which types it computes, what it keeps.

use assay_core::graph::{Graph, NodeId};
use burn_tensor::Tensor;
use burn_tensor::backend::Backend;
use burn_tensor::module::max_pool2d;

/// A max pool as burn runs it, on a map that has what it needs around it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Window {
    pub(crate) kernel: [usize; 2],
    pub(crate) stride: [usize; 2],
    /// Rows above and below, columns left and right.
    pub(crate) padding: [usize; 2],
}

/// A pass over a graph.
pub(crate) trait Layers<B: Backend> {
    /// A parameter, flat, by its position in [`Graph::parameters`].
    fn parameter(&self, position: usize) -> Tensor<B, 1>;

    /// Zeros of the type that values have.
    fn zeros(&self, dimensions: [usize; 4]) -> Tensor<B, 4>;

    /// Numbers of the type that values have.
    fn numbers<const D: usize>(&self, values: &[f32], dimensions: [usize; D]) -> Tensor<B, D>;

    /// The value of a batch normalisation. `scale` is γ and β, if it has them.
    fn normalise(&mut self, id: NodeId, input: Tensor<B, 4>, scale: Option<[Tensor<B, 1>; 2]>, epsilon: f64) -> Tensor<B, 4>;

    /// Keeps what another normalisation computed before scale and offset, in rows, and 1/σ of each row.
    fn keep_rows(&mut self, id: NodeId, rows: &Tensor<B, 2>, inverse_deviation: Tensor<B, 2>) {
        let _ = (id, rows, inverse_deviation);
    }

    /// The value of a max pool.
    fn max_pool(&mut self, id: NodeId, input: Tensor<B, 4>, window: Window) -> Tensor<B, 4> {
        let _ = id;
        max_pool2d(input, window.kernel, window.stride, window.padding, [1; 2], false)
    }

    /// The value of a weighted sum of values of one shape.
    fn sum(&mut self, id: NodeId, weights: &[f32], inputs: Vec<Tensor<B, 4>>) -> Tensor<B, 4> {
        let _ = id;
        let terms = inputs.into_iter().zip(weights).map(|(term, weight)| scaled(term, *weight));
        terms.reduce(|sum, term| sum + term).expect("a checked graph sums at least one input")
    }

    /// A value or parameter in the type that convolutions and products of matrices compute in.
    fn narrow<const D: usize>(&self, tensor: Tensor<B, D>) -> Tensor<B, D> {
        tensor
    }

    /// What such a layer gives, in the type that values have.
    fn widen<const D: usize>(&self, tensor: Tensor<B, D>) -> Tensor<B, D> {
        tensor
    }
}

/// The weight of a convolution, linear layer or embedding, in its own dimensions.
pub(crate) fn weight<B: Backend, const D: usize>(layers: &impl Layers<B>, graph: &Graph, id: NodeId) -> Tensor<B, D> {
    let position = graph.parameters_of(id).start;
    let shape: [usize; D] = std::array::from_fn(|axis| graph.parameters()[position].shape[axis]);
    layers.parameter(position).reshape(shape)
}

/// `factor · tensor`, without a pass over memory where the factor is 1.
pub(crate) fn scaled<B: Backend, const D: usize>(tensor: Tensor<B, D>, factor: f32) -> Tensor<B, D> {
    #[expect(clippy::float_cmp, reason = "exactly 1 is the weight of a lone operator")]
    if factor == 1.0 { tensor } else { tensor * factor }
}
