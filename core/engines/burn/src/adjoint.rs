//! The batched vector–Jacobian product: K cotangents through one forward pass at once.
//!
//! A cotangent of a node is a tensor `[K · batch, channels, height, width]`, the cotangents one after the other. Each
//! operator maps the cotangent of its output to those of its inputs, and to one gradient a cotangent and parameter.

use assay_core::graph::{Conv2d, NodeId, Operator, ParameterSpec, Pool};
use burn_tensor::Tensor;
use burn_tensor::backend::Backend;
use burn_tensor::module::conv_transpose2d;
use burn_tensor::ops::ConvTransposeOptions;
use burn_tensor::s;

use super::forward::{Pass, Saved};
use super::operator::{channel_rows, scaled};
use super::tensors::{Margin, primitive, to_host, wrap};

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

/// Gradients of one parameter, `[K, elements]`, or nothing where the output does not depend on it.
type Gradient = Option<Vec<f64>>;

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
        self.parameters(id, &cotangent);
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
        let shape = pass.dimensions(node.inputs[which], self.images());
        let [_, channels, height, width] = shape;
        Some(match &node.operator {
            Operator::Input | Operator::Zero { .. } => return None,
            Operator::Conv2d(conv) => {
                let out = [0, 1].map(|axis| padding_out(conv, axis, shape[2 + axis], cotangent.dims()[2 + axis]));
                let options = ConvTransposeOptions::new(conv.stride.both(), [conv.padding.top; 2], out, conv.dilation.both(), conv.groups);
                conv_transpose2d(cotangent, pass.weight::<4>(id), None, options)
            }
            Operator::BatchNorm { .. } => self.through_batch_norm(id, cotangent).reshape(shape),
            Operator::Relu => {
                cotangent * pass.value(id).clone().greater_elem(0.0).float().cast(pass.tensors.dtype()).repeat_dim(0, self.count)
            }
            Operator::AvgPool(Pool { kernel, stride, padding, .. }) => wrap(B::avg_pool2d_backward(
                primitive(pass.tensors.zeros(shape)),
                primitive(cotangent),
                kernel.both(),
                stride.both(),
                [padding.top; 2],
                false,
                false,
            )),
            Operator::MaxPool(Pool { kernel, stride, padding, .. }) => {
                let Saved::Maxima(maxima) = &pass.saved[id.0] else { unreachable!("a max pool saves its maxima") };
                let indices = maxima.clone().repeat_dim(0, self.count).into_primitive();
                let (x, dy) = (primitive(pass.tensors.zeros(shape)), primitive(cotangent));
                let pulled =
                    B::max_pool2d_with_indices_backward(x, kernel.both(), stride.both(), [padding.top; 2], [1; 2], false, dy, indices);
                wrap(pulled.x_grad)
            }
            Operator::GlobalAvgPool => {
                let rows = cotangent.reshape([self.images() * channels, 1]) / (height * width) as f64;
                rows.repeat_dim(1, height * width).reshape(shape)
            }
            Operator::Linear { .. } => {
                let weight = pass.weight::<2>(id);
                let outputs = weight.dims()[0];
                cotangent.reshape([self.images(), outputs]).matmul(weight).reshape(shape)
            }
            Operator::WeightedSum { weights } => scaled(cotangent, weights[which]),
            Operator::Concat { .. } => {
                let before: usize = node.inputs[..which].iter().map(|input| pass.graph.node(*input).shape.channels).sum();
                cotangent.slice([0..self.images(), before..before + channels])
            }
            Operator::Shift { offset } => {
                let kept = cotangent.slice([0..self.images(), 0..channels, 0..height - offset, 0..width - offset]);
                pass.tensors.padded(kept, Margin { top: *offset, left: *offset, ..Margin::default() })
            }
            Operator::Truncate { channels: kept } if *kept == channels => cotangent,
            Operator::Truncate { channels: kept } => {
                let dropped = pass.tensors.zeros([self.images(), channels - kept, height, width]);
                Tensor::cat(vec![cotangent, dropped], 1)
            }
            other => unreachable!("`{}` is not run here, which the engine checks first", other.kind()),
        })
    }

    /// dx = γ/σ · (dy − mean(dy) − x̂ · mean(dy · x̂)), means over the batch and the map, cotangent by cotangent; by running
    /// statistics dx = γ/σ · dy.
    fn through_batch_norm(&self, id: NodeId, cotangent: Tensor<B, 4>) -> Tensor<B, 2> {
        let pass = self.pass;
        let Saved::Normalised { rows, inverse_deviation, by_running } = &pass.saved[id.0] else {
            unreachable!("batch normalisation saves what it normalised")
        };
        let shape = pass.graph.node(id).shape;
        let scale = match pass.parameter_of(id, 0) {
            Some(gamma) => gamma * inverse_deviation.clone(),
            None => inverse_deviation.clone(),
        };
        let scale = channel_rows(scale, self.images());
        let rows_of = |cotangent: Tensor<B, 4>| cotangent.reshape([self.images() * shape.channels, shape.area()]);
        if *by_running {
            return rows_of(cotangent) * scale;
        }
        let size = (pass.batch * shape.area()) as f64;
        let (shift, slope) = self.sums(id, &cotangent);
        let dy = rows_of(cotangent);
        let normalised = rows.clone().repeat_dim(0, self.count);
        let spread = |sums: Tensor<B, 2>| {
            let sums = sums / size;
            sums.reshape([self.count, 1, shape.channels]).repeat_dim(1, pass.batch).reshape([self.images() * shape.channels, 1])
        };
        (dy - spread(shift) - normalised * spread(slope)) * scale
    }

    /// Σ dy and Σ dy · x̂ over the batch and the map, `[K, channels]` each: the gradients of β and γ.
    fn sums(&self, id: NodeId, cotangent: &Tensor<B, 4>) -> (Tensor<B, 2>, Tensor<B, 2>) {
        let pass = self.pass;
        let Saved::Normalised { rows, .. } = &pass.saved[id.0] else { unreachable!("batch normalisation saves what it normalised") };
        let shape = pass.graph.node(id).shape;
        let dy = cotangent.clone().reshape([self.images() * shape.channels, shape.area()]);
        let total = |products: Tensor<B, 2>| {
            let maps = products.sum_dim(1).reshape([self.count, pass.batch, shape.channels]);
            maps.sum_dim(1).reshape([self.count, shape.channels])
        };
        let slope = dy.clone() * rows.clone().repeat_dim(0, self.count);
        (total(dy), total(slope))
    }

    /// The gradients of a node's own parameters.
    fn parameters(&mut self, id: NodeId, cotangent: &Tensor<B, 4>) {
        let pass = self.pass;
        let node = pass.graph.node(id);
        let range = pass.graph.parameters_of(id);
        let wanted: Vec<bool> = range.clone().map(|index| (self.wanted)(&pass.graph.parameters()[index])).collect();
        if !wanted.contains(&true) {
            return;
        }
        let weight = match &node.operator {
            Operator::Conv2d(conv) => wanted[0].then(|| self.conv_weight(id, conv, cotangent)),
            Operator::Linear { out_features, .. } => wanted[0].then(|| {
                let input = pass.value(node.inputs[0]).clone();
                let features = input.dims()[1];
                let dy = cotangent.clone().reshape([self.count, pass.batch, *out_features]).swap_dims(1, 2);
                to_host(dy.matmul(input.reshape([1, pass.batch, features])))
            }),
            Operator::BatchNorm { .. } => {
                let (shift, slope) = self.sums(id, cotangent);
                if wanted[1] {
                    self.gradients[range.start + 1] = Some(to_host(shift));
                }
                wanted[0].then(|| to_host(slope))
            }
            _ => None,
        };
        self.gradients[range.start] = weight;
        if matches!(node.operator, Operator::Conv2d(_) | Operator::Linear { .. }) && wanted.get(1) == Some(&true) {
            let maps = cotangent.clone().reshape([self.images() * node.shape.channels, node.shape.area()]).sum_dim(1);
            let sums = maps.reshape([self.count, pass.batch, node.shape.channels]).sum_dim(1);
            self.gradients[range.start + 1] = Some(to_host(sums));
        }
    }

    /// dW\[k\] = dy\[k\] · im2col(x)ᵀ for all cotangents at once: a matrix product a group of channels.
    fn conv_weight(&self, id: NodeId, conv: &Conv2d, cotangent: &Tensor<B, 4>) -> Vec<f64> {
        let pass = self.pass;
        let node = pass.graph.node(id);
        let input = pass.value(node.inputs[0]).clone();
        let [batch, channels, ..] = input.dims();
        let (groups, taps) = (conv.groups, conv.kernel.area());
        let (into, out, area) = (channels / groups, conv.out_channels / groups, node.shape.area());
        // `[groups, batch · area, into · taps]`
        let padded = pass.tensors.padded(input, Margin::all(conv.padding.top));
        let columns = im2col(&padded, conv, [node.shape.height, node.shape.width])
            .reshape([batch, groups, into * taps, area])
            .permute([1, 0, 3, 2])
            .reshape([groups, batch * area, into * taps]);
        // `[groups, K · out, batch · area]`
        let dy = cotangent.clone().reshape([self.count, batch, groups, out, area]).permute([2, 0, 3, 1, 4]).reshape([
            groups,
            self.count * out,
            batch * area,
        ]);
        let product: Tensor<B, 3> = dy.matmul(columns);
        to_host(product.reshape([groups, self.count, out * into * taps]).swap_dims(0, 1))
    }
}

