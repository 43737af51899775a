//! Learning: what an engine keeps of a network that is trained, and what can be done with it.
//!
//! An engine makes a [`Learner`] of a network. Weights, the optimiser's memory and running statistics stay where the engine
//! keeps them. A [`Lesson`] says what one step learns from a minibatch; it may name a [`Part`] of a larger network, whose
//! weights alone then take part, and with what [weights](Mixture) sums add their terms, whose gradients are found too.
//! [`Rules`] hold for all steps; rates are given with each.
//!
//! That is all a search needs whose architectures share weights: one network of all of them, which is told step by step what
//! to run.

mod lesson;
mod logits;
mod memory;
mod mixture;
mod part;
mod rules;
mod state;

use lesson::check_batches;
pub use lesson::{Dropped, Lesson, Loss, Targets, Test, check_lesson, check_test, cross_entropy};
pub use logits::{Logits, correct};
pub use memory::StepMemory;
pub use mixture::{Mixture, MixtureGradient};
pub use part::{Part, PartError};
pub use rules::{Decayed, Kept, Optimiser, Rules, Update};
pub use state::{LearnerState, StateError};

use std::collections::BTreeMap;

use super::EngineError;
use crate::data::Minibatch;
use crate::graph::{Graph, NodeId};

/// What one step found.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Learned {
    /// The mean cross-entropy of each loss of the lesson, in its order and without its factor.
    pub losses: Vec<f64>,
    /// The network's output before the step, `[batch, outputs]`.
    pub output: Vec<f64>,
    /// The norm of the gradient of all parameters together, before it was cut.
    pub norm: f64,
    /// The gradients of each mixture of the lesson, in its order.
    pub mixtures: Vec<MixtureGradient>,
}

/// How the gradients of a pass change parameters.
#[derive(Clone, Copy, Debug)]
pub struct Move<'a> {
    /// The learning rate.
    pub rate: f64,
    /// What the gradients are multiplied by, as [`Rules::cut`] gives it.
    pub cut: f64,
    /// See [`Lesson::also`].
    pub also: &'a [usize],
}

impl Move<'_> {
    /// Checks that the network has the parameters; every learner calls it first.
    ///
    /// # Errors
    /// If it has not.
    pub fn check(&self, graph: &Graph) -> Result<(), EngineError> {
        let parameters = graph.parameters().len();
        match self.also.iter().find(|position| **position >= parameters) {
            Some(other) => Err(EngineError::Learning { problem: format!("there is no parameter {other}: the network has {parameters}") }),
            None => Ok(()),
        }
    }

    /// What it is to move on where there was no pass.
    #[must_use]
    pub fn without_a_pass() -> EngineError {
        EngineError::Learning { problem: "a learner moves on by the gradients of a pass, and there was none since it last did".into() }
    }
}

/// The gradient of each parameter of the graph that was run, in its order; none where no loss depends on it.
pub type ParameterGradients = Vec<Option<Vec<f64>>>;

/// A network that learns.
///
/// Like an engine's measurements, a learner is deterministic: equal calls in equal order leave bit-identical states on one
/// machine, on any number of threads.
pub trait Learner: Send {
    /// The whole network.
    fn graph(&self) -> &Graph;

    /// What holds for all its steps.
    fn rules(&self) -> &Rules;

