//! A graph's forward pass in training and in inference, on any burn backend. With an autodiff backend, what it computes
//! can be differentiated.

use assay_core::graph::{Conv2d, Graph, NodeId, Operator, Pool};
use assay_core::stream::Stream;
use burn::tensor::backend::Backend;
use burn::tensor::module::{avg_pool2d, conv2d, max_pool2d};
use burn::tensor::ops::ConvOptions;
use burn::tensor::{FloatDType, Tensor, TensorData};

use crate::drop_path;
use crate::norm::{self, Moments};

/// The factor by which a step's statistics enter the running ones, as PyTorch's default.
pub(crate) const STATISTICS_MOMENTUM: f64 = 0.1;

/// A graph's parameters, flat, in its order, and the moments of its batch normalisations, in theirs.
#[derive(Clone, Debug)]
pub(crate) struct Values<B: Backend> {
    pub(crate) parameters: Vec<Tensor<B, 1>>,
    pub(crate) statistics: Vec<Moments<B>>,
}

/// How a graph is run.
pub(crate) struct Pass<'a, B: Backend> {
    pub(crate) graph: &'a Graph,
    pub(crate) values: &'a Values<B>,
    /// The type that convolutions and linear layers compute in.
    pub(crate) precision: FloatDType,
    /// What only training has.
    pub(crate) training: Option<Dropping<'a>>,
}

/// Which values are dropped in this step.
#[derive(Clone, Copy)]
pub(crate) struct Dropping<'a> {
    pub(crate) droppable: &'a [bool],
    pub(crate) probability: f64,
    pub(crate) stream: &'a Stream,
}

/// What a pass gives.
pub(crate) struct Outputs<B: Backend> {
    /// `[batch, outputs]`.
    pub(crate) logits: Tensor<B, 2>,
    /// The value of the node asked for.
    pub(crate) tap: Option<Tensor<B, 4>>,
    /// In training, the batch's moments at each batch normalisation that was run, by its number.
    pub(crate) moments: Vec<(usize, Moments<B>)>,
}

