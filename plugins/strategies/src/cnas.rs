//! `cnas`: a curriculum, in which operators join stage by stage (Guo et al., "Breaking the Curse of Space Explosion: Towards
//! Efficient NAS with Curriculum Search", ICML 2020).
//!
//! The search begins with a few operators an edge, and each stage adds one; what the controller learnt of the earlier ones
//! stays. The controller is trained by REINFORCE with an entropy bonus. It is a softmax an edge and not the paper's LSTM, and
//! every architecture is judged by the oracle, where the paper shares weights between them.

use assay_core::plugin::{
    ColumnUse, Laboratory, ProxyUse, SearchError, SearchSpace, SearchStrategy, Setting, Settings, SettingsError, ValueKind, suggestion,
};
use assay_core::subspace::{Layout, OperatorSet, Subspace};
use serde::Deserialize;

use crate::parts::guide::{EXCLUDE, Guide};
use crate::parts::oracle::{Oracle, SearchBy};
use crate::parts::policy::{Adam, MovingAverage, Policy};

assay_core::register! {
    dyn SearchStrategy,
    name: "cnas",
    summary: "operators join stage by stage, a controller learns by REINFORCE with entropy (Guo et al., ICML 2020)",
    schema: SETTINGS,
    build: |settings| Ok(Box::new(Cnas::new(settings)?)),
}

/// What `cnas` understands.
pub const SETTINGS: &[Setting] = &[
    SearchBy::ORACLE,
    SearchBy::BUDGET,
    Setting {
        name: "first",
        kind: ValueKind::Integer { min: 1, max: 64 },
        default: Setting::said("2"),
        help: "operators of an edge in the first stage",
    },
    Setting {
        name: "order",
        kind: ValueKind::Texts,
        default: Setting::said("the space's own, with `none` last"),
        help: "operators in the order in which they join; those not named join last",
    },
    Setting { name: "learning_rate", kind: ValueKind::Number { min: 1e-9, max: 1e3 }, default: Setting::said("0.05"), help: "Adam's step" },
    Setting {
        name: "entropy",
        kind: ValueKind::Number { min: 0.0, max: 1e6 },
        default: Setting::said("0.005"),
        help: "what the policy's entropy is worth, in standard deviations of the rewards",
    },
    Setting {
        name: "momentum",
        kind: ValueKind::Number { min: 0.0, max: 0.999_999 },
        default: Setting::said("0.9"),
        help: "of the baseline",
    },
    EXCLUDE,
];

#[derive(Clone, Debug, Deserialize)]
#[serde(default)]
struct Given {
    first: usize,
    order: Vec<String>,
    learning_rate: f64,
    entropy: f64,
    momentum: f64,
}

impl Default for Given {
    fn default() -> Self {
        Self { first: 2, order: Vec::new(), learning_rate: 0.05, entropy: 0.005, momentum: 0.9 }
    }
}

/// The strategy.
#[derive(Clone, Debug)]
pub struct Cnas {
    guide: Guide,
    given: Given,
}

impl Cnas {
    /// With these settings; what is absent has its default.
    ///
    /// # Errors
    /// If a value has the wrong type or settings contradict each other.
    pub fn new(settings: &Settings) -> Result<Self, SettingsError> {
        Ok(Self { guide: Guide::from(settings)?, given: settings.parse()? })
    }

    /// Every operator in the order in which it joins.
    fn order(&self, layout: &Layout) -> Result<Vec<usize>, SearchError> {
        let unknown = |name: &str| {
            SearchError::Impossible(format!("`order`: the space has no operator `{name}`; {}", suggestion(name, &layout.operators)))
        };
        let named = self.given.order.iter().map(|name| layout.operator(name).ok_or_else(|| unknown(name)));
        let mut order: Vec<usize> = named.collect::<Result<_, _>>()?;
        let rest = (0..layout.operators.len()).filter(|operator| Some(*operator) != layout.zero).chain(layout.zero);
        for operator in rest {
            if !order.contains(&operator) {
                order.push(operator);
            }
        }
        Ok(order)
    }
}

/// The subspaces of the stages, each within the next, the last one `allowed`.
fn stages(space: &dyn SearchSpace, allowed: &Subspace, order: &[usize], first: usize) -> Vec<Subspace> {
    let most = allowed.cells().iter().flatten().map(|kept| kept.len()).max().unwrap_or(1);
    let joined = |kept: &OperatorSet, count: usize| -> OperatorSet {
        order.iter().copied().filter(|operator| kept.contains(*operator)).take(count).collect()
    };
    let stage = |count: usize| {
        let cells = allowed.cells().iter().map(|edges| edges.iter().map(|kept| joined(kept, count)).collect()).collect();
        Subspace::new(space.layout(), cells)
    };
    (first.min(most)..=most).map(stage).collect()
}

impl SearchStrategy for Cnas {
    fn proxies(&self) -> Vec<ProxyUse> {
        self.guide.by.proxies()
    }

    fn columns(&self) -> Vec<ColumnUse> {
        self.guide.by.columns()
    }

    fn protocol(&self) -> String {
        let Given { first, learning_rate, entropy, momentum, .. } = &self.given;
        format!(
            "cnas: {}, {first} operators an edge at first, stages of equal budget, Adam with rate {learning_rate}, entropy × {entropy}, \
             baseline with momentum {momentum}",
            self.guide.protocol()
        )
    }

    fn search(&self, laboratory: &mut dyn Laboratory) -> Result<Subspace, SearchError> {
        let allowed = self.guide.exclusion.start(laboratory.space().layout())?;
        let order = self.order(laboratory.space().layout())?;
        let mut oracle = Oracle::new(&self.guide.by, laboratory, "evaluation")?;
        let mut rng = oracle.stream("controller").rng();
        if let Some(limit) = self.guide.by.budget.evaluations {
            oracle.expect(limit);
        }
        let stages = stages(oracle.space(), &allowed, &order, self.given.first);
        let mut policy = Policy::uniform(oracle.space(), &allowed, &mut rng)?;
        let mut adam = Adam::new(self.given.learning_rate, &policy.logits);
        let (mut baseline, mut variance) = (MovingAverage::new(self.given.momentum), MovingAverage::new(self.given.momentum));
        let mut current = None;
        while !oracle.is_spent() {
            let stage = ((oracle.fraction_spent() * stages.len() as f64) as usize).min(stages.len() - 1);
            if current.replace(stage) != Some(stage) {
                policy.confine(&stages[stage]);
            }
            let drawn = policy.draw(oracle.space(), &mut rng)?;
            for evaluated in oracle.evaluate(std::slice::from_ref(&drawn))? {
                // An undefined reward teaches nothing.
                let Some(reward) = oracle.goodness(evaluated) else { continue };
                let advantage = reward - baseline.with(reward);
                let deviation = variance.with(advantage * advantage).sqrt();
                let scaled = if deviation > 0.0 { advantage / deviation } else { 0.0 };
                let likelihood = policy.log_probability_gradient(&policy.chosen(&drawn));
                let entropy = policy.entropy_gradient();
                let joined = |(likelihood, entropy): (Vec<f64>, Vec<f64>)| -> Vec<f64> {
                    likelihood
                        .into_iter()
                        .zip(entropy)
                        .map(|(likelihood, entropy)| scaled * likelihood + self.given.entropy * entropy)
                        .collect()
                };
                let gradient: Vec<Vec<f64>> = likelihood.into_iter().zip(entropy).map(joined).collect();
                adam.ascend(&mut policy.logits, &gradient);
            }
        }
        oracle.found()
    }
}
