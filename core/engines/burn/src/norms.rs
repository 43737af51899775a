//! Normalisations of each image alone: rows of elements that are centred and scaled together.

use assay_core::graph::{Graph, NodeId, Operator, Shape};
use burn_tensor::Tensor;
use burn_tensor::backend::Backend;

use super::axes::{channel_rows, value};
use super::layers::Layers;

/// How a node normalises.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RowNorm {
    shape: Shape,
    /// Elements of a row.
    size: usize,
    epsilon: f64,
    /// Whether the mean is subtracted.
    centred: bool,
    /// Elements that have one factor: 1, or a whole map where a channel has one.
    of_a_factor: usize,
    scale: bool,
    offset: bool,
}

impl RowNorm {
    /// That of an operator on this input, or nothing where it normalises no rows.
    pub(crate) fn new(operator: &Operator, shape: Shape) -> Option<Self> {
        let from = |axis: usize| shape.axes()[axis..].iter().product();
        let of = |size, epsilon: &f64, scale: &bool, offset: &bool| Self {
            shape,
            size,
            epsilon: *epsilon,
            centred: true,
            of_a_factor: 1,
            scale: *scale,
            offset: *offset,
        };
        match operator {
            Operator::LayerNorm { axis, scale, offset, epsilon } => Some(of(from(*axis), epsilon, scale, offset)),
            Operator::RmsNorm { axis, scale, epsilon } => Some(Self { centred: false, ..of(from(*axis), epsilon, scale, &false) }),
            Operator::GroupNorm { groups, affine, epsilon } => {
                Some(Self { of_a_factor: shape.area(), ..of(shape.elements() / groups, epsilon, affine, affine) })
            }
            _ => None,
        }
    }

    /// The value.
    pub(crate) fn run<B: Backend>(&self, layers: &mut impl Layers<B>, graph: &Graph, id: NodeId, input: Tensor<B, 4>) -> Tensor<B, 4> {
        let mut rows = self.rows(input);
        if self.centred {
            rows = rows.clone() - rows.mean_dim(1);
        }
        let inverse_deviation = ((rows.clone() * rows.clone()).mean_dim(1) + self.epsilon).sqrt().recip();
        let rows = rows * inverse_deviation.clone();
        layers.keep_rows(id, &rows, inverse_deviation);
        let mut parameters = graph.parameters_of(id);
        let mut next = |has: bool| has.then(|| parameters.next()).flatten();
        let mut out = value(rows, self.shape);
        if let Some(scale) = next(self.scale) {
            out = self.multiplied(out, layers.parameter(scale));
        }
        if let Some(offset) = next(self.offset) {
            let (rows, offset) = self.with_factors(out, layers.parameter(offset));
            out = value(rows + offset, self.shape);
        }
        out
    }

    /// dx = (dŷ − mean(dŷ) − x̂ · mean(dŷ · x̂)) / σ, where dŷ is the gradient of x̂; without centring, without the first mean. `scale`
    /// is that of the node, `rows` and `inverse_deviation` are what it kept, as often as there are cotangents.
    pub(crate) fn through<B: Backend>(
        &self,
        cotangent: Tensor<B, 4>,
        scale: Option<Tensor<B, 1>>,
        rows: Tensor<B, 2>,
        inverse_deviation: Tensor<B, 2>,
    ) -> Tensor<B, 4> {
        let inner = self.rows(match scale {
            Some(scale) => self.multiplied(cotangent, scale),
            None => cotangent,
        });
        let slope = (inner.clone() * rows.clone()).mean_dim(1);
        let centred = if self.centred { inner.clone() - inner.mean_dim(1) } else { inner };
        value((centred - rows * slope) * inverse_deviation, self.shape)
    }

    /// The gradients of the scale and the offset, those that the node has, each `[count, elements]`. `rows` are what it kept, as
    /// often as there are cotangents.
    pub(crate) fn gradients<B: Backend>(&self, cotangent: Tensor<B, 4>, rows: Tensor<B, 2>, count: usize) -> Vec<Tensor<B, 2>> {
        let dy = self.rows(cotangent);
        let sums = |products: Tensor<B, 2>| {
            let factors = if self.of_a_factor == 1 { self.size } else { self.shape.channels };
            let repeats = self.shape.elements() / factors / self.of_a_factor;
            let images = products.shape().num_elements() / self.shape.elements() / count;
            let of_factor = products.reshape([count * images * repeats * factors, self.of_a_factor]).sum_dim(1);
            of_factor.reshape([count, images * repeats, factors]).sum_dim(1).reshape([count, factors])
        };
        let scale = self.scale.then(|| sums(dy.clone() * rows));
        scale.into_iter().chain(self.offset.then(|| sums(dy))).collect()
    }

    fn rows<B: Backend>(&self, value: Tensor<B, 4>) -> Tensor<B, 2> {
        let rows = value.shape().num_elements() / self.size;
        value.reshape([rows, self.size])
    }

    fn multiplied<B: Backend>(&self, tensor: Tensor<B, 4>, factor: Tensor<B, 1>) -> Tensor<B, 4> {
        let (rows, factor) = self.with_factors(tensor, factor);
        value(rows * factor, self.shape)
    }

    /// A value and its factors in rows that burn-flex broadcasts fast.
    fn with_factors<B: Backend>(&self, value: Tensor<B, 4>, factors: Tensor<B, 1>) -> (Tensor<B, 2>, Tensor<B, 2>) {
        if self.of_a_factor == 1 {
            return (self.rows(value), factors.unsqueeze_dim(0));
        }
        let images = value.dims()[0];
        (value.reshape([images * self.shape.channels, self.of_a_factor]), channel_rows(factors, images))
    }
}
