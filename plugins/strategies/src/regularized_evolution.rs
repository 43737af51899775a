//! `regularized-evolution`: aging evolution (Real et al., "Regularized Evolution for Image Classifier Architecture Search",
//! AAAI 2019, algorithm 1).
//!
//! A population of architectures drawn uniformly. In each cycle a few members are drawn with replacement, the best of them
//! gets a child that differs in one choice, and the oldest member dies, however good it is. The defaults are those with
//! which NAS-Bench-201 was searched (Dong and Yang, ICLR 2020): a population of 10, 3 drawn.

use std::collections::VecDeque;

use assay_core::plugin::{ColumnUse, Laboratory, ProxyUse, SearchError, SearchStrategy, Setting, Settings, SettingsError, ValueKind};
use assay_core::subspace::Subspace;
use rand::RngExt;
use serde::Deserialize;

use crate::parts::guide::{EXCLUDE, Guide};
use crate::parts::oracle::{Oracle, SearchBy};
use crate::parts::variation::{draw, mutate};

assay_core::register! {
    dyn SearchStrategy,
    name: "regularized-evolution",
    summary: "aging evolution: the best of a few has a child, the oldest dies (Real et al., AAAI 2019)",
    schema: SETTINGS,
    build: |settings| Ok(Box::new(RegularizedEvolution::new(settings)?)),
}

/// What `regularized-evolution` understands.
pub const SETTINGS: &[Setting] = &[
    SearchBy::ORACLE,
    SearchBy::BUDGET,
    Setting {
        name: "population",
        kind: ValueKind::Integer { min: 1, max: 1_000_000 },
        default: Setting::said("10"),
        help: "architectures alive",
    },
    Setting {
        name: "sample",
        kind: ValueKind::Integer { min: 1, max: 1_000_000 },
        default: Setting::said("3"),
        help: "members drawn in each cycle, the best of which has a child",
    },
    EXCLUDE,
];

#[derive(Clone, Debug, Deserialize)]
#[serde(default)]
struct Given {
    population: usize,
    sample: usize,
}

impl Default for Given {
    fn default() -> Self {
        Self { population: 10, sample: 3 }
    }
}

/// The strategy.
#[derive(Clone, Debug)]
pub struct RegularizedEvolution {
    guide: Guide,
    given: Given,
}

impl RegularizedEvolution {
    /// With these settings; what is absent has its default.
    ///
    /// # Errors
    /// If a value has the wrong type, settings contradict each other, or nothing limits the search.
    pub fn new(settings: &Settings) -> Result<Self, SettingsError> {
        Ok(Self { guide: Guide::from(settings)?, given: settings.parse()? })
    }
}

impl SearchStrategy for RegularizedEvolution {
    fn proxies(&self) -> Vec<ProxyUse> {
        self.guide.by.proxies()
    }

    fn columns(&self) -> Vec<ColumnUse> {
        self.guide.by.columns()
    }

    fn protocol(&self) -> String {
        let Given { population, sample } = self.given;
        format!("regularized-evolution: {}, population {population}, best of {sample} drawn", self.guide.protocol())
    }

    fn search(&self, laboratory: &mut dyn Laboratory) -> Result<Subspace, SearchError> {
        let allowed = self.guide.exclusion.start(laboratory.space().layout())?;
        let mut oracle = Oracle::new(&self.guide.by, laboratory, "evaluation")?;
        let mut rng = oracle.stream("evolution").rng();
        if let Some(limit) = self.guide.by.budget.evaluations {
            oracle.expect(limit);
        }
        let first = (0..self.given.population).map(|_| draw(oracle.space(), &allowed, &mut rng)).collect::<Result<Vec<_>, _>>()?;
        let mut population: VecDeque<usize> = oracle.evaluate(&first)?.collect();
        while !oracle.is_spent() {
            let drawn = (0..self.given.sample).map(|_| population[rng.random_range(0..population.len())]);
            // The first of the best, as the released code has it.
            let parent = drawn.reduce(|best, other| if oracle.compare(other, best).is_gt() { other } else { best });
            let Some(parent) = parent else { break };
            let child = mutate(oracle.space(), &allowed, &oracle.history()[parent].architecture, &mut rng)?;
            for born in oracle.evaluate(&[child])? {
                population.push_back(born);
                population.pop_front();
            }
        }
        oracle.found()
    }
}
