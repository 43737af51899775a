//! Choosing among candidates by the supernet's own accuracy.

use std::collections::BTreeSet;

use assay_core::engine::learner::correct;
use assay_core::plugin::SearchSpace;
use assay_core::plugin::supernet::PerChoice;
use assay_core::stream::Stream;
use assay_core::subspace::{Layout, OperatorSet, Subspace};
use rand::{Rng, RngExt};

use super::alphas::log_softmax;

/// The share of images whose label has the largest logit, the first of equals.
#[must_use]
pub fn accuracy(output: &[f64], labels: &[u32]) -> f64 {
    correct(output, labels) as f64 / labels.len().max(1) as f64
}

/// The most probable architectures of a space of one operator an edge, with the logarithms of their probabilities: largest first, and
/// of equals the one that comes first where the last edge varies fastest.
#[must_use]
pub fn most_probable(space: &dyn SearchSpace, alphas: &PerChoice, wanted: usize) -> Vec<(Subspace, f64)> {
    let logarithms = alphas.by_edge(log_softmax);
    let edges: Vec<&Vec<f64>> = logarithms.edges().collect();
    // One list of operators an architecture, in the order of the enumeration; only the best so far are kept.
    let mut best: Vec<(Vec<usize>, f64)> = vec![(Vec::new(), 0.0)];
    for edge in edges {
        let extended = best.iter().flat_map(|(chosen, sum)| {
            edge.iter().enumerate().map(move |(operator, logarithm)| ([chosen.as_slice(), &[operator]].concat(), sum + logarithm))
        });
        best = extended.collect();
        // Of those that are equal on what is still open, only as many can be among the best.
        best.sort_by(|one, other| other.1.total_cmp(&one.1).then_with(|| one.0.cmp(&other.0)));
        best.truncate(wanted);
    }
    let layout = space.layout();
    let architecture = |chosen: &[usize]| {
        let mut chosen = chosen.iter();
        let cells = alphas.0.iter().map(|cell| cell.iter().map(|_| chosen.next().copied().into_iter().collect()).collect());
        Subspace::new(layout, cells.collect())
    };
    best.iter().map(|(chosen, sum)| (architecture(chosen), *sum)).collect()
}

/// An architecture whose operator on each edge is drawn uniformly, `none` among them, whatever becomes of the signal.
#[must_use]
pub fn uniform(layout: &Layout, rng: &mut impl Rng) -> Subspace {
    let mut one = |offers: &OperatorSet| -> OperatorSet {
        let at = rng.random_range(0..offers.len());
        offers.iter().skip(at).take(1).collect()
    };
    Subspace::new(layout, layout.cells.iter().map(|cell| cell.offers.iter().map(&mut one).collect()).collect())
}

/// The same, but that edges into a node are drawn again where all of them are `none`.
#[must_use]
pub fn uniform_alive(layout: &Layout, rng: &mut impl Rng) -> Subspace {
    loop {
        let drawn = uniform(layout, rng);
        let is_dead = |cell: usize| {
            let Some(wiring) = &layout.cells[cell].wiring else { return false };
            let is_none = |edge: usize| drawn.kept(cell, edge).iter().all(|operator| Some(operator) == layout.zero);
            (0..wiring.nodes.len()).any(|node| {
                let mut into = wiring.edges.iter().enumerate().filter(|(_, edge)| edge.to == node).peekable();
                into.peek().is_some() && into.all(|(edge, _)| is_none(edge))
            })
        };
        // Nodes are drawn independently: drawing all of them again has the same distribution.
        if !(0..layout.cells.len()).any(is_dead) {
            return drawn;
        }
    }
}

/// As many different architectures, each drawn as [`uniform_alive`] does; fewer where there are no more.
#[must_use]
pub fn different(layout: &Layout, wanted: usize, stream: &Stream) -> Vec<Subspace> {
    /// Draws in a row that were there already, after which there are taken to be no more.
    const TRIES: usize = 10_000;
    let mut rng = stream.rng();
    let (mut seen, mut found, mut missed) = (BTreeSet::new(), Vec::new(), 0);
    while found.len() < wanted && missed < TRIES {
        let drawn = uniform_alive(layout, &mut rng);
        if seen.insert(drawn.to_string()) {
            found.push(drawn);
            missed = 0;
        } else {
            missed += 1;
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use assay_core::subspace::{CellLayout, Edge, Wiring};

    use super::*;

    #[test]
    fn no_node_of_a_living_cell_has_none_alone_and_different_architectures_end_where_there_are_no_more() {
        let wiring = Wiring {
            nodes: ["in", "1", "out"].map(str::to_owned).into(),
            edges: [(0, 1), (0, 2), (1, 2)].map(|(from, to)| Edge { from, to }).into(),
            concatenated: Vec::new(),
        };
        let cell = CellLayout::uniform("cell", ["1<-0", "2<-0", "2<-1"], 2).wired(wiring);
        let layout = Layout { zero: Some(0), ..Layout::new(["none", "skip"], vec![cell]) };
        // The first edge is skip, and one of the others: 1 · 3 of 8.
        let all = different(&layout, 100, &Stream::new(0, "draws"));
        assert_eq!(all.len(), 3);
        assert!(all.iter().all(|one| one.kept(0, 0).iter().eq([1])));
        assert_eq!(different(&layout, 2, &Stream::new(0, "draws")), all[..2]);
        let mut rng = Stream::new(0, "uniform").rng();
        let drawn: BTreeSet<String> = (0..200).map(|_| uniform(&layout, &mut rng).to_string()).collect();
        assert_eq!(drawn.len(), 8);
    }

    #[test]
    fn the_first_of_equal_logits_counts() {
        assert_eq!(accuracy(&[1.0, 1.0, 0.0, 2.0], &[0, 1]), 1.0);
        assert_eq!(accuracy(&[1.0, 1.0, 0.0, 2.0], &[1, 0]), 0.0);
    }
}
