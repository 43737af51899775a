//! `bohb`: Hyperband whose architectures a model proposes (Falkner, Klein and Hutter, "BOHB: Robust and Efficient
//! Hyperparameter Optimization at Scale", ICML 2018).
//!
//! The model is a pair of kernel density estimates over the architectures evaluated after the longest training that has
//! enough of them: one of the best of them, one of the rest. Of several architectures drawn from the first, the one with the
//! largest ratio of the densities is proposed. A fraction stays random. The kernel is Aitchison and Aitken's, edge by edge.

use assay_core::plugin::{ColumnUse, Laboratory, ProxyUse, SearchError, SearchStrategy, Setting, Settings, SettingsError, ValueKind};
use assay_core::subspace::Subspace;
use rand::{Rng, RngExt};
use serde::Deserialize;

use crate::parts::guide::{EXCLUDE, Guide};
use crate::parts::halving::{ETA, bracket, brackets};
use crate::parts::oracle::{Oracle, SearchBy};
use crate::parts::policy::{Edge, edges};
use crate::parts::variation::{draw, mutate};

assay_core::register! {
    dyn SearchStrategy,
    name: "bohb",
    summary: "hyperband with architectures that a density model proposes (Falkner et al., ICML 2018)",
    schema: SETTINGS,
    build: |settings| Ok(Box::new(Bohb::new(settings)?)),
}

/// What `bohb` understands.
pub const SETTINGS: &[Setting] = &[
    SearchBy::ORACLE,
    SearchBy::BUDGET,
    ETA,
    Setting {
        name: "random_fraction",
        kind: ValueKind::Number { min: 0.0, max: 1.0 },
        default: Setting::said("0.333"),
        help: "of the architectures are drawn uniformly",
    },
    Setting {
        name: "candidates",
        kind: ValueKind::Integer { min: 1, max: 1_000_000 },
        default: Setting::said("64"),
        help: "draws from the model, the best of which is proposed",
    },
    Setting {
        name: "top",
        kind: ValueKind::Number { min: 0.01, max: 0.99 },
        default: Setting::said("0.15"),
        help: "the fraction of the evaluations that is held for good",
    },
    Setting {
        name: "bandwidth_factor",
        kind: ValueKind::Number { min: 1.0, max: 100.0 },
        default: Setting::said("3"),
        help: "how much wider than the model its draws are spread",
    },
    EXCLUDE,
];

#[derive(Clone, Debug, Deserialize)]
#[serde(default)]
struct Given {
    eta: f64,
    random_fraction: f64,
    candidates: usize,
    top: f64,
    bandwidth_factor: f64,
}

impl Default for Given {
    fn default() -> Self {
        Self { eta: 3.0, random_fraction: 1.0 / 3.0, candidates: 64, top: 0.15, bandwidth_factor: 3.0 }
    }
}

/// The strategy.
#[derive(Clone, Debug)]
pub struct Bohb {
    guide: Guide,
    given: Given,
}

/// Architectures by what they have on each edge, smoothed.
struct Density<'e> {
    edges: &'e [Edge],
    points: Vec<Vec<Option<usize>>>,
    /// By edge: the chance of having something else than the point has.
    widths: Vec<f64>,
}

impl<'e> Density<'e> {
    fn of(edges: &'e [Edge], architectures: &[&Subspace]) -> Self {
        let points = architectures.iter().map(|architecture| edges.iter().map(|edge| edge.chosen(architecture)).collect()).collect();
        // The rate of the normal reference rule; at (k − 1) / k the estimate would be uniform.
        let rate = (architectures.len().max(1) as f64).powf(-1.0 / (4.0 + edges.len() as f64));
        let width = |edge: &Edge| {
            let alternatives = edge.alternatives() as f64;
            (alternatives - 1.0) / alternatives * rate
        };
        Self { edges, points, widths: edges.iter().map(width).collect() }
    }

    /// The density at an architecture.
    fn at(&self, architecture: &Subspace) -> f64 {
        let chosen: Vec<Option<usize>> = self.edges.iter().map(|edge| edge.chosen(architecture)).collect();
        let kernel = |point: &Vec<Option<usize>>| -> f64 {
            let edge = |edge: usize| match (self.edges[edge].alternatives(), point[edge] == chosen[edge]) {
                (0 | 1, _) => 1.0,
                (_, true) => 1.0 - self.widths[edge],
                (alternatives, false) => self.widths[edge] / (alternatives - 1) as f64,
            };
            (0..self.edges.len()).map(edge).product()
        };
        self.points.iter().map(kernel).sum::<f64>() / self.points.len() as f64
    }
}

