//! The engine on any burn backend: flex on the CPU, CUDA with the `cuda` feature.
//!
//! A network is run forward once. Gradients are vector–Jacobian products written for a batch of cotangents: K
//! cotangents over N images are K·N images to every operator, so all rows of the tangent Jacobian come out of a
//! handful of large tensor operations instead of a loop over samples. Learning (`learner`) differentiates by burn's own
//! automatic differentiation. The CUDA backend compiles from the same source
//! but was not run on a GPU by this project.

mod adjoint;
mod axes;
mod batch_norm;
#[cfg(feature = "cuda")]
pub mod cuda;
mod factory;
mod forward;
mod functions;
mod gradients;
mod layers;
mod learner;
mod memory;
mod norms;
mod operator;
mod products;
mod tensors;
mod windows;

use std::num::NonZeroUsize;

use assay_core::data::Minibatch;
use assay_core::engine::learner::{Learner, Rules};
use assay_core::engine::{Answer, Ask, Engine, EngineError, Gradients, Gram, MemoryLimit, Moments, Objective, Patterns, Precision};
use assay_core::engine::{Wanted, check_ask, check_batch, cotangent, relus};
use assay_core::graph::{Graph, NodeId, ParameterSpec, Shape};
use assay_core::network::Network;
use burn_tensor::DType;
use burn_tensor::backend::Backend;

use self::adjoint::{Cotangents, Goal};
use self::forward::Pass;
use self::learner::BurnLearner;
use self::tensors::Tensors;

/// Bytes that the gradients of one chunk of cotangents may take at one node, by default.
const CHUNK_BYTES: usize = 64 << 20;

/// Measures networks with the tensors of a burn backend.
#[derive(Clone, Debug)]
pub struct BurnEngine<B: Backend> {
    name: String,
    device: B::Device,
    chunk_bytes: usize,
    limit: MemoryLimit,
}

/// The engine on burn's CPU backend.
#[must_use]
pub fn flex() -> BurnEngine<burn_flex::Flex> {
    BurnEngine::new("burn-flex", burn_flex::FlexDevice)
}

impl<B: Backend> BurnEngine<B> {
    /// An engine on this device.
    pub fn new(name: impl Into<String>, device: B::Device) -> Self {
        Self { name: name.into(), device, chunk_bytes: CHUNK_BYTES, limit: MemoryLimit::NONE }
    }

    /// Takes so many bytes for all of this many calls at once, each with a network and images of its own. A call fails before it
    /// begins if what it takes at the least is more than its share. For devices that share the machine's memory.
    #[must_use]
    pub fn sharing(self, bytes: usize, calls: usize) -> Self {
        Self { limit: MemoryLimit::Shared { bytes, calls }, ..self }
    }

    fn tensors(&self, precision: Precision) -> Tensors<B> {
        let dtype = match precision {
            Precision::F32 => DType::F32,
            Precision::F64 => DType::F64,
        };
        Tensors::new(self.device.clone(), dtype)
    }

    /// How many cotangents are taken through the network at once.
    fn cotangents_at_once(&self, network: &Network, batch: &Minibatch) -> usize {
        let widest = network.graph().nodes().iter().map(|node| node.shape.elements()).max().unwrap_or(1);
        (self.chunk_bytes / (widest * batch.len() * size_of::<f32>()).max(1)).max(1)
    }
}

impl<B: Backend> Engine for BurnEngine<B> {
    fn name(&self) -> String {
        self.name.clone()
    }

    fn alone(&self, _: NonZeroUsize) -> Option<Box<dyn Engine>> {
        match self.limit {
            MemoryLimit::Beside(_) => None,
            MemoryLimit::Shared { .. } => Some(Box::new(Self { limit: self.limit.of_one_call(), ..self.clone() })),
        }
    }

    fn room(&self, bytes: usize) -> Result<(), EngineError> {
        self.limit.room(bytes)
    }

    fn pass(&self, network: &Network, batch: &Minibatch, ask: &Ask, precision: Precision) -> Result<Answer, EngineError> {
        check_ask(network, batch, ask)?;
        self.limit.check(network, batch.len(), |images| memory::of_pass(network.graph(), images, ask, precision))?;
        let graph = network.graph();
        let mut named = ask.named();
        if ask.patterns {
            named.extend(relus(graph));
        }
        let pass = Pass::run_for(self.tensors(precision), network, batch, &named)?;
        let value = |node: NodeId| tensors::to_host(pass.value(node).clone());
        Ok(Answer {
            output: value(graph.output()),
            values: ask.values.iter().map(|node| (*node, value(*node))).collect(),
            moments: ask.moments.iter().map(|node| (*node, moments(&value(*node), graph.node(*node).shape))).collect(),
            patterns: ask.patterns.then(|| patterns(graph, batch.len(), &value)),
            gradients: ask
                .gradients
                .iter()
                .map(|(objective, wanted)| (objective.clone(), pull_back(&pass, batch, objective, wanted)))
                .collect(),
        })
    }

