//! The forward computation of every operator, on any burn backend. The engine and learners run graphs by it; on an autodiff backend,
//! what it computes can be differentiated.

use assay_core::engine::EngineError;
use assay_core::graph::{Graph, NodeId, Operator, Shape};
use burn_tensor::Tensor;
use burn_tensor::activation::{relu, softmax};
use burn_tensor::backend::Backend;

use super::axes::{along, dimensions, narrowed, padded, selected, spread, transposed, value};
use super::layers::{Layers, weight};
use super::norms::RowNorm;
use super::{functions, products, windows};

/// A node's value, laid out as [`axes`](super::axes) says. `inputs` are the values of the node's inputs, in order; the input node takes the
/// images, and an [`Operator::Zero`] takes none.
///
/// # Errors
/// If an embedding reads what is not the number of one of its vectors.
///
/// # Panics
/// If an input is missing.
pub(crate) fn run<B: Backend>(
    layers: &mut impl Layers<B>,
    graph: &Graph,
    id: NodeId,
    inputs: impl IntoIterator<Item = Tensor<B, 4>>,
    images: usize,
) -> Result<Tensor<B, 4>, EngineError> {
    let node = graph.node(id);
    let dims = dimensions(node.shape, images);
    let shapes: Vec<Shape> = node.inputs.iter().map(|input| graph.node(*input).shape).collect();
    let mut inputs = inputs.into_iter();
    let mut input = || inputs.next().expect("a checked graph gives every operator its inputs");
    let parameters = graph.parameters_of(id);
    let bias = |layers: &_| (parameters.len() > 1).then(|| Layers::parameter(layers, parameters.start + 1));
    Ok(match &node.operator {
        Operator::Input => input(),
        Operator::Conv2d(conv) => windows::convolved(layers, conv, input(), weight::<B, 4>(layers, graph, id), bias(layers)),
        Operator::BatchNorm { affine, epsilon } => {
            let scale = affine.then(|| [0, 1].map(|which| layers.parameter(parameters.start + which)));
            layers.normalise(id, input(), scale, *epsilon)
        }
        operator @ (Operator::LayerNorm { .. } | Operator::RmsNorm { .. } | Operator::GroupNorm { .. }) => {
            let norm = RowNorm::new(operator, node.shape).expect("these normalise rows");
            norm.run(layers, graph, id, input())
        }
        Operator::Relu => relu(input()),
        Operator::Activation(activation) => functions::applied(*activation, input()),
        Operator::AvgPool(pool) => windows::averaged(layers, pool, input(), [shapes[0], node.shape]),
        Operator::MaxPool(pool) => windows::max_pooled(layers, id, pool, input(), [shapes[0], node.shape]),
        Operator::GlobalAvgPool => input().reshape([images, shapes[0].channels, shapes[0].area()]).mean_dim(2).reshape(dims),
        Operator::Mean { axes } => {
            let mean = |(tensor, shape): (Tensor<B, 4>, Shape), axis: &usize| {
                let narrower = shape.with_axis(*axis, 1);
                (value(along(tensor, shape, *axis).mean_dim(1), narrower), narrower)
            };
            axes.iter().fold((input(), shapes[0]), mean).0
        }
        Operator::Linear { .. } => products::linear(layers, input(), weight::<B, 2>(layers, graph, id), bias(layers), node.shape),
        Operator::Embedding { .. } => products::embedded(node, input(), weight::<B, 2>(layers, graph, id))?,
        Operator::WeightedSum { weights } => {
            let terms = inputs.zip(&shapes).map(|(term, shape)| spread(term, *shape, node.shape)).collect();
            layers.sum(id, weights, terms)
        }
        Operator::Product => {
            let factors = inputs.zip(&shapes).map(|(factor, shape)| spread(factor, *shape, node.shape));
            factors.reduce(|product, factor| product * factor).expect("a checked graph multiplies at least one input")
        }
        Operator::MatMul { axis } => products::multiplied(layers, *axis, [input(), input()], [shapes[0], shapes[1]], node.shape),
        Operator::Softmax { axis } => value(softmax(along(input(), node.shape, *axis), 1), node.shape),
        Operator::Concat { axis } => {
            let parts = inputs.zip(&shapes).map(|(part, shape)| along(part, *shape, *axis)).collect();
            value(Tensor::cat(parts, 1), node.shape)
        }
        Operator::Slice { axis, start, end, step: 1 } => narrowed(input(), shapes[0], *axis, *start, end - start),
        Operator::Slice { axis, start, end, step } => {
            let kept: Vec<usize> = (*start..*end).step_by(*step).collect();
            selected(input(), shapes[0], *axis, &kept)
        }
        Operator::Gather { axis, indices } => selected(input(), shapes[0], *axis, indices),
        Operator::Pad { amounts } => {
            let pad = |(tensor, shape): (Tensor<B, 4>, Shape), (axis, amount): (usize, &[usize; 2])| {
                let wider = shape.with_axis(axis, shape.axis(axis) + amount[0] + amount[1]);
                (padded(tensor, shape, axis, *amount, |dims| layers.zeros(dims)), wider)
            };
            amounts.iter().enumerate().fold((input(), shapes[0]), pad).0
        }
        Operator::Transpose { order } => transposed(input(), shapes[0], order),
        Operator::Reshape { .. } => input().reshape(dims),
        Operator::Parameter { .. } => repeated(layers.parameter(parameters.start), dims),
        Operator::Constant { values, .. } => repeated(layers.numbers::<1>(values, [values.len()]), dims),
        Operator::Shift { offset } => {
            let shift = |(tensor, shape): (Tensor<B, 4>, Shape), axis: usize| {
                let kept = shape.axis(axis) - offset;
                let moved = narrowed(tensor, shape, axis, *offset, kept);
                (padded(moved, shape.with_axis(axis, kept), axis, [0, *offset], |dims| layers.zeros(dims)), shape)
            };
            [1, 2].into_iter().fold((input(), node.shape), shift).0
        }
        Operator::Truncate { channels } => input().narrow(1, 0, *channels),
        Operator::Zero { .. } => layers.zeros(dims),
    })
}

/// The same numbers for each image.
fn repeated<B: Backend>(numbers: Tensor<B, 1>, dims: [usize; 4]) -> Tensor<B, 4> {
    numbers.unsqueeze_dim::<2>(0).repeat_dim(0, dims[0]).reshape(dims)
}
