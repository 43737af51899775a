//! What the benchmark records of cells: asked of the program, which has the table.

use std::path::Path;
use std::process::Command;

use assay_results::exit;
use miette::{IntoDiagnostic, WrapErr, bail, miette};
use serde::Deserialize;

use super::without_data;

/// What is recorded of one cell after 12 epochs.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Recorded {
    /// Its number in the benchmark.
    pub(super) index: usize,
    pub(super) cell: String,
    /// Validation accuracy on the other half of CIFAR-10's training images, in per cent.
    pub(super) accuracy: f64,
    /// GPU seconds of training and validation.
    pub(super) seconds: f64,
}

/// An entry of `assay benchmark query --json`.
#[derive(Deserialize)]
struct Entry {
    architecture: String,
    figures: Vec<Figure>,
}

#[derive(Deserialize)]
struct Figure {
    column: String,
    value: Option<f64>,
}

/// What is recorded of these cells.
pub(super) fn of(assay: &Path, cells: &[usize]) -> miette::Result<Vec<Recorded>> {
    let mut command = Command::new(assay);
    command.args(["benchmark", "query", "nas-bench-201", "--json"]).args(cells.iter().map(usize::to_string));
    let output = command.output().into_diagnostic().wrap_err_with(|| format!("{} cannot be started", assay.display()))?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        if output.status.code() == Some(i32::from(exit::MISSING_DATA)) {
            without_data(&said);
        }
        bail!("{command:?} failed: {said}");
    }
    read(&output.stdout, cells)
}

fn read(json: &[u8], cells: &[usize]) -> miette::Result<Vec<Recorded>> {
    let entries: Vec<Entry> = serde_json::from_slice(json).into_diagnostic().wrap_err("what assay tells of the table cannot be read")?;
    let of = |(index, entry): (&usize, Entry)| {
        let value = |column: &str| {
            let figure = entry.figures.iter().find(|figure| figure.column == column);
            figure.and_then(|figure| figure.value).ok_or_else(|| miette!("the table knows no `{column}` of cell {index}"))
        };
        let (accuracy, seconds) = (value("ep12_valid_cifar10")?, value("ep12_cost_s_cifar10")?);
        Ok(Recorded { index: *index, accuracy, seconds, cell: entry.architecture })
    };
    cells.iter().zip(entries).map(of).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accuracy_and_cost_are_read_and_missed_by_name() {
        let figures = r#"{"column": "ep12_valid_cifar10", "value": 70.5}, {"column": "ep12_cost_s_cifar10", "value": 99.5}"#;
        let json = format!(r#"[{{"architecture": "|cell|", "index": 7, "figures": [{figures}]}}]"#);
        let recorded = read(json.as_bytes(), &[7]).unwrap();
        assert_eq!(recorded, [Recorded { index: 7, cell: "|cell|".into(), accuracy: 70.5, seconds: 99.5 }]);
        let without = json.replace("ep12_cost_s_cifar10", "cost");
        assert_eq!(read(without.as_bytes(), &[7]).unwrap_err().to_string(), "the table knows no `ep12_cost_s_cifar10` of cell 7");
    }
}
