//! `local-search`: from the best of a few random architectures to the best neighbour, until no neighbour is better (White,
//! Nolen and Savani, "Exploring the Loss Landscape in Neural Architecture Search", UAI 2021).
//!
//! A neighbour differs in one choice. In a local optimum the search begins again elsewhere, until the budget is spent or
//! the whole space was seen. No architecture is evaluated twice.

use assay_core::plugin::{ColumnUse, Laboratory, ProxyUse, SearchError, SearchStrategy, Setting, Settings, SettingsError, ValueKind};
use assay_core::subspace::Subspace;
use rand::Rng;
use rand::seq::SliceRandom;
use serde::Deserialize;

use crate::parts::guide::{EXCLUDE, Guide};
use crate::parts::oracle::{Oracle, SearchBy};
use crate::parts::variation::{draw, neighbours};

assay_core::register! {
    dyn SearchStrategy,
    name: "local-search",
    summary: "to the best neighbour until none is better, and again from elsewhere (White et al., UAI 2021)",
    schema: SETTINGS,
    build: |settings| Ok(Box::new(LocalSearch::new(settings)?)),
}

/// What `local-search` understands.
pub const SETTINGS: &[Setting] = &[
    SearchBy::ORACLE,
    SearchBy::BUDGET,
    Setting {
        name: "initial",
        kind: ValueKind::Integer { min: 1, max: 1_000_000 },
        default: Setting::said("10"),
        help: "random architectures, the best of which a descent starts from",
    },
    Setting {
        name: "step",
        kind: ValueKind::Choice(&["best", "first-better"]),
        default: Setting::said("\"best\""),
        help: "to the best of all neighbours, or to the first that is better, in random order",
    },
    EXCLUDE,
];

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum StepTo {
    Best,
    FirstBetter,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(default)]
struct Given {
    initial: usize,
    step: StepTo,
}

impl Default for Given {
    fn default() -> Self {
        Self { initial: 10, step: StepTo::Best }
    }
}

/// Draws in which an architecture that was not seen must come up; the space is held for seen through otherwise.
const TRIES: usize = 10_000;

/// The strategy.
#[derive(Clone, Debug)]
pub struct LocalSearch {
    guide: Guide,
    given: Given,
}

impl LocalSearch {
    /// With these settings; what is absent has its default.
    ///
    /// # Errors
    /// If a value has the wrong type or settings contradict each other.
    pub fn new(settings: &Settings) -> Result<Self, SettingsError> {
        Ok(Self { guide: Guide::from(settings)?, given: settings.parse()? })
    }

    /// So many architectures that were not evaluated; fewer where they can no longer be met.
    fn unseen(&self, oracle: &Oracle<'_>, allowed: &Subspace, rng: &mut impl Rng) -> Result<Vec<Subspace>, SearchError> {
        let mut drawn: Vec<Subspace> = Vec::new();
        for _ in 0..TRIES {
            if drawn.len() == self.given.initial {
                break;
            }
            let one = draw(oracle.space(), allowed, rng)?;
            if oracle.find(&one).is_none() && !drawn.contains(&one) {
                drawn.push(one);
            }
        }
        Ok(drawn)
    }

    /// Goes from neighbour to neighbour until none is better, or the budget is spent.
    fn descend(&self, oracle: &mut Oracle<'_>, allowed: &Subspace, start: usize, rng: &mut impl Rng) -> Result<(), SearchError> {
        let mut here = start;
        while !oracle.is_spent() {
            let mut around = neighbours(oracle.space(), allowed, &oracle.history()[here].architecture);
            if self.given.step == StepTo::FirstBetter {
                around.shuffle(rng);
            }
            let together = if self.given.step == StepTo::Best { around.len().max(1) } else { 1 };
            let mut better = None;
            for around in around.chunks(together) {
                let new: Vec<Subspace> = around.iter().filter(|one| oracle.find(one).is_none()).cloned().collect();
                oracle.evaluate(&new)?;
                let known = around.iter().filter_map(|one| oracle.find(one));
                let best = known.reduce(|best, other| if oracle.compare(other, best).is_gt() { other } else { best });
                better = best.filter(|best| oracle.compare(*best, here).is_gt());
                if better.is_some() || oracle.is_spent() {
                    break;
                }
            }
            match better {
                Some(better) => here = better,
                None => break,
            }
        }
        Ok(())
    }
}

impl SearchStrategy for LocalSearch {
    fn proxies(&self) -> Vec<ProxyUse> {
        self.guide.by.proxies()
    }

    fn columns(&self) -> Vec<ColumnUse> {
        self.guide.by.columns()
    }

    fn protocol(&self) -> String {
        let step = if self.given.step == StepTo::Best { "the best neighbour" } else { "the first better neighbour" };
        format!("local-search: {}, from the best of {} to {step}, begun again in local optima", self.guide.protocol(), self.given.initial)
    }

    fn search(&self, laboratory: &mut dyn Laboratory) -> Result<Subspace, SearchError> {
        let allowed = self.guide.exclusion.start(laboratory.space().layout())?;
        let mut oracle = Oracle::new(&self.guide.by, laboratory, "evaluation")?;
        let mut rng = oracle.stream("local search").rng();
        if let Some(limit) = self.guide.by.budget.evaluations {
            oracle.expect(limit);
        }
        while !oracle.is_spent() {
            let drawn = self.unseen(&oracle, &allowed, &mut rng)?;
            let evaluated = oracle.evaluate(&drawn)?;
            let best = evaluated.reduce(|best, other| if oracle.compare(other, best).is_gt() { other } else { best });
            let Some(start) = best else { break };
            self.descend(&mut oracle, &allowed, start, &mut rng)?;
        }
        oracle.found()
    }
}
