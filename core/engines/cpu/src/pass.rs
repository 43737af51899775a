//! One pass: forward once, backward once an objective, and reading out what was asked for.

use std::collections::BTreeMap;

use assay_core::data::Minibatch;
use assay_core::engine::{Answer, Ask, EngineError, Gradients, Moments, Objective, Patterns, Wanted, cotangent, relus};
use assay_core::graph::{Graph, NodeId};
use assay_core::network::Network;
use assay_kernels::{Element, Kernels};

use super::CpuEngine;
use super::activations::{Activations, moments};
use super::backward::{Arranged, Prepared};
use super::chosen::Parameters;
use super::columns::Columns;
use super::forward;
use super::lower::Lowered;
use super::memory;
use super::plan::{Cotangents, Goal, Plan};
use super::schedule::Schedule;
use super::tiles::Tiles;
use super::workspace::Workspace;

/// A network as an ask needs it.
pub(super) struct Subject<'a> {
    network: &'a Network,
    ask: &'a Ask,
    pub(super) lowered: Lowered,
    pub(super) schedule: Schedule,
}

impl<'a> Subject<'a> {
    pub(super) fn new(network: &'a Network, ask: &'a Ask) -> Self {
        let mut taps = ask.named();
        if ask.patterns {
            taps.extend(relus(network.graph()));
        }
        let wanted = |(_, wanted): &'a (Objective, Wanted)| wanted.nodes.iter().chain(&wanted.products);
        let differentiated: Vec<NodeId> = ask.gradients.iter().flat_map(wanted).copied().collect();
        let gradients = !ask.gradients.is_empty();
        let graph = network.graph();
        let lowered = if gradients { Lowered::with_gradients(graph, &taps, &differentiated) } else { Lowered::forward(graph, &taps) };
        let schedule = Schedule::new(network, &lowered, gradients);
        Self { network, ask, lowered, schedule }
    }

    fn graph(&self) -> &'a Graph {
        self.network.graph()
    }

    fn ops(&self, nodes: &[NodeId]) -> Vec<usize> {
        nodes.iter().filter_map(|node| self.lowered.op_of_node[node.0]).collect()
    }

    /// The backward pass of an objective, or nothing where its node has no value.
    pub(super) fn plan(&self, objective: &Objective, wanted: &Wanted) -> Option<Plan> {
        let from = self.lowered.op_of_node[objective.node.0]?;
        let (values, products) = (self.ops(&wanted.nodes), self.ops(&wanted.products));
        let parameters = if wanted.parameters { Parameters::All } else { Parameters::None };
        let goal = Goal { from: vec![from], parameters, fixed: self.lowered.fixed(self.network), values, products };
        Some(Plan::new(&self.lowered, Cotangents::One, &goal))
    }

    /// The most memory that the pass takes, in bytes.
    pub(super) fn memory<E: Element>(&self, tiles: &Tiles) -> usize {
        let footprint = memory::forward::<E>(self.network, &self.lowered, &self.schedule, tiles);
        let elements = |nodes: &[NodeId]| nodes.iter().map(|node| self.graph().node(*node).shape.elements()).sum::<usize>();
        let mut read = (elements(&self.ask.values) + elements(&[self.graph().output()])) * tiles.batch * size_of::<f64>();
        if self.ask.patterns {
            read += tiles.batch * elements(&relus(self.graph())).div_ceil(64) * size_of::<u64>();
        }
        let mut most = footprint.most.max(footprint.kept + read);
        for (objective, wanted) in &self.ask.gradients {
            let Some(plan) = self.plan(objective, wanted) else { continue };
            let parameters = if wanted.parameters { Columns::new(self.network, |_| true).len() } else { 0 };
            let enters = elements(&[objective.node]) * tiles.batch * size_of::<f64>();
            let backward = memory::gradients::<E>(self.network, &self.lowered, &plan, tiles, parameters);
            most = most.max(footprint.kept + read + enters + backward);
            let channels: usize = wanted.products.iter().map(|node| self.graph().node(*node).shape.channels).sum();
            read += (parameters + (elements(&wanted.nodes) + channels) * tiles.batch) * size_of::<f64>();
        }
        most
    }
}

/// Runs a pass.
pub(super) fn run<E: Element>(engine: &CpuEngine, network: &Network, batch: &Minibatch, ask: &Ask) -> Result<Answer, EngineError> {
    let subject = Subject::new(network, ask);
    let tiles = engine.tiles::<E>(batch.len());
    engine.limit.check(network, batch.len(), |images| subject.memory::<E>(&engine.tiles::<E>(images)))?;
    let kernels = Kernels::<E>::get(engine.isa);
    let activations = forward::run(kernels, engine.meter(), network, &subject.lowered, &subject.schedule, batch, tiles);
    let pass = Pass { engine, kernels, subject: &subject, activations, batch };
    let moments_of = |op| {
        let (mean, variance) = moments(kernels, &pass.activations, op);
        Moments { mean, variance }
    };
    Ok(Answer {
        output: pass.activations.read(subject.lowered.output),
        values: pass.each(&ask.values, |op| pass.activations.read(op)),
        moments: pass.each(&ask.moments, moments_of),
        patterns: ask.patterns.then(|| pass.patterns()),
        gradients: ask.gradients.iter().map(|(objective, wanted)| (objective.clone(), pass.gradients(objective, wanted))).collect(),
    })
}

