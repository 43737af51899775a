//! A graph's forward pass in training and in inference. With an autodiff backend, what it computes can be differentiated.

use std::collections::BTreeMap;

use assay_core::engine::EngineError;
use assay_core::engine::learner::Dropped;
use assay_core::graph::{Graph, Node, NodeId, Operator};
use burn_tensor::backend::Backend;
use burn_tensor::{FloatDType, Tensor};

use super::norm::{self, Moments};
use crate::layers::{Layers, scaled as multiplied};
use crate::operator;
use crate::tensors::Tensors;

/// How a graph is run.
pub(super) struct Pass<'a, B: Backend> {
    pub(super) graph: &'a Graph,
    pub(super) tensors: Tensors<B>,
    /// The graph's parameters, flat, in its order.
    pub(super) parameters: &'a [Tensor<B, 1>],
    /// What batch normalisation normalises by; by the batch's own statistics if there is none.
    pub(super) running: Option<&'a BTreeMap<NodeId, Moments<B>>>,
    pub(super) dropped: &'a [Dropped],
    /// The sums whose weights are given.
    pub(super) mixed: &'a [Mixed<B>],
    /// The batch normalisations that have running statistics and normalise by the batch's own all the same.
    pub(super) by_batch: &'a [NodeId],
    /// The type that convolutions and linear layers compute in, where it is not that of values.
    pub(super) narrow: Option<FloatDType>,
    /// The type of values.
    pub(super) wide: FloatDType,
}

/// The weights of a sum.
pub(super) struct Mixed<B: Backend> {
    /// The sum.
    pub(super) node: NodeId,
    /// One weight a term, `[terms]`.
    pub(super) weights: Tensor<B, 1>,
    /// What is added to every element, `[1]`.
    pub(super) constant: Tensor<B, 1>,
}

/// What a pass gives.
pub(super) struct Outputs<B: Backend> {
    /// The values of the nodes asked for, in their order.
    pub(super) values: Vec<Tensor<B, 4>>,
    /// The batch's moments at each batch normalisation that was run by them.
    pub(super) moments: Vec<(NodeId, Moments<B>)>,
}

impl<B: Backend> Pass<'_, B> {
    /// Runs images through the graph to these nodes.
    ///
    /// # Errors
    /// If an embedding reads what is not the number of one of its vectors.
    pub(super) fn run(&self, images: Tensor<B, 4>, taps: &[NodeId]) -> Result<Outputs<B>, EngineError> {
        let graph = self.graph;
        let count = images.dims()[0];
        let needed = graph.needed_by(taps);
        let mut values = Kept::new(graph, &needed, taps);
        let mut layers = Run { pass: self, moments: Vec::new() };
        values.put(NodeId(0), self.dropped(NodeId(0), images));
        for position in (1..graph.nodes().len()).filter(|position| needed[*position]) {
            let id = NodeId(position);
            let value = operator::run(&mut layers, graph, id, values.inputs(graph, id), count)?;
            values.put(id, self.dropped(id, value));
        }
        Ok(Outputs { values: taps.iter().map(|tap| values.take(*tap)).collect(), moments: layers.moments })
    }

    fn dropped(&self, id: NodeId, value: Tensor<B, 4>) -> Tensor<B, 4> {
        let Some(Dropped { factors, .. }) = self.dropped.iter().find(|dropped| dropped.node == id) else { return value };
        let shape = value.dims();
        let factors: Tensor<B, 2> = self.tensors.of_f32(factors, [shape[0], 1]);
        (value.reshape([shape[0], shape[1] * shape[2] * shape[3]]) * factors).reshape(shape)
    }
}

/// The layers of one run of a pass.
struct Run<'a, B: Backend> {
    pass: &'a Pass<'a, B>,
    moments: Vec<(NodeId, Moments<B>)>,
}

impl<B: Backend> Layers<B> for Run<'_, B> {
    fn parameter(&self, position: usize) -> Tensor<B, 1> {
        self.pass.parameters[position].clone()
    }

    fn zeros(&self, dimensions: [usize; 4]) -> Tensor<B, 4> {
        self.pass.tensors.zeros(dimensions)
    }

    fn numbers<const D: usize>(&self, values: &[f32], dimensions: [usize; D]) -> Tensor<B, D> {
        self.pass.tensors.of_f32(values, dimensions)
    }

    fn normalise(&mut self, id: NodeId, input: Tensor<B, 4>, scale: Option<[Tensor<B, 1>; 2]>, epsilon: f64) -> Tensor<B, 4> {
        let by_batch = self.pass.by_batch.contains(&id);
        match self.pass.running.filter(|_| !by_batch).and_then(|running| running.get(&id)) {
            Some(running) => norm::by_running(input, scale, running, epsilon),
            None => {
                let (value, own) = norm::by_batch(input, scale, epsilon);
                self.moments.push((id, own));
                value
            }
        }
    }

    fn sum(&mut self, id: NodeId, weights: &[f32], inputs: Vec<Tensor<B, 4>>) -> Tensor<B, 4> {
        let mixed = self.pass.mixed.iter().find(|mixed| mixed.node == id);
        let scaled = |(position, term): (usize, Tensor<B, 4>)| match mixed {
            Some(mixed) => {
                let shape = term.dims();
                let weight = mixed.weights.clone().narrow(0, position, 1).reshape([1, 1]);
                (term.reshape([shape[0], shape[1] * shape[2] * shape[3]]) * weight).reshape(shape)
            }
            None => multiplied(term, weights[position]),
        };
        let sum = inputs.into_iter().enumerate().map(scaled).reduce(|sum, term| sum + term);
        let sum = sum.expect("a checked graph sums at least one input");
        match mixed {
            Some(mixed) => sum + mixed.constant.clone().reshape([1, 1, 1, 1]),
            None => sum,
        }
    }

    fn narrow<const D: usize>(&self, tensor: Tensor<B, D>) -> Tensor<B, D> {
        match self.pass.narrow {
            Some(narrow) => tensor.cast(narrow),
            None => tensor,
        }
    }

    fn widen<const D: usize>(&self, tensor: Tensor<B, D>) -> Tensor<B, D> {
        if self.pass.narrow.is_some() { tensor.cast(self.pass.wide) } else { tensor }
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
        nodes.filter(read).flat_map(|node| &node.inputs).chain(taps).for_each(|id| readers[id.0] += 1);
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
