//! Dictionaries: the cell's text under a name (`{'arch_str': '|…|'}`), or the operator of each edge, under the edge as the
//! benchmark's code for BOHB writes it (`{'1<-0': 'nor_conv_3x3', …}`) or under `hp_x0` to `hp_x5` in the benchmark's order, as
//! Syne Tune does.

use assay_core::plugin::ArchitectureError;
use assay_core::subspace::{Layout, OperatorSet, Subspace};

use super::super::text;
use super::operator::operator;
use super::unwrapped::unwrapped;
use crate::notation::{Value, Written};

/// What the cell's text is called.
const TEXTS: [&str; 5] = ["arch_str", "arch", "architecture", "structure", "genotype"];

pub(super) fn read(
    layout: &Layout,
    written: &Written<'_>,
    value: &Value,
    entries: &[(Value, Value)],
) -> Result<Subspace, ArchitectureError> {
    if let Some(config) = value.get("config").filter(|config| TEXTS.iter().any(|name| config.get(name).is_some())) {
        return named(layout, written, config);
    }
    if TEXTS.iter().any(|name| value.get(name).is_some()) {
        return named(layout, written, value);
    }
    let of_edge = |(position, edge): (usize, &String)| {
        let syne_tune = format!("hp_x{position}");
        let given = entries.iter().find(|(key, _)| key.word().is_some_and(|key| key == edge || key == syne_tune));
        let Some((_, name)) = given else {
            let known = format!("a dictionary has the text of the cell under {}, or an operator under each edge", TEXTS.join(", "));
            return Err(written.wrong(value.at, &format!("the edge '{edge}' is missing; {known}")));
        };
        Ok(OperatorSet::EMPTY.with(operator(layout, written, name)?))
    };
    let edges = layout.cells[0].edges.iter().enumerate().map(of_edge).collect::<Result<_, _>>()?;
    Ok(Subspace::new(layout, vec![edges]))
}

/// The cell whose text stands in the dictionary.
fn named(layout: &Layout, written: &Written<'_>, value: &Value) -> Result<Subspace, ArchitectureError> {
    let given = TEXTS.iter().find_map(|name| value.get(name)).unwrap_or(value);
    match given.word() {
        // The place in the whole text is that of the value; what is wrong in it is told as of its own text.
        Some(word) => text::parse(layout, unwrapped(word)),
        None => Err(written.wrong(given.at, "the text of the cell is expected here")),
    }
}
