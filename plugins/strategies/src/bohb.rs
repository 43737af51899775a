//! `bohb`: Hyperband whose architectures a model proposes (Falkner, Klein and Hutter, "BOHB: Robust and Efficient
//! Hyperparameter Optimization at Scale", ICML 2018).
//!
//! The model is a pair of kernel density estimates over the architectures evaluated after the longest training that has
//! enough of them: one of the best of them, one of the rest. Of several architectures drawn from the first, the one with the
//! largest ratio of the densities is proposed. A fraction stays random. The kernel is Aitchison and Aitken's, edge by edge.

use assay_core::plugin::{SearchError, SearchStrategy, SettingsError};
use assay_core::subspace::Subspace;
use rand::{Rng, RngExt};

use crate::parts::edges::{OpenEdge, open_edges};
use crate::parts::guided::{Guide, GuideSettings, Guided, Method};
use crate::parts::halving::{HalvingSettings, bracket, brackets, expect};
use crate::parts::oracle::Oracle;
use crate::parts::variation::{draw, mutate};

assay_core::register! {
    dyn SearchStrategy,
    name: "bohb",
    summary: "hyperband with architectures that a density model proposes (Falkner et al., ICML 2018)",
    settings: Bohb,
    build: |method| Ok(Box::new(Guided::new(method)?)),
}

assay_core::settings! {
    /// The strategy.
    #[derive(Clone, Debug)]
    pub struct Bohb {
        with guide: GuideSettings;
        with halving: HalvingSettings;
        /// the fraction of the architectures that is drawn uniformly
        random_fraction: f64 = 1.0 / 3.0, in 0.0..=1.0;
        /// draws from the model, the best of which is proposed
        candidates: usize = 64, in 1..=1_000_000;
        /// the fraction of the evaluations that counts as good
        top: f64 = 0.15, in 0.01..=0.99;
        /// how much wider than the model its draws are spread
        bandwidth_factor: f64 = 3.0, in 1.0..=100.0;
    }
}

/// Architectures by what they have on each edge, smoothed.
struct Density<'e> {
    edges: &'e [OpenEdge],
    points: Vec<Vec<Option<usize>>>,
    /// By edge: the chance of having something else than the point has.
    widths: Vec<f64>,
}

impl<'e> Density<'e> {
    fn of(edges: &'e [OpenEdge], architectures: &[&Subspace]) -> Self {
        let points = architectures.iter().map(|architecture| edges.iter().map(|edge| edge.chosen(architecture)).collect()).collect();
        // The rate of the normal reference rule; at (k − 1) / k the estimate would be uniform.
        let rate = (architectures.len().max(1) as f64).powf(-1.0 / (4.0 + edges.len() as f64));
        let width = |edge: &OpenEdge| {
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
    /// What to evaluate next.
    fn propose(&self, oracle: &Oracle<'_>, allowed: &Subspace, edges: &[OpenEdge], rng: &mut impl Rng) -> Result<Subspace, SearchError> {
        let is_random = rng.random::<f64>() < self.random_fraction;
        let ranked = if is_random { None } else { self.longest_with_enough(oracle, edges.len()) };
        let Some(ranked) = ranked else { return draw(oracle.space(), allowed, rng) };
        let enough = edges.len() + 1;
        let good = enough.max((self.top * ranked.len() as f64) as usize).min(ranked.len() - 1);
        let (good, bad) = ranked.split_at(good);
        let (promising, poor) = (Density::of(edges, good), Density::of(edges, bad));
        let mut best: Option<(f64, Subspace)> = None;
        for _ in 0..self.candidates {
            let mut candidate = good[rng.random_range(0..good.len())].clone();
            let spread = |width: &f64| (width * self.bandwidth_factor).min(1.0);
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
        (0..oracle.trainings()).rev().find_map(|training| {
            let history = oracle.history().iter().enumerate();
            let mut numbers: Vec<usize> = history.filter(|(_, own)| own.training == training).map(|(number, _)| number).collect();
            numbers.retain(|number| oracle.goodness(*number).is_some());
            numbers.sort_by(|one, other| oracle.compare(*other, *one));
            let ranked: Vec<&Subspace> = numbers.into_iter().map(|number| &oracle.history()[number].architecture).collect();
            (ranked.len() >= enough).then_some(ranked)
        })
    }
}

impl Method for Bohb {
    fn guide(&self) -> Result<Guide, SettingsError> {
        self.guide.of_several_trainings()
    }

    fn protocol(&self, guide: &Guide) -> String {
        let Self { halving: HalvingSettings { eta }, random_fraction, candidates, top, bandwidth_factor, .. } = self;
        format!(
            "bohb: {guide}, 1 in {eta} kept, {random_fraction} random, best of {candidates} by the densities of the top {top}, \
             spread × {bandwidth_factor}"
        )
    }

    fn search(&self, oracle: &mut Oracle<'_>, allowed: &Subspace) -> Result<(), SearchError> {
        let mut rng = oracle.stream("architectures").rng();
        let edges = open_edges(oracle.space(), allowed, &mut rng)?;
        expect(oracle, &brackets(oracle.trainings(), self.halving.eta), self.halving.eta);
        while !oracle.is_spent() {
            for (from, count) in brackets(oracle.trainings(), self.halving.eta) {
                let proposed = (0..count).map(|_| self.propose(oracle, allowed, &edges, &mut rng)).collect::<Result<_, _>>()?;
                bracket(oracle, from, proposed, self.halving.eta)?;
            }
        }
        Ok(())
    }
}
