//! The files of a study.

use assay_core::score::Reading;
use assay_core::subspace::Layout;
use assay_results::correlation::Correlation;
use assay_results::files;
use assay_results::present::correlations::{by_target, overview};
use assay_results::present::grid::{Grid, latex, markdown};
use assay_results::present::published as presented;
use assay_results::published::Source;
use assay_results::tables::{self, aggregates, correlations, scores, targets, times};
use polars::prelude::Column;

use super::correlation::Scores;
use super::measurements::Wanted;
use super::selection::Selected;
use super::truth::Target;
use crate::RunError;
use crate::bench::records::Record;
use crate::bench::workbench::Workbench;
use crate::folder::RunFolder;
use crate::tables::{self as written, engine_column, reading_columns, write_csv, write_table};

/// Writes what was scored: the space and the architectures.
pub(super) fn write_space(folder: &RunFolder, name: &str, layout: &Layout, architectures: &[Selected]) -> Result<(), RunError> {
    written::write_space(folder, name, layout)?;
    let architectures = architectures.iter().map(|selected| (selected.text.clone(), selected.subspace.to_string()));
    written::write_architectures(folder, architectures.collect())
}

/// Writes what the scores are compared with, if there is anything, in long form by target and architecture.
pub(super) fn write_targets(folder: &RunFolder, architectures: &[Selected], truth: &[Target]) -> Result<(), RunError> {
    if truth.is_empty() {
        return Ok(());
    }
    let repeated = || truth.iter().flat_map(|_| architectures);
    let names = truth.iter().flat_map(|target| std::iter::repeat_n(target.column.as_str(), architectures.len()));
    let values: Vec<Option<f64>> = truth.iter().flat_map(|target| target.values.iter().copied()).collect();
    let columns = vec![
        Column::new(targets::ARCH.into(), repeated().map(|selected| selected.text.as_str()).collect::<Vec<_>>()),
        Column::new(targets::INDEX.into(), repeated().map(|selected| selected.index).collect::<Vec<_>>()),
        Column::new(targets::TARGET.into(), names.collect::<Vec<_>>()),
        Column::new(targets::VALUE.into(), values),
    ];
    write_table(folder, targets::FILE, columns, truth.len() * architectures.len())
}

/// Writes every score that was measured, in long form, by architecture, repeat and proxy. It holds no time, so equal
/// studies have equal files.
pub(super) fn write_scores(
    folder: &RunFolder,
    architectures: &[Selected],
    wanted: &[Wanted],
    records: &[&Record],
    workbench: &Workbench,
) -> Result<(), RunError> {
    let readings: Vec<&Reading> = records.iter().map(|record| &record.reading).collect();
    let mut columns = measured_columns(architectures, wanted);
    columns.extend(reading_columns(&readings));
    // What was read is of whatever engine its study had, which stands in its protocol.
    let engine = |wanted: &Wanted| (!wanted.is_read).then(|| workbench.other_engine_for(&wanted.request)).flatten();
    columns.extend(engine_column(wanted.iter().map(engine).collect()));
    write_table(folder, scores::FILE, columns, wanted.len())
}

/// Writes the aggregates, of which the larger is the better, if there are any.
pub(super) fn write_aggregates(folder: &RunFolder, architectures: &[Selected], scored: &[&Scores]) -> Result<(), RunError> {
    if scored.is_empty() {
        return Ok(());
    }
    let reading =
        |score: &Option<f64>| score.map_or_else(|| Reading::undefined("a score that it is made of is undefined"), Reading::finite);
    let readings: Vec<Reading> = scored.iter().flat_map(|scores| scores.mean.iter().map(reading)).collect();
    let labels = scored.iter().flat_map(|scores| std::iter::repeat_n(scores.label.as_str(), architectures.len()));
    let repeated = || scored.iter().flat_map(|_| architectures);
    let mut columns = vec![
        Column::new(aggregates::ARCH.into(), repeated().map(|selected| selected.text.as_str()).collect::<Vec<_>>()),
        Column::new(aggregates::INDEX.into(), repeated().map(|selected| selected.index).collect::<Vec<_>>()),
        Column::new(aggregates::AGGREGATE.into(), labels.collect::<Vec<_>>()),
    ];
    columns.extend(reading_columns(&readings.iter().collect::<Vec<_>>()));
    write_table(folder, aggregates::FILE, columns, readings.len())
}

/// Writes the time of each measurement on its thread. That of a measurement which is an isomorphic architecture's is
/// missing, and so is that of a score which was read.
pub(super) fn write_times(folder: &RunFolder, architectures: &[Selected], wanted: &[Wanted], records: &[&Record]) -> Result<(), RunError> {
    let seconds = |(wanted, record): (&Wanted, &&Record)| wanted.is_made().then_some(record.seconds);
    let mut columns = measured_columns(architectures, wanted);
    columns.push(Column::new(times::SECONDS.into(), wanted.iter().zip(records).map(seconds).collect::<Vec<_>>()));
    write_table(folder, times::FILE, columns, wanted.len())
}