    fn tangent_gram(&self, network: &Network, batch: &Minibatch, precision: Precision) -> Result<Gram, EngineError> {
        check_batch(network, batch)?;
        self.limit.check(network, batch.len(), |images| memory::of_gram(network.graph(), images, precision))?;
        let pass = Pass::run(self.tensors(precision), network, batch)?;
        let graph = network.graph();
        let order = batch.len();
        let outputs = graph.node(graph.output()).shape.elements();
        let mut rows: Vec<Vec<f64>> = vec![Vec::new(); order];
        let chunk = self.cotangents_at_once(network, batch);
        for first in (0..order).step_by(chunk) {
            let count = chunk.min(order - first);
            let cotangents = Cotangents::of_samples(first, count, order, outputs);
            let weights = |spec: &ParameterSpec| spec.is_named_weight();
            let goal = Goal { from: graph.output(), parameters: &weights, nodes: &[] };
            for gradient in pass.pull_back(cotangents, &goal).parameters.into_iter().flatten() {
                for (row, values) in rows[first..first + count].iter_mut().zip(gradient.chunks(gradient.len() / count)) {
                    row.extend_from_slice(values);
                }
            }
        }
        Ok(Gram::of_rows(&rows, precision))
    }

    fn learner(&self, network: Network, rules: &Rules) -> Result<Box<dyn Learner>, EngineError> {
        let tensors = self.tensors(rules.precision);
        let tracked = Tensors::new(self.device.clone(), tensors.dtype());
        Ok(Box::new(BurnLearner::new(tensors, tracked, &network, rules)))
    }
}

/// What is wanted of one objective's gradient.
fn pull_back<B: Backend>(pass: &Pass<B>, batch: &Minibatch, objective: &Objective, wanted: &Wanted) -> Gradients {
    let graph = &pass.graph;
    let value = |node: NodeId| tensors::to_host(pass.value(node).clone());
    let values = cotangent(objective, graph.node(objective.node).shape, batch, || value(objective.node));
    let nodes = [wanted.nodes.as_slice(), &wanted.products].concat();
    let parameters = |_: &ParameterSpec| wanted.parameters;
    let goal = Goal { from: objective.node, parameters: &parameters, nodes: &nodes };
    let found = pass.pull_back(Cotangents { count: 1, values }, &goal);
    let rows = found.parameters.into_iter().zip(graph.parameters());
    let zeros = |node: NodeId| vec![0.0; batch.len() * graph.node(node).shape.elements()];
    let mut gradients = nodes.iter().zip(found.nodes).map(|(node, found)| (*node, found.map_or_else(|| zeros(*node), tensors::to_host)));
    Gradients {
        parameters: wanted.parameters.then(|| rows.map(|(row, spec)| row.unwrap_or_else(|| vec![0.0; spec.elements()])).collect()),
        nodes: gradients.by_ref().take(wanted.nodes.len()).collect(),
        products: gradients
            .map(|(node, gradient)| {
                let area = graph.node(node).shape.area();
                let value = value(node);
                let maps = gradient.chunks(area).zip(value.chunks(area)).map(|(a, b)| a.iter().zip(b).map(|(a, b)| a * b).sum());
                (node, maps.collect())
            })
            .collect(),
    }
}

/// The mean and variance of each channel of a value `[batch, channels, height, width]`.
fn moments(value: &[f64], shape: Shape) -> Moments {
    let of_channel = |channel: usize| value.chunks(shape.area()).skip(channel).step_by(shape.channels).flatten().copied();
    let count = (value.len() / shape.channels) as f64;
    let mean: Vec<f64> = (0..shape.channels).map(|channel| of_channel(channel).sum::<f64>() / count).collect();
    let variance = |(channel, mean): (usize, &f64)| of_channel(channel).map(|value| (value - mean).powi(2)).sum::<f64>() / count;
    Moments { variance: mean.iter().enumerate().map(variance).collect(), mean }
}

/// The signs of every ReLU's output.
fn patterns(graph: &Graph, images: usize, value: &dyn Fn(NodeId) -> Vec<f64>) -> Patterns {
    let relus = relus(graph);
    let mut patterns = Patterns::new(images, relus.iter().map(|id| graph.node(*id).shape.elements()).sum());
    let mut first = 0;
    for id in relus {
        let count = graph.node(id).shape.elements();
        for (position, _) in value(id).iter().enumerate().filter(|(_, value)| **value > 0.0) {
            patterns.set(position / count, first + position % count);
        }
        first += count;
    }
    patterns
}
