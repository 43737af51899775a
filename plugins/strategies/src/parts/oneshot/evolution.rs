//! Evolution among the paths of a supernet, within a limit of what they may cost (Guo et al., "Single Path One-Shot Neural
//! Architecture Search with Uniform Sampling", ECCV 2020). The numbers are those that copies of its published code have.

use std::collections::BTreeSet;

use assay_core::subspace::{Layout, OperatorSet, Subspace};
use rand::seq::IndexedRandom;
use rand::{Rng, RngExt};
use serde::{Deserialize, Serialize};

/// Tries for each child that is wanted, as the published code has it.
const TRIES: usize = 10;
/// Draws for each architecture that a generation lacks, after which there are taken to be no more. The published code goes on drawing.
const DRAWS: usize = 100;

assay_core::settings! {
    /// How architectures evolve.
    #[derive(Clone, Debug)]
    pub struct EvolutionSettings {
        /// architectures of a generation
        pub population: usize = 50, in 1..=100_000;
        /// generations of a stage
        pub generations: usize = 20, in 1..=100_000;
        /// the best so far, of which children are made
        pub parents: usize = 10, in 1..=100_000;
        /// children of a generation that have each choice from one of two parents
        pub crossovers: usize = 25, in 0..=100_000;
        /// children of a generation that change choices of one parent
        pub mutations: usize = 25, in 0..=100_000;
        /// the probability with which such a child draws a choice anew
        pub mutation: f64 = 0.1, in 0.0..=1.0;
    }
}

/// An architecture that the supernet judged.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Judged {
    /// The architecture.
    pub architecture: Subspace,
    /// The share of images that it classified correctly.
    pub accuracy: f64,
    /// What it costs.
    pub cost: f64,
}

/// Where architectures are bred.
pub struct Field<'a> {
    /// The layout of the space.
    pub layout: &'a Layout,
    /// What there is to choose; what is fixed has one operator left.
    pub open: &'a Subspace,
    /// What the first generation begins with.
    pub first: &'a Subspace,
}

/// The first of the best.
#[must_use]
pub fn best(judged: &[Judged]) -> Option<&Judged> {
    judged.iter().reduce(|best, other| if other.accuracy > best.accuracy { other } else { best })
}

/// An architecture of a subspace whose operators are drawn uniformly.
#[must_use]
pub fn drawn(layout: &Layout, open: &Subspace, rng: &mut impl Rng) -> Subspace {
    let cells = open.cells().iter().map(|edges| edges.iter().map(|kept| one_of(kept, rng)).collect()).collect();
    Subspace::new(layout, cells)
}

fn one_of(kept: &OperatorSet, rng: &mut impl Rng) -> OperatorSet {
    if kept.is_empty() {
        return OperatorSet::EMPTY;
    }
    kept.iter().skip(rng.random_range(0..kept.len())).take(1).collect()
}

impl EvolutionSettings {
    /// The architectures of the next generation, each with its cost: children of the best that were judged so far, and others drawn
    /// at random; none that was judged or that `cost` finds beyond the limit. Fewer than asked for, where there are no more.
    ///
    /// # Errors
    /// If `cost` fails.
    pub fn generation<E>(
        &self,
        field: &Field<'_>,
        judged: &[Judged],
        rng: &mut impl Rng,
        cost: &mut dyn FnMut(&Subspace) -> Result<Option<f64>, E>,
    ) -> Result<Vec<(Subspace, f64)>, E> {
        let mut brood = Brood { seen: judged.iter().map(|one| one.architecture.clone()).collect(), found: Vec::new(), cost };
        let mut ranked: Vec<&Judged> = judged.iter().collect();
        // Stable: of equals, what was judged first.
        ranked.sort_by(|one, other| other.accuracy.total_cmp(&one.accuracy));
        ranked.truncate(self.parents);
        if ranked.is_empty() {
            brood.add(field.first.clone())?;
        }
        for (wanted, crosses) in [(self.mutations, false), (self.crossovers, true)] {
            let (before, mut tries) = (brood.found.len(), TRIES * wanted);
            while brood.found.len() < self.population.min(before + wanted) && tries > 0 {
                tries -= 1;
                let Some(parent) = ranked.choose(rng) else { break };
                let child = if crosses {
                    ranked.choose(rng).map(|other| crossed(field.layout, [&parent.architecture, &other.architecture], rng))
                } else {
                    Some(self.mutated(field, &parent.architecture, rng))
                };
                child.map_or(Ok(()), |child| brood.add(child))?;
            }
        }
        let mut draws = DRAWS * self.population;
        while brood.found.len() < self.population && draws > 0 {
            draws -= 1;
            brood.add(drawn(field.layout, field.open, rng))?;
        }
        Ok(brood.found)
    }

