//! `enas`: an LSTM controller that is trained by REINFORCE chooses what weights learn on (Pham et al., "Efficient Neural Architecture
//! Search via Parameter Sharing", ICML 2018), as the codes of NATS-Bench and NAS-Bench-201 do it on cells that share their
//! architecture.
//!
//! Once an epoch the controller takes 50 steps of 20 samples, each judged by the supernet on other images. Its entropy counts in
//! the reward and is not held constant: the gradient runs through it. The baseline stands still within an epoch.

use assay_core::plugin::supernet::{Kept, Passed, PerChoice};
use assay_core::plugin::{SearchError, SearchSpace, SearchStrategy};
use assay_core::stream::Stream;
use assay_core::subspace::{Layout, Subspace};

use crate::parts::oneshot::alphas::Alphas;
use crate::parts::oneshot::controller::Controller;
use crate::parts::oneshot::images::Halves;
use crate::parts::oneshot::learnt::LearntRules;
use crate::parts::oneshot::method::{Ending, Late, Method, Moment};
use crate::parts::oneshot::policy::{Baseline, Policy, RewardRules, Sampled};
use crate::parts::oneshot::search::OneShot;
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

/// Samples of the controller by which the steps of a search tell what it draws.
const SHOWN: usize = 100;

impl Enas {
    /// How the controller is moved.
    fn rules(&self) -> LearntRules {
        let first = match self.training.code {
            Code::Nats => 0.5,
            Code::Nb201 | Code::Darts | Code::Cnas | Code::Unnas | Code::Spos => 0.0,
        };
        LearntRules { rate: self.controller_rate, betas: [first, 0.999], epsilon: 1e-3, decay: 0.0, clip: 5.0 }
    }
}

/// The architecture of these operators, one an edge.
fn architecture(layout: &Layout, chosen: &[usize]) -> Subspace {
    let mut chosen = chosen.iter();
    let cells = layout.cells.iter().map(|cell| cell.edges.iter().map(|_| chosen.next().copied().into_iter().collect()).collect());
    Subspace::new(layout, cells.collect())
}

/// How likely the controller draws each operator of each edge: the mean over some of its samples, the same ones after every epoch but
/// for what it learnt.
fn likely(layout: &Layout, policy: &Policy) -> PerChoice {
    let mut rng = Stream::new(0, "samples that are shown").rng();
    let mut sums = PerChoice::filled(layout, 0.0);
    for _ in 0..SHOWN {
        let probabilities = policy.controller.sample(&mut rng).probabilities();
        for (edge, probabilities) in sums.0.iter_mut().flatten().zip(probabilities) {
            edge.iter_mut().zip(probabilities).for_each(|(sum, own)| *sum += own / SHOWN as f64);
        }
    }
    sums
}

/// Architectures that the controller draws.
fn sampled(layout: &Layout, policy: &Policy, stream: &Stream, count: usize) -> Vec<Subspace> {
    let mut rng = stream.rng();
    (0..count).map(|_| architecture(layout, &policy.controller.sample(&mut rng).chosen)).collect()
}

impl Method for Enas {
    const NAME: &'static str = "enas";

    type Policy = Policy;

    fn training(&self) -> &TrainingSettings {
        &self.training
    }

    fn script(&self) -> Script {
        match self.training.code {
            Code::Nats => Script::usual(100, None),
            Code::Nb201 | Code::Darts | Code::Cnas | Code::Unnas | Code::Spos => {
                let usual = Script::usual(250, Some(5.0));
                Script {
                    batch: 128,
                    rate: 0.05,
                    floor: Some(5e-4),
                    period: Some(10),
                    decay: 2.5e-4,
                    judged: 128,
                    judged_varied: true,
                    ..usual
                }
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

    fn policy(&self, space: &dyn SearchSpace, stream: &Stream) -> Result<Policy, SearchError> {
        let layout = space.layout();
        let edges = layout.cells.iter().map(|cell| cell.edges.len()).sum();
        Ok(Policy { controller: Controller::draw(edges, layout.operators.len(), stream), baseline: Baseline::default() })
    }

    fn step(&self, course: &mut Course<'_>, policy: &mut Policy, moment: &Moment<'_>) -> Result<Passed, SearchError> {
        let mut rng = moment.stream.child("architecture").rng();
        let drawn = architecture(course.supernet.space().layout(), &policy.controller.sample(&mut rng).chosen);
        let passed = course.single(moment.base, Kept::Shared(&drawn), moment.by)?;
        if let Some(arch) = moment.arch {
            course.look(arch, Kept::Shared(&drawn))?;
        }
        Ok(passed)
    }

    fn late_steps(&self, _: usize, _: &Halves<'_>) -> usize {
        self.controller_steps
    }

    fn late_step(&self, course: &mut Course<'_>, policy: &mut Policy, late: &Late<'_>) -> Result<(), SearchError> {
        let layout = course.supernet.space().layout();
        let Late { step, rewards, .. } = *late;
        let Policy { controller, baseline } = policy;
        let rules = RewardRules { entropy: self.entropy, keep: self.baseline_share, samples: self.samples };
        let mut gradient = vec![0.0; controller.learnt.values.len()];
        let mut rng = rewards.stream.child("samples").child(step).rng();
        for sample in 0..self.samples {
            let said = controller.sample(&mut rng);
            let accuracy = rewards.accuracy(course, &architecture(layout, &said.chosen), step * self.samples + sample)?;
            let Sampled { baseline: own, by: [by_log_probability, by_entropy], .. } =
                Sampled::new(&said, accuracy, baseline.before, &rules);
            controller.add_gradient(&said, by_log_probability, by_entropy, &mut gradient);
            baseline.note(own);
        }
        controller.learnt.step(&gradient, &self.rules());
        if step + 1 == self.controller_steps {
            *baseline = baseline.next(self.training.code == Code::Nats);
        }
        Ok(())
    }

    fn ending(&self) -> Ending<'_> {
        Ending::Judged(&self.choice)
    }

    fn left(&self, course: &Course<'_>, policy: &Policy) -> Option<Alphas> {
        let layout = course.supernet.space().layout();
        Some(Alphas::new(layout, likely(layout, policy).by_edge(|edge| edge.iter().map(|own| own.ln()).collect())))
    }

    fn candidates(&self, course: &Course<'_>, policy: &Policy, stream: &Stream) -> Vec<Subspace> {
        sampled(course.supernet.space().layout(), policy, stream, self.choice.candidates)
    }
}