impl Bohb {
    /// With these settings; what is absent has its default.
    ///
    /// # Errors
    /// If a value has the wrong type, settings contradict each other, or the oracle has but one training.
    pub fn new(settings: &Settings) -> Result<Self, SettingsError> {
        Ok(Self { guide: Guide::of_trainings(settings)?, given: settings.parse()? })
    }

    /// What to evaluate next.
    fn propose(&self, oracle: &Oracle<'_>, allowed: &Subspace, edges: &[Edge], rng: &mut impl Rng) -> Result<Subspace, SearchError> {
        let is_random = rng.random::<f64>() < self.given.random_fraction;
        let ranked = if is_random { None } else { self.longest_with_enough(oracle, edges.len()) };
        let Some(ranked) = ranked else { return draw(oracle.space(), allowed, rng) };
        let enough = edges.len() + 1;
        let good = enough.max((self.given.top * ranked.len() as f64) as usize).min(ranked.len() - 1);
        let (good, bad) = ranked.split_at(good);
        let (promising, poor) = (Density::of(edges, good), Density::of(edges, bad));
        let mut best: Option<(f64, Subspace)> = None;
        for _ in 0..self.given.candidates {
            let mut candidate = good[rng.random_range(0..good.len())].clone();
            let spread = |width: &f64| (width * self.given.bandwidth_factor).min(1.0);
            let changes = promising.widths.iter().filter(|width| rng.random::<f64>() < spread(width)).count();
            for _ in 0..changes {
                candidate = mutate(oracle.space(), allowed, &candidate, rng)?;
            }
            let ratio = promising.at(&candidate) / poor.at(&candidate).max(f64::MIN_POSITIVE);
            if best.as_ref().is_none_or(|(largest, _)| ratio > *largest) {
                best = Some((ratio, candidate));
            }
        }
        best.map_or_else(|| draw(oracle.space(), allowed, rng), |(_, candidate)| Ok(candidate))
    }

    /// The architectures evaluated after the longest training that has enough of them, the best first.
    fn longest_with_enough<'o>(&self, oracle: &'o Oracle<'_>, edges: usize) -> Option<Vec<&'o Subspace>> {
        let enough = edges + 3;
        (0..self.guide.by.judge.trainings()).rev().find_map(|training| {
            let history = oracle.history().iter().enumerate();
            let mut numbers: Vec<usize> = history.filter(|(_, own)| own.training == training).map(|(number, _)| number).collect();
            numbers.retain(|number| oracle.goodness(*number).is_some());
            numbers.sort_by(|one, other| oracle.compare(*other, *one));
            let ranked: Vec<&Subspace> = numbers.into_iter().map(|number| &oracle.history()[number].architecture).collect();
            (ranked.len() >= enough).then_some(ranked)
        })
    }
}

impl SearchStrategy for Bohb {
    fn proxies(&self) -> Vec<ProxyUse> {
        self.guide.by.proxies()
    }

    fn columns(&self) -> Vec<ColumnUse> {
        self.guide.by.columns()
    }

    fn protocol(&self) -> String {
        let Given { eta, random_fraction, candidates, top, bandwidth_factor } = self.given;
        format!(
            "bohb: {}, 1 in {eta} kept, {random_fraction} random, best of {candidates} by the densities of the top {top}, spread × {bandwidth_factor}",
            self.guide.protocol()
        )
    }

    fn search(&self, laboratory: &mut dyn Laboratory) -> Result<Subspace, SearchError> {
        let allowed = self.guide.exclusion.start(laboratory.space().layout())?;
        let trainings = self.guide.by.judge.trainings();
        let mut oracle = Oracle::new(&self.guide.by, laboratory, "evaluation")?;
        let mut rng = oracle.stream("architectures").rng();
        let edges = edges(oracle.space(), &allowed, &mut rng)?;
        while !oracle.is_spent() {
            for (from, count) in brackets(trainings, self.given.eta) {
                let proposed = (0..count).map(|_| self.propose(&oracle, &allowed, &edges, &mut rng)).collect::<Result<_, _>>()?;
                bracket(&mut oracle, trainings, from, proposed, self.given.eta)?;
            }
        }
        oracle.found()
    }
}
