//! Random architectures of a space, and the ones next to an architecture.

use assay_core::plugin::{SearchError, SearchSpace};
use assay_core::subspace::{OperatorSet, Subspace};
use rand::{Rng, RngExt};

/// After this many draws, a space is taken to be empty.
const TRIES: usize = 100_000;

/// An architecture of `allowed`, drawn uniformly.
///
/// # Errors
/// If none is met.
pub(crate) fn draw(space: &dyn SearchSpace, allowed: &Subspace, rng: &mut impl Rng) -> Result<Subspace, SearchError> {
    let numbers = space.numbers(allowed);
    let drawn = (0..TRIES).filter(|_| numbers > 0).find_map(|_| space.architecture(allowed, rng.random_range(0..numbers)));
    drawn
        .ok_or_else(|| SearchError::Impossible(format!("no architecture of the space was met in {TRIES} draws; does `exclude` leave any?")))
}

/// A change of one choice: an edge has another operator, or another edge is used in its place.
#[derive(Clone, Copy, Debug)]
struct Change {
    cell: usize,
    /// The edge that loses its operator.
    edge: usize,
    /// The edge that gets one: the same, or an empty one.
    into: usize,
    operator: usize,
}

impl Change {
    fn of(self, space: &dyn SearchSpace, architecture: &Subspace) -> Subspace {
        let mut cells = architecture.cells().to_vec();
        cells[self.cell][self.edge] = OperatorSet::EMPTY;
        cells[self.cell][self.into] = OperatorSet::EMPTY.with(self.operator);
        Subspace::new(space.layout(), cells)
    }
}

/// Every change within `allowed`, whether an architecture comes of it or not.
fn changes(allowed: &Subspace, architecture: &Subspace) -> Vec<Change> {
    let mut changes = Vec::new();
    for (cell, edges) in architecture.cells().iter().enumerate() {
        let is_used = |edge: &usize| !edges[*edge].is_empty();
        for edge in (0..edges.len()).filter(is_used) {
            for into in (0..edges.len()).filter(|into| *into == edge || !is_used(into)) {
                let others = allowed.kept(cell, into).iter().filter(|operator| !edges[into].contains(*operator));
                changes.extend(others.map(|operator| Change { cell, edge, into, operator }));
            }
        }
    }
    changes
}

/// The architectures of `allowed` that differ from `architecture` in one choice: an edge has another operator, or, in spaces
/// whose architectures leave edges empty, another edge is used in its place, with any operator.
#[must_use]
pub(crate) fn neighbours(space: &dyn SearchSpace, allowed: &Subspace, architecture: &Subspace) -> Vec<Subspace> {
    let changed = changes(allowed, architecture).into_iter().map(|change| change.of(space, architecture));
    changed.filter(|neighbour| space.is_architecture(neighbour)).collect()
}

/// One of the neighbours that are not the same architecture, drawn uniformly.
///
/// # Errors
/// If there is none.
pub(crate) fn mutate(
    space: &dyn SearchSpace,
    allowed: &Subspace,
    architecture: &Subspace,
    rng: &mut impl Rng,
) -> Result<Subspace, SearchError> {
    let own = space.representative(architecture);
    let mut changes = changes(allowed, architecture);
    // Trying them in random order is faster than finding out which of them are neighbours.
    while !changes.is_empty() {
        let neighbour = changes.swap_remove(rng.random_range(0..changes.len())).of(space, architecture);
        if space.is_architecture(&neighbour) && space.representative(&neighbour) != own {
            return Ok(neighbour);
        }
    }
    Err(SearchError::Impossible(format!("no architecture differs from {architecture} in one choice, so there is none to go on to")))
}

/// An architecture that has the choice of each edge from one of two, by the toss of a coin. In spaces whose architectures leave edges
/// empty, the coins are tossed until it is an architecture; where it never is, it is the first of the two.
#[must_use]
pub(crate) fn crossed(space: &dyn SearchSpace, parents: &[Subspace; 2], rng: &mut impl Rng) -> Subspace {
    let toss = |_| {
        let [one, other] = parents.each_ref().map(Subspace::cells);
        let cells = one.iter().zip(other).map(|(one, other)| {
            let edge = |(one, other): (&OperatorSet, &OperatorSet)| if rng.random::<bool>() { *one } else { *other };
            one.iter().zip(other).map(edge).collect()
        });
        Subspace::new(space.layout(), cells.collect())
    };
    (0..TRIES).map(toss).find(|child| space.is_architecture(child)).unwrap_or_else(|| parents[0].clone())
}