    /// Runs the network forward with the batch's own statistics, and backward from the losses, and mixes the batch's statistics
    /// into the running ones. The gradients are kept until the next call, for [`move_on`](Self::move_on).
    ///
    /// # Errors
    /// If batch or lesson do not fit the network.
    fn pass(&mut self, batch: &Minibatch, lesson: &Lesson<'_>) -> Result<Learned, EngineError>;

    /// The gradients of the last [`pass`](Self::pass), of the parameters of the graph that it ran; none if other calls came in
    /// between.
    fn passed(&self) -> ParameterGradients;

    /// Changes the parameters that a loss of the last [`pass`](Self::pass) depends on, by its gradients, which are then gone, and
    /// those of [`Move::also`] by gradients of zero.
    ///
    /// # Errors
    /// If there was no pass, or the network has no such parameter.
    fn move_on(&mut self, by: &Move<'_>) -> Result<(), EngineError>;

    /// A pass, and the parameters changed by it.
    ///
    /// A loss that is not a number leaves weights without use; whoever calls looks at [`Learned::losses`].
    ///
    /// # Errors
    /// If batch or lesson do not fit the network.
    fn step(&mut self, batch: &Minibatch, lesson: &Lesson<'_>) -> Result<Learned, EngineError> {
        let learned = self.pass(batch, lesson)?;
        self.move_on(&Move { rate: lesson.rate, cut: Rules::cut(learned.norm, lesson.clip), also: lesson.also })?;
        Ok(learned)
    }

    /// What a step would find, and the gradients that it would use, before they are cut; nothing changes.
    ///
    /// # Errors
    /// If batch or lesson do not fit the network.
    fn gradients(&mut self, batch: &Minibatch, lesson: &Lesson<'_>) -> Result<(Learned, ParameterGradients), EngineError>;

    /// The output `[batch, outputs]` in inference mode: normalised by running statistics, so that no image depends on others, but
    /// where the test says otherwise.
    ///
    /// # Errors
    /// If the batch does not fit the network, or the test names what is not there.
    fn test(&mut self, batch: &Minibatch, test: &Test<'_>) -> Result<Vec<f64>, EngineError>;

    /// The output `[batch, outputs]` by running statistics alone.
    ///
    /// # Errors
    /// If the batch does not fit the network.
    fn evaluate(&mut self, batch: &Minibatch, part: Option<&Part>) -> Result<Vec<f64>, EngineError> {
        self.test(batch, &Test { part, ..Test::default() })
    }

    /// Forward by the batch's own statistics, of which this share is mixed into the running ones; gives the output
    /// `[batch, outputs]`.
    ///
    /// # Errors
    /// If the batch does not fit the network.
    fn observe(&mut self, batch: &Minibatch, part: Option<&Part>, share: f64) -> Result<Vec<f64>, EngineError>;

    /// The output `[batch, outputs]` by the batch's own statistics, which are mixed into the running ones: a pass without a way back.
    ///
    /// # Errors
    /// If the batch does not fit the network.
    fn look(&mut self, batch: &Minibatch, part: Option<&Part>) -> Result<Vec<f64>, EngineError> {
        self.observe(batch, part, self.rules().statistics_share)
    }

    /// Replaces the running statistics (of a part) by the mean over these batches of their own statistics.
    ///
    /// # Errors
    /// If there is no batch, or one does not fit the network.
    fn recalibrate(&mut self, batches: &[Minibatch], part: Option<&Part>) -> Result<(), EngineError> {
        check_batches(part.map_or_else(|| self.graph(), |part| part.graph().as_ref()), batches)?;
        // Step by step, the mean of all so far.
        batches.iter().enumerate().try_for_each(|(position, batch)| self.observe(batch, part, 1.0 / (position + 1) as f64).map(drop))
    }

    /// Everything that the next step depends on.
    fn state(&self) -> LearnerState;

    /// Goes on from a state of a learner of the same network and rules.
    ///
    /// # Errors
    /// If it does not fit.
    fn restore(&mut self, state: LearnerState) -> Result<(), EngineError>;

    /// The values of each parameter of the whole network, as wide as the learner keeps them.
    fn values(&self) -> Vec<Vec<f64>> {
        self.state().parameters.iter().map(|values| values.iter().copied().map(f64::from).collect()).collect()
    }

    /// What the optimiser remembers of each parameter, as wide as the learner keeps it.
    fn memories(&self) -> Vec<Vec<Vec<f64>>> {
        let wide = |values: &Vec<f32>| values.iter().copied().map(f64::from).collect();
        self.state().memories.iter().map(|own| own.iter().map(wide).collect()).collect()
    }

    /// The running mean and variance of each batch normalisation, as wide as the learner keeps them.
    fn moments(&self) -> BTreeMap<NodeId, [Vec<f64>; 2]> {
        let wide = |values: &[f32]| values.iter().copied().map(f64::from).collect();
        self.state().statistics.nodes.iter().map(|(id, own)| (*id, [wide(&own.mean), wide(&own.variance)])).collect()
    }

    /// Gives the parameters of the whole network other values; nothing else changes.
    ///
    /// # Errors
    /// If they are not as many.
    fn set_values(&mut self, values: &[Vec<f64>]) -> Result<(), EngineError> {
        let parameters = values.iter().map(|values| values.iter().map(|value| *value as f32).collect()).collect();
        self.restore(LearnerState { parameters, ..self.state() })
    }
}
