//! A table that holds some architectures of a space, and of what is known of them whatever it has: checking it, and adding one to
//! another.

use std::collections::HashMap;
use std::path::Path;

use assay_core::plugin::import::{ImportError, Imported, Report};
use polars::prelude::{Column as Series, DataFrame};

use super::check::{cost, percent};
use super::layout::{Column, Content, Layout};
use super::lock::Lock;
use super::read::RawTable;
use super::store::{encode, store};
use super::{Cell, Values};

/// The column that names the architectures.
const ARCHITECTURE: &str = "arch";

/// Reads a cell: nothing if it does not hold what its column should, `Some(None)` if it is empty.
type Read = fn(&Cell) -> Option<Option<f64>>;

fn accuracy(cell: &Cell) -> Option<Option<f64>> {
    match cell {
        Cell::Missing => Some(None),
        cell => percent(cell).map(Some),
    }
}

/// A table that was checked.
#[derive(Debug)]
pub(crate) struct Held {
    /// By row, as the space writes them.
    pub(crate) architectures: Vec<String>,
    /// The row of each architecture, by how the space writes it.
    pub(crate) rows: HashMap<String, usize>,
    /// Numbers, some of which may be missing.
    pub(crate) columns: Vec<(&'static Column, Vec<Option<f64>>)>,
    ignored: Vec<String>,
}

impl Held {
    /// Reads and checks a CSV or parquet file.
    pub(crate) fn read(file: &Path, layout: &'static Layout) -> Result<Self, ImportError> {
        Self::of(&RawTable::read(file, &[ARCHITECTURE], &|name| layout.knows(name))?, layout)
    }

    /// Checks a table: every architecture is one of the space and there once, and every cell holds a number or nothing.
    pub(crate) fn of(table: &RawTable, layout: &'static Layout) -> Result<Self, ImportError> {
        let texts = table.values(ARCHITECTURE, layout.example.trim_end_matches(','), |cell| cell.text().map(str::to_owned))?;
        let mut architectures = Vec::with_capacity(texts.len());
        let mut rows = HashMap::with_capacity(texts.len());
        for (row, text) in texts.iter().enumerate() {
            let written = layout.written(text).map_err(|error| ImportError::Row {
                file: table.file.clone(),
                place: table.place(row),
                problem: format!("column `{ARCHITECTURE}`: {error}"),
            })?;
            if let Some(first) = rows.insert(written.clone(), row) {
                return Err(table.duplicate(format!("architecture {written}"), first, row));
            }
            architectures.push(written);
        }
        let mut columns = Vec::new();
        for column in (layout.columns)() {
            let (expected, value) = match column.content {
                Content::Accuracy { .. } => ("an accuracy in per cent (0 to 100), or nothing", accuracy as Read),
                Content::Cost { .. } => ("a number, 0 or more, or nothing", cost as Read),
                Content::Index | Content::Architecture | Content::Isomorph | Content::Runs { .. } => continue,
            };
            if table.column(&column.name).is_none() {
                continue;
            }
            let values = table.values(&column.name, expected, value)?;
            let largest = values.iter().flatten().copied().fold(f64::NEG_INFINITY, f64::max);
            if matches!(column.content, Content::Accuracy { .. }) && (0.0..=1.0).contains(&largest) && largest > 0.0 {
                return Err(ImportError::Fractions { file: table.file.clone(), column: column.name.clone() });
            }
            columns.push((column, values));
        }
        if columns.is_empty() || architectures.is_empty() {
            let some: Vec<&str> = (layout.columns)().iter().skip(1).take(3).map(|column| column.name.as_str()).collect();
            let problem = format!("it holds no figures of {}, such as columns {}", layout.name, some.join(", "));
            return Err(ImportError::Columns { file: table.file.clone(), problem });
        }
        let mut ignored = table.unknown.clone();
        ignored.extend(table.columns.iter().filter(|name| !layout.knows(name) && *name != ARCHITECTURE).cloned());
        Ok(Self { architectures, rows, columns, ignored })
    }

    /// The numbers of a column.
    pub(crate) fn numbers(&self, column: &str) -> Option<&[Option<f64>]> {
        self.columns.iter().find(|(own, _)| own.name == column).map(|(_, numbers)| numbers.as_slice())
    }

    /// Adds what an earlier table has and this one does not: architectures, columns and single numbers. Gives the columns that only
    /// that one had.
    fn add(&mut self, earlier: &Self, layout: &Layout) -> Vec<String> {
        for architecture in &earlier.architectures {
            if !self.rows.contains_key(architecture) {
                self.rows.insert(architecture.clone(), self.architectures.len());
                self.architectures.push(architecture.clone());
            }
        }
        self.columns.iter_mut().for_each(|(_, numbers)| numbers.resize(self.architectures.len(), None));
        let mut kept = Vec::new();
        for (column, numbers) in &earlier.columns {
            let own = match self.columns.iter().position(|(own, _)| own.name == column.name) {
                Some(own) => own,
                None => {
                    kept.push(column.name.clone());
                    self.columns.push((column, vec![None; self.architectures.len()]));
                    self.columns.len() - 1
                }
            };
            for (architecture, number) in earlier.architectures.iter().zip(numbers) {
                let cell = &mut self.columns[own].1[self.rows[architecture]];
                *cell = cell.or(*number);
            }
        }
        self.columns.sort_by_key(|(column, _)| (layout.columns)().iter().position(|other| other.name == column.name));
        kept
    }

    /// Keeps the table in the file `into`, with what an earlier import left there.
    pub(crate) fn keep(mut self, layout: &'static Layout, into: &Path, report: &mut Report<'_>) -> Result<Imported, ImportError> {
        // Until the table is written: what another import adds meanwhile would be lost.
        let _lock = Lock::of(into, report)?;
        let mut kept = Vec::new();
        if into.exists() {
            let unfit = |error: ImportError| ImportError::Earlier { file: into.to_owned(), problem: error.to_string() };
            kept = self.add(&Self::read(into, layout).map_err(unfit)?, layout);
        }
        let Self { architectures, columns, ignored, .. } = self;
        let count = architectures.len();
        let mut series = vec![Series::new(ARCHITECTURE.into(), architectures)];
        series.extend(columns.into_iter().map(|(column, numbers)| Values::Partial(numbers).series(&column.name)));
        let names = series.iter().map(|column| column.name().to_string()).collect();
        let stored = |problem: String| ImportError::Store { file: into.to_owned(), problem };
        let mut frame = DataFrame::new_infer_height(series).map_err(|error| stored(error.to_string()))?;
        let bytes = store(into, |sink| encode(&mut frame, sink))?;
        Ok(Imported {
            benchmark: layout.name,
            file: into.to_owned(),
            bytes,
            architectures: count,
            columns: names,
            kept,
            ignored,
            left_out: Vec::new(),
        })
    }
}
