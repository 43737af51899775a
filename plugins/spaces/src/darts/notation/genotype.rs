//! The parts of a genotype: two cells and what they concatenate, by name or in order.

use assay_core::plugin::ArchitectureError;

use super::super::genotype::{Cell, Genotype};
use super::super::{CELLS, INPUTS, NODES};
use super::{Found, cell};
use crate::notation::{Value, Written, short};

/// Where `Genotype(` begins.
pub(super) fn begins(text: &str) -> Option<usize> {
    let at = text.find("Genotype(")?;
    (!text[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_')).then_some(at)
}

/// Reads `normal`, `normal_concat`, `reduce` and `reduce_concat`, in this order where they have no names. The concatenations
/// may be missing, since all cells of the space have the same.
pub(super) fn fields<'v>(
    written: &Written<'_>,
    whole: &Value,
    fields: impl Iterator<Item = (Option<&'v str>, &'v Value)>,
) -> Result<Found, ArchitectureError> {
    let fields: Vec<(Option<&str>, &Value)> = fields.collect();
    // Without names, two parts are the two cells.
    let has_concats = fields.len() > CELLS.len();
    let mut found: [Option<(Cell, usize)>; 2] = [None; 2];
    for (position, (name, value)) in fields.into_iter().enumerate() {
        let (kind, is_concat) = match name {
            Some(name) => name.strip_suffix("_concat").map_or((name, false), |kind| (kind, true)),
            None if has_concats => (CELLS.get(position / 2).copied().unwrap_or_default(), position % 2 == 1),
            None => (CELLS[position], false),
        };
        let Some(place) = CELLS.iter().position(|known| *known == kind) else {
            let known = "normal, normal_concat, reduce and reduce_concat";
            let part = name.map_or_else(|| format!("part {}", position + 1), |name| format!("`{}`", short(name)));
            return Err(written.wrong(value.at, &format!("{part} is not a part of a genotype; its parts are {known}")));
        };
        if is_concat {
            concat(written, value)?;
        } else if found[place].replace((cell::read(written, value)?, value.at)).is_some() {
            return Err(written.wrong(value.at, &format!("the cell `{kind}` is there twice")));
        }
    }
    match found {
        [Some((normal, at)), Some((reduce, behind))] => Ok(Found { genotype: Genotype { cells: [normal, reduce] }, at: [at, behind] }),
        [None, _] => Err(written.wrong(whole.at, "the cell `normal` is missing")),
        [_, None] => Err(written.wrong(whole.at, "the cell `reduce` is missing")),
    }
}

/// What a cell concatenates has to be every inner node, in any order.
fn concat(written: &Written<'_>, value: &Value) -> Result<(), ArchitectureError> {
    let mut nodes = value.integers().unwrap_or_default();
    nodes.sort_unstable();
    let all = (INPUTS..INPUTS + NODES).map(|node| node as i64);
    if nodes.into_iter().eq(all) {
        return Ok(());
    }
    let problem = format!("a cell of this space concatenates all of its inner nodes, range({INPUTS}, {})", INPUTS + NODES);
    Err(written.wrong(value.at, &problem))
}
