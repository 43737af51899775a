//! The importer of a benchmark and the table that it kept, by the benchmark's name.

use std::path::{Path, PathBuf};

use super::{ImportError, Imported, Importer, Report};
use crate::data::user_data_directory;
use crate::plugin::{BenchmarkError, Registry, RegistryError, Settings};

impl Importer {
    /// The importer of a benchmark.
    ///
    /// # Errors
    /// If it has none.
    pub fn of(benchmark: &str) -> Result<Self, RegistryError> {
        Ok(*Registry::<Self>::collect()?.build(benchmark, &Settings::none())?)
    }
}

/// Has the importer of a benchmark read `source` and keep its table in the data directory
/// ([`user_data_directory`]).
///
/// # Errors
/// If the benchmark has no importer, the source is not complete and correct, or the table cannot be stored. What was imported
/// before then stays.
pub fn import(benchmark: &str, source: &Path, data_directory: &Path, report: &mut Report<'_>) -> Result<Imported, ImportError> {
    let importer = Importer::of(benchmark)?;
    (importer.import)(source, &importer.file(benchmark, data_directory), report)
}

/// The file that a benchmark reads its table from: the one that its settings name, or else the one that an import kept.
///
/// # Errors
/// [`BenchmarkError::NotImported`] with the command that imports it, if it was not imported yet.
pub fn table_file(benchmark: &str, path: Option<&Path>) -> Result<PathBuf, BenchmarkError> {
    match path {
        Some(path) => Ok(path.to_owned()),
        None => {
            let data = user_data_directory().map_err(|error| BenchmarkError::Unreadable(error.to_string()))?;
            imported_table(benchmark, &data)
        }
    }
}

/// The table of a benchmark in this data directory.
///
/// # Errors
/// [`BenchmarkError::NotImported`] with the command that imports it, if it was not imported yet.
pub fn imported_table(benchmark: &str, data_directory: &Path) -> Result<PathBuf, BenchmarkError> {
    let importer = Importer::of(benchmark).map_err(|error| BenchmarkError::Unreadable(error.to_string()))?;
    let file = importer.file(benchmark, data_directory);
    if file.exists() {
        return Ok(file);
    }
    Err(BenchmarkError::NotImported(format!(
        "the table of {benchmark} is not imported yet ({} is not there); import your copy once: assay benchmark import {benchmark} {}",
        file.display(),
        importer.reads
    )))
}
