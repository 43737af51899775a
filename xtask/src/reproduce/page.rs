//! Tables of searches as Markdown pages: published rows, ours, every single search, and the protocols.

use std::fmt::Write;

use assay_results::SearchSummary;
use assay_results::search::Accuracies;

use super::datasets::{Dataset, NAS_BENCH_201};
use super::published::Row;
use super::spread::{mean_and_deviation, with_deviation};
use super::summary::{accuracy, conditions, cost, distinct, machine};

/// A table with all that is needed to judge it.
#[derive(Debug)]
pub(super) struct Page {
    pub(super) title: &'static str,
    /// What is published, and where.
    pub(super) published: String,
    /// What made it.
    pub(super) command: String,
    /// Sentences before the table.
    pub(super) about: Vec<String>,
    /// Which datasets have a column.
    pub(super) datasets: Vec<&'static Dataset>,
    /// Rows of one kind stand together.
    pub(super) blocks: Vec<Block>,
    /// Further lines of the protocol.
    pub(super) notes: Vec<String>,
}

/// Rows of one kind.
#[derive(Debug)]
pub(super) struct Block {
    /// What they have in common; empty where a table has one block.
    pub(super) title: &'static str,
    pub(super) rows: Vec<Entry>,
}

/// A row.
#[derive(Debug)]
pub(super) enum Entry {
    /// Figures as they are.
    Printed {
        method: String,
        /// One a dataset of the page.
        accuracies: Vec<String>,
        cost: String,
        device: String,
    },
    /// Our searches, one a dataset of the page.
    Searched { method: String, columns: Vec<Column> },
}

/// What came of one dataset.
#[derive(Debug)]
pub(super) enum Column {
    /// No search, for this reason.
    NotRun(String),
    /// No search of its own: what the searches of this column of the row found.
    FoundElsewhere(usize),
    /// One search a seed.
    Searched {
        searches: Vec<SearchSummary>,
        /// The file that stood in for the dataset.
        stand_in: Option<String>,
    },
}

impl Column {
    fn searches(&self) -> &[SearchSummary] {
        match self {
            Self::NotRun(_) | Self::FoundElsewhere(_) => &[],
            Self::Searched { searches, .. } => searches,
        }
    }

    /// The accuracies on `dataset` of what was found.
    fn accuracies(&self, dataset: &Dataset) -> Result<Vec<f64>, String> {
        self.searches().iter().map(|search| accuracy(search, &dataset.target())).collect()
    }
}

impl Entry {
    /// A published row.
    pub(super) fn published(row: &Row) -> Self {
        let accuracies = row.accuracies.map(str::to_owned).into();
        Self::Printed {
            method: format!("{} (published)", row.method),
            accuracies,
            cost: row.cost_seconds.into(),
            device: row.device.into(),
        }
    }

    fn columns(&self) -> &[Column] {
        match self {
            Self::Printed { .. } => &[],
            Self::Searched { columns, .. } => columns,
        }
    }
}

impl Page {
    fn entries(&self) -> impl Iterator<Item = &Entry> {
        self.blocks.iter().flat_map(|block| &block.rows)
    }

    /// Every search with its method and the dataset that it ran on.
    fn searches(&self) -> Vec<(&str, &Dataset, &SearchSummary)> {
        let mut all = Vec::new();
        for entry in self.entries() {
            let Entry::Searched { method, columns } = entry else { continue };
            for (dataset, column) in self.datasets.iter().zip(columns) {
                all.extend(column.searches().iter().map(|search| (method.as_str(), *dataset, search)));
            }
        }
        all
    }
}

/// Writes the page.
///
/// # Errors
/// If the accuracy of a search is not known.
pub(super) fn render(page: &Page) -> Result<String, String> {
    let mut lines: Vec<String> = Vec::new();
    let all = page.searches();
    lines.push(format!("# {}\n", page.title));
    lines.push(format!("Published: {}.\nOurs: made by\n\n```\n{}\n```\n", page.published, page.command));
    lines.extend(page.about.iter().cloned());
    let titles: Vec<&str> = page.datasets.iter().map(|dataset| dataset.title).collect();
    let rule = "---|".repeat(titles.len());
    for Block { title, rows } in &page.blocks {
        lines.push(if title.is_empty() { String::new() } else { format!("\n## {title}\n") });
        lines.push(format!("| method | {} | cost (s) | processor time (s) | on |\n|---|{rule}---|---|---|", titles.join(" | ")));
        for entry in rows {
            lines.push(row(page, entry)?);
        }
    }
    let is_stand_in = |column: &Column| matches!(column, Column::Searched { stand_in: Some(_), .. });
    if page.entries().flat_map(Entry::columns).any(is_stand_in) {
        lines.push("\n† searched on stand-in images, not on the dataset itself: see the protocol.".into());
    }
    if page.entries().flat_map(Entry::columns).any(|column| matches!(column, Column::FoundElsewhere(_))) {
        lines.push("\n‡ of the architectures that were found on the first dataset: see the protocol.".into());
    }
    if all.iter().any(|(_, _, search)| cost(search).estimated) {
        lines.push(
            "\n≈ a search that was interrupted and continued: the time of its earlier sessions is the time of their measurements, shared out over the threads."
                .into(),
        );
    }
    if !all.is_empty() {
        lines.push(format!("\n## The searches\n\n```text\n{}\n```", searches(&all)?));
    }
    lines.push("\n## Protocol\n".into());
    for entry in page.entries() {
        let Entry::Searched { method, columns } = entry else { continue };
        for (dataset, column) in page.datasets.iter().zip(columns) {
            lines.push(protocol(method, dataset, column));
        }
    }
    let sources = distinct(all.iter().filter_map(|(_, _, search)| source(search)));
    lines.extend(sources.iter().map(|source| format!("- Accuracies: {source}.")));
    lines.extend(page.notes.iter().map(|note| format!("- {note}")));
    Ok(lines.join("\n") + "\n")
}

