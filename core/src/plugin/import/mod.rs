//! How the table of a benchmark comes to where the benchmark finds it.
//!
//! A benchmark whose table is imported registers its [`Importer`] beside it, in the same [`register!`](crate::register). The
//! importer reads what users have, checks it, and keeps one table in the user's data directory, where [`table_file`] finds it for
//! the benchmark. What the table looks like inside is known to the two of them alone.

mod error;
mod find;
mod supply;

use std::fmt;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

pub use error::ImportError;
pub use find::{import, imported_table, table_file};
pub use supply::{Source, Supply};

/// Imports the table of the benchmark that it is registered beside.
#[derive(Clone, Copy, Debug)]
pub struct Importer {
    /// What it reads, as an argument of a command: `<data.anb or table.csv>`.
    pub reads: &'static str,
    /// What the name of the file that it keeps ends with: `parquet`.
    pub extension: &'static str,
    /// How it reads, and keeps what it read.
    pub import: Import,
    /// Where what it reads is to be had.
    pub supply: Supply,
}

impl Importer {
    /// Where it keeps the table of this benchmark.
    #[must_use]
    pub fn file(&self, benchmark: &str, data_directory: &Path) -> PathBuf {
        data_directory.join("benchmarks").join(format!("{benchmark}.{}", self.extension))
    }
}

/// Reads and checks a source, a file or folder, and keeps its table in the file that is named second. Where this fails or is
/// stopped, that file must stay as it was.
pub type Import = fn(&Path, &Path, &mut Report<'_>) -> Result<Imported, ImportError>;

/// What is told about progress. It stops the import by returning [`ControlFlow::Break`].
pub type Report<'r> = dyn FnMut(Progress) -> ControlFlow<()> + 'r;

/// How far an import is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// The source is being read.
    Reading {
        /// `architectures`, `bytes`.
        unit: &'static str,
        /// How many were read.
        done: u64,
        /// How many there are.
        total: u64,
    },
    /// Another import is writing the same table; this one goes on when that has ended.
    Waiting,
}

/// What an import kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Imported {
    /// The benchmark.
    pub benchmark: &'static str,
    /// The file that was written.
    pub file: PathBuf,
    /// Its size.
    pub bytes: u64,
    /// Architectures it holds.
    pub architectures: usize,
    /// The columns it holds.
    pub columns: Vec<String>,
    /// Those of them that were there before and are not in what was imported now.
    pub kept: Vec<String>,
    /// Columns of the source that the benchmark does not know; they were left out.
    pub ignored: Vec<String>,
    /// Columns that the benchmark knows and that are not complete in what was imported, each with the reason.
    pub left_out: Vec<String>,
}

/// Columns that are not kept and yet named.
const LISTED: usize = 20;

impl fmt::Display for Imported {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { benchmark, file, bytes, architectures, columns, kept, ignored, left_out } = self;
        let kilobytes = bytes.div_ceil(1000);
        writeln!(f, "{benchmark}: {architectures} architectures checked, kept in {} ({kilobytes} kB)", file.display())?;
        write!(f, "columns: {}", columns.join(", "))?;
        if !kept.is_empty() {
            write!(f, "\nof these, from an earlier import: {}", kept.join(", "))?;
        }
        for column in left_out {
            write!(f, "\nleft out: {column}")?;
        }
        if !ignored.is_empty() {
            let (listed, others) = ignored.split_at(ignored.len().min(LISTED));
            write!(f, "\nnot kept, because the benchmark does not know them: {}", listed.join(", "))?;
            if !others.is_empty() {
                write!(f, " and {} others", others.len())?;
            }
        }
        Ok(())
    }
}
