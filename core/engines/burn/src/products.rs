//! Products of matrices: linear layers, embeddings, and products of two values.

use assay_core::engine::EngineError;
use assay_core::graph::{Node, Shape};
use burn_tensor::Tensor;
use burn_tensor::backend::Backend;

use super::axes::{gathered, integers, spread, value};
use super::layers::Layers;
use super::tensors::to_host;

/// The value of a linear layer along an axis, after which all extents are 1.
pub(crate) fn linear<B: Backend>(
    layers: &impl Layers<B>,
    input: Tensor<B, 4>,
    weight: Tensor<B, 2>,
    bias: Option<Tensor<B, 1>>,
    out: Shape,
) -> Tensor<B, 4> {
    let features = weight.dims()[1];
    let rows = input.shape().num_elements() / features;
    let product = layers.narrow(input.reshape([rows, features])).matmul(layers.narrow(weight).transpose());
    let product = layers.widen(product);
    let sum = match bias {
        Some(bias) => product + bias.unsqueeze_dim(0),
        None => product,
    };
    value(sum, out)
}

/// The cotangent of a linear layer's input.
pub(crate) fn through_linear<B: Backend>(cotangent: Tensor<B, 4>, weight: Tensor<B, 2>, input: Shape) -> Tensor<B, 4> {
    let outputs = weight.dims()[0];
    let rows = cotangent.shape().num_elements() / outputs;
    value(cotangent.reshape([rows, outputs]).matmul(weight), input)
}

/// The gradients of a linear layer's weight, `[count, out, in]`.
pub(crate) fn linear_weight<B: Backend>(
    cotangent: Tensor<B, 4>,
    input: Tensor<B, 4>,
    [outputs, features]: [usize; 2],
    count: usize,
) -> Tensor<B, 3> {
    let rows = input.shape().num_elements() / features;
    let dy = cotangent.reshape([count, rows, outputs]).swap_dims(1, 2);
    dy.matmul(input.reshape([1, rows, features]))
}

/// Two values as matrices, one pair a place.
struct Matrices {
    /// The shapes of left and right with a matrix of its own at each place.
    whole: [Shape; 2],
    places: usize,
    rows: usize,
    inner: usize,
    columns: usize,
}

impl Matrices {
    fn new(axis: usize, [left, right]: [Shape; 2], out: Shape) -> Self {
        let inner = left.axis(axis + 1);
        Self {
            whole: [out.with_axis(axis + 1, inner), out.with_axis(axis, inner)],
            places: out.axes()[..axis].iter().product(),
            rows: out.axis(axis),
            inner,
            columns: right.axis(axis + 1),
        }
    }

    fn left<B: Backend>(&self, tensor: Tensor<B, 4>, shape: Shape) -> Tensor<B, 3> {
        let images = tensor.dims()[0];
        spread(tensor, shape, self.whole[0]).reshape([images * self.places, self.rows, self.inner])
    }

    fn right<B: Backend>(&self, tensor: Tensor<B, 4>, shape: Shape) -> Tensor<B, 3> {
        let images = tensor.dims()[0];
        spread(tensor, shape, self.whole[1]).reshape([images * self.places, self.inner, self.columns])
    }
}

/// The product of two values' matrices.
pub(crate) fn multiplied<B: Backend>(
    layers: &impl Layers<B>,
    axis: usize,
    [left, right]: [Tensor<B, 4>; 2],
    shapes: [Shape; 2],
    out: Shape,
) -> Tensor<B, 4> {
    let matrices = Matrices::new(axis, shapes, out);
    let (left, right) = (matrices.left(left, shapes[0]), matrices.right(right, shapes[1]));
    value(layers.widen(layers.narrow(left).matmul(layers.narrow(right))), out)
}

/// The cotangent of the left or right of two values whose matrices are multiplied; `other` is the value of the other, as often as
/// there are cotangents.
pub(crate) fn through_product<B: Backend>(
    axis: usize,
    which: usize,
    cotangent: Tensor<B, 4>,
    other: Tensor<B, 4>,
    shapes: [Shape; 2],
    out: Shape,
) -> Tensor<B, 4> {
    let matrices = Matrices::new(axis, shapes, out);
    let images = cotangent.dims()[0];
    let dy = cotangent.reshape([images * matrices.places, matrices.rows, matrices.columns]);
    let pulled = match which {
        0 => dy.matmul(matrices.right(other, shapes[1]).transpose()),
        _ => matrices.left(other, shapes[0]).transpose().matmul(dy),
    };
    gathered(value(pulled, matrices.whole[which]), matrices.whole[which], shapes[which])
}

/// The numbers that an embedding reads.
///
/// # Errors
/// If one of them is not a whole number, or there is no vector of it.
pub(crate) fn numbers<B: Backend>(node: &Node, input: Tensor<B, 4>, count: usize) -> Result<Vec<usize>, EngineError> {
    let number = |found: f64| {
        let fits = found >= 0.0 && found < count as f64 && found.fract() == 0.0;
        if fits { Ok(found as usize) } else { Err(EngineError::NotANumberOf { node: node.name.clone(), count, found }) }
    };
    to_host(input).into_iter().map(number).collect()
}

/// The value of an embedding.
///
/// # Errors
/// If there is no vector for a number.
pub(crate) fn embedded<B: Backend>(node: &Node, input: Tensor<B, 4>, vectors: Tensor<B, 2>) -> Result<Tensor<B, 4>, EngineError> {
    let numbers = numbers(node, input, vectors.dims()[0])?;
    let which = integers(&numbers, &vectors);
    Ok(value(vectors.select(0, which), node.shape))
}

/// The gradients of an embedding's vectors, `[count, vectors, features]`.
pub(crate) fn embedding_weight(cotangent: &[f64], numbers: &[usize], [vectors, features]: [usize; 2], count: usize) -> Vec<f64> {
    let mut all = vec![0.0; count * vectors * features];
    for (position, vector) in cotangent.chunks(features).enumerate() {
        let place = position / numbers.len() * vectors + numbers[position % numbers.len()];
        all[place * features..][..features].iter_mut().zip(vector).for_each(|(to, from)| *to += from);
    }
    all
}
