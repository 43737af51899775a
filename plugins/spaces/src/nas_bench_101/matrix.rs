//! A cell as the benchmark's own code takes it: the adjacency matrix and the list of operators, as `ModelSpec(matrix=…, ops=…)`, as
//! a dictionary, as a pair, or one behind the other.

use assay_core::plugin::ArchitectureError;

use super::FORM;
use super::cell::{Cell, VERTICES, VertexOperator, bit};
use super::text::operator;
use crate::notation::{Kind, Reader, Value, Written};

/// What the matrix and the operators are called, here and there.
const MATRICES: [&str; 4] = ["matrix", "module_adjacency", "original_matrix", "adjacency"];
const OPERATORS: [&str; 5] = ["ops", "module_operations", "original_ops", "operations", "operators"];

pub(super) fn parse(text: &str) -> Result<Cell, ArchitectureError> {
    let written = Written::new(text, FORM)?;
    let at = written.literal().ok_or_else(|| written.wrong(0, "this is not a cell"))?;
    let mut reader = Reader::new(&written, at);
    let first = reader.value()?;
    reader.take(',');
    let second = if is_matrix(&first) { Some(reader.value()?) } else { None };
    reader.end()?;
    let named = |names: &[&str]| names.iter().find_map(|name| first.get(name));
    let parts = match (&first.bare().kind, &second) {
        (_, Some(second)) => Some((&first, second)),
        (Kind::List(items), None) => match &items[..] {
            [matrix, operators] => Some((matrix, operators)),
            _ => None,
        },
        (Kind::Call(_, arguments), None) if arguments.iter().all(|(key, _)| key.is_none()) => match &arguments[..] {
            [(_, matrix), (_, operators), ..] => Some((matrix, operators)),
            _ => None,
        },
        _ => named(&MATRICES).zip(named(&OPERATORS)),
    };
    let Some((matrix, operators)) = parts else {
        return Err(written.wrong(at, "a cell is a matrix and a list of operators: [[0, 1], [0, 0]] ['input', 'output']"));
    };
    let edges = edges(&written, matrix)?;
    let operators = inner(&written, operators, edges.vertices)?;
    Cell::new(edges.vertices, edges.bits, &operators).map_err(|problem| written.wrong(at, &problem))
}

/// Whether it is a list of rows, rather than a matrix and operators.
fn is_matrix(value: &Value) -> bool {
    let is_row = |row: &Value| row.list().is_some_and(|entries| entries.iter().all(|entry| entry.list().is_none()));
    value.list().is_some_and(|rows| !rows.is_empty() && rows.iter().all(is_row))
}

/// 0 or 1, which numpy may have as `False` and `True`, or with a point.
fn entry_of(value: &Value) -> Option<bool> {
    match (value.integer(), value.word()) {
        (Some(0), _) | (_, Some("False" | "false" | "0." | "0.0")) => Some(false),
        (Some(1), _) | (_, Some("True" | "true" | "1." | "1.0")) => Some(true),
        _ => None,
    }
}

struct Edges {
    vertices: usize,
    bits: u32,
}

fn edges(written: &Written<'_>, matrix: &Value) -> Result<Edges, ArchitectureError> {
    let rows = matrix.list().unwrap_or_default();
    let vertices = rows.len();
    if !(2..=VERTICES).contains(&vertices) {
        return Err(written.wrong(matrix.at, &format!("the matrix of a cell has 2 to {VERTICES} rows, not {vertices}")));
    }
    let mut bits = 0;
    for (from, row) in rows.iter().enumerate() {
        let entries = row.list().unwrap_or_default();
        if entries.len() != vertices {
            return Err(written.wrong(row.at, &format!("row {from} has {} entries, but the matrix has {vertices} rows", entries.len())));
        }
        for (to, entry) in entries.iter().enumerate() {
            match entry_of(entry) {
                Some(false) => {}
                Some(true) if from < to => bits |= 1 << bit(from, to),
                Some(true) => {
                    let problem = format!("row {from} has an edge to vertex {to}, but edges lead to larger vertices");
                    return Err(written.wrong(entry.at, &problem));
                }
                None => return Err(written.wrong(entry.at, "an entry of the matrix is 0 or 1")),
            }
        }
    }
    Ok(Edges { vertices, bits })
}

/// The operators of the inner vertices; `input` and `output` may stand around them.
fn inner(written: &Written<'_>, value: &Value, vertices: usize) -> Result<Vec<VertexOperator>, ArchitectureError> {
    let Some(mut items) = value.list() else { return Err(written.wrong(value.at, "the list of operators is expected here")) };
    if let [first, inner @ .., last] = items
        && first.word() == Some("input")
        && last.word() == Some("output")
    {
        items = inner;
    }
    if items.len() + 2 != vertices {
        let problem = format!("{} operators between input and output do not fit a matrix of {vertices} rows", items.len());
        return Err(written.wrong(value.at, &problem));
    }
    items.iter().map(|item| operator(written, item.at, item.word().unwrap_or_default())).collect()
}
