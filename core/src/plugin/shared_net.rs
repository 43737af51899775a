//! The network of a space whose architectures share weights: which of its sums mix the operators of which edges.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::engine::learner::{Mixture, MixtureGradient};
use crate::graph::{Graph, NodeId};
use crate::plugin::macro_net::MacroNet;
use crate::subspace::{Choice, Layout, Subspace};

/// How such a network is built. Convolutions of searched cells have no bias, and what normalises them neither γ nor β: operators
/// that are added up are of one scale.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct SharedForm {
    /// How cells are stacked.
    pub net: MacroNet,
    /// Whether the batch normalisation behind the last cell has γ and β. If not, it is one of those that need no running
    /// statistics.
    pub last_affine: bool,
}

/// What is kept in each searched cell.
#[derive(Clone, Copy, Debug)]
pub enum Kept<'a> {
    /// The same in all cells of a kind.
    Shared(&'a Subspace),
    /// In each cell by itself, in their order.
    ByCell(&'a [Subspace]),
}

impl<'a> Kept<'a> {
    /// What is kept in the searched cell of this number, from 0.
    #[must_use]
    pub fn of_cell(self, number: usize) -> Option<&'a Subspace> {
        match self {
            Self::Shared(subspace) => Some(subspace),
            Self::ByCell(subspaces) => subspaces.get(number),
        }
    }
}

/// A sum that adds operators of edges.
#[derive(Clone, Debug, PartialEq)]
pub struct SharedSum {
    /// The sum, whose weights are 1 where no others are given.
    pub node: NodeId,
    /// Which operator on which edge each of its terms is, `none` among them.
    pub terms: Vec<Choice>,
}

/// A network of what is kept of a space. Parameters have the same paths whatever is kept.
#[derive(Clone, Debug)]
pub struct SharedNet {
    /// The network, with logits for output.
    pub graph: Arc<Graph>,
    /// How many searched cells it has.
    pub cells: usize,
    /// The sums of its searched cells; none where a sum's terms are not operators of edges, so that they cannot be mixed.
    pub sums: Vec<SharedSum>,
    /// The batch normalisations of what is searched, which need no running statistics.
    pub searched: Vec<NodeId>,
}

/// A number for each operator of each edge of each kind of cell.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PerChoice(pub Vec<Vec<Vec<f64>>>);

impl PerChoice {
    /// The same number everywhere.
    #[must_use]
    pub fn filled(layout: &Layout, number: f64) -> Self {
        let operators = layout.operators.len();
        Self(layout.cells.iter().map(|cell| vec![vec![number; operators]; cell.edges.len()]).collect())
    }

    /// The number of one choice.
    #[must_use]
    pub fn at(&self, choice: Choice) -> f64 {
        self.0[choice.cell][choice.edge][choice.operator]
    }

    /// The number of one choice, to change.
    pub fn at_mut(&mut self, choice: Choice) -> &mut f64 {
        &mut self.0[choice.cell][choice.edge][choice.operator]
    }

    /// The edges, each with its numbers.
    pub fn edges(&self) -> impl Iterator<Item = &Vec<f64>> {
        self.0.iter().flatten()
    }

    /// The numbers of each edge changed together.
    #[must_use]
    pub fn by_edge(&self, change: impl Fn(&[f64]) -> Vec<f64>) -> Self {
        Self(self.0.iter().map(|cell| cell.iter().map(|edge| change(edge)).collect()).collect())
    }

    /// The numbers of each edge of two changed together.
    #[must_use]
    pub fn with(&self, other: &Self, change: impl Fn(&[f64], &[f64]) -> Vec<f64>) -> Self {
        let cells = self.0.iter().zip(&other.0);
        Self(cells.map(|(own, other)| own.iter().zip(other).map(|(own, other)| change(own, other)).collect()).collect())
    }

    /// All numbers, one after the other.
    pub fn numbers(&self) -> impl Iterator<Item = f64> {
        self.0.iter().flatten().flatten().copied()
    }

