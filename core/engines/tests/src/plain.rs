//! A learner in plain loops that keeps all its numbers in 64 bits: slow, and as exact as what was recorded in 64 bits.

use std::collections::BTreeMap;
use std::sync::Arc;

use assay_core::data::Minibatch;
use assay_core::engine::learner::{
    Learned, Learner, LearnerState, Lesson, Mixture, MixtureGradient, Move, ParameterGradients, Part, Rules, Test, Update, check_lesson,
    check_test,
};
use assay_core::engine::{EngineError, check_batch_of};
use assay_core::graph::{Graph, NodeId};
use assay_core::network::{Initialiser, Network, RunningMoments, RunningStatistics};
use assay_core::stream::Stream;

use crate::reference::{self, Moments, Tensor, Way};

/// A network that learns in plain loops. What its state says is rounded to 32 bits; [`values`](Learner::values),
/// [`memories`](Learner::memories) and [`moments`](Learner::moments) are not.
pub struct PlainLearner {
    rules: Rules,
    whole: Part,
    parameters: Vec<Vec<f64>>,
    memories: Vec<Vec<Vec<f64>>>,
    updates: Vec<u64>,
    statistics: Moments,
    passed: Option<(Part, ParameterGradients)>,
}

/// What a pass found, with the moments of the inputs of batch normalisations (biased variance) and their values a channel.
struct Found {
    learned: Learned,
    gradients: ParameterGradients,
    seen: Vec<(NodeId, Vec<f64>, Vec<f64>, usize)>,
}

impl PlainLearner {
    /// Of a network and rules, whose precision does not matter.
    #[must_use]
    pub fn new(network: &Network, rules: &Rules) -> Self {
        let whole = Part::whole(network.shared_graph());
        let mut learner = Self {
            rules: *rules,
            whole,
            parameters: Vec::new(),
            memories: Vec::new(),
            updates: Vec::new(),
            statistics: Moments::new(),
            passed: None,
        };
        learner.take_over(&LearnerState::initial(network, rules));
        learner
    }

    fn take_over(&mut self, state: &LearnerState) {
        let wide = |values: &Vec<f32>| -> Vec<f64> { values.iter().copied().map(f64::from).collect() };
        self.parameters = state.parameters.iter().map(wide).collect();
        self.memories = state.memories.iter().map(|own| own.iter().map(wide).collect()).collect();
        self.updates.clone_from(&state.updates);
        self.statistics = reference::wide(&state.statistics);
        self.passed = None;
    }

    fn parameters_of(&self, part: &Part) -> Result<Vec<Vec<f64>>, EngineError> {
        part.check_in(self.whole.graph())?;
        Ok(part.parameters().iter().map(|position| self.parameters[*position].clone()).collect())
    }

    fn learn(&self, batch: &Minibatch, lesson: &Lesson<'_>, part: &Part) -> Result<Found, EngineError> {
        check_lesson(part.graph(), batch, lesson)?;
        let parameters = self.parameters_of(part)?;
        let way = Way { dropped: lesson.dropped, mixtures: lesson.mixtures, parameters: Some(&parameters), ..Way::default() };
        let network = structure(part);
        let values = reference::forward_by(&network, batch, way);
        let (mut losses, mut from) = (Vec::new(), Vec::new());
        for loss in lesson.losses {
            let value = &values[loss.node.0];
            let (found, gradient) = lesson.judge(loss, &value.data, value.shape, batch);
            losses.push(found);
            from.push((loss.node, gradient));
        }
        let (gradients, sensitivities) = reference::pull_back_by(&network, &values, &from, way);
        let norm = gradients.iter().flatten().map(|value| value * value).sum::<f64>().sqrt();
        let taps: Vec<NodeId> = lesson.losses.iter().map(|loss| loss.node).collect();
        let graph = part.graph();
        let needed = graph.needed_by(&taps);
        let gradients = graph.parameters().iter().zip(gradients).map(|(spec, own)| needed[spec.node.0].then_some(own)).collect();
        let mixtures = lesson.mixtures.iter().map(|mixture| weigh(graph, &values, &sensitivities, mixture)).collect();
        let norms = part.norms().iter().filter(|(own, _)| needed[own.0]);
        let of_norm = |(own, whole): &(NodeId, NodeId)| {
            let input = &values[graph.node(*own).inputs[0].0];
            let (mean, variance) = reference::moments(input);
            (*whole, mean, variance, input.batch * input.shape.area())
        };
        let seen = norms.map(of_norm).collect();
        let output = values[graph.output().0].data.clone();
        Ok(Found { learned: Learned { losses, output, norm, mixtures }, gradients, seen })
    }

    fn mix(&mut self, seen: Vec<(NodeId, Vec<f64>, Vec<f64>, usize)>, share: f64) {
        for (id, mean, variance, count) in seen {
            let unbiased = count as f64 / (count as f64 - 1.0).max(1.0);
            let Some((running, spread)) = self.statistics.get_mut(&id) else { continue };
            let mix = |old: &mut f64, new: f64| *old = (1.0 - share) * *old + share * new;
            running.iter_mut().zip(&mean).for_each(|(old, new)| mix(old, *new));
            spread.iter_mut().zip(&variance).for_each(|(old, new)| mix(old, unbiased * new));
        }
    }
}

