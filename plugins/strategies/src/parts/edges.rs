//! The edges that a search has a choice on, and what it can choose there.

use assay_core::plugin::{SearchError, SearchSpace};
use assay_core::subspace::{OperatorSet, Subspace};
use rand::Rng;

use super::variation::draw;

/// An edge and its alternatives.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct OpenEdge {
    pub(crate) cell: usize,
    pub(crate) edge: usize,
    /// What it may have; `None` for being empty.
    pub(crate) alternatives: Vec<Option<usize>>,
}

impl OpenEdge {
    /// Which alternative an architecture has here.
    pub(crate) fn chosen(&self, architecture: &Subspace) -> Option<usize> {
        let operator = architecture.kept(self.cell, self.edge).iter().next();
        self.alternatives.iter().position(|alternative| *alternative == operator)
    }

    /// How many alternatives there are.
    pub(crate) fn alternatives(&self) -> usize {
        self.alternatives.len()
    }
}

/// The edges that a search has a choice on.
pub(crate) fn open_edges(space: &dyn SearchSpace, allowed: &Subspace, rng: &mut impl Rng) -> Result<Vec<OpenEdge>, SearchError> {
    let leaves_empty = !draw(space, allowed, rng)?.is_single_path();
    let edge = |(cell, edge, kept): (usize, usize, &OperatorSet)| {
        let empty = leaves_empty.then_some(None);
        OpenEdge { cell, edge, alternatives: kept.iter().map(Some).chain(empty).collect() }
    };
    let cells = allowed.cells().iter().enumerate();
    Ok(cells.flat_map(|(cell, edges)| edges.iter().enumerate().map(move |(edge, kept)| (cell, edge, kept))).map(edge).collect())
}