    /// The architecture of each edge's largest number, the first of equals.
    #[must_use]
    pub fn largest(&self, layout: &Layout) -> Subspace {
        let largest = |edge: &Vec<f64>| {
            let first =
                edge.iter().enumerate().fold((0, f64::NEG_INFINITY), |best, (at, value)| if *value > best.1 { (at, *value) } else { best });
            std::iter::once(first.0).collect()
        };
        Subspace::new(layout, self.0.iter().map(|cell| cell.iter().map(largest).collect()).collect())
    }
}

/// The gradient of the objective with respect to what mixes operators.
#[derive(Clone, Debug, PartialEq)]
pub struct EdgeGradients {
    /// With respect to the weight of each operator; 0 where it was not run.
    pub terms: PerChoice,
    /// With respect to a number that would be added to every element of what an edge adds, the same for every operator of it.
    pub constants: PerChoice,
}

impl SharedNet {
    /// By what weights its sums add their terms.
    #[must_use]
    pub fn mixtures(&self, weights: &PerChoice) -> Vec<Mixture> {
        let mixture = |sum: &SharedSum| Mixture { node: sum.node, weights: sum.terms.iter().map(|choice| weights.at(*choice)).collect() };
        self.sums.iter().map(mixture).collect()
    }

    /// The gradients of its sums added up over the cells, which have their weights in common.
    #[must_use]
    pub fn gradients(&self, layout: &Layout, found: &[MixtureGradient]) -> EdgeGradients {
        let (mut terms, mut constants) = (PerChoice::filled(layout, 0.0), PerChoice::filled(layout, 0.0));
        for (sum, found) in self.sums.iter().zip(found) {
            let mut edges: Vec<(usize, usize)> = Vec::new();
            for (choice, gradient) in sum.terms.iter().zip(&found.terms) {
                *terms.at_mut(*choice) += gradient;
                if !edges.contains(&(choice.cell, choice.edge)) {
                    edges.push((choice.cell, choice.edge));
                }
            }
            for (cell, edge) in edges {
                constants.0[cell][edge].iter_mut().for_each(|constant| *constant += found.constant);
            }
        }
        EdgeGradients { terms, constants }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::subspace::CellLayout;

    #[test]
    fn gradients_are_added_over_cells_and_the_largest_number_is_the_first_of_equals() {
        let layout = Layout::new(["a", "b", "c"], vec![CellLayout::uniform("cell", ["x", "y"], 3)]);
        let choice = |edge: usize, operator: usize| Choice { cell: 0, edge, operator };
        let sum = |node: usize| SharedSum { node: NodeId(node), terms: vec![choice(0, 1), choice(0, 2), choice(1, 0)] };
        let graph = crate::graph::GraphBuilder::new(crate::graph::Shape::new(1, 1, 1)).unwrap().finish(NodeId(0));
        let net = SharedNet { graph: Arc::new(graph), cells: 2, sums: vec![sum(3), sum(5)], searched: Vec::new() };
        let found = |by: f64| MixtureGradient { terms: vec![by, 2.0 * by, 3.0 * by], constant: 10.0 * by };
        let EdgeGradients { terms, constants } = net.gradients(&layout, &[found(1.0), found(0.5)]);
        assert_eq!(terms.0, [[[0.0, 1.5, 3.0], [4.5, 0.0, 0.0]]]);
        assert_eq!(constants.0, [[[15.0; 3], [15.0; 3]]]);
        let weights = PerChoice(vec![vec![vec![0.1, 0.2, 0.3], vec![0.4, 0.5, 0.5]]]);
        assert_eq!(net.mixtures(&weights)[1], Mixture { node: NodeId(5), weights: vec![0.2, 0.3, 0.4] });
        let largest = weights.largest(&layout);
        assert_eq!([0, 1].map(|edge| largest.kept(0, edge).iter().collect::<Vec<_>>()), [[2], [1]]);
    }
}