/// A network of a part's graph, whose parameters are never read.
fn structure(part: &Part) -> Network {
    Network::initialise(Arc::clone(part.graph()), Initialiser::UniformFanIn, &Stream::new(0, "unused"))
}

/// The gradients of a sum's weights.
pub(crate) fn weigh(graph: &Graph, values: &[Tensor], sensitivities: &[Tensor], mixture: &Mixture) -> MixtureGradient {
    let sum = &sensitivities[mixture.node.0];
    let of_term = |input: &NodeId| {
        let value = &values[input.0];
        let images = value.data.chunks(value.shape.elements()).map(|image| reference::spread(image, value.shape, sum.shape));
        images.flatten().zip(&sum.data).map(|(value, gradient)| gradient * value).sum()
    };
    MixtureGradient { terms: graph.node(mixture.node).inputs.iter().map(of_term).collect(), constant: sum.data.iter().sum() }
}

impl Learner for PlainLearner {
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
        self.passed.as_ref().map_or_else(Vec::new, |(_, gradients)| gradients.clone())
    }

    fn move_on(&mut self, by: &Move<'_>) -> Result<(), EngineError> {
        by.check(self.whole.graph())?;
        let (part, gradients) = self.passed.take().ok_or_else(Move::without_a_pass)?;
        let zeros = Vec::new();
        for (position, spec) in self.whole.graph().parameters().iter().enumerate() {
            let own = part.parameters().iter().position(|own| *own == position);
            let gradient = match own.and_then(|own| gradients[own].as_ref()) {
                Some(gradient) => gradient,
                None if by.also.contains(&position) => &zeros,
                None => continue,
            };
            self.updates[position] += 1;
            let (parameter, memories) = (&mut self.parameters[position], &mut self.memories[position]);
            let update = Update { rate: by.rate, cut: by.cut, gradient, parameter, memories };
            self.rules.update(self.rules.decay_of(spec), self.updates[position], update);
        }
        Ok(())
    }

    fn gradients(&mut self, batch: &Minibatch, lesson: &Lesson<'_>) -> Result<(Learned, ParameterGradients), EngineError> {
        self.passed = None;
        let part = Part::chosen(lesson.part, &self.whole);
        self.learn(batch, lesson, &part).map(|found| (found.learned, found.gradients))
    }

    fn test(&mut self, batch: &Minibatch, test: &Test<'_>) -> Result<Vec<f64>, EngineError> {
        self.passed = None;
        let part = Part::chosen(test.part, &self.whole);
        check_test(part.graph(), batch, test)?;
        let parameters = self.parameters_of(&part)?;
        let running = part.norms().iter().map(|(own, whole)| (*own, self.statistics[whole].clone())).collect();
        let way =
            Way { mixtures: test.mixtures, parameters: Some(&parameters), running: Some(&running), by_batch: test.by_batch, dropped: &[] };
        let mut values = reference::forward_by(&structure(&part), batch, way);
        Ok(values.swap_remove(part.graph().output().0).data)
    }

    fn observe(&mut self, batch: &Minibatch, part: Option<&Part>, share: f64) -> Result<Vec<f64>, EngineError> {
        let part = Part::chosen(part, &self.whole).into_owned();
        check_batch_of(part.graph(), batch)?;
        self.passed = None;
        let (parameters, needed) = (self.parameters_of(&part)?, part.graph().needed_by(&[]));
        let mut values = reference::forward_by(&structure(&part), batch, Way { parameters: Some(&parameters), ..Way::default() });
        let of_norm = |(own, whole): &(NodeId, NodeId)| {
            let input = &values[part.graph().node(*own).inputs[0].0];
            let (mean, variance) = reference::moments(input);
            (*whole, mean, variance, input.batch * input.shape.area())
        };
        let seen = part.norms().iter().filter(|(own, _)| needed[own.0]).map(of_norm).collect();
        self.mix(seen, share);
        Ok(values.swap_remove(part.graph().output().0).data)
    }

    fn state(&self) -> LearnerState {
        let narrow = |values: &Vec<f64>| -> Vec<f32> { values.iter().map(|value| *value as f32).collect() };
        let moments = |(mean, variance): &(Vec<f64>, Vec<f64>)| RunningMoments { mean: narrow(mean), variance: narrow(variance) };
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
        Ok(())
    }

    fn values(&self) -> Vec<Vec<f64>> {
        self.parameters.clone()
    }

    fn memories(&self) -> Vec<Vec<Vec<f64>>> {
        self.memories.clone()
    }

    fn moments(&self) -> BTreeMap<NodeId, [Vec<f64>; 2]> {
        self.statistics.iter().map(|(id, (mean, variance))| (*id, [mean.clone(), variance.clone()])).collect()
    }

    fn set_values(&mut self, values: &[Vec<f64>]) -> Result<(), EngineError> {
        assert!(values.iter().map(Vec::len).eq(self.parameters.iter().map(Vec::len)), "as many values as there are");
        self.parameters = values.to_vec();
        self.passed = None;
        Ok(())
    }
}
