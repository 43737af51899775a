//! One forward pass, with what the backward pass will need.

use std::collections::BTreeMap;

use assay_core::data::Minibatch;
use assay_core::engine::EngineError;
use assay_core::graph::{Graph, NodeId, Operator};
use assay_core::network::{Network, RunningMoments, batch_norms};
use burn_tensor::backend::Backend;
use burn_tensor::module::max_pool2d_with_indices;
use burn_tensor::{Int, Tensor};

use super::axes::{channel_rows, dimensions};
use super::layers::{Layers, Window, weight};
use super::operator;
use super::tensors::Tensors;

/// The values of a network's nodes on one minibatch, laid out as [`axes`](super::axes) says.
pub(super) struct Pass<B: Backend> {
    pub(super) graph: Graph,
    pub(super) tensors: Tensors<B>,
    pub(super) batch: usize,
    values: Vec<Option<Tensor<B, 4>>>,
    pub(super) saved: Vec<Saved<B>>,
    pub(super) weights: Vec<Option<Tensor<B, 1>>>,
    /// Mean and variance of the batch normalisations that are not by the batch's own.
    running: BTreeMap<NodeId, [Tensor<B, 1>; 2]>,
}

/// What an operator keeps for its backward pass besides its input and output.
pub(super) enum Saved<B: Backend> {
    Nothing,
    /// Batch normalisation: x̂ as rows `[batch · channels, area]`, and 1/σ `[channels]`. By running statistics, no gradient goes
    /// through them.
    Normalised {
        rows: Tensor<B, 2>,
        inverse_deviation: Tensor<B, 1>,
        by_running: bool,
    },
    /// Another normalisation: x̂ in its rows, and 1/σ a row.
    Rows {
        rows: Tensor<B, 2>,
        inverse_deviation: Tensor<B, 2>,
    },
    /// Where each maximum lay.
    Maxima(Tensor<B, 4, Int>),
}

impl<B: Backend> Pass<B> {
    /// Computes every node that the output depends on.
    ///
    /// # Errors
    /// If an embedding reads what is not the number of one of its vectors.
    pub(super) fn run(tensors: Tensors<B>, network: &Network, batch: &Minibatch) -> Result<Self, EngineError> {
        Self::run_for(tensors, network, batch, &[])
    }

    /// Computes every node that the output or one of `taps` depends on. Errors as [`Pass::run`].
    pub(super) fn run_for(tensors: Tensors<B>, network: &Network, batch: &Minibatch, taps: &[NodeId]) -> Result<Self, EngineError> {
        let graph = network.graph().clone();
        let needed = graph.needed_by(taps);
        let weights = (0..graph.parameters().len())
            .map(|position| {
                let values = network.parameter(position);
                needed[graph.parameters()[position].node.0].then(|| tensors.of_f32(values, [values.len()]))
            })
            .collect();
        let count = graph.nodes().len();
        let saved = (0..count).map(|_| Saved::Nothing).collect();
        let moments = |id: NodeId| {
            let RunningMoments { mean, variance } = network.running(id)?;
            Some((id, [mean, variance].map(|values| tensors.of_f32(values, [values.len()]))))
        };
        let running = batch_norms(&graph).filter_map(moments).collect();
        let mut pass = Self { graph, tensors, batch: batch.len(), values: vec![None; count], saved, weights, running };
        let graph = network.graph();
        for (position, needed) in needed.into_iter().enumerate() {
            if needed {
                let id = NodeId(position);
                let inputs: Vec<Tensor<B, 4>> = match graph.node(id).operator {
                    Operator::Input => vec![pass.tensors.of_f32(batch.pixels(), pass.dimensions(id, batch.len()))],
                    Operator::Zero { .. } => Vec::new(),
                    _ => graph.node(id).inputs.iter().map(|input| pass.value(*input).clone()).collect(),
                };
                let value = operator::run(&mut pass, graph, id, inputs, batch.len())?;
                pass.values[position] = Some(value);
            }
        }
        Ok(pass)
    }

    /// A node's value.
    pub(super) fn value(&self, id: NodeId) -> &Tensor<B, 4> {
        self.values[id.0].as_ref().expect("a pass computes every node that is asked for")
    }

