//! `local-search`: from the best of a few random architectures to the best neighbour, until no neighbour is better (White,
//! Nolen and Savani, "Exploring the Loss Landscape in Neural Architecture Search", UAI 2021).
//!
//! A neighbour differs in one choice. In a local optimum the search begins again elsewhere, until the budget is spent or
//! the whole space was seen. No architecture is evaluated twice.

use std::collections::HashSet;

use assay_core::plugin::{SearchError, SearchStrategy, SettingsError};
use assay_core::subspace::Subspace;
use rand::Rng;
use rand::seq::SliceRandom;

use crate::parts::guided::{Guide, GuideSettings, Guided, Method};
use crate::parts::oracle::Oracle;
use crate::parts::variation::{draw, neighbours};

assay_core::register! {
    dyn SearchStrategy,
    name: "local-search",
    summary: "to the best neighbour until none is better, and again from elsewhere (White et al., UAI 2021)",
    settings: LocalSearch,
    build: |method| Ok(Box::new(Guided::new(method)?)),
}

assay_core::words! {
    /// Where a step leads.
    pub enum StepTo {
        /// To the best of all neighbours.
        Best = "best" as "the best neighbour",
        /// To the first neighbour that is better.
        FirstBetter = "first-better" as "the first better neighbour",
    }
}

assay_core::settings! {
    /// The strategy.
    #[derive(Clone, Debug)]
    pub struct LocalSearch {
        with guide: GuideSettings;
        /// random architectures, the best of which a descent starts from
        initial: usize = 10, in 1..=1_000_000;
        /// to the best of all neighbours, or to the first that is better, in random order
        step: StepTo = StepTo::Best;
    }
}

/// After this many draws, what was not drawn is taken to be no part of the space.
const TRIES: usize = 10_000;

impl LocalSearch {
    /// As many random architectures as a descent starts from, none of them evaluated before; fewer where no more turn up.
    fn unseen(&self, oracle: &Oracle<'_>, allowed: &Subspace, rng: &mut impl Rng) -> Result<Vec<Subspace>, SearchError> {
        let (mut drawn, mut seen) = (Vec::new(), HashSet::new());
        for _ in 0..TRIES {
            if drawn.len() == self.initial {
                break;
            }
            let one = draw(oracle.space(), allowed, rng)?;
            if oracle.find(&one).is_none() && seen.insert(oracle.space().representative(&one)) {
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
            if self.step == StepTo::FirstBetter {
                around.shuffle(rng);
            }
            let together = if self.step == StepTo::Best { around.len().max(1) } else { 1 };
            let mut better = None;
            for around in around.chunks(together) {
                let new = oracle.unseen(around.iter().cloned());
                oracle.evaluate(&new)?;
                let known = around.iter().filter_map(|one| oracle.find(one));
                better = oracle.best_of(known).filter(|best| oracle.compare(*best, here).is_gt());
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

impl Method for LocalSearch {
    fn guide(&self) -> Result<Guide, SettingsError> {
        self.guide.of_one_training()
    }

    fn protocol(&self, guide: &Guide) -> String {
        let Self { initial, step, .. } = self;
        format!("local-search: {guide}, from the best of {initial} to {step}, begun again in local optima")
    }

    fn search(&self, oracle: &mut Oracle<'_>, allowed: &Subspace) -> Result<(), SearchError> {
        let mut rng = oracle.stream("local search").rng();
        oracle.expect_whole_budget();
        while !oracle.is_spent() {
            let drawn = self.unseen(oracle, allowed, &mut rng)?;
            let evaluated = oracle.evaluate(&drawn)?;
            let Some(start) = oracle.best_of(evaluated) else { break };
            self.descend(oracle, allowed, start, &mut rng)?;
        }
        Ok(())
    }
}
