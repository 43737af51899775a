//! Results of trainings out of JSON files, gathered by architecture: of several trainings of one, the mean.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use assay_core::plugin::import::{ImportError, Imported, Report};
use serde_json::Value;

use crate::parts::table::{Cell, Held, Layout, RawTable, content, is_parquet, text};

/// What a JSON file holds; none where the file is not one, but a table.
pub(crate) fn json(file: &Path) -> Result<Option<Value>, ImportError> {
    let bytes = content(file)?;
    if is_parquet(&bytes) || !text(file, &bytes)?.trim_start().starts_with(['{', '[']) {
        return Ok(None);
    }
    let malformed = |error: serde_json::Error| ImportError::Unreadable { file: file.to_owned(), problem: error.to_string() };
    serde_json::from_slice(&bytes).map(Some).map_err(malformed)
}

/// Trainings that were read.
pub(crate) struct Results {
    source: PathBuf,
    layout: &'static Layout,
    /// What is the same of all trainings.
    same: Vec<(String, Value)>,
    /// By architecture, in the order in which they came, the numbers of each training.
    architectures: Vec<(String, Vec<Vec<Option<f64>>>)>,
    rows: HashMap<String, usize>,
}

impl Results {
    pub(crate) fn new(source: &Path, layout: &'static Layout) -> Self {
        Self { source: source.to_owned(), layout, same: Vec::new(), architectures: Vec::new(), rows: HashMap::new() }
    }

    /// Checks that something is the same of this training as of all before: accuracies of different trainings never share a table.
    pub(crate) fn same(&mut self, place: &str, what: &str, value: &Value) -> Result<(), ImportError> {
        let Some((_, first)) = self.same.iter().find(|(known, _)| known == what) else {
            self.same.push((what.to_owned(), value.clone()));
            return Ok(());
        };
        if first == value {
            return Ok(());
        }
        let problem = format!("its {what} is {value}, and that of the first is {first}; an import takes trainings of one {what}");
        Err(ImportError::Row { file: self.source.clone(), place: place.to_owned(), problem })
    }

    /// Adds a training of an architecture: its numbers in the order of the layout's columns behind the first.
    pub(crate) fn add<const N: usize>(&mut self, place: &str, architecture: &Value, numbers: [Option<f64>; N]) -> Result<(), ImportError> {
        let written = self.layout.written(&architecture.to_string()).map_err(|error| ImportError::Row {
            file: self.source.clone(),
            place: place.to_owned(),
            problem: error.to_string(),
        })?;
        let row = *self.rows.entry(written.clone()).or_insert_with(|| {
            self.architectures.push((written, Vec::new()));
            self.architectures.len() - 1
        });
        self.architectures[row].1.push(numbers.to_vec());
        Ok(())
    }

    /// Checks all of it as a table, and keeps that in the file `into`.
    pub(crate) fn keep(self, into: &Path, report: &mut Report<'_>) -> Result<Imported, ImportError> {
        let columns: Vec<&str> = (self.layout.columns)().iter().map(|column| column.name.as_str()).collect();
        let mut cells = vec![Vec::with_capacity(self.architectures.len()); columns.len()];
        let mut names = Vec::with_capacity(self.architectures.len());
        for (architecture, trainings) in self.architectures {
            cells[0].push(Cell::Text(architecture.clone()));
            for (column, cells) in cells[1..].iter_mut().enumerate() {
                let numbers: Vec<f64> = trainings.iter().filter_map(|numbers| numbers[column]).collect();
                let mean = numbers.iter().sum::<f64>() / numbers.len() as f64;
                cells.push(if numbers.is_empty() { Cell::Missing } else { Cell::Number(mean) });
            }
            names.push(architecture);
        }
        let table = RawTable::of_entries(&self.source, &columns, names, cells);
        Held::of(&table, self.layout)?.keep(self.layout, into, report)
    }
}
