//! What a search space offers: kinds of cells, their edges and how those join nodes, and operators.

use super::{Choice, Extent, OperatorSet, Subspace, Wiring};

/// The choices a search space offers: kinds of cells, their edges, and the operators every edge chooses from.
///
/// An edge is whatever the space chooses an operator for. In spaces that choose what a node or a layer does, or how many
/// channels it has, those are the edges of the layout, and the alternatives are its operators.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Layout {
    /// Operator names, in the space's own order.
    pub operators: Vec<String>,
    /// The operator whose output is zero, whatever it reads, if there is one: `none` in NAS-Bench-201.
    pub zero: Option<usize>,
    /// One entry a kind of cell (NAS-Bench-201 has one, DARTS a normal and a reduction cell).
    pub cells: Vec<CellLayout>,
}

/// One kind of cell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CellLayout {
    /// Its name: `cell`, `normal`, `reduce`.
    pub kind: String,
    /// The names of its edges, in the space's own order: `1<-0`, `layer 3`.
    pub edges: Vec<String>,
    /// The operators that each edge chooses from.
    pub offers: Vec<OperatorSet>,
    /// The nodes that its edges join, if the choices are edges between nodes.
    pub wiring: Option<Wiring>,
}

impl CellLayout {
    /// A kind of cell without wiring, each of whose edges chooses from all of the layout's operators.
    #[must_use]
    pub fn uniform(kind: impl Into<String>, edges: impl IntoIterator<Item = impl Into<String>>, operators: usize) -> Self {
        let edges: Vec<String> = edges.into_iter().map(Into::into).collect();
        let offers = vec![OperatorSet::first(operators); edges.len()];
        Self { kind: kind.into(), edges, offers, wiring: None }
    }

    /// The same kind of cell, whose edges join nodes like this.
    ///
    /// # Panics
    /// If the wiring is not one of as many edges.
    #[must_use]
    pub fn wired(self, wiring: Wiring) -> Self {
        if let Err(problem) = wiring.check(self.edges.len()) {
            panic!("the cell `{}`: {problem}", self.kind);
        }
        Self { wiring: Some(wiring), ..self }
    }
}

impl Layout {
    /// Kinds of cells whose edges choose from these operators, none of which is zero.
    #[must_use]
    pub fn new(operators: impl IntoIterator<Item = impl Into<String>>, cells: Vec<CellLayout>) -> Self {
        Self { operators: operators.into_iter().map(Into::into).collect(), zero: None, cells }
    }

    /// The position of an operator by name.
    #[must_use]
    pub fn operator(&self, name: &str) -> Option<usize> {
        self.operators.iter().position(|operator| operator == name)
    }

    /// Whether operators, kinds of cell and edges of both have the same names in the same order.
    #[must_use]
    pub fn has_names_of(&self, other: &Self) -> bool {
        let cells = |layout: &Self| layout.cells.iter().map(|cell| (cell.kind.clone(), cell.edges.clone())).collect::<Vec<_>>();
        self.operators == other.operators && cells(self) == cells(other)
    }

    /// Whether there is such an operator on such an edge.
    #[must_use]
    pub fn has(&self, choice: Choice) -> bool {
        let offers = self.cells.get(choice.cell).and_then(|cell| cell.offers.get(choice.edge));
        offers.is_some_and(|offers| choice.operator < self.operators.len() && offers.contains(choice.operator))
    }

    /// `cell 1<-0 nor_conv_3x3`, for messages and trajectories.
    #[must_use]
    pub fn describe(&self, choice: Choice) -> String {
        let cell = &self.cells[choice.cell];
        format!("{} {} {}", cell.kind, cell.edges[choice.edge], self.operators[choice.operator])
    }

    /// How deep and wide a cell of this kind is with these operators on its edges. `None` if it has no wiring.
    ///
    /// # Panics
    /// If there is no such kind of cell.
    #[must_use]
    pub fn extent(&self, cell: usize, kept: &[OperatorSet]) -> Option<Extent> {
        Some(self.cells[cell].wiring.as_ref()?.extent(&self.passes(kept)))
    }

    /// Whether every operator of an architecture that is not zero lies on a path from an input of its cell to the cell's output. `None`
    /// where the choices of a kind of cell are not edges between nodes.
    ///
    /// # Panics
    /// If the subspace has other cells than the layout.
    #[must_use]
    pub fn all_reachable(&self, architecture: &Subspace) -> Option<bool> {
        assert_eq!(architecture.cells().len(), self.cells.len(), "as many kinds of cells");
        let mut cells = self.cells.iter().zip(architecture.cells());
        cells.try_fold(true, |all, (cell, kept)| Some(all & cell.wiring.as_ref()?.all_on_paths(&self.passes(kept))))
    }

    /// Of each edge, whether what is kept there passes a signal on.
    fn passes(&self, kept: &[OperatorSet]) -> Vec<bool> {
        kept.iter().map(|kept| kept.iter().any(|operator| Some(operator) != self.zero)).collect()
    }
}
