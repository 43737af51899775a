//! A benchmark whose table has some architectures of a space and one accuracy of each: import and lookup.
//!
//! Such a benchmark says what its table is ([`Sample`]); [`SomeOfSpace`] does the rest.

use std::collections::HashMap;
use std::fmt::{Debug, Display};
use std::hash::Hash;
use std::path::{Path, PathBuf};

use assay_core::plugin::import::{ImportError, Imported, Report, table_file};
use assay_core::plugin::{Accuracy, Benchmark, BenchmarkError};
use polars::prelude::{Column as Series, DataFrame};

use super::TablePath;
use super::on_demand::OnDemand;
use crate::parts::table::{RawTable, encode, store};

/// A table of some architectures of a space.
pub(crate) trait Sample: Debug + Send + Sync + 'static {
    /// An architecture of the table; shown as its space writes it.
    type Architecture: Debug + Display + Send + Sync;
    /// What an architecture is found by: the same for all texts of one architecture.
    type Key: Debug + Eq + Hash + Send + Sync;

    /// The benchmark's name in experiment files.
    const NAME: &'static str;
    /// One line for protocols.
    const DESCRIPTION: &'static str;
    /// The column of the accuracy, and its name for people.
    const TARGET: (&'static str, &'static str);
    /// Rows of the table.
    const COUNT: usize;

    /// Reads and checks a table: the user's, or what an import of it kept.
    fn read(file: &Path) -> Result<Records<Self::Architecture, Self::Key>, ImportError>;

    /// Reads an architecture. `None` if the text is not one.
    fn parse(text: &str) -> Option<Self::Architecture>;

    /// What the architecture is found by.
    fn key(architecture: &Self::Architecture) -> Self::Key;
}

/// A table that was checked. Rows are numbered as in the file.
#[derive(Debug)]
pub(crate) struct Records<A, K> {
    /// By row.
    pub(crate) architectures: Vec<A>,
    /// The row of each architecture: see [`rows`].
    pub(crate) rows: HashMap<K, usize>,
    /// The target, per cent.
    pub(crate) percent: Vec<f64>,
    /// What an import keeps: reading it again gives these records.
    pub(crate) columns: Vec<Series>,
    /// Columns that the benchmark does not know.
    pub(crate) ignored: Vec<String>,
}

/// The row of each architecture, if the table has all its rows and no architecture twice.
pub(crate) fn rows<R: Sample>(table: &RawTable, architectures: &[R::Architecture]) -> Result<HashMap<R::Key, usize>, ImportError> {
    let mut rows = HashMap::with_capacity(architectures.len());
    for (row, architecture) in architectures.iter().enumerate() {
        if let Some(first) = rows.insert(R::key(architecture), row) {
            return Err(table.duplicate(format!("architecture {architecture}"), first, row));
        }
    }
    if table.rows == R::COUNT {
        return Ok(rows);
    }
    let problem = format!("{} architectures, but {} are expected; is the file cut short?", table.rows, R::COUNT);
    Err(ImportError::Row { file: table.file.clone(), place: "all rows".into(), problem })
}

/// Checks a table and keeps it in the file `into`.
pub(crate) fn import<R: Sample>(source: &Path, into: &Path, _report: &mut Report<'_>) -> Result<Imported, ImportError> {
    let Records { architectures, columns, ignored, .. } = R::read(source)?;
    let names = columns.iter().map(|column| column.name().to_string()).collect();
    let stored = |problem: String| ImportError::Store { file: into.to_owned(), problem };
    let mut frame = DataFrame::new_infer_height(columns).map_err(|error| stored(error.to_string()))?;
    let bytes = store(into, |sink| encode(&mut frame, sink))?;
    Ok(Imported {
        benchmark: R::NAME,
        file: into.to_owned(),
        bytes,
        architectures: architectures.len(),
        columns: names,
        kept: Vec::new(),
        ignored,
        left_out: Vec::new(),
    })
}

/// The benchmark of a table. The table is opened when it is first needed, or by [`Benchmark::check`].
#[derive(Debug)]
pub(crate) struct SomeOfSpace<R: Sample> {
    path: Option<PathBuf>,
    records: OnDemand<Read<R>>,
}

/// What was read for a benchmark.
type Read<R> = Records<<R as Sample>::Architecture, <R as Sample>::Key>;

impl<R: Sample> SomeOfSpace<R> {
    pub(crate) fn new(TablePath { path }: TablePath) -> Self {
        Self { path, records: OnDemand::not_yet() }
    }

    fn records(&self) -> Result<&Read<R>, BenchmarkError> {
        self.records.get(|| {
            let file = table_file(R::NAME, self.path.as_deref())?;
            R::read(&file).map_err(|error| BenchmarkError::Unreadable(error.to_string()))
        })
    }

    fn row(&self, architecture: &str) -> Result<(&Read<R>, usize), BenchmarkError> {
        let records = self.records()?;
        let row = R::parse(architecture).and_then(|architecture| records.rows.get(&R::key(&architecture)));
        row.map(|row| (records, *row)).ok_or_else(|| BenchmarkError::UnknownArchitecture(architecture.to_owned()))
    }
}

impl<R: Sample> Benchmark for SomeOfSpace<R> {
    fn describe(&self) -> String {
        R::DESCRIPTION.to_owned()
    }

    fn check(&self) -> Result<(), BenchmarkError> {
        self.records().map(drop)
    }

    fn accuracies(&self, architecture: &str) -> Result<Vec<Accuracy>, BenchmarkError> {
        let (records, row) = self.row(architecture)?;
        let (target, title) = R::TARGET;
        Ok(vec![Accuracy { target: target.into(), title: title.into(), percent: records.percent[row] }])
    }

    fn architectures(&self) -> Result<Option<Vec<String>>, BenchmarkError> {
        Ok(Some(self.records()?.architectures.iter().map(ToString::to_string).collect()))
    }

    fn index(&self, architecture: &str) -> Result<Option<u32>, BenchmarkError> {
        let (_, row) = self.row(architecture)?;
        Ok(u32::try_from(row).ok())
    }
}
