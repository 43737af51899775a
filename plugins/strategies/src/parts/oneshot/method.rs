//! What a search in a supernet is made of, apart from the loop around it.

use assay_core::data::Minibatch;
use assay_core::plugin::supernet::{Passed, SharedNet};
use assay_core::plugin::{Declared, SearchError, SearchSpace, SettingsError};
use assay_core::score::Reading;
use assay_core::stream::Stream;
use assay_core::subspace::Subspace;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::alphas::Alphas;
use super::choice::uniform;
use super::images::Halves;
use super::rewards::Rewards;
use super::settings::{AlphaSettings, ChoiceSettings, Code, Script, TrainingSettings};
use super::steps::{Course, WeightStep};

/// One way of searching in a supernet.
pub trait Method: Declared + Send + Sync {
    /// Its name.
    const NAME: &'static str;

    /// The published codes that do it.
    const CODES: &'static [Code] = &[Code::Nats, Code::Nb201];

    /// What it learns beside weights and what mixes operators, such as a controller; it is kept with the state of a search.
    type Policy: Clone + Serialize + DeserializeOwned;

    /// How weights are trained.
    fn training(&self) -> &TrainingSettings;

    /// What its published code does where the settings do not say otherwise.
    fn script(&self) -> Script;

    /// How what mixes operators is learnt, in methods that learn it by gradients.
    fn alpha(&self) -> Option<&AlphaSettings> {
        None
    }

    /// What is to be said of it in protocols, beside the training of weights.
    fn protocol(&self) -> String;

    /// For protocols: how long weights are trained.
    fn schedule(&self) -> String {
        format!("{} epochs", self.training().epochs(&self.script()))
    }

    /// Checks that it can search this space, whose supernet is given.
    ///
    /// # Errors
    /// If it cannot; the message says what would fit.
    fn check(&self, space: &dyn SearchSpace, net: &SharedNet) -> Result<(), SettingsError> {
        operators_of_edges(Self::NAME, space, net)?;
        match self.ending() {
            Ending::Largest => Ok(()),
            Ending::Judged(_) | Ending::Given | Ending::Known => an_operator_on_every_edge(Self::NAME, space, "darts or gdas"),
        }
    }

    /// Epochs in all.
    fn epochs(&self, space: &dyn SearchSpace) -> usize {
        let _ = space;
        self.training().epochs(&self.script())
    }

    /// Which epoch of the learning rate's schedule an epoch is, from 0.
    fn epoch_of_schedule(&self, epoch: usize) -> usize {
        epoch
    }

    /// What steps of an epoch, from 0, are called.
    fn title(&self, epoch: usize) -> String {
        format!("epoch {}", epoch + 1)
    }

    /// Whether a step has images of the other half.
    fn has_second(&self) -> bool;

    /// What it begins with.
    ///
    /// # Errors
    /// If the settings do not fit the space.
    fn policy(&self, space: &dyn SearchSpace, stream: &Stream) -> Result<Self::Policy, SearchError>;

    /// One step.
    ///
    /// # Errors
    /// If the images do not fit the network.
    fn step(&self, course: &mut Course<'_>, policy: &mut Self::Policy, moment: &Moment<'_>) -> Result<Passed, SearchError>;

    /// Steps at the end of an epoch in which no weights learn.
    fn late_steps(&self, epoch: usize, halves: &Halves<'_>) -> usize {
        let _ = (epoch, halves);
        0
    }

    /// One of them.
    ///
    /// # Errors
    /// If the images do not fit the network.
    fn late_step(&self, course: &mut Course<'_>, policy: &mut Self::Policy, late: &Late<'_>) -> Result<(), SearchError> {
        let _ = (course, policy, late);
        Ok(())
    }

    /// Images that a reward comes from.
    fn reward_batch(&self) -> usize {
        self.script().judged
    }

    /// The architecture that an epoch ended with, in methods that come to several one after the other.
    fn cell(&self, policy: &Self::Policy, epoch: usize) -> Option<StageCell> {
        let _ = (policy, epoch);
        None
    }

