//! `manas` and `manas-ls`: one bandit an edge, all paid by the same reward (Lopes et al., "MANAS: Multi-Agent Neural
//! Architecture Search", Machine Learning 2024).
//!
//! In each round every edge's agent chooses an operator by itself, and the architecture of their choices is evaluated. The
//! two differ in how the reward is credited:
//!
//! * `manas` takes it for a sum over edges without saying which edge earned what: an agent credits its choice with the whole
//!   reward, less a moving average of rewards, divided by the probability of the choice, which is unbiased for such sums.
//!   Choices are drawn from the softmax of the credits.
//! * `manas-ls` finds out which edge earned what, by least squares over everything evaluated. Choices are drawn by Zipf's
//!   law: an operator of rank r, by its credit, has a probability proportional to 1/r.

use assay_core::plugin::{ColumnUse, Laboratory, ProxyUse, SearchError, SearchStrategy, Setting, Settings, SettingsError, ValueKind};
use assay_core::subspace::Subspace;
use serde::Deserialize;

use crate::parts::guide::{EXCLUDE, Guide};
use crate::parts::oracle::{Oracle, SearchBy};
use crate::parts::policy::{MovingAverage, Policy};
use crate::parts::surrogate::Surrogate;

assay_core::register! {
    dyn SearchStrategy,
    name: "manas",
    summary: "one bandit an edge, each credited with the whole reward (Lopes et al., 2024)",
    schema: SETTINGS,
    build: |settings| Ok(Box::new(Manas::new(settings, Credit::Linear)?)),
}

assay_core::register! {
    dyn SearchStrategy,
    name: "manas-ls",
    summary: "one bandit an edge, credited by least squares (Lopes et al., 2024)",
    schema: SETTINGS_LS,
    build: |settings| Ok(Box::new(Manas::new(settings, Credit::LeastSquares)?)),
}

/// What `manas` understands.
pub const SETTINGS: &[Setting] = &[
    SearchBy::ORACLE,
    SearchBy::BUDGET,
    Setting {
        name: "learning_rate",
        kind: ValueKind::Number { min: 1e-9, max: 1e3 },
        default: Setting::said("0.02"),
        help: "what a credit of one standard deviation of the rewards adds to a logit",
    },
    EXCLUDE,
];

/// What `manas-ls` understands.
pub const SETTINGS_LS: &[Setting] = &[SearchBy::ORACLE, SearchBy::BUDGET, EXCLUDE];

/// How much of the baseline and of the spread of the rewards stays from one reward to the next.
const MOMENTUM: f64 = 0.95;

/// How a reward is credited.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Credit {
    /// To every choice in full.
    Linear,
    /// By least squares.
    LeastSquares,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(default)]
struct Given {
    learning_rate: f64,
}

impl Default for Given {
    fn default() -> Self {
        Self { learning_rate: 0.02 }
    }
}

/// The strategy.
#[derive(Clone, Debug)]
pub struct Manas {
    guide: Guide,
    given: Given,
    credit: Credit,
}

impl Manas {
    /// With these settings; what is absent has its default.
    ///
    /// # Errors
    /// If a value has the wrong type or settings contradict each other.
    pub fn new(settings: &Settings, credit: Credit) -> Result<Self, SettingsError> {
        Ok(Self { guide: Guide::from(settings)?, given: settings.parse()?, credit })
    }
}

/// Logits of 1/rank, the largest part first; of equals, the earlier operator.
fn zipf(parts: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..parts.len()).collect();
    order.sort_by(|one, other| parts[*other].total_cmp(&parts[*one]));
    let mut logits = vec![0.0; parts.len()];
    (1_u32..).zip(order).for_each(|(rank, operator)| logits[operator] = -f64::from(rank).ln());
    logits
}

impl SearchStrategy for Manas {
    fn proxies(&self) -> Vec<ProxyUse> {
        self.guide.by.proxies()
    }

    fn columns(&self) -> Vec<ColumnUse> {
        self.guide.by.columns()
    }

    fn protocol(&self) -> String {
        match self.credit {
            Credit::Linear => format!("manas: {}, learning rate {}", self.guide.protocol(), self.given.learning_rate),
            Credit::LeastSquares => format!("manas-ls: {}", self.guide.protocol()),
        }
    }

    fn search(&self, laboratory: &mut dyn Laboratory) -> Result<Subspace, SearchError> {
        let allowed = self.guide.exclusion.start(laboratory.space().layout())?;
        let mut oracle = Oracle::new(&self.guide.by, laboratory, "evaluation")?;
        let mut rng = oracle.stream("agents").rng();
        if let Some(limit) = self.guide.by.budget.evaluations {
            oracle.expect(limit);
        }
        let mut policy = Policy::uniform(oracle.space(), &allowed, &mut rng)?;
        let mut surrogate = Surrogate::new(policy.edges());
        let (mut baseline, mut variance) = (MovingAverage::new(MOMENTUM), MovingAverage::new(MOMENTUM));
        while !oracle.is_spent() {
            let drawn = policy.draw(oracle.space(), &mut rng)?;
            for evaluated in oracle.evaluate(std::slice::from_ref(&drawn))? {
                // An undefined reward is nobody's merit.
                let Some(reward) = oracle.goodness(evaluated) else { continue };
                match self.credit {
                    Credit::Linear => {
                        let advantage = reward - baseline.with(reward);
                        let deviation = variance.with(advantage * advantage).sqrt();
                        if deviation == 0.0 {
                            continue;
                        }
                        for (edge, chosen) in policy.chosen(&drawn).into_iter().enumerate() {
                            let Some(chosen) = chosen else { continue };
                            let credit = advantage / deviation / policy.probabilities(edge)[chosen];
                            policy.logits[edge][chosen] += self.given.learning_rate * credit;
                        }
                    }
                    Credit::LeastSquares => {
                        surrogate.see(&drawn, reward);
                        let fit = surrogate.fit();
                        let edges = 0..policy.edges().len();
                        policy.logits = edges.map(|edge| zipf(fit.parts(edge))).collect();
                    }
                }
            }
        }
        oracle.found()
    }
}
