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

use std::cell::RefCell;
use std::cmp::Ordering;
use std::collections::HashMap;

use assay_core::plugin::{
    ColumnContent, ColumnUse, Laboratory, ProxyUse, Request, SearchError, SearchSpace, SearchStrategy, Setting, Settings, SettingsError,
    Step, ValueKind,
};
use assay_core::score::{Direction, Reading};
use assay_core::stream::Stream;
use assay_core::subspace::Subspace;
use rand::{Rng, RngExt};
use serde::Deserialize;

use crate::parts::guide::{EXCLUDE, Guide};
use crate::parts::nsga2::{self, Member};
use crate::parts::oracle::{Oracle, SearchBy};
use crate::parts::variation::{draw, mutate};

assay_core::register! {
    dyn SearchStrategy,
    name: "hardware-aware",
    summary: "accuracy against latency or energy within a limit, by NSGA-II (Deb et al., IEEE TEVC 2002)",
    schema: SETTINGS,
    build: |settings| Ok(Box::new(HardwareAware::new(settings)?)),
}

/// What `hardware-aware` understands.
pub const SETTINGS: &[Setting] = &[
    SearchBy::ORACLE,
    SearchBy::BUDGET,
    Setting {
        name: "cost",
        kind: ValueKind::Text,
        default: Setting::said("hw_edgegpu_latency_cifar10"),
        help: "the column of what an architecture costs; less is better",
    },
    Setting {
        name: "limit",
        kind: ValueKind::Number { min: 0.0, max: 1e12 },
        default: Setting::said("none"),
        help: "what the architecture found may cost at most, in the column's unit",
    },
    Setting {
        name: "population",
        kind: ValueKind::Integer { min: 2, max: 1_000_000 },
        default: Setting::said("20"),
        help: "members of a generation",
    },
    Setting {
        name: "mutation",
        kind: ValueKind::Number { min: 0.0, max: 1.0 },
        default: Setting::said("0.5"),
        help: "the probability with which a child changes in one choice; one that equals a parent always does",
    },
    EXCLUDE,
];

#[derive(Clone, Debug, Deserialize)]
#[serde(default)]
struct Given {
    cost: String,
    limit: Option<f64>,
    population: usize,
    mutation: f64,
}

impl Default for Given {
    fn default() -> Self {
        Self { cost: "hw_edgegpu_latency_cifar10".into(), limit: None, population: 20, mutation: 0.5 }
    }
}

/// The strategy.
#[derive(Clone, Debug)]
pub struct HardwareAware {
    guide: Guide,
    given: Given,
}

impl HardwareAware {
    /// With these settings; what is absent has its default.
    ///
    /// # Errors
    /// If a value has the wrong type, settings contradict each other, or nothing limits the search.
    pub fn new(settings: &Settings) -> Result<Self, SettingsError> {
        Ok(Self { guide: Guide::from(settings)?, given: settings.parse()? })
    }

    fn column(&self) -> ColumnUse {
        ColumnUse { column: self.given.cost.clone(), content: ColumnContent::Cost }
    }

    /// An evaluation as NSGA-II sees it.
    fn member(&self, oracle: &Oracle<'_>, costs: &RefCell<HashMap<Subspace, Reading>>, number: usize) -> Member {
        let cost = costs.borrow().get(&oracle.history()[number].architecture).and_then(Reading::value);
        let beyond = match (cost, self.given.limit) {
            (Some(cost), Some(limit)) => (cost - limit).max(0.0),
            (Some(_), None) => 0.0,
            // What is not known to be within the limit is beyond it.
            (None, _) => f64::INFINITY,
        };
        Member { goodness: oracle.goodness(number), cost, beyond }
    }
}

impl SearchStrategy for HardwareAware {
    fn proxies(&self) -> Vec<ProxyUse> {
        self.guide.by.proxies()
    }

    fn columns(&self) -> Vec<ColumnUse> {
        let mut columns = self.guide.by.columns();
        if !columns.contains(&self.column()) {
            columns.push(self.column());
        }
        columns
    }

    fn protocol(&self) -> String {
        let Given { cost, limit, population, mutation } = &self.given;
        let limit = limit.map_or("no limit".into(), |limit| format!("at most {limit}"));
        format!("hardware-aware: {}, {cost} {limit}, NSGA-II with population {population}, mutation {mutation}", self.guide.protocol())
    }

