//! `nas-bench-201`: the topology space of NAS-Bench-201 (Dong and Yang, ICLR 2020), 5⁶ = 15,625 cells.
//!
//! A cell has four nodes; every node reads every earlier one through an edge that carries one of five operators.
//! The text form is the benchmark's own: `|op~0|+|op~0|op~1|+|op~0|op~1|op~2|`. Also read are `Structure(4 nodes with …)`,
//! NASLib's six numbers, tuples `(('nor_conv_3x3', 0),), …`, and dictionaries. Two texts are of the same architecture if every edge
//! has the same operator: isomorphic cells have records of their own.

mod canonical;
mod lower;
mod notation;
mod shared;
mod text;

use assay_core::graph::{Graph, GraphError};
use assay_core::plugin::supernet::{Kept, SharedForm, SharedNet};
use assay_core::plugin::{ArchitectureError, MacroNet, NoSettings, SearchSpace};
use assay_core::subspace::{CellLayout, Edge, Layout, Subspace, Wiring};

use crate::checks::{Words, one_each};

pub use notation::naslib::cell as naslib_cell;

assay_core::register! {
    dyn SearchSpace,
    name: "nas-bench-201",
    summary: "cells of 6 edges and 5 operators, 15,625 in all (Dong and Yang, ICLR 2020)",
    settings: NoSettings,
    build: |_| Ok(Box::new(NasBench201::new())),
}

/// Target and source node of every edge, in the benchmark's order.
const EDGES: [(usize, usize); 6] = [(1, 0), (2, 0), (2, 1), (3, 0), (3, 1), (3, 2)];
/// Nodes of a cell: the input, two inner nodes and the output.
const NODES: usize = 4;
/// How an architecture is written.
const FORM: &str = "|op~0|+|op~0|op~1|+|op~0|op~1|op~2|, for example \
    |nor_conv_3x3~0|+|none~0|avg_pool_3x3~1|+|skip_connect~0|nor_conv_1x1~1|nor_conv_3x3~2|";

/// What an edge does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum EdgeOperator {
    None,
    Skip,
    Conv1x1,
    Conv3x3,
    AvgPool,
}

impl EdgeOperator {
    /// In the order of TE-NAS's masks, which is also the order of the oracle's parameter slots.
    const ALL: [Self; 5] = [Self::None, Self::Skip, Self::Conv1x1, Self::Conv3x3, Self::AvgPool];

    const fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Skip => "skip_connect",
            Self::Conv1x1 => "nor_conv_1x1",
            Self::Conv3x3 => "nor_conv_3x3",
            Self::AvgPool => "avg_pool_3x3",
        }
    }
}

/// The space. One kind of cell, `cell`, whose edges are `1<-0`, `2<-0`, `2<-1`, `3<-0`, `3<-1`, `3<-2`.
#[derive(Clone, Debug)]
pub struct NasBench201 {
    layout: Layout,
}

impl NasBench201 {
    /// The space.
    #[must_use]
    pub fn new() -> Self {
        let edges = EDGES.map(|(to, from)| format!("{to}<-{from}"));
        let wiring = Wiring {
            nodes: ["in", "1", "2", "out"].map(str::to_owned).into(),
            edges: EDGES.map(|(to, from)| Edge { from, to }).into(),
            concatenated: Vec::new(),
        };
        let cells = vec![CellLayout::uniform("cell", edges, EdgeOperator::ALL.len()).wired(wiring)];
        let zero = Some(EdgeOperator::None as usize);
        Self { layout: Layout { zero, ..Layout::new(EdgeOperator::ALL.map(EdgeOperator::name), cells) } }
    }

    /// The one operator of each edge.
    fn path(&self, architecture: &Subspace) -> Result<[EdgeOperator; EDGES.len()], ArchitectureError> {
        let words = Words { space: "nas-bench-201", before: "edge ", kept: "operators", each: "an edge" };
        Ok(one_each(&self.layout, architecture, words)?.map(|operator| EdgeOperator::ALL[operator]))
    }
}

impl Default for NasBench201 {
    fn default() -> Self {
        Self::new()
    }
}

impl SearchSpace for NasBench201 {
    fn layout(&self) -> &Layout {
        &self.layout
    }

    fn parse(&self, text: &str) -> Result<Subspace, ArchitectureError> {
        notation::parse(&self.layout, text)
    }

    fn write(&self, architecture: &Subspace) -> Result<String, ArchitectureError> {
        Ok(text::write(self.path(architecture)?))
    }

    fn canonical(&self, architecture: &Subspace) -> Result<String, ArchitectureError> {
        Ok(canonical::expression(self.path(architecture)?))
    }

    fn lower(&self, subspace: &Subspace, net: &MacroNet) -> Result<Graph, GraphError> {
        if !subspace.fits(&self.layout) {
            return Err(GraphError::Unsupported(format!("the mask `{subspace}` does not belong to nas-bench-201")));
        }
        lower::lower(&self.layout, subspace, net)
    }

    fn shared_net(&self, kept: Kept<'_>, form: &SharedForm) -> Result<SharedNet, GraphError> {
        shared::lower(&self.layout, kept, form)
    }
}