impl<B: Backend> Pass<'_, B> {
    /// Runs images `[batch, channels, height, width]` through the graph.
    pub(crate) fn run(&self, images: Tensor<B, 4>, tap: Option<NodeId>) -> Outputs<B> {
        let graph = self.graph;
        let count = images.dims()[0];
        let taps: Vec<NodeId> = tap.into_iter().collect();
        let needed = graph.needed_by(&taps);
        let mut readers = vec![0; graph.nodes().len()];
        for (node, _) in graph.nodes().iter().zip(&needed).filter(|(_, needed)| **needed) {
            node.inputs.iter().for_each(|input| readers[input.0] += 1);
        }
        taps.iter().chain([&graph.output()]).for_each(|kept| readers[kept.0] += 1);
        let device = images.device();
        let mut values: Vec<Option<Tensor<B, 4>>> = vec![None; graph.nodes().len()];
        values[0] = Some(images);
        let mut moments = Vec::new();
        let mut number = 0;
        for (position, node) in graph.nodes().iter().enumerate() {
            let own_number = number;
            number += usize::from(matches!(node.operator, Operator::BatchNorm { .. }));
            if !needed[position] || position == 0 {
                continue;
            }
            let id = NodeId(position);
            let inputs: Vec<Tensor<B, 4>> = match node.operator {
                Operator::Zero { .. } => Vec::new(),
                _ => node.inputs.iter().map(|input| take(&mut values, &mut readers, *input)).collect(),
            };
            let shape = [count, node.shape.channels, node.shape.height, node.shape.width];
            let value = match &node.operator {
                Operator::BatchNorm { affine, epsilon } => {
                    let scale = affine.then(|| [0, 1].map(|which| self.parameter(id, which)));
                    let input = inputs[0].clone();
                    match &self.training {
                        Some(_) => {
                            let (value, own) = norm::by_batch(input, scale, *epsilon);
                            moments.push((own_number, own));
                            value
                        }
                        None => norm::by_running(input, scale, &self.values.statistics[own_number], *epsilon),
                    }
                }
                Operator::Zero { .. } => Tensor::zeros(shape, &device),
                operator => self.operator(id, operator, inputs, shape),
            };
            values[position] = Some(self.dropped(id, value));
        }
        let tap = tap.map(|tap| take(&mut values, &mut readers, tap));
        let logits = take(&mut values, &mut readers, graph.output()).flatten::<2>(1, 3);
        Outputs { logits, tap, moments }
    }

    fn operator(&self, id: NodeId, operator: &Operator, inputs: Vec<Tensor<B, 4>>, shape: [usize; 4]) -> Tensor<B, 4> {
        let mut inputs = inputs;
        let several = matches!(operator, Operator::WeightedSum { .. } | Operator::Concat);
        let input = if several { None } else { inputs.pop() };
        match (operator, input) {
            (Operator::Conv2d(conv), Some(input)) => self.convolution(id, conv, input),
            (Operator::Linear { .. }, Some(input)) => {
                let weight = self.weight::<2>(id);
                let product = self.narrow(input.flatten::<2>(1, 3)).matmul(self.narrow(weight).transpose());
                let product = product.cast(FloatDType::F32);
                let sum = match self.bias(id) {
                    Some(bias) => product + bias.unsqueeze_dim(0),
                    None => product,
                };
                sum.reshape(shape)
            }
            (Operator::Relu, Some(input)) => burn::tensor::activation::relu(input),
            (Operator::AvgPool(Pool { kernel, stride, padding }), Some(input)) => {
                avg_pool2d(input, [*kernel; 2], [*stride; 2], [*padding; 2], false, false)
            }
            (Operator::MaxPool(Pool { kernel, stride, padding }), Some(input)) => {
                max_pool2d(input, [*kernel; 2], [*stride; 2], [*padding; 2], [1; 2], false)
            }
            (Operator::GlobalAvgPool, Some(input)) => {
                let [images, channels, height, width] = input.dims();
                input.reshape([images, channels, height * width]).mean_dim(2).reshape(shape)
            }
            (Operator::Shift { offset }, Some(input)) => {
                let [.., height, width] = shape;
                let kept = input.narrow(2, *offset, height - offset).narrow(3, *offset, width - offset);
                kept.pad((0, *offset, 0, *offset), 0.0)
            }
            (Operator::Truncate { channels }, Some(input)) => input.narrow(1, 0, *channels),
            (Operator::WeightedSum { weights }, None) => {
                let terms = inputs.into_iter().zip(weights).map(|(term, weight)| if *weight == 1.0 { term } else { term * *weight });
                terms.reduce(|sum, term| sum + term).expect("a graph's sums have a term")
            }
            (Operator::Concat, None) => Tensor::cat(inputs, 1),
            (other, _) => unreachable!("`{}` is run by the pass itself", other.kind()),
        }
    }

    fn convolution(&self, id: NodeId, conv: &Conv2d, input: Tensor<B, 4>) -> Tensor<B, 4> {
        let Conv2d { stride, padding, dilation, groups, .. } = *conv;
        let options = ConvOptions::new([stride; 2], [padding; 2], [dilation; 2], groups);
        let bias = self.bias(id).map(|bias| self.narrow(bias));
        conv2d(self.narrow(input), self.narrow(self.weight::<4>(id)), bias, options).cast(FloatDType::F32)
    }

    /// In the type that layers compute in.
    fn narrow<const D: usize>(&self, tensor: Tensor<B, D>) -> Tensor<B, D> {
        if self.precision == FloatDType::F32 { tensor } else { tensor.cast(self.precision) }
    }

    fn dropped(&self, id: NodeId, value: Tensor<B, 4>) -> Tensor<B, 4> {
        let dropping = self.training.filter(|own| own.probability > 0.0 && own.droppable[id.0]);
        let Some(Dropping { probability, stream, .. }) = dropping else { return value };
        let shape = value.dims();
        let factors = drop_path::factors(shape[0], probability, &drop_path::stream(stream, self.graph, id));
        let factors = Tensor::<B, 2>::from_data(TensorData::new(factors, [shape[0], 1]), &value.device());
        (value.reshape([shape[0], shape[1] * shape[2] * shape[3]]) * factors).reshape(shape)
    }

    /// A parameter of a node that has it: 0 for the weight, 1 for the bias.
    fn parameter(&self, id: NodeId, which: usize) -> Tensor<B, 1> {
        self.values.parameters[self.graph.parameters_of(id).start + which].clone()
    }

    fn bias(&self, id: NodeId) -> Option<Tensor<B, 1>> {
        (self.graph.parameters_of(id).len() > 1).then(|| self.parameter(id, 1))
    }

    fn weight<const D: usize>(&self, id: NodeId) -> Tensor<B, D> {
        let spec = &self.graph.parameters()[self.graph.parameters_of(id).start];
        let shape: [usize; D] = std::array::from_fn(|axis| spec.shape[axis]);
        self.parameter(id, 0).reshape(shape)
    }
}

/// A value for one of its readers; the last takes it away.
fn take<B: Backend>(values: &mut [Option<Tensor<B, 4>>], readers: &mut [usize], id: NodeId) -> Tensor<B, 4> {
    readers[id.0] -= 1;
    let value = if readers[id.0] == 0 { values[id.0].take() } else { values[id.0].clone() };
    value.expect("a pass computes a value before its readers")
}
