//! Which operators are still in play: the whole space, a pruning state, a supernet and a single architecture alike.

mod layout;
mod operators;
mod sketch;
mod wiring;
mod written;

use std::fmt;

use serde::{Deserialize, Serialize};

pub use layout::{CellLayout, Layout};
pub use operators::{Choice, OperatorSet};
pub use sketch::{Arrow, Sketch, SketchError, SketchNode};
pub use wiring::{Edge, Extent, Wiring};

use operators::{operators_of, write_mask};

/// Per kind of cell and edge, the set of kept operators.
///
/// Its text form lists, for each cell, each edge's operators as digits of a mask, `01111.01111/…`; it is the key
/// under which measurements are stored.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Subspace {
    operators: usize,
    cells: Vec<Vec<OperatorSet>>,
}

impl Subspace {
    /// Every operator that each edge offers.
    #[must_use]
    pub fn whole(layout: &Layout) -> Self {
        Self { operators: layout.operators.len(), cells: layout.cells.iter().map(|cell| cell.offers.clone()).collect() }
    }

    /// No operator on any edge: what is lowered from it is the part of the network that all architectures share.
    #[must_use]
    pub fn empty(layout: &Layout) -> Self {
        let cells = layout.cells.iter().map(|cell| vec![OperatorSet::EMPTY; cell.edges.len()]).collect();
        Self { operators: layout.operators.len(), cells }
    }

    /// These sets, one a cell and edge of `layout`.
    ///
    /// # Panics
    /// If there is not one set for each edge.
    #[must_use]
    pub fn new(layout: &Layout, cells: Vec<Vec<OperatorSet>>) -> Self {
        let edges = |cells: &[Vec<OperatorSet>]| cells.iter().map(Vec::len).collect::<Vec<_>>();
        let expected: Vec<usize> = layout.cells.iter().map(|cell| cell.edges.len()).collect();
        assert_eq!(edges(&cells), expected, "one operator set for each edge of the layout");
        Self { operators: layout.operators.len(), cells }
    }

    /// Whether it has the cells and edges of `layout`, and on each only operators that it offers. One read from text may
    /// not.
    #[must_use]
    pub fn fits(&self, layout: &Layout) -> bool {
        let offered = |kept: &[OperatorSet], offers: &[OperatorSet]| {
            kept.len() == offers.len() && kept.iter().zip(offers).all(|(kept, offers)| kept.is_subset(*offers))
        };
        self.operators == layout.operators.len()
            && self.cells.len() == layout.cells.len()
            && self.cells.iter().zip(&layout.cells).all(|(kept, cell)| offered(kept, &cell.offers))
    }

    /// The sets, by cell and edge.
    #[must_use]
    pub fn cells(&self) -> &[Vec<OperatorSet>] {
        &self.cells
    }

    /// The operators kept on one edge.
    #[must_use]
    pub fn kept(&self, cell: usize, edge: usize) -> OperatorSet {
        self.cells[cell][edge]
    }

    /// Whether the operator is kept.
    #[must_use]
    pub fn contains(&self, choice: Choice) -> bool {
        self.kept(choice.cell, choice.edge).contains(choice.operator)
    }

    /// Without one operator.
    #[must_use]
    pub fn without(&self, choice: Choice) -> Self {
        let mut rest = self.clone();
        let set = &mut rest.cells[choice.cell][choice.edge];
        *set = set.without(choice.operator);
        rest
    }

    /// With all operators of one edge gone but these; operators that it did not keep stay away.
    #[must_use]
    pub fn restricted(&self, cell: usize, edge: usize, operators: OperatorSet) -> Self {
        let mut rest = self.clone();
        let set = &mut rest.cells[cell][edge];
        *set = set.iter().filter(|operator| operators.contains(*operator)).collect();
        rest
    }

    /// Without this operator on any edge.
    #[must_use]
    pub fn without_operator(&self, operator: usize) -> Self {
        let mut rest = self.clone();
        rest.cells.iter_mut().flatten().for_each(|set| *set = set.without(operator));
        rest
    }

    /// Every kept operator, in the order cell, edge, operator.
    pub fn choices(&self) -> impl Iterator<Item = Choice> + '_ {
        self.cells.iter().enumerate().flat_map(|(cell, edges)| {
            edges.iter().enumerate().flat_map(move |(edge, set)| set.iter().map(move |operator| Choice { cell, edge, operator }))
        })
    }

    /// Whether every edge keeps exactly one operator.
    #[must_use]
    pub fn is_single_path(&self) -> bool {
        self.cells.iter().flatten().all(|set| set.len() == 1)
    }

    /// How many single paths it contains: the product over edges of kept operators.
    #[must_use]
    pub fn single_paths(&self) -> u128 {
        self.cells.iter().flatten().map(|set| set.len() as u128).product()
    }

    /// One of the single paths it contains, counted from 0 with the last edge counting fastest; `None` from
    /// [`single_paths`](Self::single_paths) on.
    #[must_use]
    pub fn single_path(&self, mut number: u128) -> Option<Self> {
        let mut path = self.clone();
        for set in path.cells.iter_mut().flatten().rev() {
            let kept = set.len() as u128;
            let chosen = usize::try_from(number.checked_rem(kept)?).ok()?;
            *set = set.iter().skip(chosen).take(1).collect();
            number /= kept;
        }
        (number == 0).then_some(path)
    }

    /// The number of one of the single paths it contains, the inverse of [`single_path`](Self::single_path).
    /// `None` for any other subspace.
    #[must_use]
    pub fn number_of(&self, path: &Self) -> Option<u128> {
        let edges = |of: &Self| of.cells.iter().map(Vec::len).collect::<Vec<_>>();
        if self.operators != path.operators || edges(self) != edges(path) {
            return None;
        }
        self.cells.iter().flatten().zip(path.cells.iter().flatten()).try_fold(0, |number: u128, (kept, chosen)| {
            number.checked_mul(kept.len() as u128)?.checked_add(kept.position_of(*chosen)? as u128)
        })
    }
}

impl fmt::Display for Subspace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (cell, edges) in self.cells.iter().enumerate() {
            f.write_str(if cell == 0 { "" } else { "/" })?;
            for (edge, set) in edges.iter().enumerate() {
                f.write_str(if edge == 0 { "" } else { "." })?;
                write_mask(f, *set, self.operators)?;
            }
        }
        Ok(())
    }
}

impl From<Subspace> for String {
    fn from(subspace: Subspace) -> Self {
        subspace.to_string()
    }
}

impl TryFrom<String> for Subspace {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let mut operators = None;
        let mut edge = |mask: &str| -> Result<OperatorSet, String> {
            let set = operators_of(mask).map_err(|problem| format!("`{text}`: {problem}"))?;
            if *operators.get_or_insert(mask.len()) != mask.len() {
                return Err(format!("the masks of `{text}` differ in length"));
            }
            Ok(set)
        };
        let cells = text.split('/').map(|cell| cell.split('.').map(&mut edge).collect()).collect::<Result<_, _>>()?;
        Ok(Self { operators: operators.unwrap_or_default(), cells })
    }
}
