//! How tables of figures look, and what is said below them of what measured.

use comfy_table::{CellAlignment, Table, presets};
use serde_json::Value;

/// An empty table with these heads.
pub(super) fn table<const N: usize>(heads: [&str; N]) -> Table {
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_header(heads);
    table
}

/// The lines of a table. So many columns after the first hold numbers, which stand on the right.
pub(super) fn lines(mut table: Table, numbers: usize) -> String {
    for column in table.column_iter_mut().skip(1).take(numbers) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    let lines: Vec<String> = table.lines().map(|line| line.strip_prefix(' ').unwrap_or(&line).trim_end().to_owned()).collect();
    lines.join("\n")
}

/// The engine and PyTorch's version that a measuring program printed.
pub(super) fn measured_by(values: &Value) -> String {
    let engine = values["engine"].as_str().unwrap_or("cpu");
    let pytorch = values["pytorch"].as_str().map_or_else(|| "PyTorch is not here".into(), |version| format!("PyTorch {version}"));
    format!("engine {engine}; {pytorch}")
}
