//! The tables of a run folder, column by column.

use std::io::Cursor;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

use assay_results::read_checked;
use assay_results::tables::Table;
use assay_structure::score::Reading;
use polars::prelude::{DataFrame, ParquetReader, PolarsError, SerReader};

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
        match decoded(read_checked(&path)?) {
            Ok(frame) => Ok(Self { path, frame }),
            Err(problem) => Err(ReportError::Table { path, problem }),
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

/// More rows than any run has: a table that claims more is damaged.
const MOST_ROWS: usize = 1 << 24;

/// Reads a table; the error says what is wrong with it.
fn decoded(bytes: Vec<u8>) -> Result<DataFrame, String> {
    let read = || -> Result<DataFrame, String> {
        let mut reader = ParquetReader::new(Cursor::new(bytes));
        let rows = reader.num_rows().map_err(|error| error.to_string())?;
        if rows > MOST_ROWS {
            return Err(format!("it says that it has {rows} rows"));
        }
        reader.finish().map_err(|error| error.to_string())
    };
    // The decoder indexes by what the file says, and panics where that is wrong. It works on bytes of its own, which are given up.
    catch_unwind(AssertUnwindSafe(read)).unwrap_or_else(|_| Err("its content does not fit together".into()))
}

#[cfg(test)]
pub(super) mod tests {
    use std::fs::File;

    use assay_results::tables::targets::{ARCH, FILE, TABLE, VALUE};
    use polars::prelude::{Column, ParquetWriter};

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
            refused += usize::from(RunTable::read(folder.path(), &TABLE).is_err());
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
