//! Tables 2 and 3 as Markdown.

use assay_results::SearchSummary;

use super::sizes::{Net, Size};
use super::trained::Trained;
use crate::reproduce::datasets::Dataset;
use crate::reproduce::published::darts::{CELLS, Cell, Row};
use crate::reproduce::spread::{mean_and_deviation, with_deviation};
use crate::reproduce::summary::{conditions, cost, distinct, machine};

/// What is fixed about a table.
pub(super) struct Page {
    /// What `reproduce` calls it, and the file that keeps it.
    pub(super) name: &'static str,
    pub(super) title: &'static str,
    /// Where the published rows are from.
    pub(super) published: &'static str,
    pub(super) rows: &'static [Row],
    /// The title of the column of errors.
    pub(super) error: &'static str,
    /// The network that is trained.
    pub(super) net: Net,
    /// The parameters that a cell's paper prints of this network.
    pub(super) printed: fn(&Cell) -> Option<&'static str>,
    /// Other networks, by what is different, in which [`DISPUTED`] is counted too.
    pub(super) elsewhere: &'static [(&'static str, Net)],
    /// What there is to say of the published cells.
    pub(super) remarks: &'static [&'static str],
}

/// What a run of the task found.
pub(super) struct Table {
    /// What made it.
    pub(super) command: String,
    /// One a dataset that was searched on.
    pub(super) columns: Vec<Column>,
    /// The sizes of the published cells, in their order.
    pub(super) cells: Vec<Size>,
    /// The same in the page's other networks.
    pub(super) elsewhere: Vec<Vec<Size>>,
    /// Trainings, of these architectures and of others.
    pub(super) trained: Vec<Trained>,
}

/// The searches on one dataset.
pub(super) struct Column {
    pub(super) dataset: &'static Dataset,
    /// The file that stood in for the dataset.
    pub(super) stand_in: Option<String>,
    /// One a seed.
    pub(super) found: Vec<Found>,
    /// Why there is none.
    pub(super) absent: Option<String>,
}

/// What one search found.
pub(super) struct Found {
    pub(super) summary: SearchSummary,
    /// In the table's network.
    pub(super) size: Size,
}

/// In place of an error that nobody has measured here.
const NOT_TRAINED: &str = "not trained here";

impl Table {
    /// The trainings of an architecture in the table's network.
    fn trainings<'a>(&'a self, architecture: &'a str, size: &Size) -> impl Iterator<Item = &'a Trained> {
        let parameters = size.parameters;
        self.trained.iter().filter(move |trained| trained.is_of(architecture, parameters))
    }

    /// `2.71 (600 epochs)`, one for each training.
    fn error(&self, architecture: &str, size: &Size) -> String {
        let errors = self
            .trainings(architecture, size)
            .map(|trained| format!("{:.2} ({} epochs)", trained.summary.test_error_percent, trained.summary.epochs));
        let errors = errors.collect::<Vec<_>>().join(", ");
        if errors.is_empty() { NOT_TRAINED.into() } else { errors }
    }
}

/// The cell whose size its paper prints differently.
const DISPUTED: &str = "TE-NAS, on CIFAR-10";

/// Writes the table.
pub(super) fn render(page: &Page, table: &Table) -> String {
    let mut lines = vec![format!("# {}\n", page.title)];
    lines.push(format!("Published: {}.\nOurs: made by\n\n```\n{}\n```\n", page.published, table.command));
    lines.push(format!(
        "Parameters in millions (M) and multiply-adds in millions of one image, in the network that is trained: {}; without the \
         auxiliary head. Cost of the search alone; of ours the mean wall time of a search. Mean (standard deviation, n − 1) over seeds.\n",
        page.net
    ));
    lines.push(format!(
        "| method | {} | parameters (M) | multiply-adds (M) | search cost | search |\n|---|---|---|---|---|---|",
        page.error
    ));
    lines.extend(page.rows.iter().map(published));
    lines.extend(table.columns.iter().map(|column| ours(column, table)));
    if table.columns.iter().any(|column| column.stand_in.is_some()) {
        lines.push("\n† searched on stand-in images, not on the dataset itself: see the protocol.".into());
    }
    let all: Vec<&SearchSummary> = table.columns.iter().flat_map(|column| &column.found).map(|found| &found.summary).collect();
    let on = distinct(all.iter().map(|summary| machine(&summary.machine)));
    if !on.is_empty() {
        lines.push(format!("\nOurs on: {}. Published costs are of GPUs (TE-NAS: one GTX 1080 Ti).", on.join("; ")));
    }
    if all.iter().any(|summary| cost(summary).estimated) {
        lines.push("≈: a search that was interrupted and continued; the time of its earlier sessions is the time of their measurements, shared out over the threads.".into());
    }
    if !all.is_empty() {
        lines.push("\n## The searches\n".into());
        lines.push(searches(table, page));
    }
    lines.push(format!("\n## Published cells, counted in our graphs\n\n{}", cells(page, table)));
    lines.extend(page.remarks.iter().map(|remark| format!("\n{remark}")));
    lines.push("\n## Protocol\n".into());
    lines.extend(table.columns.iter().map(protocol));
    let found = table.columns.iter().flat_map(|column| &column.found).map(|found| (found.summary.architecture.text.as_str(), &found.size));
    let published = CELLS.iter().map(|cell| cell.genotype).zip(&table.cells);
    let trained = found.chain(published).flat_map(|(architecture, size)| table.trainings(architecture, size));
    lines.extend(distinct(trained.map(|trained| format!("- Trained in {}: {}.", trained.run.display(), trained.summary.protocol))));
    lines.join("\n") + "\n"
}

