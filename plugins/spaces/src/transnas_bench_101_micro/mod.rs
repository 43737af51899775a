//! `transnas-bench-101-micro`: the cells of TransNAS-Bench-101 (Duan et al., CVPR 2021), 4⁶ = 4,096.
//!
//! A cell has four nodes; every node reads every earlier one through an edge that carries one of four operators. Five modules of two
//! cells: the first, third and fifth double the channels and halve height and width in their first cell, on the edges that read its
//! input (a skip connection is then a factorized reduction). The benchmark's networks have 64 channels behind the stem and two cells a
//! module, and read images of 256×256: `network.channels = 64`, `network.cells = 2`. NASLib's small ones, which published scores were
//! measured on, have 16 channels and the first three modules: `space.modules = 3`.
//!
//! The text form is the benchmark's own: `64-41414-1_02_333`, the operators of the edges into node 1, 2 and 3 (0 none, 1 skip, 2 1×1, 3
//! 3×3). The cell alone, `1_02_333`, is read too. Two texts are of the same architecture if every edge has the same operator.

mod canonical;
mod cell;
mod text;

use assay_core::graph::{Graph, GraphError};
use assay_core::plugin::{ArchitectureError, MacroNet, SearchSpace};
use assay_core::subspace::{CellLayout, Edge, Layout, Subspace, Wiring};

use crate::checks::{Words, one_each};
use crate::transnas_bench_101::{Heads, Module, lower};

assay_core::settings! {
    /// The settings of the space.
    #[derive(Clone, Copy, Debug)]
    struct Given {
        with heads: Heads;
        /// modules of a network, the first of the benchmark's five; NASLib's small networks have 3
        modules: usize = MODULES.len(), in 1..=5;
    }
}

assay_core::register! {
    dyn SearchSpace,
    name: "transnas-bench-101-micro",
    summary: "cells of 6 edges and 4 operators, 4,096 in all (Duan et al., CVPR 2021)",
    settings: Given,
    build: |Given { heads, modules }| Ok(Box::new(Micro { heads: heads.check()?, modules, ..Micro::new() })),
}

/// The benchmark's modules: 41414.
const MODULES: [Module; 5] = [Module::ALL[3], Module::ALL[0], Module::ALL[3], Module::ALL[0], Module::ALL[3]];
/// Target and source node of every edge, in the benchmark's order.
const EDGES: [(usize, usize); 6] = [(1, 0), (2, 0), (2, 1), (3, 0), (3, 1), (3, 2)];
/// Nodes of a cell: the input, two inner nodes and the output.
const NODES: usize = 4;
/// How an architecture is written.
const FORM: &str = "the operators of the edges into nodes 1, 2 and 3 (0 none, 1 skip, 2 conv 1×1, 3 conv 3×3), for example \
    64-41414-1_02_333";

/// What an edge does, in the order of the benchmark's digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum EdgeOperator {
    None,
    Skip,
    Conv1x1,
    Conv3x3,
}

impl EdgeOperator {
    const ALL: [Self; 4] = [Self::None, Self::Skip, Self::Conv1x1, Self::Conv3x3];

    /// As NAS-Bench-201 calls them, so that what knows operators by name knows these.
    const fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Skip => "skip_connect",
            Self::Conv1x1 => "nor_conv_1x1",
            Self::Conv3x3 => "nor_conv_3x3",
        }
    }
}

/// The operator of each edge of one cell.
type Path = [EdgeOperator; EDGES.len()];

/// The space. One kind of cell, `cell`, whose edges are `1<-0`, `2<-0`, `2<-1`, `3<-0`, `3<-1`, `3<-2`.
#[derive(Clone, Debug)]
pub struct Micro {
    layout: Layout,
    heads: Heads,
    modules: usize,
}

impl Micro {
    /// The space, with all modules, and as many outputs as the images have classes.
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
        let layout = Layout { zero, ..Layout::new(EdgeOperator::ALL.map(EdgeOperator::name), cells) };
        Self { layout, heads: Heads { task: None }, modules: MODULES.len() }
    }

    /// The one operator of each edge.
    fn path(&self, architecture: &Subspace) -> Result<Path, ArchitectureError> {
        let words = Words { space: "transnas-bench-101-micro", before: "edge ", kept: "operators", each: "an edge" };
        Ok(one_each(&self.layout, architecture, words)?.map(|operator| EdgeOperator::ALL[operator]))
    }
}

impl Default for Micro {
    fn default() -> Self {
        Self::new()
    }
}

impl SearchSpace for Micro {
    fn layout(&self) -> &Layout {
        &self.layout
    }

    fn parse(&self, text: &str) -> Result<Subspace, ArchitectureError> {
        text::parse(&self.layout, text)
    }

    fn write(&self, architecture: &Subspace) -> Result<String, ArchitectureError> {
        Ok(text::write(self.path(architecture)?))
    }

    fn canonical(&self, architecture: &Subspace) -> Result<String, ArchitectureError> {
        Ok(text::write(canonical::path(self.path(architecture)?)))
    }

    fn lower(&self, subspace: &Subspace, net: &MacroNet) -> Result<Graph, GraphError> {
        if !subspace.fits(&self.layout) {
            return Err(GraphError::Unsupported(format!("the mask `{subspace}` does not belong to transnas-bench-101-micro")));
        }
        lower(net, &MODULES[..self.modules], self.heads, &mut |b, place, input| cell::build(b, &self.layout, subspace, place, input))
    }
}
