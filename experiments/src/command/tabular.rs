//! Tables for the terminal.

use assay_core::score::Reading;
use comfy_table::{Table, presets};

pub(super) use assay_results::present::number::number;

/// A table with these column titles, or with none.
pub(super) fn table(titles: &[&str]) -> Table {
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    if !titles.is_empty() {
        table.set_header(titles.to_vec());
    }
    table
}

/// The lines of a table. Each cell is padded by a space on both sides, of which a line needs neither at its ends.
pub(super) fn render(table: &Table) -> String {
    let lines: Vec<String> = table.lines().map(|line| line.strip_prefix(' ').unwrap_or(&line).trim_end().to_owned()).collect();
    lines.join("\n")
}

/// A reading in few digits; files keep all of them.
pub(super) fn short(reading: &Reading) -> String {
    match reading {
        Reading::Value(value) => number(*value),
        Reading::Undefined { .. } => "undefined".into(),
    }
}
