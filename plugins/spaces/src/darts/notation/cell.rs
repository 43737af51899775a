//! A cell as a list of its eight inputs, or as a list of its four nodes with two inputs each.

use assay_core::plugin::{ArchitectureError, suggestion};

use super::super::genotype::{Cell, Input};
use super::super::operator::EdgeOperator;
use super::super::{INPUTS, NODES};
use crate::notation::{Value, Written, short};

pub(super) fn read(written: &Written<'_>, value: &Value) -> Result<Cell, ArchitectureError> {
    let Some(items) = value.list() else {
        return Err(written.wrong(value.at, "a cell is a list of inputs, such as ('sep_conv_3x3', 0)"));
    };
    // A node is a list of inputs, which are lists themselves.
    let is_node = |item: &Value| item.list().is_some_and(|inputs| inputs.first().is_some_and(|input| input.list().is_some()));
    let inputs: Vec<&Value> = match items.first().is_some_and(is_node) {
        true => items.iter().flat_map(|node| node.list().unwrap_or_default()).collect(),
        false => items.iter().collect(),
    };
    let count = inputs.len();
    let read = inputs.into_iter().enumerate().map(|(position, value)| input(written, value, position / 2));
    let inputs = read.collect::<Result<Vec<Input>, _>>()?;
    let (pairs, rest) = inputs.as_chunks::<2>();
    match Cell::try_from(pairs) {
        Ok(mut cell) if rest.is_empty() => {
            cell.iter_mut().for_each(|inputs| inputs.sort_unstable());
            Ok(cell)
        }
        _ => Err(written.wrong(value.at, &format!("a cell has {} inputs, two for each of {NODES} nodes, not {count}", 2 * NODES))),
    }
}

/// `('sep_conv_3x3', 0)`, an input of this inner node.
fn input(written: &Written<'_>, value: &Value, node: usize) -> Result<Input, ArchitectureError> {
    let Some([name, source]) = value.list() else {
        return Err(written.wrong(value.at, "an input is a pair of an operator and the node that it reads"));
    };
    Ok((self::source(written, source, node)?, operator(written, name)?))
}

/// The node that an inner node reads.
fn source(written: &Written<'_>, value: &Value, node: usize) -> Result<usize, ArchitectureError> {
    let Some(source) = value.integer() else { return Err(written.wrong(value.at, "the number of a node is expected")) };
    let readable = INPUTS + node.min(NODES - 1);
    usize::try_from(source)
        .ok()
        .filter(|source| *source < readable)
        .ok_or_else(|| written.wrong(value.at, &format!("inner node {node} reads nodes 0 to {}, not {source}", readable - 1)))
}

/// The operator that a value names.
pub(super) fn operator(written: &Written<'_>, value: &Value) -> Result<EdgeOperator, ArchitectureError> {
    let known = EdgeOperator::ALL.map(EdgeOperator::name);
    let Some(name) = value.word() else {
        return Err(written.wrong(value.at, &format!("the name of an operator is expected: {}", known.join(", "))));
    };
    let position = known.iter().position(|known| *known == name);
    let problem = || written.wrong(value.at, &format!("there is no operator `{}`; {}", short(name), suggestion(name, &known)));
    position.map(|position| EdgeOperator::ALL[position]).ok_or_else(problem)
}
