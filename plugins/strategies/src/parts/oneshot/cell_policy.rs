//! CNAS's policy: a controller for each kind of cell, learnt together from the accuracies of what they chose (Guo et al., ICML 2020,
//! as the published code has it).

use assay_core::stream::Stream;
use assay_core::subspace::Subspace;
use rand::RngExt;
use serde::{Deserialize, Serialize};

use super::cell_controller::{CellController, CellSaid, CellShape, Decision, REACH};
use super::learnt::{Learnt, LearntRules};

/// The controllers with what they learnt from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CellPolicy {
    shape: CellShape,
    /// The parameters of all controllers, one controller after the other.
    pub learnt: Learnt,
    /// What accuracies are compared with; none before the first.
    pub baseline: Option<f64>,
    /// The operators in the order in which they join.
    pub order: Vec<usize>,
    /// The best candidate of a stage's end so far, and its accuracy.
    pub best: Option<(Subspace, f64)>,
}

/// How a policy learns.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CellPolicyRules {
    /// How its parameters are moved.
    pub learnt: LearntRules,
    /// What entropies count.
    pub entropy: f64,
    /// The share of the baseline that stays.
    pub keep: f64,
}

/// What a step of a policy found.
#[derive(Clone, Debug, PartialEq)]
pub struct PolicyStep {
    /// The accuracy less the baseline, which has the accuracy in it.
    pub reward: f64,
    /// The gradient, before it was cut.
    pub gradient: Vec<f64>,
    /// Its norm.
    pub norm: f64,
}

impl CellPolicy {
    /// Drawn, for so many kinds of cell.
    #[must_use]
    pub fn draw(kinds: usize, shape: CellShape, order: Vec<usize>, stream: &Stream) -> Self {
        let mut rng = stream.rng();
        let values = (0..kinds * shape.values()).map(|_| rng.random_range(-REACH..=REACH)).collect();
        Self::new(shape, values, order)
    }

    /// With these values.
    #[must_use]
    pub fn new(shape: CellShape, values: Vec<f64>, order: Vec<usize>) -> Self {
        Self { shape, learnt: Learnt::new(values), baseline: None, order, best: None }
    }

    /// The shape of each controller.
    #[must_use]
    pub fn shape(&self) -> CellShape {
        self.shape
    }

    /// The controller of each kind of cell.
    fn controllers(&self) -> impl Iterator<Item = CellController<'_>> {
        self.learnt.values.chunks(self.shape.values().max(1)).map(|values| CellController::new(self.shape, values))
    }

    /// Chooses a cell of each kind by the decisions of each; `choose` is told probabilities.
    #[must_use]
    pub fn say(&self, decisions: &[Vec<Decision>], choose: &mut dyn FnMut(&[f64]) -> usize) -> Vec<CellSaid> {
        self.controllers().zip(decisions).map(|(controller, decisions)| controller.say(decisions, choose)).collect()
    }

    /// Learns from the accuracy, from 0 to 1, of what was said: REINFORCE, with the entropies in the objective.
    pub fn learn(&mut self, said: &[CellSaid], accuracy: f64, rules: &CellPolicyRules) -> PolicyStep {
        let baseline = self.baseline.map_or(accuracy, |before| rules.keep * before + (1.0 - rules.keep) * accuracy);
        self.baseline = Some(baseline);
        let reward = accuracy - baseline;
        let mut gradient = vec![0.0; self.learnt.values.len()];
        for ((controller, said), own) in self.controllers().zip(said).zip(gradient.chunks_mut(self.shape.values().max(1))) {
            controller.add_gradient(said, -reward, -rules.entropy, own);
        }
        let norm = self.learnt.step(&gradient, &rules.learnt);
        PolicyStep { reward, gradient, norm }
    }
}
