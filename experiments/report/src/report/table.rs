//! The tables of a run folder, column by column.

use std::path::{Path, PathBuf};

use assay_parquet::{Cell, Parquet};
use assay_results::read_checked;
use assay_results::tables::{MOST_BYTES, Table};
use assay_structure::score::Reading;

use super::error::ReportError;

/// A table whose columns are read when they are asked for.
pub(super) struct RunTable {
    path: PathBuf,
    table: Parquet,
}

impl RunTable {
    /// The table of the run in this folder.
    pub(super) fn read(folder: &Path, table: &Table) -> Result<Self, ReportError> {
        let path = folder.join(table.file);
        let is_known = |name: &str| table.columns.iter().any(|column| column.name == name);
        match Parquet::open(read_checked(&path)?, MOST_BYTES, &is_known) {
            Ok(table) => Ok(Self { path, table }),
            Err(problem) => Err(ReportError::Table { path, problem }),
        }
    }

    /// The same; `None` where the folder does not have it.
    pub(super) fn read_if_any(folder: &Path, table: &Table) -> Result<Option<Self>, ReportError> {
        if folder.join(table.file).exists() { Self::read(folder, table).map(Some) } else { Ok(None) }
    }

    /// The texts of a column; one that is missing is empty.
    pub(super) fn texts(&self, column: &str) -> Result<Vec<String>, ReportError> {
        self.cells(column, |cell| match cell {
            Cell::Text(text) => Ok(text),
            Cell::Missing => Ok(String::new()),
            Cell::Number(number) => Err(format!("`{number}` stands where a text is expected")),
        })
    }

    /// The numbers of a column.
    pub(super) fn numbers(&self, column: &str) -> Result<Vec<Option<f64>>, ReportError> {
        self.cells(column, |cell| match cell {
            Cell::Number(number) => Ok(Some(number)),
            Cell::Missing => Ok(None),
            Cell::Text(text) => Err(format!("`{text}` stands where a number is expected")),
        })
    }

    /// The readings of a column of values and one of reasons why there is none.
    pub(super) fn readings(&self, value: &str, undefined_because: &str) -> Result<Vec<Reading>, ReportError> {
        let reading = |(value, because): (Option<f64>, String)| value.map_or_else(|| Reading::undefined(because), Reading::Value);
        Ok(self.numbers(value)?.into_iter().zip(self.texts(undefined_because)?).map(reading).collect())
    }

    fn cells<T>(&self, column: &str, value: impl Fn(Cell) -> Result<T, String>) -> Result<Vec<T>, ReportError> {
        let cells = self.table.column(column).map_err(|problem| self.wrong(&problem))?;
        let values = cells.into_iter().map(value).collect::<Result<_, _>>();
        values.map_err(|problem| self.wrong(&format_args!("column `{column}`: {problem}")))
    }

    /// Something is wrong with what stands in it.
    pub(super) fn wrong(&self, problem: &dyn std::fmt::Display) -> ReportError {
        ReportError::Table { path: self.path.clone(), problem: problem.to_string() }
    }
}

#[cfg(test)]
pub(super) mod tests {
    use std::fs::File;

    use assay_results::tables::targets::{ARCH, FILE, TABLE, VALUE};
    use polars::prelude::{Column, DataFrame, ParquetWriter};

    use super::*;

    /// The cells of a column.
    pub(in crate::report) enum Cells {
        Texts(Vec<&'static str>),
        Numbers(Vec<Option<f64>>),
    }

    /// Writes a table of these columns.
    pub(in crate::report) fn write(folder: &Path, file: &str, columns: &[(&str, Cells)]) {
        let column = |(name, cells): &(&str, Cells)| match cells {
            Cells::Texts(texts) => Column::new((*name).into(), texts.clone()),
            Cells::Numbers(numbers) => Column::new((*name).into(), numbers.clone()),
        };
        let columns: Vec<Column> = columns.iter().map(column).collect();
        let mut frame = DataFrame::new(columns[0].len(), columns).unwrap();
        ParquetWriter::new(File::create(folder.join(file)).unwrap()).finish(&mut frame).unwrap();
    }

    #[test]
    fn what_is_wrong_with_a_table_is_said_with_its_file() {
        let folder = tempfile::tempdir().unwrap();
        assert!(RunTable::read_if_any(folder.path(), &TABLE).unwrap().is_none());
        let missing = RunTable::read(folder.path(), &TABLE).err().unwrap().to_string();
        assert!(missing.contains("targets.parquet` cannot be read: "), "{missing}");
        write(folder.path(), FILE, &[(ARCH, Cells::Texts(vec!["a"]))]);
        let table = RunTable::read(folder.path(), &TABLE).unwrap();
        assert_eq!(table.texts(ARCH).unwrap(), ["a"]);
        for said in [table.numbers(ARCH), table.numbers(VALUE)].map(|numbers| numbers.unwrap_err().to_string()) {
            assert!(said.contains("targets.parquet` cannot be read: "), "{said}");
        }
    }

    #[test]
    fn no_damage_of_a_table_is_a_panic() {
        let folder = tempfile::tempdir().unwrap();
        write(folder.path(), FILE, &[(ARCH, Cells::Texts(vec!["a", "b", "a"])), (VALUE, Cells::Numbers(vec![Some(1.0), None, Some(2.5)]))]);
        let path = folder.path().join(FILE);
        let whole = std::fs::read(&path).unwrap();
        let mut refused = 0;
        let mut read = |bytes: &[u8]| {
            std::fs::write(&path, bytes).unwrap();
            let read = RunTable::read(folder.path(), &TABLE).and_then(|table| Ok((table.texts(ARCH)?, table.numbers(VALUE)?)));
            refused += usize::from(read.is_err());
        };
        for length in 0..whole.len() {
            read(&whole[..length]);
        }
        for byte in 0..whole.len() {
            let mut damaged = whole.clone();
            damaged[byte] ^= 1 << (byte % 8);
            read(&damaged);
        }
        assert!(refused >= whole.len(), "{refused} of {} were refused", 2 * whole.len());
    }
}
