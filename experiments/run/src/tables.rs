//! Tables as Parquet, and those that several kinds of run leave.

use std::io;

use assay_core::score::Reading;
use assay_core::subspace::Layout;
use assay_results::Space;
use assay_results::files::SPACE;
use assay_results::tables::{architectures, measurements};
use polars::prelude::{AnyValue, Column, DataFrame, ParquetWriter};

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

/// The engines that measured rows where that is not the experiment's own, as a column; none where it measured all.
pub(crate) fn engine_column(engines: Vec<Option<&str>>) -> Option<Column> {
    engines.iter().any(Option::is_some).then(|| Column::new(measurements::ENGINE.into(), engines))
}

/// Writes a table as Parquet.
pub(crate) fn write_table(folder: &RunFolder, name: &str, columns: Vec<Column>, height: usize) -> Result<(), RunError> {
    let mut table = DataFrame::new(height, columns).map_err(|error| RunError::Result(format!("{name}: {error}")))?;
    let mut bytes = Vec::new();
    ParquetWriter::new(&mut bytes).finish(&mut table).map_err(|error| RunError::Result(format!("{name}: {error}")))?;
    folder.write(name, &bytes)
}

/// Writes texts, counts and numbers as CSV.
///
/// # Errors
/// If the file cannot be written.
pub(crate) fn write_csv(folder: &RunFolder, name: &str, columns: &[Column], height: usize) -> Result<(), RunError> {
    let bytes = as_csv(columns, height).map_err(|error| RunError::Result(format!("{name}: {error}")))?;
    folder.write(name, &bytes)
}

/// What is missing is an empty field; a number is written so that it is read back to the last bit.
fn as_csv(columns: &[Column], height: usize) -> io::Result<Vec<u8>> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(columns.iter().map(|column| column.name().as_str()))?;
    for row in 0..height {
        let fields: Result<Vec<String>, _> = columns.iter().map(|column| column.get(row).map(|value| field(&value))).collect();
        writer.write_record(fields.map_err(io::Error::other)?)?;
    }
    writer.into_inner().map_err(|error| error.into_error())
}

fn field(value: &AnyValue) -> String {
    match value {
        AnyValue::Null => String::new(),
        AnyValue::Float64(number) if number.is_finite() => serde_json::Value::from(*number).to_string(),
        AnyValue::Float64(number) => number.to_string(),
        AnyValue::UInt64(count) => count.to_string(),
        other => other.str_value().into_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn csv_holds_texts_as_they_are_numbers_to_the_last_bit_and_nothing_for_what_is_missing() {
        let columns = [
            Column::new("a text".into(), ["plain", "with, comma", "with \"quotes\" and\na line"]),
            Column::new("count".into(), [0_u64, 7, u64::MAX]),
            Column::new("number".into(), [Some(0.1 + 0.2), None, Some(-1e-7)]),
            Column::new("missing".into(), [None::<&str>, Some("1e16"), None]),
        ];
        let written = as_csv(&columns, 3).unwrap();
        assert_eq!(
            String::from_utf8(written).unwrap(),
            "a text,count,number,missing\nplain,0,0.30000000000000004,\n\"with, comma\",7,,1e16\n\
             \"with \"\"quotes\"\" and\na line\",18446744073709551615,-1e-7,\n"
        );
    }
}
