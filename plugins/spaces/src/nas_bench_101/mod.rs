//! `nas-bench-101`: the space of NAS-Bench-101 (Ying et al., ICML 2019), 423,624 cells that are not isomorphic.
//!
//! A cell is a directed acyclic graph of at most 7 vertices, input and output among them, and at most 9 edges; each inner
//! vertex is a 3×3 convolution, a 1×1 convolution or a 3×3 maximum. Three stacks of modules, each module one such cell (see
//! [`lower`]), with the benchmark's networks of 3 modules a stack and 128 channels in the first.
//!
//! The text form lists the operators of the inner vertices, then the edges, where 0 is the input and the last vertex the
//! output: `conv3x3-bn-relu,maxpool3x3|0>1,0>3,1>2,2>3`. Vertices on no path from input to output are dropped. Also read are the
//! adjacency matrix and the list of operators that the benchmark's code takes. Two texts are of the same architecture if their
//! cells are isomorphic: the benchmark's code knows a cell by a hash that does not depend on the numbering, and has one row for it.
//!
//! There are no supernets: how many channels a vertex has depends on which others feed the output.

mod canonical;
mod cell;
mod lower;
mod matrix;
mod text;

use assay_core::graph::{Graph, GraphError};
use assay_core::plugin::{ArchitectureError, MacroNet, NoSettings, SearchSpace};
use assay_core::subspace::{Arrow, CellLayout, Layout, OperatorSet, Sketch, SketchError, SketchNode, Subspace};

pub use cell::{Cell, VertexOperator};
use cell::{INNER, VERTICES};

assay_core::register! {
    dyn SearchSpace,
    name: "nas-bench-101",
    summary: "cells of at most 7 vertices and 9 edges, 423,624 in all (Ying et al., ICML 2019)",
    settings: NoSettings,
    build: |_| Ok(Box::new(NasBench101::new())),
}

/// How an architecture is written.
const FORM: &str = "the operators of the inner vertices and the edges, for example conv3x3-bn-relu,maxpool3x3|0>1,0>3,1>2,2>3; or the \
    matrix and all operators, for example [[0,1,0],[0,0,1],[0,0,0]] ['input','maxpool3x3','output']";

/// First the edges, in the order of a [`Cell`]'s bits, each absent or present; then the inner vertices.
const CHOICES: [&str; 26] = [
    "1<-0", "2<-0", "2<-1", "3<-0", "3<-1", "3<-2", "4<-0", "4<-1", "4<-2", "4<-3", "5<-0", "5<-1", "5<-2", "5<-3", "5<-4", "6<-0", "6<-1",
    "6<-2", "6<-3", "6<-4", "6<-5", "vertex 1", "vertex 2", "vertex 3", "vertex 4", "vertex 5",
];
/// How many of the choices are edges.
const EDGES: usize = CHOICES.len() - INNER;
/// The operators of an edge, before those of a vertex.
const EDGE_OPERATORS: [&str; 2] = ["absent", "present"];

/// The space. One kind of cell, `cell`, whose edges are the 21 that seven vertices may have, each `absent` or `present`,
/// and the five inner vertices. A smaller cell has its output at vertex 6 too; what it does not use is absent.
#[derive(Clone, Debug)]
pub struct NasBench101 {
    layout: Layout,
}

impl NasBench101 {
    /// The space.
    #[must_use]
    pub fn new() -> Self {
        let operators: Vec<&str> = EDGE_OPERATORS.into_iter().chain(VertexOperator::ALL.map(VertexOperator::name)).collect();
        let of_edge = OperatorSet::first(EDGE_OPERATORS.len());
        let of_vertex: OperatorSet = (EDGE_OPERATORS.len()..operators.len()).collect();
        let offers = (0..CHOICES.len()).map(|choice| if choice < EDGES { of_edge } else { of_vertex }).collect();
        let cell = CellLayout { offers, ..CellLayout::uniform("cell", CHOICES, operators.len()) };
        Self { layout: Layout::new(operators, vec![cell]) }
    }

    /// What keeps exactly this cell.
    fn keeping(&self, cell: &Cell) -> Subspace {
        let output = cell.vertices() - 1;
        let vertex = |vertex: usize| match vertex {
            _ if vertex == VERTICES - 1 => Some(output),
            _ => (vertex < output).then_some(vertex),
        };
        let mut kept = Vec::with_capacity(CHOICES.len());
        for to in 1..VERTICES {
            for from in 0..to {
                let is_present = vertex(from).zip(vertex(to)).is_some_and(|(from, to)| cell.has(from, to));
                kept.push(OperatorSet::EMPTY.with(usize::from(is_present)));
            }
        }
        let operator = |vertex: usize| if vertex < output { cell.operator(vertex) } else { VertexOperator::default() };
        kept.extend((1..=INNER).map(|vertex| OperatorSet::EMPTY.with(EDGE_OPERATORS.len() + operator(vertex) as usize)));
        Subspace::new(&self.layout, vec![kept])
    }

