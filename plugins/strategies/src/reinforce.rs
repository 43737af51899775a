//! `reinforce`: a softmax over the operators of every edge, trained by REINFORCE (Williams, Machine Learning 1992) with a
//! moving-average baseline, as NAS-Bench-201 was searched (Dong and Yang, ICLR 2020).
//!
//! After each evaluation, logits move along (reward − baseline) ∇ ln p(architecture), by Adam. The reward is how good the
//! oracle finds the architecture; the search finds the best architecture that it evaluated, not the likeliest one.

use assay_core::plugin::{SearchError, SearchStrategy, SettingsError};
use assay_core::subspace::Subspace;

use crate::parts::guided::{Guide, GuideSettings, Guided, Method};
use crate::parts::optimiser::{Adam, MovingAverage};
use crate::parts::oracle::Oracle;
use crate::parts::policy::{Policy, Trial};

assay_core::register! {
    dyn SearchStrategy,
    name: "reinforce",
    summary: "a softmax an edge, trained by REINFORCE with a moving-average baseline (Dong & Yang, ICLR 2020)",
    settings: Reinforce,
    build: |method| Ok(Box::new(Guided::new(method)?)),
}

assay_core::settings! {
    /// The strategy.
    #[derive(Clone, Debug)]
    pub struct Reinforce {
        with guide: GuideSettings;
        /// Adam's step
        learning_rate: f64 = 0.001, in 1e-9..=1e3;
        /// how much of itself the baseline, a moving average of the rewards, keeps from one reward to the next
        momentum: f64 = 0.9, in 0.0..=0.999_999;
    }
}

impl Method for Reinforce {
    fn guide(&self) -> Result<Guide, SettingsError> {
        self.guide.of_one_training()
    }

    fn protocol(&self, guide: &Guide) -> String {
        let Self { learning_rate, momentum, .. } = self;
        format!("reinforce: {guide}, Adam with rate {learning_rate}, baseline with momentum {momentum}")
    }

    fn search(&self, oracle: &mut Oracle<'_>, allowed: &Subspace) -> Result<(), SearchError> {
        let mut rng = oracle.stream("policy").rng();
        oracle.expect_whole_budget();
        let mut policy = Policy::uniform(oracle.space(), allowed, &mut rng)?;
        let mut adam = Adam::new(self.learning_rate, &policy.logits);
        let mut baseline = MovingAverage::new(self.momentum);
        while !oracle.is_spent() {
            let Some(Trial { architecture, reward }) = policy.try_one(oracle, &mut rng)? else { continue };
            let advantage = reward - baseline.with(reward);
            let mut gradient = policy.log_probability_gradient(&policy.chosen(&architecture));
            gradient.iter_mut().flatten().for_each(|slope| *slope *= advantage);
            adam.ascend(&mut policy.logits, &gradient);
        }
        Ok(())
    }
}
