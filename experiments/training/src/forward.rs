//! A graph's forward pass in training and in inference, on any burn backend. With an autodiff backend, what it computes
//! can be differentiated.

use assay_burn::operator::{self, Layers};
use assay_core::graph::{Graph, Node, NodeId, Operator};
use assay_core::stream::Stream;
use burn::tensor::backend::Backend;
use burn::tensor::{FloatDType, Tensor, TensorData};

use crate::drop_path;
use crate::norm::{self, Moments};

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
        let mut values = Kept::new(graph, &needed, &taps);
        let mut layers = Run { pass: self, device: images.device(), moments: Vec::new() };
        values.put(NodeId(0), images);
        for position in (1..graph.nodes().len()).filter(|position| needed[*position]) {
            let id = NodeId(position);
            let value = operator::value(&mut layers, graph, id, values.inputs(graph, id), count);
            values.put(id, self.dropped(id, value));
        }
        let tap = tap.map(|tap| values.take(tap));
        let logits = values.take(graph.output()).flatten::<2>(1, 3);
        Outputs { logits, tap, moments: layers.moments }
    }

    fn dropped(&self, id: NodeId, value: Tensor<B, 4>) -> Tensor<B, 4> {
        let dropping = self.training.filter(|own| own.probability > 0.0 && own.droppable[id.0]);
        let Some(Dropping { probability, stream, .. }) = dropping else { return value };
        let shape = value.dims();
        let factors = drop_path::factors(shape[0], probability, &drop_path::stream(stream, self.graph, id));
        let factors = Tensor::<B, 2>::from_data(TensorData::new(factors, [shape[0], 1]), &value.device());
        (value.reshape([shape[0], shape[1] * shape[2] * shape[3]]) * factors).reshape(shape)
    }
}

/// The layers of one run of a pass.
struct Run<'a, B: Backend> {
    pass: &'a Pass<'a, B>,
    device: B::Device,
    /// In training, the batch's moments at each batch normalisation so far, by its number.
    moments: Vec<(usize, Moments<B>)>,
}

impl<B: Backend> Layers<B> for Run<'_, B> {
    fn parameter(&self, position: usize) -> Tensor<B, 1> {
        self.pass.values.parameters[position].clone()
    }

    fn zeros(&self, dimensions: [usize; 4]) -> Tensor<B, 4> {
        Tensor::zeros(dimensions, &self.device)
    }

    fn normalise(&mut self, id: NodeId, input: Tensor<B, 4>, scale: Option<[Tensor<B, 1>; 2]>, epsilon: f64) -> Tensor<B, 4> {
        let before = &self.pass.graph.nodes()[..id.0];
        let number = before.iter().filter(|node| matches!(node.operator, Operator::BatchNorm { .. })).count();
        match &self.pass.training {
            Some(_) => {
                let (value, own) = norm::by_batch(input, scale, epsilon);
                self.moments.push((number, own));
                value
            }
            None => norm::by_running(input, scale, &self.pass.values.statistics[number], epsilon),
        }
    }

    fn narrow<const D: usize>(&self, tensor: Tensor<B, D>) -> Tensor<B, D> {
        if self.pass.precision == FloatDType::F32 { tensor } else { tensor.cast(self.pass.precision) }
    }

    fn widen<const D: usize>(&self, tensor: Tensor<B, D>) -> Tensor<B, D> {
        tensor.cast(FloatDType::F32)
    }
}

/// The values that are still to be read.
struct Kept<B: Backend> {
    values: Vec<Option<Tensor<B, 4>>>,
    /// How often each will be read.
    readers: Vec<usize>,
}

impl<B: Backend> Kept<B> {
    fn new(graph: &Graph, needed: &[bool], taps: &[NodeId]) -> Self {
        let mut readers = vec![0; graph.nodes().len()];
        let read = |node: &&Node| !matches!(node.operator, Operator::Zero { .. });
        let nodes = graph.nodes().iter().zip(needed).filter(|(_, needed)| **needed).map(|(node, _)| node);
        nodes.filter(read).flat_map(|node| &node.inputs).chain(taps).chain([&graph.output()]).for_each(|id| readers[id.0] += 1);
        Self { values: vec![None; graph.nodes().len()], readers }
    }

    fn put(&mut self, id: NodeId, value: Tensor<B, 4>) {
        self.values[id.0] = Some(value);
    }

    /// A value for one of its readers; the last takes it away.
    fn take(&mut self, id: NodeId) -> Tensor<B, 4> {
        self.readers[id.0] -= 1;
        let value = if self.readers[id.0] == 0 { self.values[id.0].take() } else { self.values[id.0].clone() };
        value.expect("a pass computes a value before its readers")
    }

    /// What a node reads: a zero reads nothing.
    fn inputs(&mut self, graph: &Graph, id: NodeId) -> Vec<Tensor<B, 4>> {
        let node = graph.node(id);
        match node.operator {
            Operator::Zero { .. } => Vec::new(),
            _ => node.inputs.iter().map(|input| self.take(*input)).collect(),
        }
    }
}
