//! How a space grows stage by stage, and what a controller of cells decides in each stage.

use assay_core::plugin::{Read, Reads, SearchSpace};
use assay_core::subspace::Subspace;

use super::cell_controller::Decision;

assay_core::words! {
    /// What joins from stage to stage.
    #[derive(Default)]
    pub enum Curriculum {
        /// An operator.
        #[default]
        Operators = "operators" as "an operator joins in each stage",
        /// An inner node of each cell, with all operators from the beginning.
        Nodes = "nodes" as "a node joins in each stage",
        /// Nothing: there is one stage.
        Fixed = "fixed" as "one stage",
    }
}

/// How the cells of a space are made of decisions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cells {
    /// Each inner node reads two earlier nodes, through an operator each; so many kinds of cell.
    Reads(Reads, usize),
    /// Each edge has an operator.
    Edges,
}

/// What there is in a stage.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stage {
    /// Inner nodes of a cell, where nodes choose what they read.
    pub nodes: usize,
    /// Operators, in the order in which they join.
    pub operators: usize,
}

impl Cells {
    /// Those of a space.
    #[must_use]
    pub fn of(space: &dyn SearchSpace) -> Self {
        space.reads().map_or(Self::Edges, |reads| Self::Reads(reads, space.layout().cells.len()))
    }

    /// Nodes and operators in all.
    #[must_use]
    pub fn whole(&self, space: &dyn SearchSpace) -> Stage {
        match self {
            Self::Reads(Reads { nodes, operators }, _) => Stage { nodes: *nodes, operators: *operators },
            Self::Edges => Stage { nodes: 0, operators: space.layout().operators.len() },
        }
    }

    /// The decisions of each kind of cell, in the order in which they are taken: a node's sources, then its operators.
    #[must_use]
    pub fn decisions(&self, space: &dyn SearchSpace, stage: Stage) -> Vec<Vec<Decision>> {
        let operator = Decision::Operator(stage.operators);
        match self {
            Self::Reads(_, kinds) => {
                let of_node = |node: usize| [Decision::Source(node + 2), Decision::Source(node + 2), operator, operator];
                vec![(0..stage.nodes).flat_map(of_node).collect(); *kinds]
            }
            Self::Edges => space.layout().cells.iter().map(|cell| vec![operator; cell.edges.len()]).collect(),
        }
    }

    /// What is chosen so, with operators by the order in which they join; none if the space has no such cells.
    #[must_use]
    pub fn architecture(&self, space: &dyn SearchSpace, order: &[usize], chosen: &[Vec<usize>]) -> Option<Subspace> {
        match self {
            Self::Reads(..) => {
                let read = |node: &[usize], input: usize| Some(Read { source: node[input], operator: *order.get(node[2 + input])? });
                let inputs = |node: &[usize]| Some([read(node, 0)?, read(node, 1)?]);
                let cell = |cell: &Vec<usize>| cell.chunks_exact(4).map(inputs).collect::<Option<Vec<_>>>();
                space.of_reads(&chosen.iter().map(cell).collect::<Option<Vec<_>>>()?)
            }
            Self::Edges => {
                let cell = |cell: &Vec<usize>| {
                    cell.iter().map(|choice| order.get(*choice).map(|operator| std::iter::once(*operator).collect())).collect()
                };
                Some(Subspace::new(space.layout(), chosen.iter().map(cell).collect::<Option<Vec<_>>>()?))
            }
        }
    }
}

impl Curriculum {
    /// What there is in a stage, from 0, of a curriculum that begins with so many.
    #[must_use]
    pub fn stage(self, whole: Stage, first: usize, stage: usize) -> Stage {
        match self {
            Self::Operators => Stage { operators: (first + stage).min(whole.operators), ..whole },
            Self::Nodes => Stage { nodes: (first + stage).min(whole.nodes), ..whole },
            Self::Fixed => whole,
        }
    }

    /// What joins, and how many of them there are in all; nothing in a fixed space.
    #[must_use]
    pub fn joining(self, whole: Stage) -> Option<(&'static str, usize)> {
        match self {
            Self::Operators => Some(("operators", whole.operators)),
            Self::Nodes => Some(("nodes", whole.nodes)),
            Self::Fixed => None,
        }
    }
}
