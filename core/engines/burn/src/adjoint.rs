//! The batched vector–Jacobian product: K cotangents through one forward pass at once.
//!
//! A cotangent of a node is a tensor `[K · batch, channels, height, width]`, the cotangents one after the other. Each
//! operator maps the cotangent of its output to those of its inputs, and to one gradient a cotangent and parameter.

use assay_core::graph::{NodeId, Operator, ParameterRole, ParameterSpec, Shape};
use burn_tensor::Tensor;
use burn_tensor::backend::Backend;

use super::axes::{along, gathered, narrowed, padded, scattered, spread, transposed, value};
use super::batch_norm::through_batch_norm;
use super::forward::{Pass, Saved};
use super::functions::slope;
use super::gradients::{Gradient, gradients};
use super::layers::scaled;
use super::norms::RowNorm;
use super::products::{through_linear, through_product};
use super::windows::{through_average, through_convolution, through_max_pool};

/// K cotangents of a node, `[count, batch, elements]`.
pub(super) struct Cotangents {
    pub(super) count: usize,
    pub(super) values: Vec<f64>,
}

impl Cotangents {
    /// For each of `count` samples from `first`, ones over that sample's outputs and zeros elsewhere.
    pub(super) fn of_samples(first: usize, count: usize, batch: usize, outputs: usize) -> Self {
        let mut values = vec![0.0; count * batch * outputs];
        for row in 0..count {
            values[(row * batch + first + row) * outputs..][..outputs].fill(1.0);
        }
        Self { count, values }
    }
}

/// Where cotangents enter, and what is wanted of the gradient.
pub(super) struct Goal<'a> {
    /// The node that the cotangents are of.
    pub(super) from: NodeId,
    /// Which parameters' gradients.
    pub(super) parameters: &'a dyn Fn(&ParameterSpec) -> bool,
    /// Which nodes' gradients.
    pub(super) nodes: &'a [NodeId],
}

/// What came back.
pub(super) struct PulledBack<B: Backend> {
    /// One entry a parameter of the graph, each `[count, elements]`.
    pub(super) parameters: Vec<Gradient>,
    /// The gradients of the nodes that were wanted, in their order, each `[count · batch, channels, height, width]`.
    pub(super) nodes: Vec<Option<Tensor<B, 4>>>,
}

struct Backward<'a, B: Backend> {
    pass: &'a Pass<B>,
    count: usize,
    cotangents: Vec<Option<Tensor<B, 4>>>,
    gradients: Vec<Gradient>,
    wanted: &'a dyn Fn(&ParameterSpec) -> bool,
}

impl<B: Backend> Pass<B> {
    /// The gradients of each cotangent · value of a node. Only what is wanted is computed.
    pub(super) fn pull_back(&self, cotangents: Cotangents, goal: &Goal<'_>) -> PulledBack<B> {
        let nodes = self.graph.nodes().len();
        let mut backward = Backward {
            pass: self,
            count: cotangents.count,
            cotangents: vec![None; nodes],
            gradients: vec![None; self.graph.parameters().len()],
            wanted: goal.parameters,
        };
        let shape = self.dimensions(goal.from, cotangents.count * self.batch);
        backward.cotangents[goal.from.0] = Some(self.tensors.of_f64(cotangents.values, shape));
        let matters = self.leads_to(goal);
        let mut found = vec![None; goal.nodes.len()];
        for position in (0..=goal.from.0).rev() {
            if let Some(cotangent) = backward.cotangents[position].take().filter(|_| matters[position]) {
                for (found, _) in found.iter_mut().zip(goal.nodes).filter(|(_, node)| node.0 == position) {
                    *found = Some(cotangent.clone());
                }
                backward.step(NodeId(position), cotangent, &matters);
            }
        }
        PulledBack { parameters: backward.gradients, nodes: found }
    }

    /// Whether something wanted lies at or before each node: where nothing does, no cotangent needs to go.
    fn leads_to(&self, goal: &Goal<'_>) -> Vec<bool> {
        let mut matters: Vec<bool> = Vec::with_capacity(self.graph.nodes().len());
        for (position, node) in self.graph.nodes().iter().enumerate() {
            let id = NodeId(position);
            let own = self.graph.parameters_of(id).any(|index| (goal.parameters)(&self.graph.parameters()[index]));
            matters.push(own || goal.nodes.contains(&id) || node.inputs.iter().any(|input| matters[input.0]));
        }
        matters
    }
}