/// The gradients of all parameters: zeros where none came back.
fn or_zeros(mut gradients: Vec<Vec<f64>>, graph: &Graph) -> Vec<Vec<f64>> {
    for (gradient, spec) in gradients.iter_mut().zip(graph.parameters()) {
        if gradient.is_empty() {
            *gradient = vec![0.0; spec.elements()];
        }
    }
    gradients
}

struct Pass<'a, E: Element> {
    engine: &'a CpuEngine,
    kernels: &'a Kernels<E>,
    subject: &'a Subject<'a>,
    activations: Activations<E>,
    batch: &'a Minibatch,
}

impl<E: Element> Pass<'_, E> {
    /// Something of each of these nodes.
    fn each<T>(&self, nodes: &[NodeId], of: impl Fn(usize) -> T) -> BTreeMap<NodeId, T> {
        nodes.iter().filter_map(|node| Some((*node, of(self.subject.lowered.op_of_node[node.0]?)))).collect()
    }

    /// What is wanted of one objective's gradient.
    fn gradients(&self, objective: &Objective, wanted: &Wanted) -> Gradients {
        let Subject { network, lowered, .. } = self.subject;
        let graph = self.subject.graph();
        let mut parameters = vec![Vec::new(); if wanted.parameters { graph.parameters().len() } else { 0 }];
        let mut kept: BTreeMap<(usize, bool), Vec<f64>> = BTreeMap::new();
        if let (Some(from), Some(plan)) = (lowered.op_of_node[objective.node.0], self.subject.plan(objective, wanted)) {
            let shape = graph.node(objective.node).shape;
            let values = cotangent(objective, shape, self.batch, || self.activations.read(from));
            let arranged = Arranged::new(self.kernels, self.engine.meter(), network, lowered, &self.activations, &plan);
            let prepared = Prepared::new(self.kernels, self.engine.meter(), network, lowered, &self.activations, &plan, &arranged);
            let mut workspace = Workspace::of_pass(&plan, &self.activations.tiles);
            let elements = shape.elements();
            let mut give = |_: usize, parameter: usize, mut values: Vec<f64>| {
                if wanted.parameters {
                    // As exact as the engine's numbers.
                    values.iter_mut().for_each(|value| *value = E::from_f64(*value).to_f64());
                    parameters[parameter] = values;
                }
            };
            prepared.run(&mut workspace, 1, &|_, _, image, element| values[image * elements + element], &mut give);
            kept = plan.kept.iter().map(|kept| (kept.op, kept.product)).zip(workspace.kept).collect();
        }
        let mut read = |node: NodeId, product: bool| {
            // Every node that is asked for has an op of its own.
            let found = lowered.op_of_node[node.0].and_then(|op| kept.remove(&(op, product)));
            let shape = graph.node(node).shape;
            let size = if product { shape.channels } else { shape.elements() };
            (node, found.unwrap_or_else(|| vec![0.0; self.batch.len() * size]))
        };
        Gradients {
            parameters: wanted.parameters.then(|| or_zeros(parameters, graph)),
            nodes: wanted.nodes.iter().map(|node| read(*node, false)).collect(),
            products: wanted.products.iter().map(|node| read(*node, true)).collect(),
        }
    }

    /// The signs of every ReLU's output.
    fn patterns(&self) -> Patterns {
        let graph = self.subject.graph();
        let relus = relus(graph);
        let tiles = self.activations.tiles;
        let mut patterns = Patterns::new(self.batch.len(), relus.iter().map(|id| graph.node(*id).shape.elements()).sum());
        for tile in 0..tiles.count() {
            // Of each lane's image, the units since the last multiple of 64.
            let mut words = vec![0_u64; tiles.lanes];
            let mut unit = 0;
            let mut store = |words: &mut [u64], word: usize| {
                for (lane, bits) in words.iter_mut().enumerate().take(tiles.counted(tile)) {
                    if let Some(image) = tiles.image(tile, lane) {
                        patterns.set_word(image, word, std::mem::take(bits));
                    }
                }
            };
            for op in self.subject.ops(&relus) {
                let (data, map) = self.activations.tile(op, tile);
                for line in 0..map.channels * map.height {
                    let start = map.at(line / map.height, line % map.height, 0) * tiles.lanes;
                    for values in data[start..start + map.width * tiles.lanes].chunks_exact(tiles.lanes) {
                        for (bits, value) in words.iter_mut().zip(values) {
                            *bits |= u64::from(*value > E::ZERO) << (unit % 64);
                        }
                        unit += 1;
                        if unit % 64 == 0 {
                            store(&mut words, unit / 64 - 1);
                        }
                    }
                }
            }
            if unit % 64 != 0 {
                store(&mut words, unit / 64);
            }
        }
        patterns
    }
}
