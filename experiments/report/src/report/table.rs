//! The tables of a run folder, column by column.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use assay_results::tables::Table;
use assay_structure::score::Reading;
use polars::prelude::{DataFrame, ParquetReader, PolarsError, PolarsResult, SerReader};

use super::error::ReportError;

/// A table that was read.
pub(super) struct RunTable {
    path: PathBuf,
    frame: DataFrame,
}

impl RunTable {
    /// The table of the run in this folder.
    pub(super) fn read(folder: &Path, table: &Table) -> Result<Self, ReportError> {
        let path = folder.join(table.file);
        match open(&path) {
            Ok(frame) => Ok(Self { path, frame }),
            Err(error) => Err(ReportError::Table { path, problem: error.to_string() }),
        }
    }

    /// The same; `None` where the folder does not have it.
    pub(super) fn read_if_any(folder: &Path, table: &Table) -> Result<Option<Self>, ReportError> {
        if folder.join(table.file).exists() { Self::read(folder, table).map(Some) } else { Ok(None) }
    }

    /// The texts of a column.
    pub(super) fn texts(&self, column: &str) -> Result<Vec<&str>, ReportError> {
        let texts = || Ok(self.frame.column(column)?.str()?.iter().map(Option::unwrap_or_default).collect());
        texts().map_err(|error: PolarsError| self.wrong(&error))
    }

    /// The numbers of a column.
    pub(super) fn numbers(&self, column: &str) -> Result<Vec<Option<f64>>, ReportError> {
        let numbers = || Ok(self.frame.column(column)?.f64()?.iter().collect());
        numbers().map_err(|error: PolarsError| self.wrong(&error))
    }

    /// The readings of a column of values and one of reasons why there is none.
    pub(super) fn readings(&self, value: &str, undefined_because: &str) -> Result<Vec<Reading>, ReportError> {
        let reading = |(value, because): (Option<f64>, &str)| value.map_or_else(|| Reading::undefined(because), Reading::Value);
        Ok(self.numbers(value)?.into_iter().zip(self.texts(undefined_because)?).map(reading).collect())
    }

    /// Something is wrong with what stands in it.
    pub(super) fn wrong(&self, problem: &dyn std::fmt::Display) -> ReportError {
        ReportError::Table { path: self.path.clone(), problem: problem.to_string() }
    }
}

fn open(path: &Path) -> PolarsResult<DataFrame> {
    let file = File::open(path).map_err(|error: io::Error| PolarsError::from(error))?;
    ParquetReader::new(file).finish()
}
