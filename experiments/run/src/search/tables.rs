//! The tables of a search: every measurement and the trajectory, as Parquet in long form, and the trajectory as JSON.

use assay_core::plugin::{SearchSpace, Step};
use assay_core::score::Reading;
use assay_core::subspace::Subspace;
use assay_results::Trajectory;
use assay_results::files::TRAJECTORY;
use assay_results::tables::{measurements, steps};
use indexmap::IndexSet;
use polars::prelude::Column;

use crate::RunError;
use crate::bench::records::Record;
use crate::bench::workbench::Workbench;
use crate::folder::RunFolder;
use crate::tables::{engine_column, reading_columns, write_table};

/// Writes every measurement, in the order of proxy, subspace, and streams.
///
/// # Errors
/// If the file cannot be written.
pub(super) fn write_measurements(folder: &RunFolder, records: &[Record], workbench: &Workbench) -> Result<(), RunError> {
    let texts = |name: &str, text: fn(&Record) -> String| Column::new(name.into(), records.iter().map(text).collect::<Vec<_>>());
    let readings: Vec<&Reading> = records.iter().map(|record| &record.reading).collect();
    let [value, undefined_because] = reading_columns(&readings);
    let mut columns = vec![
        texts(measurements::PROXY, |record| record.request.label.clone()),
        texts(measurements::SUBSPACE, |record| record.request.subspace.to_string()),
        texts(measurements::PARAMETERS, |record| record.request.parameters.clone()),
        texts(measurements::IMAGES, |record| record.request.images.clone()),
        value,
        undefined_because,
        Column::new(measurements::SECONDS.into(), records.iter().map(|record| record.seconds).collect::<Vec<_>>()),
    ];
    columns.extend(engine_column(records.iter().map(|record| workbench.other_engine_for(&record.request)).collect()));
    write_table(folder, measurements::FILE, columns, records.len())
}

/// Writes the trajectory: as JSON with all that decided it, and as a table of the readings of each step.
///
/// # Errors
/// If a file cannot be written.
pub(super) fn write_trajectory(folder: &RunFolder, trajectory: &Trajectory) -> Result<(), RunError> {
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

/// The architectures among the states of a search, each once in the order of the steps, as their space writes them.
pub(super) fn architectures_of(space: &dyn SearchSpace, steps: &[Step]) -> Vec<(String, String)> {
    let states: IndexSet<&Subspace> = steps.iter().flat_map(|step| [&step.before, &step.after]).collect();
    states.into_iter().filter_map(|state| Some((space.write(state).ok()?, state.to_string()))).collect()
}
