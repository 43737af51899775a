//! Configurations of [NAS-Bench-301](https://github.com/automl/nasbench301): the two nodes that a node reads under
//! `…:inputs_node_normal_3` (`'0_1'`), and the operator of an edge under `…:edge_normal_2`, edges being counted over all pairs
//! of a node and an earlier one. The first inner node reads both inputs of the cell, which is not written.

use assay_core::plugin::ArchitectureError;

use super::super::genotype::{Cell, Genotype};
use super::super::operator::EdgeOperator;
use super::super::{CELLS, INPUTS, NODES};
use super::{Found, cell};
use crate::notation::{Value, Written};

type Entries = [(Value, Value)];

/// Whether a dictionary is such a configuration.
pub(super) fn is_one(entries: &Entries) -> bool {
    entries.iter().any(|(key, _)| key.word().is_some_and(|key| key.contains("edge_normal_") || key.contains("inputs_node_normal_")))
}

pub(super) fn read(written: &Written<'_>, whole: &Value, entries: &Entries) -> Result<Found, ArchitectureError> {
    let [normal, reduce] = CELLS.map(|kind| of_kind(written, whole, entries, kind));
    Ok(Found { genotype: Genotype { cells: [normal?, reduce?] }, at: [whole.at; 2] })
}

fn of_kind(written: &Written<'_>, whole: &Value, entries: &Entries, kind: &str) -> Result<Cell, ArchitectureError> {
    let mut cell = [[(0, EdgeOperator::None); 2]; NODES];
    let mut first_edge = 0;
    for (node, inputs) in cell.iter_mut().enumerate() {
        let sources = match node {
            0 => [0, 1],
            _ => sources(written, find(written, whole, entries, &format!("inputs_node_{kind}_{}", INPUTS + node))?, node)?,
        };
        for (input, source) in inputs.iter_mut().zip(sources) {
            let operator = find(written, whole, entries, &format!("edge_{kind}_{}", first_edge + source))?;
            *input = (source, cell::operator(written, operator)?);
        }
        inputs.sort_unstable();
        first_edge += INPUTS + node;
    }
    Ok(cell)
}

/// What stands under the key of this name, which may have `NetworkSelectorDatasetInfo:darts:` before it.
fn find<'v>(written: &Written<'_>, whole: &Value, entries: &'v Entries, name: &str) -> Result<&'v Value, ArchitectureError> {
    let is_named = |key: &str| key.strip_suffix(name).is_some_and(|before| before.is_empty() || before.ends_with([':', '_']));
    let found = entries.iter().find(|(key, _)| key.word().is_some_and(is_named));
    found.map(|(_, value)| value).ok_or_else(|| written.wrong(whole.at, &format!("the configuration has no `{name}`")))
}

/// `'0_2'`.
fn sources(written: &Written<'_>, value: &Value, node: usize) -> Result<[usize; 2], ArchitectureError> {
    let numbers = value.word().and_then(|word| word.split_once('_')).and_then(|(a, b)| Some([a.parse().ok()?, b.parse().ok()?]));
    numbers.filter(|sources: &[usize; 2]| sources.iter().all(|source| *source < INPUTS + node)).ok_or_else(|| {
        written.wrong(value.at, &format!("inner node {node} reads two of the nodes 0 to {}, written '0_1'", INPUTS + node - 1))
    })
}