fn published(row: &Row) -> String {
    let Row { method, error, params, gpu_days, kind } = row;
    let cost = if *gpu_days == "–" { "–".into() } else { format!("{gpu_days} GPU days") };
    format!("| {method} | {error} | {params} | – | {cost} | {kind} |")
}

fn ours(column: &Column, table: &Table) -> String {
    let Column { dataset, stand_in, found, absent } = column;
    let mark = if stand_in.is_some() { " †" } else { "" };
    let method = format!("TE-NAS (Assay, searched on {}){mark}", dataset.title);
    if let Some(because) = absent {
        return format!("| {method} | {because} | – | – | – | training-free |");
    }
    let millions = |of: fn(&Size) -> f64, decimals: usize| {
        let values: Vec<f64> = found.iter().map(|found| of(&found.size) / 1e6).collect();
        with_deviation(&values, decimals).unwrap_or_else(|| "–".into())
    };
    let seconds: Vec<f64> = found.iter().map(|found| cost(&found.summary).seconds).collect();
    let mark = if found.iter().any(|found| cost(&found.summary).estimated) { "≈" } else { "" };
    let processor: Option<Vec<f64>> = found.iter().map(|found| cost(&found.summary).processor_seconds).collect();
    let processor = processor.and_then(|seconds| mean_and_deviation(&seconds));
    let processor = processor.map_or(String::new(), |(mean, _)| format!(" ({mean:.0} s of processor time)"));
    let cost = mean_and_deviation(&seconds).map_or_else(|| "–".into(), |(mean, _)| format!("{mark}{mean:.0} s{processor}"));
    let [parameters, multiply_adds] = [millions(|size| size.parameters, 2), millions(|size| size.multiply_adds, 0)];
    let trained = found.iter().flat_map(|found| table.trainings(&found.summary.architecture.text, &found.size));
    let errors: Vec<f64> = trained.map(|trained| trained.summary.test_error_percent).collect();
    let error = with_deviation(&errors, 2).map_or_else(|| NOT_TRAINED.into(), |error| format!("{error}, of {} trained here", errors.len()));
    format!("| {method} | {error} | {parameters} | {multiply_adds} | {cost} | training-free |")
}

fn size(size: &Size) -> [String; 2] {
    [format!("{:.2}", size.parameters / 1e6), format!("{:.0}", size.multiply_adds / 1e6)]
}

/// One row a search, and below the rows what each found.
fn searches(table: &Table, page: &Page) -> String {
    let mut rows = vec![format!(
        "| searched on | seed | {} | parameters (M) | multiply-adds (M) | seconds | of processor time |\n|---|---|---|---|---|---|---|",
        page.error
    )];
    let mut genotypes = Vec::new();
    for column in &table.columns {
        for Found { summary, size: of_it } in &column.found {
            let cost = cost(summary);
            let mark = if cost.estimated { "≈" } else { "" };
            let [parameters, multiply_adds] = size(of_it);
            let (dataset, seed) = (column.dataset.title, summary.seed);
            let error = table.error(&summary.architecture.text, of_it);
            let processor = cost.processor_seconds.map_or_else(|| "–".into(), |seconds| format!("{seconds:.0}"));
            let seconds = format!("{mark}{:.0}", cost.seconds);
            rows.push(format!("| {dataset} | {seed} | {error} | {parameters} | {multiply_adds} | {seconds} | {processor} |"));
            genotypes.push(format!("{dataset}, seed {seed}:\n{}", summary.architecture.text));
        }
    }
    format!("{}\n\n```text\n{}\n```", rows.join("\n"), genotypes.join("\n"))
}

fn cells(page: &Page, table: &Table) -> String {
    let mut rows =
        vec!["| cell | printed (M) | ours (M) | multiply-adds (M) | test error here (%) | source |\n|---|---|---|---|---|---|".to_owned()];
    let mut row = |name: &str, printed: &str, of_it: &Size, error: &str, source: &str| {
        let [parameters, multiply_adds] = size(of_it);
        rows.push(format!("| {name} | {printed} | {parameters} | {multiply_adds} | {error} | {source} |"));
    };
    for (position, (cell, of_it)) in CELLS.iter().zip(&table.cells).enumerate() {
        let error = table.error(cell.genotype, of_it);
        row(cell.name, (page.printed)(cell).unwrap_or("–"), of_it, &error, cell.source);
        let others = page.elsewhere.iter().zip(&table.elsewhere).filter(|_| cell.name == DISPUTED);
        for ((difference, _), sizes) in others {
            if let Some(of_it) = sizes.get(position) {
                row(&format!("{}, with {difference}", cell.name), "–", of_it, "–", "the same");
            }
        }
    }
    rows.join("\n")
}

fn protocol(column: &Column) -> String {
    let title = column.dataset.title;
    if column.found.is_empty() {
        return format!("- {title}: not run.");
    }
    let warning = column.stand_in.as_ref().map_or(String::new(), |file| format!(" STAND-IN IMAGES from {file}, not {title};"));
    let summaries: Vec<SearchSummary> = column.found.iter().map(|found| found.summary.clone()).collect();
    format!("- {title}:{warning} {}.", conditions(&summaries).join(".\n  Also: "))
}

#[cfg(test)]
#[path = "render_tests.rs"]
mod tests;