impl<B: Backend> Backward<'_, B> {
    fn images(&self) -> usize {
        self.count * self.pass.batch
    }

    fn step(&mut self, id: NodeId, cotangent: Tensor<B, 4>, matters: &[bool]) {
        let pass = self.pass;
        let node = pass.graph.node(id);
        let range = pass.graph.parameters_of(id);
        let wanted: Vec<bool> = pass.graph.parameters()[range.clone()].iter().map(self.wanted).collect();
        if wanted.contains(&true) {
            for (to, found) in self.gradients[range].iter_mut().zip(gradients(pass, id, &cotangent, self.count, &wanted)) {
                *to = found;
            }
        }
        for (which, input) in node.inputs.iter().enumerate() {
            if !matters[input.0] || !pass.has(*input) {
                continue;
            }
            if let Some(pulled) = self.through(id, which, cotangent.clone()) {
                let sum = match self.cotangents[input.0].take() {
                    Some(before) => before + pulled,
                    None => pulled,
                };
                self.cotangents[input.0] = Some(sum);
            }
        }
    }

    /// The cotangent of one input, given that of the output; nothing where no signal passes.
    fn through(&self, id: NodeId, which: usize, cotangent: Tensor<B, 4>) -> Option<Tensor<B, 4>> {
        let pass = self.pass;
        let node = pass.graph.node(id);
        let shapes: Vec<Shape> = node.inputs.iter().map(|input| pass.graph.node(*input).shape).collect();
        let (shape, out) = (shapes[which], node.shape);
        let zeros = |dims| pass.tensors.zeros(dims);
        Some(match &node.operator {
            // What has no input, and what passes nothing back.
            Operator::Input | Operator::Parameter { .. } | Operator::Constant { .. } => return None,
            Operator::Embedding { .. } | Operator::Zero { .. } => return None,
            Operator::Conv2d(conv) => through_convolution(conv, cotangent, pass.weight::<4>(id), shape),
            Operator::BatchNorm { .. } => value(through_batch_norm(pass, id, cotangent, self.count), shape),
            operator @ (Operator::LayerNorm { .. } | Operator::RmsNorm { .. } | Operator::GroupNorm { .. }) => {
                let scale = pass.graph.parameters()[pass.graph.parameters_of(id)].first().filter(|spec| spec.role == ParameterRole::Scale);
                let scale = scale.and_then(|_| pass.parameter_of(id, 0));
                let [rows, inverse_deviation] = pass.kept_rows(id, self.count);
                RowNorm::new(operator, out)?.through(cotangent, scale, rows, inverse_deviation)
            }
            Operator::Relu => {
                cotangent * pass.value(id).clone().greater_elem(0.0).float().cast(pass.tensors.dtype()).repeat_dim(0, self.count)
            }
            Operator::Activation(activation) => {
                let slope = slope(*activation, pass.value(node.inputs[0]).clone());
                cotangent * slope.repeat_dim(0, self.count)
            }
            Operator::AvgPool(pool) => through_average(pass, pool, cotangent, [shape, out]),
            Operator::MaxPool(pool) => {
                let Saved::Maxima(maxima) = &pass.saved[id.0] else { unreachable!("a max pool saves its maxima") };
                through_max_pool(pass, pool, cotangent, maxima.clone().repeat_dim(0, self.count), [shape, out])
            }
            Operator::GlobalAvgPool => {
                let rows = cotangent.reshape([self.images() * shape.channels, 1]) / shape.area() as f64;
                value(rows.repeat_dim(1, shape.area()), shape)
            }
            Operator::Mean { axes } => {
                let count: usize = axes.iter().map(|axis| shape.axis(*axis)).product();
                spread(cotangent / count as f64, out, shape)
            }
            Operator::Linear { .. } => through_linear(cotangent, pass.weight::<2>(id), shape),
            Operator::WeightedSum { weights } => gathered(scaled(cotangent, weights[which]), out, shape),
            Operator::Product => {
                let others = (0..shapes.len()).filter(|other| *other != which);
                let factor = |other: usize| spread(pass.value(node.inputs[other]).clone(), shapes[other], out).repeat_dim(0, self.count);
                gathered(others.map(factor).fold(cotangent, |product, factor| product * factor), out, shape)
            }
            Operator::MatMul { axis } => {
                let other = pass.value(node.inputs[1 - which]).clone().repeat_dim(0, self.count);
                through_product(*axis, which, cotangent, other, [shapes[0], shapes[1]], out)
            }
            Operator::Softmax { axis } => {
                let seen = |tensor| along(tensor, shape, *axis);
                let (dy, y) = (seen(cotangent), seen(pass.value(id).clone().repeat_dim(0, self.count)));
                let mean = (dy.clone() * y.clone()).sum_dim(1);
                value((dy - mean) * y, shape)
            }
            Operator::Concat { axis } => {
                let before: usize = shapes[..which].iter().map(|shape| shape.axis(*axis)).sum();
                narrowed(cotangent, out, *axis, before, shape.axis(*axis))
            }
            Operator::Slice { axis, start, end, step: 1 } => padded(cotangent, out, *axis, [*start, shape.axis(*axis) - end], zeros),
            Operator::Slice { axis, start, end, step } => {
                let kept: Vec<usize> = (*start..*end).step_by(*step).collect();
                scattered(cotangent, shape, *axis, &kept, zeros)
            }
            Operator::Gather { axis, indices } => scattered(cotangent, shape, *axis, indices, zeros),
            Operator::Pad { amounts } => {
                let crop = |(tensor, from): (Tensor<B, 4>, Shape), (axis, [before, _]): (usize, &[usize; 2])| {
                    let count = shape.axis(axis);
                    (narrowed(tensor, from, axis, *before, count), from.with_axis(axis, count))
                };
                amounts.iter().enumerate().fold((cotangent, out), crop).0
            }
            Operator::Transpose { order } => {
                let mut back = order.clone();
                order.iter().enumerate().for_each(|(to, from)| back[*from] = to);
                transposed(cotangent, out, &back)
            }
            Operator::Reshape { .. } => value(cotangent, shape),
            Operator::Shift { offset } => {
                let back = |tensor: Tensor<B, 4>, axis: usize| {
                    let kept = shape.axis(axis) - offset;
                    padded(narrowed(tensor, shape, axis, 0, kept), shape.with_axis(axis, kept), axis, [*offset, 0], zeros)
                };
                [1, 2].into_iter().fold(cotangent, back)
            }
            Operator::Truncate { channels } => padded(cotangent, out, 0, [0, shape.channels - channels], zeros),
        })
    }
}