/// A padded input as each kernel tap sees it: `[batch, channels, taps, height · width]` of the output's map.
fn im2col<B: Backend>(padded: &Tensor<B, 4>, conv: &Conv2d, output: [usize; 2]) -> Tensor<B, 4> {
    let [batch, channels, ..] = padded.dims();
    let span = |tap: usize, size: usize, stride: usize, dilation: usize| {
        let start = tap * dilation;
        (start, start + (size - 1) * stride + 1)
    };
    let [down, across] = conv.stride.both().map(|step| step as isize);
    let mut taps = Vec::with_capacity(conv.kernel.area());
    for row in 0..conv.kernel.rows {
        for column in 0..conv.kernel.columns {
            let (top, bottom) = span(row, output[0], conv.stride.rows, conv.dilation.rows);
            let (left, right) = span(column, output[1], conv.stride.columns, conv.dilation.columns);
            let seen = padded.clone().slice(s![.., .., top..bottom;down, left..right;across]);
            taps.push(seen.reshape([batch, channels, 1, output[0] * output[1]]));
        }
    }
    Tensor::cat(taps, 2)
}

/// Rows or columns that a strided convolution never reached, which its transpose has to add.
fn padding_out(conv: &Conv2d, axis: usize, input: usize, output: usize) -> usize {
    let [kernel, stride, dilation] = [conv.kernel, conv.stride, conv.dilation].map(|extent| extent.both()[axis]);
    let reached = (output - 1) * stride + dilation * (kernel - 1) + 1;
    input + conv.padding.pairs()[axis].iter().sum::<usize>() - reached
}
