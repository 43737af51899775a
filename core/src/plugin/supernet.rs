//! A network whose architectures share weights, while it is trained.
//!
//! A search is told by its strategy, step by step, which architecture to run, or by what weights to mix all operators. A
//! [`Supernet`] is a [`Learner`] of the whole space's [network](SharedNet) with what such searches have in common: paths that are
//! run at the cost of a path, gradients of what mixes operators, and which weights a step changes.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::data::Minibatch;
use crate::engine::EngineError;
use crate::engine::learner::{
    Learned, Learner, LearnerState, Lesson, Loss, Mixture, Move, ParameterGradients, Part, PartError, Rules, Targets, Test,
};
use crate::graph::{GraphError, Shape};
use crate::objective::LearningObjective;
use crate::plugin::SearchSpace;
pub use crate::plugin::shared_net::{EdgeGradients, Kept, PerChoice, SharedForm, SharedNet, SharedSum};
use crate::subspace::Subspace;

crate::words! {
    /// What a weight step does with weights that were run once, and not in this step.
    #[derive(Default)]
    pub enum Idle {
        /// They take part with a gradient of zero: they decay, and their momentum carries them on. So do the published codes,
        /// which ran where zeroing a gradient leaves zeros.
        #[default]
        Decay = "decay" as "idle weights decay",
        /// They stand still, as the same codes have it in PyTorch since version 2.
        Rest = "rest" as "idle weights rest",
    }
}

/// Which statistics the batch normalisations of searched cells normalise by in tests.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Statistics {
    /// Running ones, as all others do.
    Running,
    /// Those of the batch that is tested: they keep none.
    Batch,
}

/// How a supernet is run.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Conditions {
    /// How its network is built.
    pub form: SharedForm,
    /// What it learns of images, which is what its head tells.
    pub objective: LearningObjective,
    /// What a weight step does with idle weights.
    pub idle: Idle,
    /// What searched cells are tested by.
    pub statistics: Statistics,
}

/// Why a supernet cannot be made or run.
#[derive(Debug, thiserror::Error)]
pub enum SupernetError {
    /// The space has no such network.
    #[error(transparent)]
    Graph(#[from] GraphError),
    /// Its architectures do not share weights.
    #[error(transparent)]
    Part(#[from] PartError),
    /// The engine cannot run it.
    #[error(transparent)]
    Engine(#[from] EngineError),
}

/// One architecture in the supernet, or one in each cell.
pub struct Path {
    net: SharedNet,
    part: Part,
    /// The parameters of the whole network that a pass over it runs.
    run: Vec<usize>,
}

/// What a pass runs.
#[derive(Clone, Copy)]
pub struct Run<'a> {
    /// The architecture; the whole space if there is none.
    pub path: Option<&'a Path>,
    /// By what weights operators are added, whose gradients are then found; each by 1 if there are none.
    pub weights: Option<&'a PerChoice>,
}

impl<'a> Run<'a> {
    /// One architecture.
    #[must_use]
    pub fn path(path: &'a Path) -> Self {
        Self { path: Some(path), weights: None }
    }

    /// All operators, mixed.
    #[must_use]
    pub fn mixture(weights: &'a PerChoice) -> Self {
        Self { path: None, weights: Some(weights) }
    }
}

/// What a pass found.
#[derive(Clone, Debug)]
pub struct Passed {
    /// The mean cross-entropy.
    pub loss: f64,
    /// What the network put out: the logits `[batch, classes]` where labels are learned.
    pub output: Vec<f64>,
    /// The norm of the gradient of all weights together.
    pub norm: f64,
    /// The gradients of what mixes operators, where weights were given.
    pub gradients: Option<EdgeGradients>,
}

/// Everything that the next step depends on.
#[derive(Clone, Debug, PartialEq)]
pub struct SupernetState {
    /// Of the weights.
    pub learner: LearnerState,
    /// For each parameter, whether it was run.
    pub run: Vec<bool>,
}

/// A network whose architectures share weights.
pub struct Supernet<'a> {
    space: &'a dyn SearchSpace,
    conditions: Conditions,
    whole: SharedNet,
    losses: [Loss; 1],
    learner: Box<dyn Learner>,
    run: Vec<bool>,
}

impl<'a> Supernet<'a> {
    /// The network of the whole space, of which a learner is to be made.
    ///
    /// # Errors
    /// If the space has no such network.
    pub fn net(space: &dyn SearchSpace, conditions: &Conditions) -> Result<SharedNet, SupernetError> {
        Ok(built(space, Kept::Shared(&Subspace::whole(space.layout())), conditions)?)
    }

