//! Learning with the tensors of any burn backend: weights, the optimiser's memory and running statistics stay on its device,
//! and gradients come from burn's automatic differentiation.

mod forward;
mod norm;
mod optimiser;

use std::collections::BTreeMap;

use assay_core::data::Minibatch;
use assay_core::engine::learner::{
    Learned, Learner, LearnerState, Lesson, Mixture, MixtureGradient, Move, ParameterGradients, Part, Rules, Test, check_lesson, check_test,
};
use assay_core::engine::{EngineError, Precision, check_batch_of};
use assay_core::graph::{Graph, NodeId};
use assay_core::network::{Network, RunningMoments, RunningStatistics};
use burn_autodiff::Autodiff;
use burn_tensor::backend::Backend;
use burn_tensor::{FloatDType, Tensor};

use self::forward::{Mixed, Outputs, Pass};
use self::norm::Moments;
use self::optimiser::Update;
use crate::axes::dimensions;
use crate::tensors::{Tensors, to_host};

/// A network that learns on a burn backend.
pub(super) struct BurnLearner<B: Backend> {
    rules: Rules,
    whole: Part,
    tensors: Tensors<B>,
    /// Makes tensors that are differentiated.
    tracked: Tensors<Autodiff<B>>,
    parameters: Vec<Tensor<B, 1>>,
    memories: Vec<Vec<Tensor<B, 1>>>,
    updates: Vec<u64>,
    statistics: BTreeMap<NodeId, Moments<B>>,
    /// The gradients of the last pass, and what they are of.
    passed: Option<(Part, Vec<Option<Tensor<B, 1>>>)>,
}

/// What a step found, with what batch normalisation saw by the nodes of the whole network.
struct Found<B: Backend> {
    learned: Learned,
    gradients: Vec<Option<Tensor<B, 1>>>,
    seen: Vec<(NodeId, Moments<B>)>,
}

impl<B: Backend> BurnLearner<B> {
    pub(super) fn new(tensors: Tensors<B>, tracked: Tensors<Autodiff<B>>, network: &Network, rules: &Rules) -> Self {
        let whole = Part::whole(network.shared_graph());
        let mut learner = Self {
            rules: *rules,
            whole,
            tensors,
            tracked,
            parameters: Vec::new(),
            memories: Vec::new(),
            updates: Vec::new(),
            statistics: BTreeMap::new(),
            passed: None,
        };
        learner.take_over(&LearnerState::initial(network, rules));
        learner
    }

    fn take_over(&mut self, state: &LearnerState) {
        let vector = |values: &Vec<f32>| self.tensors.of_f32(values, [values.len()]);
        let parameters = state.parameters.iter().map(vector).collect();
        let memories = state.memories.iter().map(|own| own.iter().map(vector).collect()).collect();
        let moments = |own: &RunningMoments| Moments { mean: vector(&own.mean), variance: vector(&own.variance) };
        let statistics = state.statistics.nodes.iter().map(|(id, own)| (*id, moments(own))).collect();
        (self.parameters, self.memories, self.statistics) = (parameters, memories, statistics);
        self.updates.clone_from(&state.updates);
    }

    fn wide(&self) -> FloatDType {
        match self.rules.precision {
            Precision::F32 => FloatDType::F32,
            Precision::F64 => FloatDType::F64,
        }
    }

    fn usual<'a, T: Backend>(&self, part: &'a Part, tensors: Tensors<T>, parameters: &'a [Tensor<T, 1>]) -> Pass<'a, T> {
        let narrow = self.rules.narrow.then_some(FloatDType::BF16);
        let graph = part.graph();
        Pass { graph, tensors, parameters, running: None, dropped: &[], mixed: &[], by_batch: &[], narrow, wide: self.wide() }
    }

    fn parameters_of(&self, part: &Part) -> Result<Vec<Tensor<B, 1>>, EngineError> {
        part.check_in(self.whole.graph())?;
        Ok(part.parameters().iter().map(|position| self.parameters[*position].clone()).collect())
    }