    /// How it ends.
    fn ending(&self) -> Ending<'_>;

    /// What mixes or chooses operators as an epoch left it, for the steps of a search: its probabilities are shown.
    fn left(&self, course: &Course<'_>, policy: &Self::Policy) -> Option<Alphas> {
        let _ = policy;
        matches!(self.ending(), Ending::Largest).then(|| course.alphas.clone())
    }

    /// The candidates at the end.
    fn candidates(&self, course: &Course<'_>, policy: &Self::Policy, stream: &Stream) -> Vec<Subspace> {
        let _ = (course, policy, stream);
        Vec::new()
    }

    /// What was judged on the way, and at the end the one that is chosen, which has no judgement of its own.
    fn known(&self, policy: &Self::Policy) -> Vec<Candidate> {
        let _ = policy;
        Vec::new()
    }
}

/// How a search comes to its architecture.
pub enum Ending<'a> {
    /// On each edge the operator of the largest α.
    Largest,
    /// The best of some candidates by the supernet's own accuracy, judged so.
    Judged(&'a ChoiceSettings),
    /// The only candidate, which nothing judges.
    Given,
    /// One of those that were judged on the way.
    Known,
}

/// An architecture among which a search chooses.
#[derive(Clone, Debug)]
pub struct Candidate {
    /// The architecture.
    pub architecture: Subspace,
    /// Its accuracy in the supernet, from 0 to 1; one without is chosen.
    pub judged: Option<f64>,
    /// What else is known of it.
    pub readings: Vec<(String, Reading)>,
}

impl Candidate {
    /// One of which nothing else is known.
    #[must_use]
    pub fn new(architecture: Subspace, judged: Option<f64>) -> Self {
        Self { architecture, judged, readings: Vec::new() }
    }
}

/// Where a step is, and what it is about.
pub struct Moment<'a> {
    /// The epoch, from 0.
    pub epoch: usize,
    /// How many there are.
    pub epochs: usize,
    /// Steps of each in which weights learn.
    pub steps: usize,
    /// How weights move.
    pub by: WeightStep,
    /// Images of the first half.
    pub base: &'a Minibatch,
    /// Images of the other, where the method has them.
    pub arch: Option<&'a Minibatch>,
    /// The step's own draws.
    pub stream: Stream,
}

/// Where a step is in which no weights learn.
pub struct Late<'a> {
    /// The epoch, from 0.
    pub epoch: usize,
    /// Its number among those of the epoch, from 0.
    pub step: usize,
    /// What judges.
    pub rewards: &'a Rewards<'a>,
}

/// An architecture that a search came to on its way.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StageCell {
    /// What it is the architecture of: `stage 2`.
    pub title: String,
    /// The architecture.
    pub cell: Subspace,
    /// Its accuracy in the supernet, from 0 to 1.
    pub accuracy: f64,
}

/// Checks that a supernet's sums are of operators of edges.
///
/// # Errors
/// If inputs are chosen each by itself, or there are no operators that could be added up.
pub fn operators_of_edges(name: &str, space: &dyn SearchSpace, net: &SharedNet) -> Result<(), SettingsError> {
    if !net.sums.is_empty() {
        return Ok(());
    }
    let because = match space.reads() {
        Some(_) => "here inputs are chosen each by itself; set space.inputs = \"distinct\"",
        None => "what layers of this space choose cannot be added up; use hurricane",
    };
    Err(SettingsError::new("name", format!("{name} chooses or mixes the operators of each edge, and {because}")))
}

/// Checks that architectures of a space have one operator on every edge.
///
/// # Errors
/// If they have not; the message names others that could search it.
pub fn an_operator_on_every_edge(name: &str, space: &dyn SearchSpace, others: &str) -> Result<(), SettingsError> {
    let any = uniform(space.layout(), &mut Stream::new(0, "any").rng());
    if !space.is_architecture(&any) {
        let problem = format!("{name} judges one operator on every edge, which no architecture of this space has; use {others}");
        return Err(SettingsError::new("name", problem));
    }
    Ok(())
}