    /// The one cell that is kept.
    fn cell(&self, architecture: &Subspace) -> Result<Cell, ArchitectureError> {
        if !architecture.fits(&self.layout) {
            return Err(ArchitectureError(format!("the mask `{architecture}` does not belong to nas-bench-101")));
        }
        let mut chosen = [0; CHOICES.len()];
        for ((choice, kept), chosen) in CHOICES.iter().zip(&architecture.cells()[0]).zip(&mut chosen) {
            *chosen = match (kept.iter().next(), kept.len()) {
                (Some(operator), 1) => operator,
                (_, count) => {
                    return Err(ArchitectureError(format!(
                        "{choice} keeps {count} operators, but an architecture has exactly one of each"
                    )));
                }
            };
        }
        let edges = chosen[..EDGES].iter().enumerate().fold(0, |edges, (bit, present)| edges | (*present as u32) << bit);
        let operators: Vec<VertexOperator> =
            chosen[EDGES..].iter().map(|operator| VertexOperator::ALL[operator - EDGE_OPERATORS.len()]).collect();
        Cell::new(VERTICES, edges, &operators).map_err(ArchitectureError)
    }
}

impl NasBench101 {
    /// Reads a cell in any of the notations.
    ///
    /// # Errors
    /// If the text is not a cell; the message says where and why.
    pub fn read(text: &str) -> Result<Cell, ArchitectureError> {
        if text.contains(['[', '{', '(']) { matrix::parse(text) } else { text.parse() }
    }
}

impl Default for NasBench101 {
    fn default() -> Self {
        Self::new()
    }
}

impl SearchSpace for NasBench101 {
    fn layout(&self) -> &Layout {
        &self.layout
    }

    fn parse(&self, text: &str) -> Result<Subspace, ArchitectureError> {
        Self::read(text).map(|cell| self.keeping(&cell))
    }

    /// Single paths without vertices that are on no path: those keep what a smaller cell keeps otherwise.
    fn is_architecture(&self, subspace: &Subspace) -> bool {
        self.cell(subspace).is_ok_and(|cell| self.keeping(&cell) == *subspace)
    }

    fn architecture(&self, subspace: &Subspace, number: u128) -> Option<Subspace> {
        subspace.single_path(number).filter(|path| self.is_architecture(path))
    }

    fn write(&self, architecture: &Subspace) -> Result<String, ArchitectureError> {
        Ok(self.cell(architecture)?.to_string())
    }

    /// Isomorphic cells are the same, as in the benchmark's own code, which knows a cell by a hash of its graph without the vertices
    /// that are on no path: its table has one row for all of them.
    fn representative(&self, architecture: &Subspace) -> Subspace {
        self.cell(architecture).map_or_else(|_| architecture.clone(), |cell| self.keeping(&cell.canonical()))
    }

    /// Isomorphic cells share one text. They compute the same function except for the order of a module's channels, and for
    /// the vertex that has one channel more where channels do not divide. The benchmark counts them as one cell.
    fn canonical(&self, architecture: &Subspace) -> Result<String, ArchitectureError> {
        Ok(self.cell(architecture)?.canonical().to_string())
    }

    fn sketch(&self, architecture: &Subspace) -> Result<Vec<Sketch>, SketchError> {
        let cell = self.cell(architecture).map_err(|error| SketchError::NotOne(error.to_string()))?;
        let output = cell.vertices() - 1;
        let node = |vertex: usize| match vertex {
            0 => SketchNode::sum("in"),
            _ if vertex == output => SketchNode::sum("out"),
            _ => SketchNode::operator(cell.operator(vertex).name(), EDGE_OPERATORS.len() + cell.operator(vertex) as usize),
        };
        let ends = (1..=output).flat_map(|to| (0..to).map(move |from| (from, to)));
        let arrows = ends.filter(|(from, to)| cell.has(*from, *to)).map(|(from, to)| Arrow { from, to, operator: None }).collect();
        Ok(vec![Sketch { kind: self.layout.cells[0].kind.clone(), nodes: (0..=output).map(node).collect(), arrows }])
    }

    fn lower(&self, subspace: &Subspace, net: &MacroNet) -> Result<Graph, GraphError> {
        if subspace.fits(&self.layout) && subspace.choices().next().is_none() {
            return lower::lower(None, net);
        }
        let cell = self
            .cell(subspace)
            .map_err(|error| GraphError::Unsupported(format!("nas-bench-101 has no network of several cells at once: {error}")))?;
        lower::lower(Some(&cell), net)
    }
}
