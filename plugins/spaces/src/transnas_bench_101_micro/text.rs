//! Reading and writing cells as the benchmark does.

use assay_core::plugin::ArchitectureError;
use assay_core::subspace::{Layout, OperatorSet, Subspace};

use super::{EdgeOperator, FORM, NODES, Path};
use crate::notation::Written;

/// What stands before the cell: the channels behind the stem, and the modules.
const SURROUNDINGS: [&str; 2] = ["64", "41414"];

pub(super) fn write(path: Path) -> String {
    let [a, b, c, d, e, f] = path.map(|operator| operator as usize);
    let [channels, modules] = SURROUNDINGS;
    format!("{channels}-{modules}-{a}_{b}{c}_{d}{e}{f}")
}

/// Reads `64-41414-1_02_333`, or `1_02_333`; white space around it does not matter.
pub(super) fn parse(layout: &Layout, text: &str) -> Result<Subspace, ArchitectureError> {
    let written = Written::new(text, FORM)?;
    let parts: Vec<&str> = text.trim().split('-').collect();
    let cell = match parts[..] {
        [cell] => cell,
        [channels, modules, cell] => {
            for (part, expected) in [channels, modules].into_iter().zip(SURROUNDINGS) {
                if part != expected {
                    let problem = format!(
                        "all cells of the benchmark have {expected} here; what surrounds them is set by `network.channels` and `space.modules`"
                    );
                    return Err(written.wrong_in(part, &problem));
                }
            }
            cell
        }
        _ => return Err(written.wrong(0, &format!("this has {} parts joined by `-`, not 3", parts.len()))),
    };
    let nodes: Vec<&str> = cell.split('_').collect();
    if nodes.len() != NODES - 1 {
        return Err(written.wrong_in(cell, &format!("this is not {} nodes joined by `_`", NODES - 1)));
    }
    let mut edges = Vec::new();
    for (node, digits) in (1..).zip(nodes) {
        let count = digits.chars().count();
        if count != node {
            return Err(written.wrong_in(digits, &format!("node {node} reads {node} earlier nodes, so it has as many digits, not {count}")));
        }
        for (at, digit) in digits.char_indices() {
            let operator = digit.to_digit(10).map(|digit| digit as usize).filter(|digit| *digit < EdgeOperator::ALL.len());
            let operator = operator.ok_or_else(|| written.wrong_in(&digits[at..], "this is not an operator"))?;
            edges.push(OperatorSet::EMPTY.with(operator));
        }
    }
    Ok(Subspace::new(layout, vec![edges]))
}
