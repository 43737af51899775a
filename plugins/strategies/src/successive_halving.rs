//! `successive-halving`: many architectures with the shortest training, the best of them with a longer one, and so on
//! (Jamieson and Talwalkar, AISTATS 2016), again and again until the budget is spent.

use assay_core::plugin::{ColumnUse, Laboratory, ProxyUse, SearchError, SearchStrategy, Setting, Settings, SettingsError, ValueKind};
use assay_core::subspace::Subspace;
use serde::Deserialize;

use crate::parts::guide::{EXCLUDE, Guide};
use crate::parts::halving::{ETA, bracket};
use crate::parts::oracle::{Oracle, SearchBy};
use crate::parts::variation::draw;

assay_core::register! {
    dyn SearchStrategy,
    name: "successive-halving",
    summary: "longer trainings for fewer architectures (Jamieson & Talwalkar, AISTATS 2016)",
    schema: SETTINGS,
    build: |settings| Ok(Box::new(SuccessiveHalving::new(settings)?)),
}

/// What `successive-halving` understands.
pub const SETTINGS: &[Setting] = &[
    SearchBy::ORACLE,
    SearchBy::BUDGET,
    Setting {
        name: "architectures",
        kind: ValueKind::Integer { min: 1, max: 1_000_000 },
        default: Setting::said("27"),
        help: "random architectures that get the shortest training, each time",
    },
    ETA,
    EXCLUDE,
];

#[derive(Clone, Debug, Deserialize)]
#[serde(default)]
struct Given {
    architectures: usize,
    eta: f64,
}

impl Default for Given {
    fn default() -> Self {
        Self { architectures: 27, eta: 3.0 }
    }
}

/// The strategy.
#[derive(Clone, Debug)]
pub struct SuccessiveHalving {
    guide: Guide,
    given: Given,
}

impl SuccessiveHalving {
    /// With these settings; what is absent has its default.
    ///
    /// # Errors
    /// If a value has the wrong type, settings contradict each other, or the oracle has but one training.
    pub fn new(settings: &Settings) -> Result<Self, SettingsError> {
        Ok(Self { guide: Guide::of_trainings(settings)?, given: settings.parse()? })
    }
}

impl SearchStrategy for SuccessiveHalving {
    fn proxies(&self) -> Vec<ProxyUse> {
        self.guide.by.proxies()
    }

    fn columns(&self) -> Vec<ColumnUse> {
        self.guide.by.columns()
    }

    fn protocol(&self) -> String {
        let Given { architectures, eta } = self.given;
        format!("successive-halving: {}, {architectures} architectures at first, 1 in {eta} kept", self.guide.protocol())
    }

    fn search(&self, laboratory: &mut dyn Laboratory) -> Result<Subspace, SearchError> {
        let allowed = self.guide.exclusion.start(laboratory.space().layout())?;
        let trainings = self.guide.by.judge.trainings();
        let mut oracle = Oracle::new(&self.guide.by, laboratory, "evaluation")?;
        let mut rng = oracle.stream("architectures").rng();
        while !oracle.is_spent() {
            let drawn = (0..self.given.architectures).map(|_| draw(oracle.space(), &allowed, &mut rng)).collect::<Result<_, _>>()?;
            bracket(&mut oracle, trainings, 0, drawn, self.given.eta)?;
        }
        oracle.found()
    }
}
