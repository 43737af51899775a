//! `manas-by-oracle`: the agents of `manas`, one bandit an edge, with an oracle in the place of shared weights (after Lopes et al.,
//! "MANAS: Multi-Agent Neural Architecture Search", Machine Learning 2024). `name = "manas"` with `oracle` or `budget` means this
//! strategy too.
//!
//! In each round every edge's agent chooses an operator by itself, and the architecture of their choices is evaluated. The
//! reward is taken to be a sum over edges, without knowing which edge earned what: an agent credits its choice with the
//! whole reward, less a moving average of rewards, divided by the probability of the choice, which is unbiased for such
//! sums. Choices are drawn from the softmax of the credits.

use assay_core::plugin::{SearchError, SearchStrategy, SettingsError};
use assay_core::subspace::Subspace;

use crate::parts::guided::{Guide, GuideSettings, Guided, Method};
use crate::parts::optimiser::MovingAverage;
use crate::parts::oracle::Oracle;
use crate::parts::policy::{Policy, Trial};

assay_core::register! {
    dyn SearchStrategy,
    name: "manas-by-oracle",
    summary: "one bandit an edge, and an oracle judges: a simplification of MANAS (after Lopes et al., 2024)",
    settings: ManasByOracle,
    build: |method| Ok(Box::new(Guided::new(method)?)),
}

/// How much of the baseline and of the spread of the rewards stays from one reward to the next.
const MOMENTUM: f64 = 0.95;

assay_core::settings! {
    /// The strategy.
    #[derive(Clone, Debug)]
    pub struct ManasByOracle {
        with guide: GuideSettings;
        /// what a credit of one standard deviation of the rewards adds to a logit
        learning_rate: f64 = 0.02, in 1e-9..=1e3;
    }
}

impl Method for ManasByOracle {
    fn guide(&self) -> Result<Guide, SettingsError> {
        self.guide.of_one_training()
    }

    fn protocol(&self, guide: &Guide) -> String {
        format!("manas: {guide}, learning rate {}", self.learning_rate)
    }

    fn search(&self, oracle: &mut Oracle<'_>, allowed: &Subspace) -> Result<(), SearchError> {
        let mut rng = oracle.stream("agents").rng();
        oracle.expect_whole_budget();
        let mut policy = Policy::uniform(oracle.space(), allowed, &mut rng)?;
        let (mut baseline, mut variance) = (MovingAverage::new(MOMENTUM), MovingAverage::new(MOMENTUM));
        while !oracle.is_spent() {
            let Some(Trial { architecture, reward }) = policy.try_one(oracle, &mut rng)? else { continue };
            let advantage = reward - baseline.with(reward);
            let deviation = variance.with(advantage * advantage).sqrt();
            if deviation == 0.0 {
                continue;
            }
            for (edge, chosen) in policy.chosen(&architecture).into_iter().enumerate() {
                let Some(chosen) = chosen else { continue };
                let credit = advantage / deviation / policy.probabilities(edge)[chosen];
                policy.logits[edge][chosen] += self.learning_rate * credit;
            }
        }
        Ok(())
    }
}
