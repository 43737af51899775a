//! `reinforce`: a softmax over the operators of every edge, trained by REINFORCE (Williams, Machine Learning 1992) with a
//! moving-average baseline, as NAS-Bench-201 was searched (Dong and Yang, ICLR 2020).
//!
//! After each evaluation, logits move along (reward − baseline) ∇ ln p(architecture), by Adam. The reward is how good the
//! oracle finds the architecture; the search finds the best architecture that it evaluated, not the likeliest one.

use assay_core::plugin::{ColumnUse, Laboratory, ProxyUse, SearchError, SearchStrategy, Setting, Settings, SettingsError, ValueKind};
use assay_core::subspace::Subspace;
use serde::Deserialize;

use crate::parts::guide::{EXCLUDE, Guide};
use crate::parts::oracle::{Oracle, SearchBy};
use crate::parts::policy::{Adam, MovingAverage, Policy};

assay_core::register! {
    dyn SearchStrategy,
    name: "reinforce",
    summary: "a softmax an edge, trained by REINFORCE with a moving-average baseline (Dong & Yang, ICLR 2020)",
    schema: SETTINGS,
    build: |settings| Ok(Box::new(Reinforce::new(settings)?)),
}

/// What `reinforce` understands.
pub const SETTINGS: &[Setting] = &[
    SearchBy::ORACLE,
    SearchBy::BUDGET,
    Setting {
        name: "learning_rate",
        kind: ValueKind::Number { min: 1e-9, max: 1e3 },
        default: Setting::said("0.001"),
        help: "Adam's step",
    },
    Setting {
        name: "momentum",
        kind: ValueKind::Number { min: 0.0, max: 0.999_999 },
        default: Setting::said("0.9"),
        help: "what the baseline, an exponential moving average of the rewards, keeps of itself",
    },
    EXCLUDE,
];

#[derive(Clone, Debug, Deserialize)]
#[serde(default)]
struct Given {
    learning_rate: f64,
    momentum: f64,
}

impl Default for Given {
    fn default() -> Self {
        Self { learning_rate: 0.001, momentum: 0.9 }
    }
}

/// The strategy.
#[derive(Clone, Debug)]
pub struct Reinforce {
    guide: Guide,
    given: Given,
}

impl Reinforce {
    /// With these settings; what is absent has its default.
    ///
    /// # Errors
    /// If a value has the wrong type or settings contradict each other.
    pub fn new(settings: &Settings) -> Result<Self, SettingsError> {
        Ok(Self { guide: Guide::from(settings)?, given: settings.parse()? })
    }
}

impl SearchStrategy for Reinforce {
    fn proxies(&self) -> Vec<ProxyUse> {
        self.guide.by.proxies()
    }

    fn columns(&self) -> Vec<ColumnUse> {
        self.guide.by.columns()
    }

    fn protocol(&self) -> String {
        let Given { learning_rate, momentum } = self.given;
        format!("reinforce: {}, Adam with rate {learning_rate}, baseline with momentum {momentum}", self.guide.protocol())
    }

    fn search(&self, laboratory: &mut dyn Laboratory) -> Result<Subspace, SearchError> {
        let allowed = self.guide.exclusion.start(laboratory.space().layout())?;
        let mut oracle = Oracle::new(&self.guide.by, laboratory, "evaluation")?;
        let mut rng = oracle.stream("policy").rng();
        if let Some(limit) = self.guide.by.budget.evaluations {
            oracle.expect(limit);
        }
        let mut policy = Policy::uniform(oracle.space(), &allowed, &mut rng)?;
        let mut adam = Adam::new(self.given.learning_rate, &policy.logits);
        let mut baseline = MovingAverage::new(self.given.momentum);
        while !oracle.is_spent() {
            let drawn = policy.draw(oracle.space(), &mut rng)?;
            for evaluated in oracle.evaluate(std::slice::from_ref(&drawn))? {
                // An undefined reward teaches nothing.
                let Some(reward) = oracle.goodness(evaluated) else { continue };
                let advantage = reward - baseline.with(reward);
                let mut gradient = policy.log_probability_gradient(&policy.chosen(&drawn));
                gradient.iter_mut().flatten().for_each(|slope| *slope *= advantage);
                adam.ascend(&mut policy.logits, &gradient);
            }
        }
        oracle.found()
    }
}