    fn search(&self, laboratory: &mut dyn Laboratory) -> Result<Subspace, SearchError> {
        let allowed = self.guide.exclusion.start(laboratory.space().layout())?;
        let costs = RefCell::new(HashMap::new());
        let mut beside = Beside { laboratory, column: self.column(), costs: &costs };
        let mut oracle = Oracle::new(&self.guide.by, &mut beside, "evaluation")?;
        let mut rng = oracle.stream("nsga2").rng();
        if let Some(limit) = self.guide.by.budget.evaluations {
            oracle.expect(limit);
        }
        let size = self.given.population;
        let first = (0..size).map(|_| draw(oracle.space(), &allowed, &mut rng)).collect::<Result<Vec<_>, _>>()?;
        let mut population: Vec<usize> = oracle.evaluate(&first)?.collect();
        while !oracle.is_spent() && !population.is_empty() {
            let members: Vec<Member> = population.iter().map(|number| self.member(&oracle, &costs, *number)).collect();
            let order = nsga2::ranked(&members);
            let parent = |rng: &mut _| population[nsga2::tournament(&order, rng)];
            let mut children = Vec::with_capacity(size);
            for _ in 0..size {
                let parents = [parent(&mut rng), parent(&mut rng)].map(|number| oracle.history()[number].architecture.clone());
                children.push(self.child(oracle.space(), &allowed, &parents, &mut rng)?);
            }
            population.extend(oracle.evaluate(&children)?);
            let members: Vec<Member> = population.iter().map(|number| self.member(&oracle, &costs, *number)).collect();
            let order = nsga2::ranked(&members);
            let mut survivors: Vec<usize> = (0..population.len()).collect();
            survivors.sort_by(|one, other| order[*one].compare(&order[*other]));
            population = survivors.into_iter().take(size).map(|position| population[position]).collect();
        }
        let within = (0..oracle.history().len()).filter(|number| self.member(&oracle, &costs, *number).beyond == 0.0);
        let best = within.reduce(|best, other| if oracle.compare(other, best) == Ordering::Greater { other } else { best });
        match best.filter(|best| oracle.goodness(*best).is_some()) {
            Some(best) => Ok(oracle.history()[best].architecture.clone()),
            None if oracle.history().is_empty() => oracle.found(),
            None => {
                let limit = self.given.limit.map_or(String::new(), |limit| format!(" of at most {limit}"));
                Err(SearchError::Impossible(format!(
                    "none of the {} architectures evaluated has a score and a known {}{limit}; raise `limit` or the budget",
                    oracle.history().len(),
                    self.given.cost
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
        let changes = rng.random::<f64>() < self.given.mutation;
        if changes || child == *one || child == *other { mutate(space, allowed, &child, rng) } else { Ok(child) }
    }
}

/// A laboratory that looks up what every architecture costs which is measured, and adds it to the steps.
struct Beside<'l, 'c> {
    laboratory: &'l mut dyn Laboratory,
    column: ColumnUse,
    costs: &'c RefCell<HashMap<Subspace, Reading>>,
}

impl Laboratory for Beside<'_, '_> {
    fn space(&self) -> &dyn SearchSpace {
        self.laboratory.space()
    }

    fn direction(&self, proxy: &str) -> Result<Direction, SearchError> {
        self.laboratory.direction(proxy)
    }

    fn measure(&mut self, requests: &[Request]) -> Result<Vec<Reading>, SearchError> {
        let mut new: Vec<&Subspace> = Vec::new();
        for request in requests {
            if !self.costs.borrow().contains_key(&request.subspace) && !new.contains(&&request.subspace) {
                new.push(&request.subspace);
            }
        }
        let costs = self.laboratory.measure(&new.iter().map(|architecture| self.column.request(architecture)).collect::<Vec<_>>())?;
        self.costs.borrow_mut().extend(new.into_iter().cloned().zip(costs));
        self.laboratory.measure(requests)
    }

    fn seconds(&self, request: &Request) -> Option<f64> {
        self.laboratory.seconds(request)
    }

    fn stream(&self, purpose: &str) -> Stream {
        self.laboratory.stream(purpose)
    }

    fn expect(&mut self, measurements: usize) {
        self.laboratory.expect(measurements);
    }

    fn record(&mut self, mut step: Step) -> Result<(), SearchError> {
        let cost = self.costs.borrow().get(&step.before).cloned();
        if let Some(cost) = cost.filter(|_| step.readings.iter().all(|(label, _)| *label != self.column.column)) {
            step.readings.push((self.column.column.clone(), cost));
        }
        self.laboratory.record(step)
    }
}
