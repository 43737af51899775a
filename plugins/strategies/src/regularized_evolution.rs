//! `regularized-evolution`: aging evolution (Real et al., "Regularized Evolution for Image Classifier Architecture Search",
//! AAAI 2019, algorithm 1).
//!
//! A population of architectures drawn uniformly. In each cycle a few members are drawn with replacement, the best of them
//! gets a child that differs in one choice, and the oldest member dies, however good it is. The defaults are those with
//! which NAS-Bench-201 was searched (Dong and Yang, ICLR 2020): a population of 10, 3 drawn.

use std::collections::VecDeque;

use assay_core::plugin::{SearchError, SearchStrategy, SettingsError};
use assay_core::subspace::Subspace;
use rand::RngExt;

use crate::parts::guided::{Guide, GuideSettings, Guided, Method};
use crate::parts::oracle::Oracle;
use crate::parts::variation::{draw, mutate};

assay_core::register! {
    dyn SearchStrategy,
    name: "regularized-evolution",
    summary: "aging evolution: the best of a few has a child, the oldest dies (Real et al., AAAI 2019)",
    settings: RegularizedEvolution,
    build: |method| Ok(Box::new(Guided::new(method)?)),
}

assay_core::settings! {
    /// The strategy.
    #[derive(Clone, Debug)]
    pub struct RegularizedEvolution {
        with guide: GuideSettings;
        /// architectures alive
        population: usize = 10, in 1..=1_000_000;
        /// members drawn in each cycle, the best of which has a child
        sample: usize = 3, in 1..=1_000_000;
    }
}

impl Method for RegularizedEvolution {
    fn guide(&self) -> Result<Guide, SettingsError> {
        self.guide.of_one_training()
    }

    fn protocol(&self, guide: &Guide) -> String {
        let Self { population, sample, .. } = self;
        format!("regularized-evolution: {guide}, population {population}, best of {sample} drawn")
    }

    fn search(&self, oracle: &mut Oracle<'_>, allowed: &Subspace) -> Result<(), SearchError> {
        let mut rng = oracle.stream("evolution").rng();
        oracle.expect_whole_budget();
        let first = (0..self.population).map(|_| draw(oracle.space(), allowed, &mut rng)).collect::<Result<Vec<_>, _>>()?;
        let mut population: VecDeque<usize> = oracle.evaluate(&first)?.collect();
        while !oracle.is_spent() {
            let drawn = (0..self.sample).map(|_| population[rng.random_range(0..population.len())]);
            // The first of the best, as the released code has it.
            let Some(parent) = oracle.best_of(drawn) else { break };
            let child = mutate(oracle.space(), allowed, &oracle.history()[parent].architecture, &mut rng)?;
            for born in oracle.evaluate(&[child])? {
                population.push_back(born);
                population.pop_front();
            }
        }
        Ok(())
    }
}
