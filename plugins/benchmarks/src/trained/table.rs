//! The table that a study of trainings leaves: reading and checking it, and keeping it beside what was imported before.

use std::collections::HashMap;
use std::path::Path;

use assay_core::plugin::import::{ImportError, Imported, Report};
use polars::prelude::{Column, DataFrame};

use super::NAME;
use crate::parts::table::{Cell, Lock, RawTable, encode, runs_of, store};

/// The architecture, as its space writes it.
const ARCHITECTURE: &str = "arch";
/// How it was trained: the same of every row, since accuracies of different trainings never share a table.
const TRAINING: &str = "training";

/// A table that was checked.
#[derive(Clone, Debug)]
pub(super) struct Table {
    /// By row.
    pub(super) architectures: Vec<String>,
    /// The row of each architecture.
    pub(super) rows: HashMap<String, usize>,
    pub(super) training: String,
    /// The columns of accuracies, in the order of the file.
    pub(super) accuracies: Vec<Accuracies>,
    /// Other columns, which are not kept.
    pub(super) ignored: Vec<String>,
}

/// A column of accuracies with that of its single trainings.
#[derive(Clone, Debug)]
pub(super) struct Accuracies {
    pub(super) name: String,
    /// By row: the accuracy of each training in per cent; none of an architecture that a training gave no accuracy of.
    pub(super) seeds: Vec<Vec<f64>>,
}

impl Accuracies {
    /// The mean over the trainings of a row.
    pub(super) fn mean(&self, row: usize) -> Option<f64> {
        mean(&self.seeds[row])
    }
}

fn mean(seeds: &[f64]) -> Option<f64> {
    (!seeds.is_empty()).then(|| seeds.iter().sum::<f64>() / seeds.len() as f64)
}

impl Table {
    /// Reads and checks a table, CSV or parquet.
    pub(super) fn read(file: &Path) -> Result<Self, ImportError> {
        let raw = RawTable::read(file, &[ARCHITECTURE, TRAINING], &|_| true)?;
        let text = |cell: &Cell| cell.text().map(str::to_owned);
        let architectures = raw.values(ARCHITECTURE, "an architecture", text)?;
        let mut rows = HashMap::with_capacity(architectures.len());
        for (row, architecture) in architectures.iter().enumerate() {
            if let Some(first) = rows.insert(architecture.clone(), row) {
                return Err(raw.duplicate(format!("architecture {architecture}"), first, row));
            }
        }
        let trainings = raw.values(TRAINING, "how the architecture was trained", text)?;
        let Some(training) = trainings.first().cloned() else {
            return Err(ImportError::Row { file: file.to_owned(), place: "all rows".into(), problem: "there is no architecture".into() });
        };
        if let Some(row) = trainings.iter().position(|other| *other != training) {
            let problem = format!("it was trained otherwise than the first: {}, not {training}", trainings[row]);
            return Err(ImportError::Row { file: file.to_owned(), place: raw.place(row), problem });
        }
        let is_accuracy = |name: &&String| raw.column(&runs_of(name)).is_some();
        let names: Vec<&String> = raw.columns.iter().filter(is_accuracy).collect();
        if names.is_empty() {
            let problem = format!("no column holds accuracies: such a column has another one beside it, as in x and {}", runs_of("x"));
            return Err(ImportError::Columns { file: file.to_owned(), problem });
        }
        let accuracies = names.iter().map(|name| accuracies(&raw, name)).collect::<Result<Vec<_>, _>>()?;
        let is_read = |column: &String| {
            [ARCHITECTURE, TRAINING].contains(&column.as_str()) || names.iter().any(|name| *name == column || runs_of(name) == *column)
        };
        let ignored = raw.columns.iter().filter(|column| !is_read(column)).cloned().collect();
        Ok(Self { architectures, rows, training, accuracies, ignored })
    }