    /// A supernet whose weights this learner of its [network](Self::net) learns.
    #[must_use]
    pub fn new(space: &'a dyn SearchSpace, conditions: Conditions, whole: SharedNet, learner: Box<dyn Learner>) -> Self {
        let (losses, run) = ([Loss { node: whole.graph.output(), factor: 1.0 }], vec![false; whole.graph.parameters().len()]);
        Self { space, conditions, whole, losses, learner, run }
    }

    /// The space.
    #[must_use]
    pub fn space(&self) -> &'a dyn SearchSpace {
        self.space
    }

    /// The network of the whole space.
    #[must_use]
    pub fn whole(&self) -> &SharedNet {
        &self.whole
    }

    /// How many searched cells it has.
    #[must_use]
    pub fn cells(&self) -> usize {
        self.whole.cells
    }

    /// What learns its weights.
    #[must_use]
    pub fn learner(&self) -> &dyn Learner {
        self.learner.as_ref()
    }

    /// What learns its weights, to change them.
    pub fn learner_mut(&mut self) -> &mut dyn Learner {
        self.learner.as_mut()
    }

    /// An architecture, or one in each cell.
    ///
    /// # Errors
    /// If the space has no such network.
    pub fn path(&self, kept: Kept<'_>) -> Result<Path, SupernetError> {
        let net = built(self.space, kept, &self.conditions)?;
        let part = Part::of(&self.whole.graph, Arc::clone(&net.graph))?;
        let read = net.graph.read_by_output();
        let own = net.graph.parameters().iter().zip(part.parameters());
        let run = own.filter(|(spec, _)| read[spec.node.0]).map(|(_, position)| *position).collect();
        Ok(Path { net, part, run })
    }

    /// Forward by the batch's statistics and back; running statistics move on, weights do not.
    ///
    /// # Errors
    /// If the batch does not fit the network.
    pub fn pass(&mut self, batch: &Minibatch, run: Run<'_>) -> Result<Passed, SupernetError> {
        self.note(run);
        let losses = self.losses_of(run);
        let logits = self.conditions.objective.logits();
        let lesson = Lesson { mixtures: &self.mixtures(run), part: part(run), logits, ..Lesson::of(&losses, 0.0) };
        let learned = self.learner.pass(batch, &lesson)?;
        Ok(self.passed(run, learned))
    }

    /// What a pass would find, and the gradients of the weights that it runs; nothing moves on.
    ///
    /// # Errors
    /// If the batch does not fit the network.
    pub fn gradients(&mut self, batch: &Minibatch, run: Run<'_>) -> Result<(Passed, ParameterGradients), SupernetError> {
        let losses = self.losses_of(run);
        let logits = self.conditions.objective.logits();
        let lesson = Lesson { mixtures: &self.mixtures(run), part: part(run), logits, ..Lesson::of(&losses, 0.0) };
        let (learned, gradients) = self.learner.gradients(batch, &lesson)?;
        Ok((self.passed(run, learned), gradients))
    }

    /// Forward in training mode for the statistics' sake, without a way back: what the codes do with a second batch that they make
    /// no use of. Weights that only this runs do not count as run. Gives the logits.
    ///
    /// # Errors
    /// If the batch does not fit the network.
    pub fn look(&mut self, batch: &Minibatch, path: &Path) -> Result<Vec<f64>, SupernetError> {
        Ok(self.learner.look(batch, Some(&path.part))?)
    }

    /// Changes the weights by the gradients of the last pass. `clip` cuts the norm of these gradients and of others together, whose
    /// squares add up to `beside`.
    ///
    /// # Errors
    /// If there was no pass.
    pub fn move_on(&mut self, rate: f64, norm: f64, clip: Option<f64>, beside: f64) -> Result<(), SupernetError> {
        let also: Vec<usize> = match self.conditions.idle {
            Idle::Decay => (0..self.run.len()).filter(|position| self.run[*position]).collect(),
            Idle::Rest => Vec::new(),
        };
        let cut = Rules::cut((norm * norm + beside).sqrt(), clip);
        Ok(self.learner.move_on(&Move { rate, cut, also: &also })?)
    }

    /// What an architecture puts out in inference mode: the logits `[batch, classes]` where labels are learned.
    ///
    /// # Errors
    /// If the batch does not fit the network.
    pub fn test(&mut self, batch: &Minibatch, path: &Path) -> Result<Vec<f64>, SupernetError> {
        let by_batch = match self.conditions.statistics {
            Statistics::Running => &[][..],
            Statistics::Batch => &path.net.searched,
        };
        Ok(self.learner.test(batch, &Test { part: Some(&path.part), mixtures: &[], by_batch })?)
    }