fn row(page: &Page, entry: &Entry) -> Result<String, String> {
    let (method, columns) = match entry {
        Entry::Printed { method, accuracies, cost, device } => {
            return Ok(format!("| {method} | {} | {cost} | – | {device} |", accuracies.join(" | ")));
        }
        Entry::Searched { method, columns } => (method, columns),
    };
    let mut cells = Vec::new();
    for (dataset, column) in page.datasets.iter().zip(columns) {
        let accuracies = |column: &Column, mark: &str| {
            let accuracies = column.accuracies(dataset)?;
            Ok::<_, String>(with_deviation(&accuracies, 2).map_or_else(|| "–".into(), |text| text + mark))
        };
        cells.push(match column {
            Column::NotRun(reason) => reason.clone(),
            Column::FoundElsewhere(position) => accuracies(&columns[*position], " ‡")?,
            Column::Searched { stand_in, .. } => accuracies(column, if stand_in.is_some() { " †" } else { "" })?,
        });
    }
    let mean = |of: &dyn Fn(&SearchSummary) -> Option<f64>| {
        let cell = |column: &Column| {
            let values: Vec<f64> = column.searches().iter().filter_map(of).collect();
            mean_and_deviation(&values).map_or_else(|| "–".into(), |(mean, _)| seconds(mean))
        };
        columns.iter().filter(|column| !matches!(column, Column::FoundElsewhere(_))).map(cell).collect::<Vec<_>>().join(" / ")
    };
    let wall = mean(&|search| Some(cost(search).seconds));
    let processor = mean(&|search| cost(search).processor_seconds);
    let on = distinct(columns.iter().flat_map(Column::searches).map(|search| machine(&search.machine))).join("; ");
    let on = if on.is_empty() { "–".into() } else { on };
    Ok(format!("| {method} | {} | {wall} | {processor} | {on} |", cells.join(" | ")))
}

/// Whole seconds; of less than ten, tenths too.
fn seconds(seconds: f64) -> String {
    if seconds < 9.95 { format!("{seconds:.1}") } else { format!("{seconds:.0}") }
}

/// One line a search, in columns: cell strings hold bars, which would break a Markdown table.
fn searches(all: &[(&str, &Dataset, &SearchSummary)]) -> Result<String, String> {
    let titles = NAS_BENCH_201.map(|dataset| dataset.title);
    let mut rows = vec![["method", "searched on", "seed", titles[0], titles[1], titles[2], "seconds", "cell"].map(str::to_owned)];
    for (method, dataset, search) in all {
        let [a, b, c] = NAS_BENCH_201.map(|dataset| accuracy(search, &dataset.target()));
        let [a, b, c] = [a?, b?, c?].map(|percent| format!("{percent:.2}"));
        let cost = cost(search);
        let seconds = format!("{}{:.0}", if cost.estimated { "≈" } else { "" }, cost.seconds);
        rows.push([(*method).into(), dataset.name.into(), search.seed.to_string(), a, b, c, seconds, search.architecture.text.clone()]);
    }
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..8).map(width).collect();
    let mut text = Vec::new();
    for row in &rows {
        let mut line = format!("{:<2$}  {:<3$}", row[0], row[1], widths[0], widths[1]);
        for column in 2..7 {
            write!(line, "  {:>1$}", row[column], widths[column]).map_err(|error| error.to_string())?;
        }
        text.push(format!("{line}  {}", row[7]));
    }
    Ok(text.join("\n"))
}

fn protocol(method: &str, dataset: &Dataset, column: &Column) -> String {
    let (searches, stand_in) = match column {
        Column::NotRun(_) => return format!("- {method}, {}: not run.", dataset.title),
        Column::FoundElsewhere(_) => return format!("- {method}, {}: not searched on it.", dataset.title),
        Column::Searched { searches, stand_in } => (searches, stand_in),
    };
    let warning = match stand_in {
        Some(file) => format!(" STAND-IN IMAGES from {file}, not {};", dataset.title),
        None => String::new(),
    };
    let lines = conditions(searches);
    format!("- {method}, {}:{warning} {}.", dataset.title, lines.join(".\n  Also: "))
}

fn source(search: &SearchSummary) -> Option<String> {
    match &search.accuracies {
        Accuracies::Known { source, .. } => Some(source.clone()),
        Accuracies::Unknown { .. } => None,
    }
}

#[cfg(test)]
#[path = "page_tests.rs"]
mod tests;
