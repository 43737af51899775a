//! `hyperband`: successive halving with every compromise between many architectures and long trainings (Li et al.,
//! "Hyperband: A Novel Bandit-Based Approach to Hyperparameter Optimization", JMLR 2018), again and again until the budget
//! is spent.

use assay_core::plugin::{ColumnUse, Laboratory, ProxyUse, SearchError, SearchStrategy, Setting, Settings, SettingsError};
use assay_core::subspace::Subspace;
use serde::Deserialize;

use crate::parts::guide::{EXCLUDE, Guide};
use crate::parts::halving::{ETA, bracket, brackets};
use crate::parts::oracle::{Oracle, SearchBy};
use crate::parts::variation::draw;

assay_core::register! {
    dyn SearchStrategy,
    name: "hyperband",
    summary: "successive halving that begins with shorter and longer trainings (Li et al., JMLR 2018)",
    schema: SETTINGS,
    build: |settings| Ok(Box::new(Hyperband::new(settings)?)),
}

/// What `hyperband` understands.
pub const SETTINGS: &[Setting] = &[SearchBy::ORACLE, SearchBy::BUDGET, ETA, EXCLUDE];

#[derive(Clone, Debug, Deserialize)]
#[serde(default)]
struct Given {
    eta: f64,
}

impl Default for Given {
    fn default() -> Self {
        Self { eta: 3.0 }
    }
}

/// The strategy.
#[derive(Clone, Debug)]
pub struct Hyperband {
    guide: Guide,
    given: Given,
}

impl Hyperband {
    /// With these settings; what is absent has its default.
    ///
    /// # Errors
    /// If a value has the wrong type, settings contradict each other, or the oracle has but one training.
    pub fn new(settings: &Settings) -> Result<Self, SettingsError> {
        Ok(Self { guide: Guide::of_trainings(settings)?, given: settings.parse()? })
    }
}

impl SearchStrategy for Hyperband {
    fn proxies(&self) -> Vec<ProxyUse> {
        self.guide.by.proxies()
    }

    fn columns(&self) -> Vec<ColumnUse> {
        self.guide.by.columns()
    }

    fn protocol(&self) -> String {
        format!("hyperband: {}, 1 in {} kept", self.guide.protocol(), self.given.eta)
    }

    fn search(&self, laboratory: &mut dyn Laboratory) -> Result<Subspace, SearchError> {
        let allowed = self.guide.exclusion.start(laboratory.space().layout())?;
        let trainings = self.guide.by.judge.trainings();
        let mut oracle = Oracle::new(&self.guide.by, laboratory, "evaluation")?;
        let mut rng = oracle.stream("architectures").rng();
        while !oracle.is_spent() {
            for (from, count) in brackets(trainings, self.given.eta) {
                let drawn = (0..count).map(|_| draw(oracle.space(), &allowed, &mut rng)).collect::<Result<_, _>>()?;
                bracket(&mut oracle, trainings, from, drawn, self.given.eta)?;
            }
        }
        oracle.found()
    }
}
