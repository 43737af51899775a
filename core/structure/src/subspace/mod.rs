//! Which operators are still in play: the whole space, a pruning state, a supernet and a single architecture alike.

mod layout;

use std::fmt;

use serde::{Deserialize, Serialize};

/// The choices a search space offers: kinds of cells, their edges, and the operators every edge chooses from.
///
/// An edge is whatever the space chooses an operator for. In spaces that choose what a node or a layer does, or how many
/// channels it has, those are the edges of the layout, and the alternatives are its operators.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Layout {
    /// Operator names, in the space's own order.
    pub operators: Vec<&'static str>,
    /// One entry a kind of cell (NAS-Bench-201 has one, DARTS a normal and a reduction cell).
    pub cells: Vec<CellLayout>,
}

/// One kind of cell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CellLayout {
    /// Its name: `cell`, `normal`, `reduce`.
    pub kind: &'static str,
    /// Its edges, in the space's own order: `1<-0` reads node 0 and adds to node 1.
    pub edges: Vec<&'static str>,
    /// The operators that each edge chooses from.
    pub offers: Vec<OperatorSet>,
}

impl CellLayout {
    /// A kind of cell each of whose edges chooses from all of the layout's operators, of which there are so many.
    #[must_use]
    pub fn uniform(kind: &'static str, edges: Vec<&'static str>, operators: usize) -> Self {
        let offers = vec![OperatorSet::first(operators); edges.len()];
        Self { kind, edges, offers }
    }
}

impl Layout {
    /// The position of an operator by name.
    #[must_use]
    pub fn operator(&self, name: &str) -> Option<usize> {
        self.operators.iter().position(|operator| *operator == name)
    }

    /// `cell 1<-0 nor_conv_3x3`, for messages and trajectories.
    #[must_use]
    pub fn describe(&self, choice: Choice) -> String {
        let cell = &self.cells[choice.cell];
        format!("{} {} {}", cell.kind, cell.edges[choice.edge], self.operators[choice.operator])
    }
}

/// One operator on one edge of one kind of cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Choice {
    /// The kind of cell.
    pub cell: usize,
    /// The edge.
    pub edge: usize,
    /// The operator.
    pub operator: usize,
}

/// The operators kept on one edge.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct OperatorSet(u64);

impl OperatorSet {
    /// No operator.
    pub const EMPTY: Self = Self(0);

    /// The first `count` operators.
    #[must_use]
    pub fn first(count: usize) -> Self {
        (0..count).collect()
    }

    /// Whether it holds `operator`.
    #[must_use]
    pub fn contains(self, operator: usize) -> bool {
        self.0 >> operator & 1 == 1
    }

    /// With `operator`.
    #[must_use]
    pub fn with(self, operator: usize) -> Self {
        Self(self.0 | 1 << operator)
    }

    /// Without `operator`.
    #[must_use]
    pub fn without(self, operator: usize) -> Self {
        Self(self.0 & !(1 << operator))
    }

    /// Whether all that it holds is in `other`.
    #[must_use]
    pub fn is_subset(self, other: Self) -> bool {
        self.0 & !other.0 == 0
    }

    /// How many it holds.
    #[must_use]
    pub fn len(self) -> usize {
        self.0.count_ones() as usize
    }

    /// Whether it holds none.
    #[must_use]
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// The position, among the operators that it holds, of the only operator of `one`; none where `one` holds another
    /// operator, several, or none.
    #[must_use]
    pub fn position_of(self, one: Self) -> Option<usize> {
        let below = Self(self.0 & one.0.wrapping_sub(1));
        (one.len() == 1 && one.is_subset(self)).then_some(below.len())
    }

    /// The operators it holds, ascending.
    pub fn iter(self) -> impl Iterator<Item = usize> {
        (0..u64::BITS as usize).filter(move |operator| self.contains(*operator))
    }
}

impl FromIterator<usize> for OperatorSet {
    fn from_iter<I: IntoIterator<Item = usize>>(operators: I) -> Self {
        operators.into_iter().fold(Self::EMPTY, Self::with)
    }
}

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

    /// The number of one of the single paths it contains, the inverse of [`single_path`](Self::single_path); none for any
    /// other subspace.
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

fn write_mask(out: &mut impl fmt::Write, set: OperatorSet, operators: usize) -> fmt::Result {
    (0..operators).try_for_each(|operator| out.write_char(if set.contains(operator) { '1' } else { '0' }))
}

fn operators_of(mask: &str) -> Result<OperatorSet, String> {
    if mask.is_empty() || mask.len() > u64::BITS as usize || mask.bytes().any(|byte| !matches!(byte, b'0' | b'1')) {
        return Err(format!("`{mask}` is not an operator mask of 0s and 1s"));
    }
    Ok(mask.bytes().enumerate().filter(|(_, byte)| *byte == b'1').map(|(operator, _)| operator).collect())
}