/// What was measured: the columns that tables of measurements begin with.
fn measured_columns(architectures: &[Selected], wanted: &[Wanted]) -> Vec<Column> {
    let of = |wanted: &Wanted| &architectures[wanted.architecture];
    vec![
        Column::new(scores::ARCH.into(), wanted.iter().map(|wanted| of(wanted).text.as_str()).collect::<Vec<_>>()),
        Column::new(scores::INDEX.into(), wanted.iter().map(|wanted| of(wanted).index).collect::<Vec<_>>()),
        Column::new(scores::PROXY.into(), wanted.iter().map(|wanted| wanted.request.label.as_str()).collect::<Vec<_>>()),
        Column::new(scores::REPEAT.into(), wanted.iter().map(|wanted| wanted.repeat).collect::<Vec<_>>()),
    ]
}

/// Writes the statistics: as Parquet and CSV in long form, as Markdown and LaTeX to be read. None of it holds a time, so
/// equal studies have equal files.
pub(super) fn write_correlations(
    folder: &RunFolder,
    rows: &[Correlation],
    published: &[Source],
    k: usize,
    notes: &[String],
    protocol: &str,
) -> Result<(), RunError> {
    let columns = columns(rows, published, k, protocol);
    write_csv(folder, tables::CORRELATIONS_CSV, &columns, rows.len())?;
    write_table(folder, correlations::FILE, columns, rows.len())?;
    let grids: Vec<Grid> = [overview(rows)].into_iter().chain(by_target(rows, k)).collect();
    let theirs = presented::grids(rows, published);
    let mut their_notes: Vec<String> = notes.to_vec();
    their_notes.extend(presented::notes(published));
    let (mut as_markdown, mut as_latex) = (markdown(&grids, notes), latex(&grids, notes));
    if !theirs.is_empty() {
        as_markdown += &format!("\n{}", markdown(&theirs, &their_notes));
        as_latex += &format!("\n{}", latex(&theirs, &their_notes));
    }
    folder.write(files::CORRELATIONS_MARKDOWN, as_markdown.as_bytes())?;
    folder.write(files::CORRELATIONS_LATEX, as_latex.as_bytes())
}

/// One row a proxy and target; each source of published figures has a column of its own, and one of its protocol.
fn columns(rows: &[Correlation], published: &[Source], k: usize, protocol: &str) -> Vec<Column> {
    let texts = |name: &str, text: fn(&Correlation) -> &str| Column::new(name.into(), rows.iter().map(text).collect::<Vec<_>>());
    let counts = |name: &str, count: fn(&Correlation) -> usize| {
        Column::new(name.into(), rows.iter().map(|row| count(row) as u64).collect::<Vec<_>>())
    };
    let numbers =
        |name: &str, number: fn(&Correlation) -> Option<f64>| Column::new(name.into(), rows.iter().map(number).collect::<Vec<_>>());
    let mut columns = vec![
        texts(correlations::PROXY, |row| &row.proxy),
        texts(correlations::TARGET, |row| &row.target),
        counts(correlations::ARCHITECTURES, |row| row.architectures),
        counts(correlations::UNDEFINED, |row| row.undefined),
        numbers(correlations::TAU_B, |row| row.tau_b),
        numbers(correlations::TAU_B_LOW, |row| row.tau_b_interval.map(|interval| interval.low)),
        numbers(correlations::TAU_B_HIGH, |row| row.tau_b_interval.map(|interval| interval.high)),
        numbers(correlations::TAU_B_DEVIATION, |row| row.tau_b_spread.and_then(|spread| spread.deviation)),
        numbers(correlations::RHO, |row| row.rho),
        numbers(correlations::WEIGHTED_TAU, |row| row.weighted_tau),
        numbers(correlations::PEARSON, |row| row.pearson),
        numbers(correlations::TAU_B_TOP_10_PERCENT, |row| row.tau_b_top_10_percent),
        numbers(correlations::TAU_B_TOP_1_PERCENT, |row| row.tau_b_top_1_percent),
        numbers(&tables::precision_at(k), |row| row.precision_at_k),
        numbers(&tables::ndcg_at(k), |row| row.ndcg_at_k),
        numbers(correlations::REGRET, |row| row.regret),
        numbers(correlations::PARTIAL_TAU_B, |row| row.partial_tau_b),
        Column::new(correlations::PROTOCOL.into(), vec![protocol; rows.len()]),
    ];
    for source in published {
        let values: Vec<Option<f64>> = rows.iter().map(|row| source.value(&row.proxy, &row.target)).collect();
        let protocols: Vec<Option<String>> = values.iter().map(|value| value.map(|_| source.protocol())).collect();
        columns.push(Column::new(source.column().into(), values));
        columns.push(Column::new(format!("{}_protocol", source.column()).into(), protocols));
    }
    columns
}
