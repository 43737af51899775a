//! A pair of cells as the literature knows them, one text for all that differ only in the numbering of their nodes.

use assay_core::subspace::{Arrow, Sketch, SketchNode};

use super::operator::EdgeOperator;
use super::{INPUTS, NODE_NAMES, NODES};

/// One input of a node: the node it reads, and through what.
pub(super) type Input = (usize, EdgeOperator);

/// The two inputs of each inner node, in ascending order.
pub(super) type Cell = [[Input; 2]; NODES];

/// A normal and a reduction cell. Both concatenate all inner nodes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Genotype {
    /// Normal, reduction.
    pub(super) cells: [Cell; 2],
}

impl Genotype {
    /// The same cells with their inner nodes numbered in the way that makes them smallest.
    ///
    /// Another numbering permutes the channels of the cell's output, and the weights that read them.
    pub(super) fn canonical(self) -> Self {
        Self { cells: self.cells.map(smallest) }
    }
}

/// What a picture shows of a cell of this kind.
pub(super) fn sketch(kind: &str, cell: &Cell) -> Sketch {
    let inputs = cell
        .iter()
        .zip(INPUTS..)
        .flat_map(|(inputs, to)| inputs.map(|(from, operator)| Arrow { from, to, operator: Some(operator as usize) }));
    let joins = (INPUTS..INPUTS + NODES).map(|from| Arrow { from, to: INPUTS + NODES, operator: None });
    Sketch { kind: kind.to_owned(), nodes: NODE_NAMES.map(SketchNode::sum).into(), arrows: inputs.chain(joins).collect() }
}

fn smallest(cell: Cell) -> Cell {
    let mut best = cell;
    let mut order = Vec::with_capacity(NODES);
    visit(&cell, &mut order, &mut best);
    best
}

/// Completes `order`, the old numbers of the nodes in their new order, in every way in which nodes read earlier ones.
fn visit(cell: &Cell, order: &mut Vec<usize>, best: &mut Cell) {
    if order.len() == NODES {
        let renumbered = renumber(cell, order);
        if renumbered < *best {
            *best = renumbered;
        }
        return;
    }
    for node in 0..NODES {
        let is_placed = |source: usize| source < INPUTS || order.contains(&(source - INPUTS));
        if !order.contains(&node) && cell[node].iter().all(|(source, _)| is_placed(*source)) {
            order.push(node);
            visit(cell, order, best);
            order.pop();
        }
    }
}

fn renumber(cell: &Cell, order: &[usize]) -> Cell {
    let mut new = [0; NODES];
    order.iter().enumerate().for_each(|(number, old)| new[*old] = number);
    let source = |source: usize| if source < INPUTS { source } else { INPUTS + new[source - INPUTS] };
    let mut renumbered = *cell;
    for (inputs, old) in renumbered.iter_mut().zip(order) {
        *inputs = cell[*old].map(|(from, operator)| (source(from), operator));
        inputs.sort_unstable();
    }
    renumbered
}
