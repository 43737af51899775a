//! Tables as Parquet, and those that several kinds of run leave.

use assay_core::score::Reading;
use assay_core::subspace::Layout;
use assay_results::Space;
use assay_results::files::SPACE;
use assay_results::tables::{architectures, measurements};
use polars::prelude::{Column, DataFrame, ParquetWriter};

use crate::RunError;
use crate::folder::RunFolder;

/// Writes what was searched or scored, for whoever draws it.
///
/// # Errors
/// If the file cannot be written.
pub(crate) fn write_space(folder: &RunFolder, name: &str, layout: &Layout) -> Result<(), RunError> {
    folder.write_json(SPACE, &Space { name: name.to_owned(), layout: layout.clone() })
}

/// Writes architectures as their space writes them, with their masks.
///
/// # Errors
/// If the file cannot be written.
pub(crate) fn write_architectures(folder: &RunFolder, written: Vec<(String, String)>) -> Result<(), RunError> {
    let height = written.len();
    let (texts, masks): (Vec<String>, Vec<String>) = written.into_iter().unzip();
    let columns = vec![Column::new(architectures::ARCH.into(), texts), Column::new(architectures::MASK.into(), masks)];
    write_table(folder, architectures::FILE, columns, height)
}

/// What was read and why not, as the columns that tables of readings have in common.
pub(crate) fn reading_columns(readings: &[&Reading]) -> [Column; 2] {
    let because = |reading: &&Reading| match reading {
        Reading::Value(_) => None,
        Reading::Undefined { because } => Some(because.clone()),
    };
    [
        Column::new(measurements::VALUE.into(), readings.iter().map(|reading| reading.value()).collect::<Vec<_>>()),
        Column::new(measurements::UNDEFINED_BECAUSE.into(), readings.iter().map(because).collect::<Vec<_>>()),
    ]
}

/// Writes a table as Parquet.
pub(crate) fn write_table(folder: &RunFolder, name: &str, columns: Vec<Column>, height: usize) -> Result<(), RunError> {
    let mut table = DataFrame::new(height, columns).map_err(|error| RunError::Result(format!("{name}: {error}")))?;
    let mut bytes = Vec::new();
    ParquetWriter::new(&mut bytes).finish(&mut table).map_err(|error| RunError::Result(format!("{name}: {error}")))?;
    folder.write(name, &bytes)
}