    fn mutated(&self, field: &Field<'_>, parent: &Subspace, rng: &mut impl Rng) -> Subspace {
        let edges = |(own, open): (&Vec<OperatorSet>, &Vec<OperatorSet>)| -> Vec<OperatorSet> {
            let one =
                |(own, open): (&OperatorSet, &OperatorSet)| if rng.random::<f64>() < self.mutation { one_of(open, rng) } else { *own };
            own.iter().zip(open).map(one).collect()
        };
        Subspace::new(field.layout, parent.cells().iter().zip(field.open.cells()).map(edges).collect())
    }
}

/// Each choice of one parent or the other.
fn crossed(layout: &Layout, [one, other]: [&Subspace; 2], rng: &mut impl Rng) -> Subspace {
    let edges = |(one, other): (&Vec<OperatorSet>, &Vec<OperatorSet>)| -> Vec<OperatorSet> {
        one.iter().zip(other).map(|(one, other)| if rng.random::<bool>() { *one } else { *other }).collect()
    };
    Subspace::new(layout, one.cells().iter().zip(other.cells()).map(edges).collect())
}

/// What will be judged.
struct Brood<'c, E> {
    seen: BTreeSet<Subspace>,
    found: Vec<(Subspace, f64)>,
    cost: &'c mut dyn FnMut(&Subspace) -> Result<Option<f64>, E>,
}

impl<E> Brood<'_, E> {
    /// Adds an architecture, unless it is there, was judged, or costs too much.
    fn add(&mut self, architecture: Subspace) -> Result<(), E> {
        if self.seen.contains(&architecture) {
            return Ok(());
        }
        if let Some(cost) = (self.cost)(&architecture)? {
            self.seen.insert(architecture.clone());
            self.found.push((architecture, cost));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use assay_core::stream::Stream;
    use assay_core::subspace::CellLayout;

    use super::*;

    /// What an architecture keeps on each edge.
    fn digits(architecture: &Subspace) -> Vec<usize> {
        architecture.cells()[0].iter().flat_map(|kept| kept.iter()).collect()
    }

    /// Six layers of three operators that cost 0, 1 and 2; the supernet likes the third, and most in the last layers.
    #[test]
    fn what_is_bred_is_new_within_the_limit_and_open_and_evolution_comes_to_the_best_of_it() {
        let layout = Layout::new(["a", "b", "c"], vec![CellLayout::uniform("network", ["0", "1", "2", "3", "4", "5"], 3)]);
        let fixed = OperatorSet::EMPTY.with(0);
        let open = Subspace::new(
            &layout,
            vec![vec![fixed, fixed, OperatorSet::first(3), OperatorSet::first(3), OperatorSet::first(3), OperatorSet::first(3)]],
        );
        let first = Subspace::new(&layout, vec![vec![fixed; 6]]);
        let field = Field { layout: &layout, open: &open, first: &first };
        let settings = EvolutionSettings { population: 8, generations: 8, parents: 4, crossovers: 4, mutations: 4, mutation: 0.3 };
        let mut judged: Vec<Judged> = Vec::new();
        let mut cost = |architecture: &Subspace| -> Result<Option<f64>, Infallible> {
            let cost: usize = digits(architecture).iter().sum();
            Ok((cost <= 5).then_some(cost as f64))
        };
        for generation in 0..8 {
            let mut rng = Stream::new(3, "evolution").child(generation).rng();
            let bred = settings.generation(&field, &judged, &mut rng, &mut cost).unwrap();
            assert!(generation > 5 || bred.len() == 8, "{generation}: {}", bred.len());
            for (architecture, cost) in bred {
                let digits = digits(&architecture);
                assert!(digits[..2] == [0, 0] && digits.iter().sum::<usize>() as f64 == cost && cost <= 5.0, "{digits:?}");
                assert!(judged.iter().all(|one| one.architecture != architecture), "{digits:?} is judged twice");
                let accuracy = digits.iter().enumerate().map(|(layer, operator)| (layer * operator) as f64).sum::<f64>() / 100.0;
                judged.push(Judged { architecture, accuracy, cost });
            }
        }
        assert_eq!(digits(&judged[0].architecture), [0; 6], "the first generation begins with what it is given");
        // The most of what five allow: two each in the last two layers, and one before them.
        assert_eq!(digits(&best(&judged).unwrap().architecture), [0, 0, 0, 1, 2, 2]);
    }
}
