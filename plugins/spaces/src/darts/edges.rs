//! DARTS's own choices: an operator for each of 14 edges, of which a cell keeps two a node.

use assay_core::subspace::{CellLayout, Edge, Layout, OperatorSet, Wiring};

use super::genotype::{Cell, Input};
use super::lower::{SharedTerm, Term, Terms};
use super::operator::EdgeOperator;
use super::{CELLS, Choices, INPUTS, NODE_NAMES, NODES};

pub(super) const EDGES: [&str; 14] =
    ["0<-0", "0<-1", "1<-0", "1<-1", "1<-2", "2<-0", "2<-1", "2<-2", "2<-3", "3<-0", "3<-1", "3<-2", "3<-3", "3<-4"];

/// Any two different earlier nodes feed an inner node, each through one operator other than `none`.
#[derive(Debug)]
pub(super) struct Edges;

/// The edges into a node: its sources, in order.
pub(super) fn into(node: usize) -> std::ops::Range<usize> {
    let first = (0..node).map(|node| INPUTS + node).sum();
    first..first + INPUTS + node
}

/// Of each node the two edges whose largest number is largest, the first of equals, each with its operator; `none` counts not.
pub(super) fn strongest(edges: &[Vec<f64>]) -> Vec<OperatorSet> {
    let best = |edge: usize| {
        let operators = edges[edge].iter().enumerate().filter(|(operator, _)| *operator != EdgeOperator::None as usize);
        operators.fold((0, f64::NEG_INFINITY), |best, (operator, number)| if *number > best.1 { (operator, *number) } else { best })
    };
    let mut kept = vec![OperatorSet::EMPTY; edges.len()];
    for node in 0..NODES {
        let mut ranked: Vec<(usize, (usize, f64))> = into(node).map(|edge| (edge, best(edge))).collect();
        ranked.sort_by(|(_, (_, one)), (_, (_, other))| other.total_cmp(one));
        for (edge, (operator, _)) in ranked.into_iter().take(2) {
            kept[edge] = OperatorSet::EMPTY.with(operator);
        }
    }
    kept
}

/// The edges and nodes. The output concatenates the inner nodes.
fn wiring() -> Wiring {
    let edges = (0..NODES).flat_map(|node| (0..INPUTS + node).map(move |from| Edge { from, to: INPUTS + node }));
    Wiring { nodes: NODE_NAMES.map(str::to_owned).into(), edges: edges.collect(), concatenated: (INPUTS..INPUTS + NODES).collect() }
}

/// The operators that an architecture may have on an edge.
fn usable(kept: OperatorSet) -> OperatorSet {
    kept.without(EdgeOperator::None as usize)
}

/// The pairs of edges into a node, each with the number of choices that it leaves.
fn pairs(kept: &[OperatorSet], node: usize) -> impl Iterator<Item = ([usize; 2], u128)> + '_ {
    let count = |edge: usize| usable(kept[edge]).len() as u128;
    let edges = into(node);
    edges.clone().flat_map(move |first| (first + 1..edges.end).map(move |second| ([first, second], count(first) * count(second))))
}

impl Choices for Edges {
    fn layout(&self) -> Layout {
        let operators = EdgeOperator::ALL.map(EdgeOperator::name);
        let cells = CELLS.map(|kind| CellLayout::uniform(kind, EDGES, operators.len()).wired(wiring())).into();
        Layout { zero: Some(EdgeOperator::None as usize), ..Layout::new(operators, cells) }
    }

    fn cell(&self, kept: &[OperatorSet]) -> Result<Cell, String> {
        let mut cell = [[(0, EdgeOperator::None); 2]; NODES];
        for (node, inputs) in cell.iter_mut().enumerate() {
            let mut found: Vec<Input> = Vec::new();
            for (source, edge) in into(node).enumerate().filter(|(_, edge)| !kept[*edge].is_empty()) {
                let mut operators = kept[edge].iter().map(|operator| EdgeOperator::ALL[operator]);
                match (operators.next(), operators.next()) {
                    (Some(EdgeOperator::None), None) => return Err(format!("edge {} keeps none, which no architecture has", EDGES[edge])),
                    (Some(operator), None) => found.push((source, operator)),
                    _ => return Err(format!("edge {} keeps {} operators, but an architecture at most one", EDGES[edge], kept[edge].len())),
                }
            }
            *inputs = <[Input; 2]>::try_from(found)
                .map_err(|found| format!("inner node {node} keeps {} edges, but an architecture exactly two a node", found.len()))?;
        }
        Ok(cell)
    }

