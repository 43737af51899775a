//! `enas`: an LSTM controller that is trained by REINFORCE chooses what weights learn on (Pham et al., "Efficient Neural Architecture
//! Search via Parameter Sharing", ICML 2018), as the codes of NATS-Bench and NAS-Bench-201 do it on cells that share their
//! architecture.
//!
//! Once an epoch the controller takes 50 steps of 20 samples, each judged by the supernet on other images. Its entropy counts in
//! the reward and is not held constant: the gradient runs through it. The baseline stands still within an epoch.

use assay_core::plugin::supernet::{Kept, Passed};
use assay_core::plugin::{SearchError, SearchStrategy};
use assay_core::stream::Stream;
use assay_core::subspace::{Layout, Subspace};

use crate::parts::oneshot::controller::{Controller, ControllerRules};
use crate::parts::oneshot::policy::{Baseline, Policy, RewardRules, Sampled};
use crate::parts::oneshot::rewards::Rewards;
use crate::parts::oneshot::search::{Ending, Method, Moment, OneShot};
use crate::parts::oneshot::settings::{ChoiceSettings, Code, Script, TrainingSettings};
use crate::parts::oneshot::steps::Course;

assay_core::register! {
    dyn SearchStrategy,
    name: "enas",
    summary: "an LSTM controller, trained by REINFORCE, chooses what a supernet learns on (Pham et al., ICML 2018)",
    settings: Enas,
    build: |method| Ok(Box::new(OneShot::new(method)?)),
}

assay_core::settings! {
    /// The strategy.
    #[derive(Clone, Debug)]
    pub struct Enas {
        with training: TrainingSettings;
        with choice: ChoiceSettings;
        /// steps of the controller an epoch
        controller_steps: usize = 50, in 1..=100_000;
        /// samples of each of them
        samples: usize = 20, in 1..=100_000;
        /// Adam's step of the controller
        controller_rate: f64 = 1e-3, in 1e-9..=1e3;
        /// what the entropy counts in a reward
        entropy: f64 = 1e-4, in 0.0..=1e6;
        /// share of the baseline that stays
        baseline_share: f64 = 0.99, in 0.0..=1.0;
    }
}

impl Enas {
    /// How the controller is moved.
    fn rules(&self) -> ControllerRules {
        let first = match self.training.code {
            Code::Nats => 0.5,
            Code::Nb201 | Code::Darts => 0.0,
        };
        ControllerRules { rate: self.controller_rate, betas: [first, 0.999], epsilon: 1e-3, clip: 5.0 }
    }
}

/// The architecture of these operators, one an edge.
fn architecture(layout: &Layout, chosen: &[usize]) -> Subspace {
    let mut chosen = chosen.iter();
    let cells = layout.cells.iter().map(|cell| cell.edges.iter().map(|_| chosen.next().copied().into_iter().collect()).collect());
    Subspace::new(layout, cells.collect())
}

/// Architectures that the controller draws.
fn sampled(course: &Course<'_>, stream: &Stream, count: usize) -> Vec<Subspace> {
    let (layout, mut rng) = (course.supernet.space().layout(), stream.rng());
    let policies = course.policy.iter().cycle().take(if course.policy.is_some() { count } else { 0 });
    policies.map(|policy| architecture(layout, &policy.controller.sample(&mut rng).chosen)).collect()
}

fn no_policy() -> SearchError {
    SearchError::Impossible("the state of this search has no controller".into())
}

impl Method for Enas {
    const NAME: &'static str = "enas";

    fn training(&self) -> &TrainingSettings {
        &self.training
    }

    fn script(&self) -> Script {
        match self.training.code {
            Code::Nats => Script::usual(100, None),
            Code::Nb201 | Code::Darts => {
                let usual = Script::usual(250, Some(5.0));
                Script { batch: 128, rate: 0.05, floor: 5e-4, period: Some(10), decay: 2.5e-4, judged: 128, judged_varied: true, ..usual }
            }
        }
    }

    fn protocol(&self) -> String {
        format!(
            "{} steps of {} samples of the controller an epoch, {}",
            self.controller_steps,
            self.samples,
            self.choice.protocol(&self.script())
        )
    }

    fn has_second(&self) -> bool {
        self.training.code == Code::Nats
    }

    fn policy(&self, layout: &Layout, stream: &Stream) -> Option<Policy> {
        let edges = layout.cells.iter().map(|cell| cell.edges.len()).sum();
        Some(Policy { controller: Controller::draw(edges, layout.operators.len(), stream), baseline: Baseline::default() })
    }

    fn step(&self, course: &mut Course<'_>, moment: &Moment<'_>) -> Result<Passed, SearchError> {
        let drawn = sampled(course, &moment.stream.child("architecture"), 1).pop().ok_or_else(no_policy)?;
        let passed = course.single(moment.base, Kept::Shared(&drawn), moment.by)?;
        if let Some(arch) = moment.arch {
            course.look(arch, Kept::Shared(&drawn))?;
        }
        Ok(passed)
    }

    fn late_steps(&self) -> usize {
        self.controller_steps
    }

    fn late_step(&self, course: &mut Course<'_>, step: usize, rewards: &Rewards<'_>) -> Result<(), SearchError> {
        let layout = course.supernet.space().layout();
        let Policy { mut controller, mut baseline } = course.policy.clone().ok_or_else(no_policy)?;
        let rules = RewardRules { entropy: self.entropy, keep: self.baseline_share, samples: self.samples };
        let mut gradient = vec![0.0; controller.values.len()];
        let mut rng = rewards.stream.child("samples").child(step).rng();
        for sample in 0..self.samples {
            let said = controller.sample(&mut rng);
            let accuracy = rewards.accuracy(course, &architecture(layout, &said.chosen), step * self.samples + sample)?;
            let Sampled { baseline: own, by: [by_log_probability, by_entropy], .. } =
                Sampled::new(&said, accuracy, baseline.before, &rules);
            controller.add_gradient(&said, by_log_probability, by_entropy, &mut gradient);
            baseline.note(own);
        }
        controller.step(&gradient, &self.rules());
        if step + 1 == self.controller_steps {
            baseline = baseline.next(self.training.code == Code::Nats);
        }
        course.policy = Some(Policy { controller, baseline });
        Ok(())
    }

    fn ending(&self) -> Ending<'_> {
        let candidates = |course: &Course<'_>, stream: &Stream| sampled(course, stream, self.choice.candidates);
        Ending::Judged { by: &self.choice, candidates: Box::new(candidates) }
    }
}