    /// The share of what is asked of a batch that an output of it tells.
    #[must_use]
    pub fn accuracy(&self, output: &[f64], batch: &Minibatch) -> f64 {
        let logits = self.conditions.objective.logits();
        logits.correct(output, self.value(), batch) as f64 / logits.rows(batch.len(), batch.shape()).max(1) as f64
    }

    /// The mean cross-entropy of an output of a batch.
    #[must_use]
    pub fn loss(&self, output: &[f64], batch: &Minibatch) -> f64 {
        let targets = Targets::Labels { smoothing: 0.0 };
        self.conditions.objective.logits().cross_entropy(output, self.value(), batch, &targets).0
    }

    /// The rows of logits, `[rows, classes]`, of an output of a batch.
    #[must_use]
    pub fn logits(&self, output: &[f64], batch: &Minibatch) -> Vec<f64> {
        self.conditions.objective.logits().read(output, self.value(), batch.shape())
    }

    /// The shape of what it puts out for an image, which is the same for all architectures.
    fn value(&self) -> Shape {
        self.whole.graph.node(self.whole.graph.output()).shape
    }

    /// Replaces the running statistics of an architecture by the mean over these batches of their own.
    ///
    /// # Errors
    /// If there is no batch, or one does not fit the network.
    pub fn recalibrate(&mut self, batches: &[Minibatch], path: &Path) -> Result<(), SupernetError> {
        Ok(self.learner.recalibrate(batches, Some(&path.part))?)
    }

    /// The network of the whole space and what learns its weights, of which [`new`](Self::new) makes a supernet again.
    #[must_use]
    pub fn into_parts(self) -> (SharedNet, Box<dyn Learner>) {
        (self.whole, self.learner)
    }

    /// The parameters that were run in a pass, and so take part in every step where idle weights decay.
    #[must_use]
    pub fn was_run(&self) -> &[bool] {
        &self.run
    }

    /// Everything that the next step depends on.
    #[must_use]
    pub fn state(&self) -> SupernetState {
        SupernetState { learner: self.learner.state(), run: self.run.clone() }
    }

    /// Goes on from a state of a supernet of the same space and conditions.
    ///
    /// # Errors
    /// If it does not fit.
    pub fn restore(&mut self, state: SupernetState) -> Result<(), SupernetError> {
        if state.run.len() != self.run.len() {
            let problem = format!("the network has {} parameters, the state {}", self.run.len(), state.run.len());
            return Err(EngineError::Learning { problem }.into());
        }
        self.learner.restore(state.learner)?;
        self.run = state.run;
        Ok(())
    }

    /// Notes which weights a pass runs.
    fn note(&mut self, run: Run<'_>) {
        match run.path {
            Some(path) => path.run.iter().for_each(|position| self.run[*position] = true),
            None => self.run.fill(true),
        }
    }

    fn net_of<'r>(&'r self, run: Run<'r>) -> &'r SharedNet {
        run.path.map_or(&self.whole, |path| &path.net)
    }

    fn losses_of(&self, run: Run<'_>) -> [Loss; 1] {
        run.path.map_or(self.losses, |path| [Loss { node: path.net.graph.output(), factor: 1.0 }])
    }

    fn mixtures(&self, run: Run<'_>) -> Vec<Mixture> {
        run.weights.map_or_else(Vec::new, |weights| self.net_of(run).mixtures(weights))
    }

    fn passed(&self, run: Run<'_>, learned: Learned) -> Passed {
        let Learned { losses, output, norm, mixtures } = learned;
        let gradients = run.weights.map(|_| self.net_of(run).gradients(self.space.layout(), &mixtures));
        Passed { loss: losses[0], output, norm, gradients }
    }
}

/// The network of what is kept, with the head of what is learned.
fn built(space: &dyn SearchSpace, kept: Kept<'_>, conditions: &Conditions) -> Result<SharedNet, GraphError> {
    let net = space.shared_net(kept, &conditions.form)?;
    if conditions.objective.choices().is_none() {
        return Ok(net);
    }
    // A head stands behind all that is searched, whose nodes keep their places.
    let graph = conditions.objective.with_head(Arc::unwrap_or_clone(net.graph))?;
    Ok(SharedNet { graph: Arc::new(graph), ..net })
}

fn part<'a>(run: Run<'a>) -> Option<&'a Part> {
    run.path.map(|path| &path.part)
}