    fn kept(&self, cell: &Cell) -> Result<Vec<OperatorSet>, String> {
        let mut kept = vec![OperatorSet::EMPTY; EDGES.len()];
        for (node, inputs) in cell.iter().enumerate() {
            for (source, operator) in inputs {
                let edge = into(node).start + source;
                let name = EDGES[edge];
                if *operator == EdgeOperator::None {
                    return Err(format!("edge {name} has `none`, which no architecture keeps; `inputs = \"free\"` allows it"));
                }
                if !kept[edge].is_empty() {
                    return Err(format!(
                        "inner node {node} reads node {source} twice, but its two inputs are different nodes; `inputs = \"free\"` allows it"
                    ));
                }
                kept[edge] = OperatorSet::EMPTY.with(*operator as usize);
            }
        }
        Ok(kept)
    }

    fn terms(&self, kept: &[OperatorSet]) -> Terms {
        std::array::from_fn(|node| {
            let term = |(source, edge): (usize, usize)| {
                let share = 1.0 / kept[edge].len() as f32;
                kept[edge].iter().map(move |operator| {
                    let operator = EdgeOperator::ALL[operator];
                    Term { name: format!("edges.{}.{}", EDGES[edge], operator.name()), operator, source, share }
                })
            };
            into(node).enumerate().flat_map(term).collect()
        })
    }

    fn shared(&self, kept: &[OperatorSet], node: usize) -> Vec<SharedTerm> {
        let of_edge = |(source, edge): (usize, usize)| {
            kept[edge].iter().map(move |operator| SharedTerm { source, operator, times: 1, edge: Some(edge) })
        };
        into(node).enumerate().flat_map(of_edge).collect()
    }

    fn numbers(&self, kept: &[OperatorSet]) -> u128 {
        (0..NODES).map(|node| pairs(kept, node).map(|(_, count)| count).sum::<u128>()).product()
    }

    fn numbered(&self, kept: &[OperatorSet], mut number: u128) -> Option<Vec<OperatorSet>> {
        let mut chosen = vec![OperatorSet::EMPTY; EDGES.len()];
        for node in (0..NODES).rev() {
            let all: u128 = pairs(kept, node).map(|(_, count)| count).sum();
            let mut rest = number.checked_rem(all)?;
            number /= all;
            for (edges, count) in pairs(kept, node) {
                if rest < count {
                    for edge in edges {
                        let operators = usable(kept[edge]);
                        let at = usize::try_from(rest % operators.len() as u128).ok()?;
                        rest /= operators.len() as u128;
                        chosen[edge] = operators.iter().skip(at).take(1).collect();
                    }
                    break;
                }
                rest -= count;
            }
        }
        (number == 0).then_some(chosen)
    }

    fn number(&self, kept: &[OperatorSet], chosen: &[OperatorSet]) -> Option<u128> {
        let mut number: u128 = 0;
        for node in 0..NODES {
            let all: u128 = pairs(kept, node).map(|(_, count)| count).sum();
            let pair: Vec<usize> = into(node).filter(|edge| !chosen[*edge].is_empty()).collect();
            // Every pair before this one takes as many numbers as it has choices.
            let before: u128 = pairs(kept, node).take_while(|(edges, _)| edges[..] != pair[..]).map(|(_, count)| count).sum();
            let [first, second] = pair[..] else { return None };
            let at = |edge: usize| usable(kept[edge]).position_of(chosen[edge]).map(|at| at as u128);
            number = number * all + before + at(first)? + at(second)? * usable(kept[first]).len() as u128;
        }
        Some(number)
    }
}
