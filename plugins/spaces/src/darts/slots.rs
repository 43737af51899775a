//! Free choices: each of a node's two inputs chooses its operator and its source by itself.
//!
//! Genotypes that were drawn at random without DARTS's rule need this: a node may read one earlier node twice, even through
//! the same operator, and through `none`.

use std::collections::BTreeMap;

use assay_core::plugin::{Read, Reads};
use assay_core::subspace::{CellLayout, Layout, OperatorSet};

use super::genotype::{Cell, Input};
use super::lower::{SharedTerm, Term, Terms};
use super::operator::EdgeOperator;
use super::{CELLS, Choices, INPUTS, NODES};

/// For each inner node, the operator and the source of its first input, then of its second.
const SLOTS: [&str; 16] = [
    "0.a operator",
    "0.a source",
    "0.b operator",
    "0.b source",
    "1.a operator",
    "1.a source",
    "1.b operator",
    "1.b source",
    "2.a operator",
    "2.a source",
    "2.b operator",
    "2.b source",
    "3.a operator",
    "3.a source",
    "3.b operator",
    "3.b source",
];
/// The sources, behind the operators.
const SOURCES: [&str; 5] = ["0", "1", "2", "3", "4"];

/// The two inputs of a node are free of each other.
#[derive(Debug)]
pub(super) struct Slots;

const OPERATORS: usize = EdgeOperator::ALL.len();

/// The operators and the sources that one input of a node keeps.
fn slot(kept: &[OperatorSet], node: usize, input: usize) -> (OperatorSet, OperatorSet) {
    let first = 4 * node + 2 * input;
    (kept[first], kept[first + 1])
}

/// What is kept of a cell whose nodes read so; nodes behind the last of them keep nothing.
pub(super) fn of_reads(nodes: &[[Read; 2]]) -> Vec<OperatorSet> {
    let mut kept = vec![OperatorSet::EMPTY; SLOTS.len()];
    for (node, inputs) in nodes.iter().enumerate() {
        let mut inputs = *inputs;
        inputs.sort();
        for (number, read) in inputs.iter().enumerate() {
            let first = 4 * node + 2 * number;
            kept[first] = OperatorSet::EMPTY.with(read.operator);
            kept[first + 1] = OperatorSet::EMPTY.with(OPERATORS + read.source);
        }
    }
    kept
}

impl Choices for Slots {
    fn layout(&self) -> Layout {
        let operators: Vec<&str> = EdgeOperator::ALL.map(EdgeOperator::name).into_iter().chain(SOURCES).collect();
        let sources = |node: usize| (OPERATORS..OPERATORS + INPUTS + node).collect();
        let offers: Vec<OperatorSet> = (0..SLOTS.len())
            .map(|position| if position % 2 == 0 { OperatorSet::first(OPERATORS) } else { sources(position / 4) })
            .collect();
        let cell = |kind| CellLayout { offers: offers.clone(), ..CellLayout::uniform(kind, SLOTS, operators.len()) };
        let cells = CELLS.map(cell).into();
        Layout { zero: Some(EdgeOperator::None as usize), ..Layout::new(operators, cells) }
    }

    fn cell(&self, kept: &[OperatorSet]) -> Result<Cell, String> {
        let mut cell = [[(0, EdgeOperator::None); 2]; NODES];
        for (node, inputs) in cell.iter_mut().enumerate() {
            for (number, input) in inputs.iter_mut().enumerate() {
                let (operators, sources) = slot(kept, node, number);
                let (mut operator, mut source) = (operators.iter(), sources.iter());
                *input = match (operator.next(), operator.next(), source.next(), source.next()) {
                    (Some(operator), None, Some(source), None) => (source - OPERATORS, EdgeOperator::ALL[operator]),
                    _ => {
                        let (operators, sources) = (operators.len(), sources.len());
                        return Err(format!(
                            "an input of inner node {node} keeps {operators} operators and {sources} sources, but an architecture exactly one of each"
                        ));
                    }
                };
            }
            if inputs[0] > inputs[1] {
                return Err(format!("the inputs of inner node {node} are not in ascending order, by source and then by operator"));
            }
        }
        Ok(cell)
    }

    fn kept(&self, cell: &Cell) -> Result<Vec<OperatorSet>, String> {
        let both = |(source, operator): &Input| [*operator as usize, OPERATORS + source];
        Ok(cell.iter().flatten().flat_map(both).map(|choice| OperatorSet::EMPTY.with(choice)).collect())
    }

    fn terms(&self, kept: &[OperatorSet]) -> Terms {
        std::array::from_fn(|node| {
            let mut terms = Vec::new();
            for (input, letter) in ["a", "b"].into_iter().enumerate() {
                let (operators, sources) = slot(kept, node, input);
                let share = 1.0 / (operators.len() * sources.len()) as f32;
                for source in sources.iter().map(|source| source - OPERATORS) {
                    terms.extend(operators.iter().map(|operator| {
                        let operator = EdgeOperator::ALL[operator];
                        Term { name: format!("inputs.{node}.{letter}<-{source}.{}", operator.name()), operator, source, share }
                    }));
                }
            }
            terms
        })
    }

    /// Both inputs of a node share the weights of the operator on the edge from their source: what both read counts twice.
    fn shared(&self, kept: &[OperatorSet], node: usize) -> Vec<SharedTerm> {
        let mut times: BTreeMap<(usize, usize), usize> = BTreeMap::new();
        for input in 0..2 {
            let (operators, sources) = slot(kept, node, input);
            for source in sources.iter() {
                operators.iter().for_each(|operator| *times.entry((source - OPERATORS, operator)).or_default() += 1);
            }
        }
        times.into_iter().map(|((source, operator), times)| SharedTerm { source, operator, times, edge: None }).collect()
    }

    fn reads(&self) -> Option<Reads> {
        Some(Reads { nodes: NODES, operators: OPERATORS })
    }

    fn numbers(&self, kept: &[OperatorSet]) -> u128 {
        kept.iter().map(|set| set.len() as u128).product()
    }

    fn numbered(&self, kept: &[OperatorSet], mut number: u128) -> Option<Vec<OperatorSet>> {
        let mut chosen = kept.to_vec();
        for set in chosen.iter_mut().rev() {
            let all = set.len() as u128;
            let at = usize::try_from(number.checked_rem(all)?).ok()?;
            *set = set.iter().skip(at).take(1).collect();
            number /= all;
        }
        // Of the two orders of a node's inputs only the ascending one is an architecture.
        (number == 0 && self.cell(&chosen).is_ok()).then_some(chosen)
    }

    fn number(&self, kept: &[OperatorSet], chosen: &[OperatorSet]) -> Option<u128> {
        self.cell(chosen).ok()?;
        let choices = kept.iter().zip(chosen);
        choices.map(|(kept, chosen)| Some((kept.len() as u128, kept.position_of(*chosen)? as u128))).try_fold(0, |number: u128, choice| {
            let (all, at) = choice?;
            Some(number * all + at)
        })
    }
}
