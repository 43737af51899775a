//! Why a table is not imported: every refusal says where in which file.

use std::path::PathBuf;

use crate::plugin::RegistryError;

/// Why a table was not imported.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ImportError {
    /// There is no importer for the benchmark.
    #[error(transparent)]
    NoImporter(Box<RegistryError>),
    /// The file cannot be read.
    #[error("{}: {problem}", .file.display())]
    Unreadable {
        /// The table.
        file: PathBuf,
        /// What the system says.
        problem: String,
    },
    /// The file is neither CSV nor parquet.
    #[error("{} is neither a CSV nor a parquet table: {problem}", .file.display())]
    Foreign {
        /// The file.
        file: PathBuf,
        /// What it seems to be.
        problem: String,
    },
    /// The table lacks columns, or has one twice.
    #[error("{}: {problem}", .file.display())]
    Columns {
        /// The table.
        file: PathBuf,
        /// Which columns, and which there are.
        problem: String,
    },
    /// A row does not have the form of a row.
    #[error("{}, {place}: {problem}", .file.display())]
    Row {
        /// The table.
        file: PathBuf,
        /// The line or row.
        place: String,
        /// What is wrong with it.
        problem: String,
    },
    /// A cell does not hold what its column should.
    #[error("{}, {place}, column `{column}`: {found}, but {expected} is expected", .file.display())]
    Cell {
        /// The table.
        file: PathBuf,
        /// The line or row.
        place: String,
        /// The column.
        column: String,
        /// What the cell holds, quoted.
        found: String,
        /// What it should hold.
        expected: String,
    },
    /// Two rows are about one architecture.
    #[error("{}: {what} is in {first} and again in {second}; every architecture must be there exactly once", .file.display())]
    Duplicate {
        /// The table.
        file: PathBuf,
        /// The index or architecture.
        what: String,
        /// The line or row where it came first.
        first: String,
        /// The line or row where it came again.
        second: String,
    },
    /// Architectures are missing.
    #[error("{} holds {found} of {expected} architectures: {} are missing, the first is index {first}; is the file cut short?", .file.display(), .expected - .found)]
    MissingRows {
        /// The table.
        file: PathBuf,
        /// Architectures it holds.
        found: usize,
        /// Architectures there are.
        expected: usize,
        /// The smallest index that is missing.
        first: usize,
    },
    /// A whole column is on another scale.
    #[error("{}, column `{column}`: no value is above 1, so these look like fractions; per cent (0 to 100) is expected", .file.display())]
    Fractions {
        /// The table.
        file: PathBuf,
        /// The column.
        column: String,
    },
    /// The checked table does not go with the one that was imported before.
    #[error("{} was kept by an earlier import, and cannot be added to: {problem}; delete it and import again", .file.display())]
    Earlier {
        /// The table imported before.
        file: PathBuf,
        /// Why not.
        problem: String,
    },
    /// The caller asked to stop.
    #[error("the import was stopped; nothing was changed")]
    Stopped,
    /// The checked table cannot be stored.
    #[error("cannot write {}: {problem}", .file.display())]
    Store {
        /// The file that was to be written.
        file: PathBuf,
        /// What the system says.
        problem: String,
    },
}

impl From<RegistryError> for ImportError {
    fn from(error: RegistryError) -> Self {
        Self::NoImporter(Box::new(error))
    }
}