    /// Adds the architectures of an earlier table that this one does not have.
    fn keep(&mut self, earlier: Self) -> Result<(), String> {
        if earlier.training != self.training {
            return Err(format!("its architectures were trained otherwise ({}); use the new one by `path`", earlier.training));
        }
        let names = |table: &Self| table.accuracies.iter().map(|column| column.name.clone()).collect::<Vec<_>>();
        if names(&earlier) != names(self) {
            return Err(format!("it has the columns {}; use the new one by `path`", names(&earlier).join(", ")));
        }
        for (row, architecture) in earlier.architectures.into_iter().enumerate() {
            if self.rows.contains_key(&architecture) {
                continue;
            }
            self.rows.insert(architecture.clone(), self.architectures.len());
            self.architectures.push(architecture);
            for (column, earlier) in self.accuracies.iter_mut().zip(&earlier.accuracies) {
                column.seeds.push(earlier.seeds[row].clone());
            }
        }
        Ok(())
    }

    fn columns(&self) -> Vec<Column> {
        let height = self.architectures.len();
        let mut columns = vec![
            Column::new(ARCHITECTURE.into(), self.architectures.clone()),
            Column::new(TRAINING.into(), vec![self.training.as_str(); height]),
        ];
        for column in &self.accuracies {
            let means: Vec<Option<f64>> = (0..height).map(|row| column.mean(row)).collect();
            let written = |seeds: &Vec<f64>| (!seeds.is_empty()).then(|| seeds.iter().map(f64::to_string).collect::<Vec<_>>().join(" "));
            columns.push(Column::new(column.name.as_str().into(), means));
            columns.push(Column::new(runs_of(&column.name).into(), column.seeds.iter().map(written).collect::<Vec<_>>()));
        }
        columns
    }
}

/// Reads a column of accuracies and checks it against that of single trainings. What no training gave is missing in both.
fn accuracies(raw: &RawTable, name: &str) -> Result<Accuracies, ImportError> {
    let expected = "accuracies in per cent (0 to 100), separated by spaces";
    let percent = |text: &str| text.parse().ok().filter(|percent: &f64| (0.0..=100.0).contains(percent));
    let seeds = raw.values(&runs_of(name), expected, |cell| match cell {
        Cell::Missing => Some(Vec::new()),
        Cell::Text(text) => text.split_whitespace().map(percent).collect(),
        Cell::Number(number) => percent(&number.to_string()).map(|percent| vec![percent]),
    })?;
    let means = raw.values(name, "an accuracy in per cent (0 to 100)", |cell| match cell {
        Cell::Missing => Some(None),
        cell => cell.number_in(0.0, 100.0).map(Some),
    })?;
    for (row, (own, seeds)) in means.iter().zip(&seeds).enumerate() {
        let is_right = match (own, mean(seeds)) {
            (Some(own), Some(mean)) => (own - mean).abs() < 1e-6,
            (None, None) => true,
            _ => false,
        };
        if !is_right {
            return Err(raw.wrong(row, name, "the mean of the single trainings"));
        }
    }
    let most = seeds.iter().flatten().fold(0.0_f64, |most, percent| most.max(*percent));
    if most > 0.0 && most <= 1.0 {
        return Err(ImportError::Fractions { file: raw.file.clone(), column: name.to_owned() });
    }
    Ok(Accuracies { name: name.to_owned(), seeds })
}

/// Checks a table and keeps it in the file `into`. Architectures of an earlier import that this one does not have stay, if they
/// were trained in the same way.
pub(super) fn import(source: &Path, into: &Path, report: &mut Report<'_>) -> Result<Imported, ImportError> {
    let mut table = Table::read(source)?;
    // Until the table is written: what another import adds meanwhile would be lost.
    let _lock = Lock::of(into, report)?;
    if into.exists() {
        let unfit = |problem: String| ImportError::Earlier { file: into.to_owned(), problem };
        table.keep(Table::read(into).map_err(|error| unfit(error.to_string()))?).map_err(unfit)?;
    }
    let columns = table.columns();
    let names = columns.iter().map(|column| column.name().to_string()).collect();
    let stored = |problem: String| ImportError::Store { file: into.to_owned(), problem };
    let mut frame = DataFrame::new_infer_height(columns).map_err(|error| stored(error.to_string()))?;
    let bytes = store(into, |sink| encode(&mut frame, sink))?;
    Ok(Imported {
        benchmark: NAME,
        file: into.to_owned(),
        bytes,
        architectures: table.architectures.len(),
        columns: names,
        kept: Vec::new(),
        ignored: table.ignored,
        left_out: Vec::new(),
    })
}