    fn learn(&self, batch: &Minibatch, lesson: &Lesson<'_>, part: &Part) -> Result<Found<B>, EngineError> {
        let graph = part.graph();
        check_lesson(graph, batch, lesson)?;
        let own = self.parameters_of(part)?;
        let tracked: Vec<Tensor<Autodiff<B>, 1>> = own.into_iter().map(|own| Tensor::from_inner(own).require_grad()).collect();
        let mixed: Vec<Mixed<Autodiff<B>>> = lesson.mixtures.iter().map(|mixture| mixed(&self.tracked, mixture)).collect();
        let pass = Pass { dropped: lesson.dropped, mixed: &mixed, ..self.usual(part, self.tracked.clone(), &tracked) };
        let taps: Vec<NodeId> = [graph.output()].into_iter().chain(lesson.losses.iter().map(|loss| loss.node)).collect();
        let Outputs { values, moments } = pass.run(images(&self.tracked, batch), &taps)?;
        let mut values = values.into_iter();
        let output = values.next().map(to_host).unwrap_or_default();
        let mut losses = Vec::new();
        let mut total: Option<Tensor<Autodiff<B>, 1>> = None;
        for (loss, value) in lesson.losses.iter().zip(values) {
            let shape = value.dims();
            let (found, gradient) = lesson.judge(loss, &to_host(value.clone()), graph.node(loss.node).shape, batch);
            losses.push(found);
            // A sum that has the loss's gradient.
            let cotangent = self.tracked.of_f64(gradient, shape);
            let term = (value * cotangent).sum();
            total = Some(match total {
                Some(total) => total + term,
                None => term,
            });
        }
        let mut mixtures: Vec<MixtureGradient> = lesson.mixtures.iter().map(|own| MixtureGradient::zero(own.weights.len())).collect();
        let gradients: Vec<Option<Tensor<B, 1>>> = match total {
            Some(total) => {
                let found = total.backward();
                for (gradient, mixed) in mixtures.iter_mut().zip(&mixed) {
                    gradient.terms = mixed.weights.grad(&found).map_or_else(|| std::mem::take(&mut gradient.terms), to_host);
                    gradient.constant = mixed.constant.grad(&found).map_or(0.0, |constant| to_host(constant).into_iter().sum());
                }
                tracked.iter().map(|parameter| parameter.grad(&found)).collect()
            }
            None => vec![None; tracked.len()],
        };
        let squares = gradients.iter().flatten().map(|own| to_host((own.clone() * own.clone()).sum()).into_iter().sum::<f64>());
        let norm = squares.sum::<f64>().sqrt();
        let inner = |own: Moments<Autodiff<B>>| Moments { mean: own.mean.inner(), variance: own.variance.inner() };
        let seen = moments.into_iter().map(|(id, own)| (id, inner(own))).collect();
        Ok(Found { learned: Learned { losses, output, norm, mixtures }, gradients, seen: of_whole(part, seen) })
    }

    fn mix(&mut self, seen: Vec<(NodeId, Moments<B>)>, share: f64) {
        for (id, own) in seen {
            if let Some(running) = self.statistics.get_mut(&id) {
                *running = running.mixed(&own, share);
            }
        }
    }
}

/// What was seen, by the node in the whole network.
fn of_whole<B: Backend>(part: &Part, seen: Vec<(NodeId, Moments<B>)>) -> Vec<(NodeId, Moments<B>)> {
    seen.into_iter().filter_map(|(id, own)| Some((part.norm_in_whole(id)?, own))).collect()
}

/// The weights of a sum as tensors, tracked where the backend tracks.
fn mixed<B: Backend>(tensors: &Tensors<B>, mixture: &Mixture) -> Mixed<B> {
    let weights = tensors.of_f64(mixture.weights.clone(), [mixture.weights.len()]);
    Mixed { node: mixture.node, weights: weights.require_grad(), constant: tensors.zeros([1]).require_grad() }
}

/// The images, as the value of a graph's input.
fn images<B: Backend>(tensors: &Tensors<B>, batch: &Minibatch) -> Tensor<B, 4> {
    tensors.of_f32(batch.pixels(), dimensions(batch.shape(), batch.len()))
}

/// A tensor's numbers in 32 bits.
fn narrow<B: Backend>(tensor: &Tensor<B, 1>) -> Vec<f32> {
    tensor.clone().into_data().iter::<f32>().collect()
}

impl<B: Backend> Learner for BurnLearner<B> {
    fn graph(&self) -> &Graph {
        self.whole.graph()
    }

    fn rules(&self) -> &Rules {
        &self.rules
    }

    fn pass(&mut self, batch: &Minibatch, lesson: &Lesson<'_>) -> Result<Learned, EngineError> {
        self.passed = None;
        let part = Part::chosen(lesson.part, &self.whole).into_owned();
        let Found { learned, gradients, seen } = self.learn(batch, lesson, &part)?;
        self.mix(seen, self.rules.statistics_share);
        self.passed = Some((part, gradients));
        Ok(learned)
    }

