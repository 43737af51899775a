//! The table as Markdown.

use std::fmt::Write;

use super::DATASETS;
use crate::reproduce::datasets::Dataset;
use crate::reproduce::published::{OPTIMAL, Row, TABLE_1, TE_NAS};
use crate::reproduce::spread::{mean_and_deviation, with_deviation};
use crate::reproduce::summary::{Accuracies, Summary, conditions, distinct};

/// Everything that the table shows.
#[derive(Debug)]
pub(super) struct Table {
    /// What made it.
    pub(super) command: String,
    /// In the order of [`DATASETS`].
    pub(super) columns: [Column; 3],
}

/// What came of one dataset.
#[derive(Debug)]
pub(super) enum Column {
    /// No search, for this reason.
    NotRun(String),
    /// One search a seed.
    Searched {
        searches: Vec<Summary>,
        /// The file that stood in for the dataset.
        stand_in: Option<String>,
    },
}

impl Column {
    fn searches(&self) -> &[Summary] {
        match self {
            Self::NotRun(_) => &[],
            Self::Searched { searches, .. } => searches,
        }
    }

    /// The accuracies on `dataset` of what was found on it.
    fn accuracies(&self, dataset: &Dataset) -> Result<Vec<f64>, String> {
        self.searches().iter().map(|search| search.accuracy(&dataset.target())).collect()
    }
}

/// Writes the table.
///
/// # Errors
/// If the accuracy of a search is not known.
pub(super) fn render(table: &Table) -> Result<String, String> {
    let mut page = String::new();
    let all: Vec<&Summary> = table.columns.iter().flat_map(Column::searches).collect();
    let result = write_page(&mut page, table, &all);
    result.map(|()| page)
}

fn write_page(page: &mut String, table: &Table, all: &[&Summary]) -> Result<(), String> {
    let mut line = |text: &str| {
        page.push_str(text);
        page.push('\n');
    };
    line("# TE-NAS on NAS-Bench-201\n");
    line(&format!("Published: {TABLE_1}.\nOurs: made by\n\n```\n{}\n```\n", table.command));
    line("Test accuracy in per cent: mean (standard deviation, n − 1) over seeds of the architectures found.");
    line("Each search ran on the dataset whose accuracy is reported. Cost of ours: mean wall time of a search in seconds, by dataset.\n");

    let titles = DATASETS.map(|dataset| dataset.title).join(" | ");
    line(&format!("| method | {titles} | cost (s) | on |\n|---|---|---|---|---|---|"));
    line(&published(&TE_NAS, " (published)"));
    line(&ours(table, all)?);
    line(&published(&OPTIMAL, ""));
    let is_stand_in = |column: &Column| matches!(column, Column::Searched { stand_in: Some(_), .. });
    if table.columns.iter().any(is_stand_in) {
        line("\n† searched on stand-in images, not on the dataset itself: see the protocol.");
    }
    if all.iter().any(|search| search.cost().estimated) {
        line(
            "\n≈ a search that was interrupted and continued: the time of its earlier sessions is the time of their measurements, shared out over the threads.",
        );
    }
    if !all.is_empty() {
        line("\n## The searches\n\n```text");
        line(&searches(table)?);
        line("```");
    }
    line("\n## Protocol\n");
    for (dataset, column) in DATASETS.iter().zip(&table.columns) {
        line(&protocol(dataset, column));
    }
    for source in distinct(all.iter().filter_map(|search| source(search))) {
        line(&format!("- Accuracies: {source}."));
    }
    Ok(())
}

fn published(row: &Row, mark: &str) -> String {
    let Row { method, accuracies, cost_seconds, device } = row;
    format!("| {method}{mark} | {} | {cost_seconds} | {device} |", accuracies.join(" | "))
}

fn ours(table: &Table, all: &[&Summary]) -> Result<String, String> {
    let mut cells = Vec::new();
    for (dataset, column) in DATASETS.iter().zip(&table.columns) {
        let accuracies = column.accuracies(dataset)?;
        cells.push(match column {
            Column::NotRun(reason) => reason.clone(),
            Column::Searched { stand_in, .. } => {
                let mark = if stand_in.is_some() { " †" } else { "" };
                with_deviation(&accuracies, 2).map_or_else(|| "–".into(), |text| text + mark)
            }
        });
    }
    let cost = table.columns.each_ref().map(|column| {
        let seconds: Vec<f64> = column.searches().iter().map(|search| search.cost().seconds).collect();
        mean_and_deviation(&seconds).map_or_else(|| "–".into(), |(mean, _)| format!("{mean:.0}"))
    });
    let cost = cost.join(" / ");
    let on = distinct(all.iter().map(|search| search.machine.to_string())).join("; ");
    let on = if on.is_empty() { "–".into() } else { on };
    Ok(format!("| TE-NAS (Assay) | {} | {cost} | {on} |", cells.join(" | ")))
}

/// One line a search, in columns: cell strings hold bars, which would break a Markdown table.
fn searches(table: &Table) -> Result<String, String> {
    let titles = DATASETS.map(|dataset| dataset.title);
    let mut rows = vec![["searched on", "seed", titles[0], titles[1], titles[2], "seconds", "cell"].map(str::to_owned)];
    for (dataset, column) in DATASETS.iter().zip(&table.columns) {
        for search in column.searches() {
            let [a, b, c] = DATASETS.map(|dataset| search.accuracy(&dataset.target()));
            let [a, b, c] = [a?, b?, c?].map(|percent| format!("{percent:.2}"));
            let cost = search.cost();
            let seconds = format!("{}{:.0}", if cost.estimated { "≈" } else { "" }, cost.seconds);
            rows.push([dataset.name.into(), search.seed.to_string(), a, b, c, seconds, search.architecture.text.clone()]);
        }
    }
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..7).map(width).collect();
    let mut text = Vec::new();
    for row in &rows {
        let mut line = format!("{:<1$}", row[0], widths[0]);
        for column in 1..6 {
            write!(line, "  {:>1$}", row[column], widths[column]).map_err(|error| error.to_string())?;
        }
        text.push(format!("{line}  {}", row[6]));
    }
    Ok(text.join("\n"))
}

fn protocol(dataset: &Dataset, column: &Column) -> String {
    let Column::Searched { searches, stand_in } = column else {
        return format!("- {}: not run.", dataset.title);
    };
    let warning = match stand_in {
        Some(file) => format!(" STAND-IN IMAGES from {file}, not {};", dataset.title),
        None => String::new(),
    };
    let lines = conditions(searches);
    format!("- {}:{warning} {}.", dataset.title, lines.join(".\n  Also: "))
}

fn source(search: &Summary) -> Option<String> {
    match &search.accuracies {
        Accuracies::Known { source, .. } => Some(source.clone()),
        Accuracies::Unknown { .. } => None,
    }
}

#[cfg(test)]
#[path = "render_tests.rs"]
mod tests;