    /// Whether the node was computed.
    pub(super) fn has(&self, id: NodeId) -> bool {
        self.values[id.0].is_some()
    }

    /// The dimensions of a node's value for `images` images.
    pub(super) fn dimensions(&self, id: NodeId, images: usize) -> [usize; 4] {
        dimensions(self.graph.node(id).shape, images)
    }

    /// A parameter of a node, `which` = 0 for the weight and 1 for the bias, if the node has it.
    pub(super) fn parameter_of(&self, id: NodeId, which: usize) -> Option<Tensor<B, 1>> {
        self.graph.parameters_of(id).nth(which).and_then(|position| self.weights[position].clone())
    }

    /// What a normalisation of rows kept, as often as there are cotangents: x̂ in its rows, and 1/σ a row.
    pub(super) fn kept_rows(&self, id: NodeId, count: usize) -> [Tensor<B, 2>; 2] {
        let Saved::Rows { rows, inverse_deviation } = &self.saved[id.0] else { unreachable!("a normalisation of rows keeps them") };
        [rows.clone().repeat_dim(0, count), inverse_deviation.clone().repeat_dim(0, count)]
    }

    /// A node's weight in its own dimensions.
    pub(super) fn weight<const D: usize>(&self, id: NodeId) -> Tensor<B, D> {
        weight(self, &self.graph, id)
    }
}

impl<B: Backend> Layers<B> for Pass<B> {
    fn parameter(&self, position: usize) -> Tensor<B, 1> {
        self.weights[position].clone().expect("the parameters of every node that is computed are there")
    }

    fn zeros(&self, dimensions: [usize; 4]) -> Tensor<B, 4> {
        self.tensors.zeros(dimensions)
    }

    fn numbers<const D: usize>(&self, values: &[f32], dimensions: [usize; D]) -> Tensor<B, D> {
        self.tensors.of_f32(values, dimensions)
    }

    fn keep_rows(&mut self, id: NodeId, rows: &Tensor<B, 2>, inverse_deviation: Tensor<B, 2>) {
        self.saved[id.0] = Saved::Rows { rows: rows.clone(), inverse_deviation };
    }

    fn normalise(&mut self, id: NodeId, input: Tensor<B, 4>, scale: Option<[Tensor<B, 1>; 2]>, epsilon: f64) -> Tensor<B, 4> {
        let shape = input.dims();
        let running = self.running.get(&id).cloned();
        let by_running = running.is_some();
        let (rows, inverse_deviation) = normalise(input, running, epsilon);
        let value = match scale {
            Some([scale, offset]) => rows.clone() * channel_rows(scale, self.batch) + channel_rows(offset, self.batch),
            None => rows.clone(),
        };
        self.saved[id.0] = Saved::Normalised { rows, inverse_deviation, by_running };
        value.reshape(shape)
    }

    fn max_pool(&mut self, id: NodeId, input: Tensor<B, 4>, window: Window) -> Tensor<B, 4> {
        let Window { kernel, stride, padding } = window;
        let (value, maxima) = max_pool2d_with_indices(input, kernel, stride, padding, [1; 2], false);
        self.saved[id.0] = Saved::Maxima(maxima);
        value
    }
}

/// x̂ as rows `[images · channels, area]`, and 1/σ a channel, by this mean and variance or by the batch's own. The row layout keeps
/// broadcasting on burn-flex's fast path.
fn normalise<B: Backend>(x: Tensor<B, 4>, running: Option<[Tensor<B, 1>; 2]>, epsilon: f64) -> (Tensor<B, 2>, Tensor<B, 1>) {
    let [images, channels, height, width] = x.dims();
    let area = height * width;
    let rows = x.reshape([images * channels, area]);
    let channel_mean = |rows: Tensor<B, 2>| rows.mean_dim(1).reshape([images, channels]).mean_dim(0).reshape([channels]);
    let (centred, variance) = match running {
        Some([mean, variance]) => (rows - channel_rows(mean, images), variance),
        None => {
            let centred = rows.clone() - channel_rows(channel_mean(rows), images);
            let variance = channel_mean(centred.clone() * centred.clone());
            (centred, variance)
        }
    };
    let inverse_deviation = (variance + epsilon).sqrt().recip();
    (centred * channel_rows(inverse_deviation.clone(), images), inverse_deviation)
}
