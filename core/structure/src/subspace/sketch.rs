//! An architecture as a picture shows it: for each kind of cell its nodes, and what joins them.

use super::{Layout, Subspace};

/// One kind of cell of an architecture, or a whole network where that is what is chosen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sketch {
    /// The kind of cell.
    pub kind: String,
    /// From the inputs to the output: arrows lead to later ones.
    pub nodes: Vec<SketchNode>,
    /// What leads from one to another.
    pub arrows: Vec<Arrow>,
}

/// A node of a picture.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SketchNode {
    /// What it is called.
    pub name: String,
    /// The operator that it is, by its position in the layout; none where it only adds up what it reads.
    pub operator: Option<usize>,
}

/// What leads from a node to a later one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Arrow {
    /// The node that it leads from.
    pub from: usize,
    /// The node that it leads to.
    pub to: usize,
    /// The operator that stands on it, by its position in the layout; none where it passes on what it reads.
    pub operator: Option<usize>,
}

/// Why an architecture has no picture.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SketchError {
    /// The space does not say what the edges join.
    #[error("the cell `{kind}` cannot be drawn: its space does not say which nodes its edges join")]
    NoWiring {
        /// The kind of cell.
        kind: String,
    },
    /// What should be an architecture is a supernet.
    #[error("edge {edge} of the {kind} cell keeps {count} operators, but an architecture at most one")]
    SeveralOperators {
        /// The kind of cell.
        kind: String,
        /// The edge.
        edge: String,
        /// How many it keeps.
        count: usize,
    },
    /// It is not an architecture, for a reason that its space says.
    #[error("{0}")]
    NotOne(String),
}

impl SketchNode {
    /// A node that adds up what it reads.
    #[must_use]
    pub fn sum(name: impl Into<String>) -> Self {
        Self { name: name.into(), operator: None }
    }

    /// A node that is an operator.
    #[must_use]
    pub fn operator(name: impl Into<String>, operator: usize) -> Self {
        Self { name: name.into(), operator: Some(operator) }
    }
}

impl Sketch {
    /// Operators one behind the other, between an input and an output of these names.
    #[must_use]
    pub fn chain(kind: impl Into<String>, input: &str, operators: impl IntoIterator<Item = SketchNode>, output: &str) -> Self {
        let mut nodes = vec![SketchNode::sum(input)];
        nodes.extend(operators);
        nodes.push(SketchNode::sum(output));
        let arrows = (1..nodes.len()).map(|to| Arrow { from: to - 1, to, operator: None }).collect();
        Self { kind: kind.into(), nodes, arrows }
    }

    /// An architecture of a space whose layout says how edges join nodes: on each edge its operator, or nothing where the space
    /// leaves edges empty.
    ///
    /// # Errors
    /// If the layout does not say it, or an edge keeps several operators.
    pub fn wired(layout: &Layout, architecture: &Subspace) -> Result<Vec<Self>, SketchError> {
        let mut sketches = Vec::new();
        for (cell, kept) in layout.cells.iter().zip(architecture.cells()) {
            let wiring = cell.wiring.as_ref().ok_or_else(|| SketchError::NoWiring { kind: cell.kind.clone() })?;
            let mut arrows = Vec::new();
            for (edge, set) in kept.iter().enumerate().filter(|(_, set)| !set.is_empty()) {
                if set.len() > 1 {
                    let (kind, edge) = (cell.kind.clone(), cell.edges[edge].clone());
                    return Err(SketchError::SeveralOperators { kind, edge, count: set.len() });
                }
                let ends = wiring.edges[edge];
                arrows.push(Arrow { from: ends.from, to: ends.to, operator: set.iter().next() });
            }
            arrows.extend(wiring.joins().map(|edge| Arrow { from: edge.from, to: edge.to, operator: None }));
            sketches.push(Self { kind: cell.kind.clone(), nodes: wiring.nodes.iter().map(SketchNode::sum).collect(), arrows });
        }
        Ok(sketches)
    }
}
