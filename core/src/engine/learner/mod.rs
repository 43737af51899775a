//! Learning: what an engine keeps of a network that is trained, and what can be done with it.
//!
//! An engine makes a [`Learner`] of a network. Weights, the optimiser's memory and running statistics stay where the engine
//! keeps them. A [`Lesson`] says what one step learns from a minibatch; it may name a [`Part`] of a larger network, whose
//! weights alone then take part. [`Rules`] hold for all steps; rates are given with each.

mod lesson;
mod part;
mod rules;
mod state;

pub use lesson::{Dropped, Lesson, Loss, Targets, check_batches, check_lesson, cross_entropy};
pub use part::{Part, PartError};
pub use rules::{Decayed, Optimiser, Rules, Update};
pub use state::{LearnerState, StateError};

use super::EngineError;
use crate::data::Minibatch;
use crate::graph::Graph;

/// What one step found.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Learned {
    /// The mean cross-entropy of each loss of the lesson, in its order and without its factor.
    pub losses: Vec<f64>,
    /// The network's output before the step, `[batch, outputs]`.
    pub output: Vec<f64>,
    /// The norm of the gradient of all parameters together, before it was cut.
    pub norm: f64,
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

    /// Runs the network forward with the batch's own statistics, and backward from the losses, mixes the batch's statistics
    /// into the running ones, and changes the parameters that a loss depends on.
    ///
    /// A loss that is not a number leaves weights without use; whoever calls looks at [`Learned::losses`].
    ///
    /// # Errors
    /// If batch or lesson do not fit the network.
    fn step(&mut self, batch: &Minibatch, lesson: &Lesson<'_>) -> Result<Learned, EngineError>;

    /// What a step would find, and the gradients that it would use, before they are cut; nothing changes.
    ///
    /// # Errors
    /// If batch or lesson do not fit the network.
    fn gradients(&mut self, batch: &Minibatch, lesson: &Lesson<'_>) -> Result<(Learned, ParameterGradients), EngineError>;

    /// The output `[batch, outputs]` in inference mode: normalised by running statistics, so that no image depends on others.
    ///
    /// # Errors
    /// If the batch does not fit the network.
    fn evaluate(&mut self, batch: &Minibatch, part: Option<&Part>) -> Result<Vec<f64>, EngineError>;

    /// Replaces the running statistics (of a part) by the mean over these batches of their own statistics.
    ///
    /// # Errors
    /// If there is no batch, or one does not fit the network.
    fn recalibrate(&mut self, batches: &[Minibatch], part: Option<&Part>) -> Result<(), EngineError>;

    /// Everything that the next step depends on.
    fn state(&self) -> LearnerState;

    /// Goes on from a state of a learner of the same network and rules.
    ///
    /// # Errors
    /// If it does not fit.
    fn restore(&mut self, state: LearnerState) -> Result<(), EngineError>;
}