    fn passed(&self) -> ParameterGradients {
        let gradients = self.passed.iter().flat_map(|(_, gradients)| gradients);
        gradients.map(|own| own.clone().map(to_host)).collect()
    }

    fn move_on(&mut self, by: &Move<'_>) -> Result<(), EngineError> {
        by.check(self.whole.graph())?;
        let (part, gradients) = self.passed.take().ok_or_else(Move::without_a_pass)?;
        let learned = part.parameters().iter().zip(gradients).filter_map(|(position, gradient)| Some((*position, gradient?)));
        let mut learned: BTreeMap<usize, Tensor<B, 1>> = learned.collect();
        for position in by.also {
            let length = self.whole.graph().parameters()[*position].elements();
            learned.entry(*position).or_insert_with(|| self.tensors.zeros([length]));
        }
        let (rules, wide) = (self.rules, self.wide());
        for (position, gradient) in learned {
            let gradient = if by.cut < 1.0 { gradient * by.cut } else { gradient };
            self.updates[position] += 1;
            let (decay, updates) = (rules.decay_of(&self.whole.graph().parameters()[position]), self.updates[position]);
            let memories = &mut self.memories[position];
            let update = Update { rate: by.rate, decay, updates, gradient, memories };
            let next = optimiser::step(&rules, self.parameters[position].clone(), update);
            // Parameters are 32-bit floats, whatever is computed in.
            self.parameters[position] = if wide == FloatDType::F32 { next } else { next.cast(FloatDType::F32).cast(wide) };
        }
        Ok(())
    }

    fn gradients(&mut self, batch: &Minibatch, lesson: &Lesson<'_>) -> Result<(Learned, ParameterGradients), EngineError> {
        self.passed = None;
        let part = Part::chosen(lesson.part, &self.whole);
        let Found { learned, gradients, .. } = self.learn(batch, lesson, &part)?;
        Ok((learned, gradients.into_iter().map(|own| own.map(to_host)).collect()))
    }

    fn test(&mut self, batch: &Minibatch, test: &Test<'_>) -> Result<Vec<f64>, EngineError> {
        self.passed = None;
        let part = Part::chosen(test.part, &self.whole);
        check_test(part.graph(), batch, test)?;
        let parameters = self.parameters_of(&part)?;
        let mixed: Vec<Mixed<B>> = test.mixtures.iter().map(|mixture| mixed(&self.tensors, mixture)).collect();
        let running = part.norms().iter().map(|(own, whole)| (*own, self.statistics[whole].clone())).collect();
        let usual = self.usual(&part, self.tensors.clone(), &parameters);
        let pass = Pass { running: Some(&running), mixed: &mixed, by_batch: test.by_batch, ..usual };
        let Outputs { values, .. } = pass.run(images(&self.tensors, batch), &[part.graph().output()])?;
        Ok(values.into_iter().next().map(to_host).unwrap_or_default())
    }

    fn observe(&mut self, batch: &Minibatch, part: Option<&Part>, share: f64) -> Result<Vec<f64>, EngineError> {
        let part = Part::chosen(part, &self.whole).into_owned();
        check_batch_of(part.graph(), batch)?;
        self.passed = None;
        let parameters = self.parameters_of(&part)?;
        let pass = self.usual(&part, self.tensors.clone(), &parameters);
        let Outputs { values, moments } = pass.run(images(&self.tensors, batch), &[part.graph().output()])?;
        self.mix(of_whole(&part, moments), share);
        Ok(values.into_iter().next().map(to_host).unwrap_or_default())
    }

    fn state(&self) -> LearnerState {
        let moments = |own: &Moments<B>| RunningMoments { mean: narrow(&own.mean), variance: narrow(&own.variance) };
        LearnerState {
            parameters: self.parameters.iter().map(narrow).collect(),
            memories: self.memories.iter().map(|own| own.iter().map(narrow).collect()).collect(),
            updates: self.updates.clone(),
            statistics: RunningStatistics { nodes: self.statistics.iter().map(|(id, own)| (*id, moments(own))).collect() },
        }
    }

    fn restore(&mut self, state: LearnerState) -> Result<(), EngineError> {
        state.check(self.whole.graph(), &self.rules)?;
        self.take_over(&state);
        self.passed = None;
        Ok(())
    }
}
