//! `hardware-aware`: accuracy against latency or energy, by NSGA-II (Deb, Pratap, Agarwal, Meyarivan, "A Fast and Elitist
//! Multiobjective Genetic Algorithm: NSGA-II", IEEE Transactions on Evolutionary Computation 2002).
//!
//! The two objectives are how good the oracle holds an architecture to be, and what it costs by a column of the benchmark, such
//! as those of HW-NAS-Bench (Li et al., ICLR 2021). Each generation has as many children as there are members: parents win
//! binary tournaments, children take each edge from one of them or the other and change in one choice now and then, and of
//! members and children together the best fronts survive, the least crowded of the last.
//!
//! `limit` is what an architecture may cost at most: an architecture within it is better than any beyond it (Deb's constrained
//! domination). The search gives the best by the oracle within the limit. Every step of the trajectory holds the oracle's reading
//! and the cost, from which a report makes the Pareto front.

use assay_core::plugin::{ColumnContent, ColumnUse, SearchError, SearchSpace, SearchStrategy, SettingsError};
use assay_core::subspace::Subspace;
use rand::{Rng, RngExt};

use crate::parts::guided::{Guide, GuideSettings, Guided, Method};
use crate::parts::nsga2::{self, Member};
use crate::parts::oracle::Oracle;
use crate::parts::variation::{draw, mutate};

assay_core::register! {
    dyn SearchStrategy,
    name: "hardware-aware",
    summary: "accuracy against latency or energy within a limit, by NSGA-II (Deb et al., IEEE TEVC 2002)",
    settings: HardwareAware,
    build: |method| Ok(Box::new(Guided::new(method)?)),
}

assay_core::settings! {
    /// The strategy.
    #[derive(Clone, Debug)]
    pub struct HardwareAware {
        with guide: GuideSettings;
        /// the column of what an architecture costs; less is better
        cost: String = "hw_edgegpu_latency_cifar10".into();
        /// what the architecture found may cost at most, in the column's unit
        limit: Option<f64>, otherwise "no limit", in 0.0..=1e12;
        /// members of a generation
        population: usize = 20, in 2..=1_000_000;
        /// the probability with which a child changes in one choice; one that equals a parent always does
        mutation: f64 = 0.5, in 0.0..=1.0;
    }
}

impl HardwareAware {
    /// An evaluation as NSGA-II sees it.
    fn member(&self, oracle: &Oracle<'_>, number: usize) -> Member {
        let cost = oracle.cost(number);
        let beyond = match (cost, self.limit) {
            (Some(cost), Some(limit)) => (cost - limit).max(0.0),
            (Some(_), None) => 0.0,
            // What is not known to be within the limit is beyond it.
            (None, _) => f64::INFINITY,
        };
        Member { goodness: oracle.goodness(number), cost, beyond }
    }
}

impl Method for HardwareAware {
    fn guide(&self) -> Result<Guide, SettingsError> {
        self.guide.of_one_training()
    }

    fn protocol(&self, guide: &Guide) -> String {
        let Self { cost, limit, population, mutation, .. } = self;
        let limit = limit.map_or("no limit".into(), |limit| format!("at most {limit}"));
        format!("hardware-aware: {guide}, {cost} {limit}, NSGA-II with population {population}, mutation {mutation}")
    }

    fn cost(&self) -> Option<ColumnUse> {
        Some(ColumnUse { column: self.cost.clone(), content: ColumnContent::Cost })
    }

    fn search(&self, oracle: &mut Oracle<'_>, allowed: &Subspace) -> Result<(), SearchError> {
        let mut rng = oracle.stream("nsga2").rng();
        oracle.expect_whole_budget();
        let size = self.population;
        let first = (0..size).map(|_| draw(oracle.space(), allowed, &mut rng)).collect::<Result<Vec<_>, _>>()?;
        let mut population: Vec<usize> = oracle.evaluate(&first)?.collect();
        while !oracle.is_spent() && !population.is_empty() {
            let members: Vec<Member> = population.iter().map(|number| self.member(oracle, *number)).collect();
            let order = nsga2::ranked(&members);
            let parent = |rng: &mut _| population[nsga2::tournament(&order, rng)];
            let mut children = Vec::with_capacity(size);
            for _ in 0..size {
                let parents = [parent(&mut rng), parent(&mut rng)].map(|number| oracle.history()[number].architecture.clone());
                children.push(self.child(oracle.space(), allowed, &parents, &mut rng)?);
            }
            population.extend(oracle.evaluate(&children)?);
            let members: Vec<Member> = population.iter().map(|number| self.member(oracle, *number)).collect();
            let order = nsga2::ranked(&members);
            let mut survivors: Vec<usize> = (0..population.len()).collect();
            survivors.sort_by(|one, other| order[*one].compare(&order[*other]));
            population = survivors.into_iter().take(size).map(|position| population[position]).collect();
        }
        Ok(())
    }

    /// The best within the limit.
    fn choose(&self, oracle: &Oracle<'_>) -> Result<Subspace, SearchError> {
        let within = (0..oracle.history().len()).filter(|number| self.member(oracle, *number).beyond == 0.0);
        match oracle.best_of(within).filter(|best| oracle.goodness(*best).is_some()) {
            Some(best) => Ok(oracle.history()[best].architecture.clone()),
            None if oracle.history().is_empty() => oracle.found(),
            None => {
                let limit = self.limit.map_or(String::new(), |limit| format!(" of at most {limit}"));
                Err(SearchError::Impossible(format!(
                    "none of the {} architectures evaluated has a score and a known {}{limit}; raise `limit` or the budget",
                    oracle.history().len(),
                    self.cost
                )))
            }
        }
    }
}

impl HardwareAware {
    /// A child of two architectures: each edge from one of them or the other where that is an architecture, else the first; changed
    /// in one choice with the probability of a mutation, and always where it equals a parent.
    fn child(
        &self,
        space: &dyn SearchSpace,
        allowed: &Subspace,
        [one, other]: &[Subspace; 2],
        rng: &mut impl Rng,
    ) -> Result<Subspace, SearchError> {
        let mut cells = one.cells().to_vec();
        for (edges, others) in cells.iter_mut().zip(other.cells()) {
            for (edge, other) in edges.iter_mut().zip(others) {
                if rng.random::<bool>() {
                    *edge = *other;
                }
            }
        }
        let crossed = Subspace::new(space.layout(), cells);
        let child = if space.is_architecture(&crossed) { crossed } else { one.clone() };
        let changes = rng.random::<f64>() < self.mutation;
        let is_parent = || [one, other].into_iter().any(|parent| space.representative(&child) == space.representative(parent));
        if changes || is_parent() { mutate(space, allowed, &child, rng) } else { Ok(child) }
    }
}
