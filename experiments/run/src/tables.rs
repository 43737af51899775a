//! The tables of a run: every measurement and the trajectory, as Parquet in long form, and the trajectory as JSON.

use std::fs::File;
use std::io;

use assay_core::plugin::{SearchSpace, Step};
use assay_core::score::Reading;
use assay_core::subspace::{Layout, Subspace};
use assay_results::Space;
pub use assay_results::Trajectory;
use assay_results::files::SPACE;
pub use assay_results::files::TRAJECTORY;
use assay_results::tables::{architectures, measurements, steps};
use indexmap::IndexSet;
use polars::prelude::{Column, DataFrame, ParquetWriter, PolarsError};

use super::RunError;
use super::folder::RunFolder;
use super::journal::Record;

/// Writes every measurement, in the order of proxy, subspace, and streams.
///
/// # Errors
/// If the file cannot be written.
pub fn write_measurements(folder: &RunFolder, records: &[Record]) -> Result<(), RunError> {
    let texts = |name: &str, text: fn(&Record) -> String| Column::new(name.into(), records.iter().map(text).collect::<Vec<_>>());
    let readings: Vec<&Reading> = records.iter().map(|record| &record.reading).collect();
    let [value, undefined_because] = reading_columns(&readings);
    let columns = vec![
        texts(measurements::PROXY, |record| record.request.label.clone()),
        texts(measurements::SUBSPACE, |record| record.request.subspace.to_string()),
        texts(measurements::PARAMETERS, |record| record.request.parameters.clone()),
        texts(measurements::IMAGES, |record| record.request.images.clone()),
        value,
        undefined_because,
        Column::new(measurements::SECONDS.into(), records.iter().map(|record| record.seconds).collect::<Vec<_>>()),
    ];
    write_table(folder, measurements::FILE, columns, records.len())
}

/// Writes the trajectory: as JSON with all that decided it, and as a table of the readings of each step.
///
/// # Errors
/// If a file cannot be written.
pub fn write_trajectory(folder: &RunFolder, trajectory: &Trajectory) -> Result<(), RunError> {
    let json = serde_json::to_vec_pretty(trajectory).map_err(|error| RunError::Result(error.to_string()))?;
    folder.write(TRAJECTORY, &json)?;
    type Row<'a> = (u32, &'a Step, &'a String, &'a Reading);
    let number = |position: usize| u32::try_from(position + 1).unwrap_or(u32::MAX);
    let rows: Vec<Row<'_>> = trajectory
        .steps
        .iter()
        .enumerate()
        .flat_map(|(position, step)| step.readings.iter().map(move |(proxy, reading)| (number(position), step, proxy, reading)))
        .collect();
    let texts = |name: &str, text: fn(&Row<'_>) -> String| Column::new(name.into(), rows.iter().map(text).collect::<Vec<_>>());
    let [value, undefined_because] = reading_columns(&rows.iter().map(|row| row.3).collect::<Vec<_>>());
    let columns = vec![
        Column::new(steps::STEP.into(), rows.iter().map(|row| row.0).collect::<Vec<_>>()),
        texts(steps::TITLE, |row| row.1.title.clone()),
        texts(steps::BEFORE, |row| row.1.before.to_string()),
        texts(steps::AFTER, |row| row.1.after.to_string()),
        texts(steps::PROXY, |row| row.2.clone()),
        value,
        undefined_because,
    ];
    write_table(folder, steps::FILE, columns, rows.len())
}

/// Writes what was searched or scored, for whoever draws it.
///
/// # Errors
/// If the file cannot be written.
pub(crate) fn write_space(folder: &RunFolder, name: &str, layout: &Layout) -> Result<(), RunError> {
    let space = Space { name: name.to_owned(), layout: layout.clone() };
    let json = serde_json::to_vec_pretty(&space).map_err(|error| RunError::Result(error.to_string()))?;
    folder.write(SPACE, &json)
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

/// The architectures among the states of a search, each once in the order of the steps, as their space writes them.
pub(crate) fn architectures_of(space: &dyn SearchSpace, steps: &[Step]) -> Vec<(String, String)> {
    let states: IndexSet<&Subspace> = steps.iter().flat_map(|step| [&step.before, &step.after]).collect();
    states.into_iter().filter_map(|state| Some((space.write(state).ok()?, state.to_string()))).collect()
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
    folder.write_with(name, |file: &mut File| {
        ParquetWriter::new(file).finish(&mut table).map(drop).map_err(|error| match error {
            PolarsError::IO { error, .. } => io::Error::new(error.kind(), error.to_string()),
            other => io::Error::other(other.to_string()),
        })
    })
}
