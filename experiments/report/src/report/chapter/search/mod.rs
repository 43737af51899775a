//! What a report shows of a search.

mod candidates;
mod course;
mod mixture;
mod read;
mod tradeoff;
mod written;

use std::path::Path;

use assay_results::present::grid::Grid;
use assay_results::present::number::number;
use assay_results::present::reading::{better, describe};
use assay_results::search::{Accuracies, Accuracy};
use assay_results::{SearchSummary, Step};
use assay_structure::score::Score;

use super::comparison;
use super::found::{Found, Reported, Shown, of_kind};
use crate::draw::plane;
use crate::picture::axis::Scale;
use crate::picture::chart::curve::Curve;
use crate::report::content::{Body, Chapter, Chart, Section, SectionsOf, Subject, Table, file_name};
use crate::report::error::ReportError;
pub use read::Search;
use read::{best_so_far, readings};

const CURVES: &str = "What each step of the search read of its state, the best of all steps so far, and what the found \
    architecture scores over repeats that belong to no step. A step of a pruning search reads the network of all architectures \
    that are left; axes are shared by all runs of this report.";
const PLANE: &str = "Where each round of pruning begins in the plane of the two scores, and where the architecture found lies. Axes are \
    shared by all runs of this report.";
const TRAINING: &str = "Of the images that weights learn from, as they were varied, while the architecture or the mixture changes from step to \
    step.";
const MIXTURE: &str = "How likely the search held each operator at the end of each epoch, a chart an edge.";
const OPERATORS: &str = "On how many edges the cell that the search would have reported after each epoch has each operator.";
const DRIFT: &str = "How likely a skip connection is, as a mean over edges, beside its share of the edges of each epoch's cell: searches that \
    mix operators by gradients may drift to it. Entropy is 100 % where nothing is decided.";
const RECORDED: &str =
    "What the benchmark's table holds of the cell that the search would have reported after each epoch. The search did not see it.";
const CANDIDATES: &str = "The accuracy of each candidate with the shared weights, of which the best is found, and what the benchmark's \
    table holds of the same architecture, which the search did not see.";
const FRONT: &str = "What each evaluated architecture reads and costs, and those that no other one beats without costing more.";
const STEPS: &str = "What each step read, what it removed, and how many architectures it left.";
const SEARCHES: &str = "What each search found. What sets the protocols apart stands below.";
const COURSE: &str = "The best reading of each beginning of a search, against evaluations and, where recorded trainings are looked up, \
    against what they cost: mean over the seeds of an experiment, and a band of one standard deviation.";

impl Reported for SearchSummary {
    fn found(self, folder: &Path) -> Result<Box<dyn Shown>, ReportError> {
        Ok(Box::new(Search::read(folder, self)?))
    }
}

impl Shown for Search {
    fn chapter(&self, subject: &Subject<'_>, all: &[(&str, &Found)], _: Option<&str>) -> Result<Chapter, ReportError> {
        Ok(chapter(self, subject, &of_kind(all)))
    }

    fn comparison(&self, all: &[(&str, &Found)]) -> Vec<Section> {
        comparison(&of_kind(all))
    }
}

/// The chapter of a search, on the axes of all searches of the report.
fn chapter(search: &Search, subject: &Subject<'_>, all: &[(&str, &Search)]) -> Chapter {
    let Search { summary, trajectory, .. } = search;
    let Subject { label, prefix, is_alone } = *subject;
    let of_run = SectionsOf { prefix, notes: vec![format!("protocol: {}", summary.protocol)] };
    let mut sections = Vec::new();
    if is_alone {
        sections.push(of_run.section(
            "result",
            "Result",
            "",
            Body::Table(Table { grid: results(&[(label, summary)]), is_short: true, is_sortable: false }),
        ));
    }
    sections.push(of_run.section("curve", "The course of the search", CURVES, Body::charts(curves(search, label, all))));
    let (training, mixtures) = (mixture::training(search, label), mixture::mixtures(search));
    if !training.is_empty() {
        sections.push(of_run.section("training", "The training of shared weights", TRAINING, Body::charts(training)));
    }
    if !mixtures.is_empty() {
        sections.push(of_run.section("mixture", "What mixes operators", MIXTURE, Body::charts(mixtures)));
    }
    if let Some(operators) = mixture::operators(search) {
        sections.push(of_run.section("operators", "The cell of each epoch", OPERATORS, Body::charts(vec![operators])));
    }
    for (name, title, explanation, charts) in [
        ("drift", "Skip connections, and how much is decided", DRIFT, mixture::drift(search)),
        ("recorded", "Recorded accuracies by epoch", RECORDED, mixture::recorded(search)),
        ("candidates", "The candidates", CANDIDATES, candidates::charts(search)),
    ] {
        if !charts.is_empty() {
            sections.push(of_run.section(name, title, explanation, Body::charts(charts)));
        }
    }
    if let Some(path) = path(search, all) {
        sections.push(of_run.section("plane", "The path in the plane of both scores", PLANE, Body::charts(vec![path])));
    }
    for tradeoff in tradeoff::tradeoffs(search) {
        let (name, title) = (format!("front-{}", tradeoff.name()), format!("Pareto front: {}", tradeoff.title()));
        let Some(chart) = tradeoff.chart() else { continue };
        sections.push(of_run.section(&name, &title, FRONT, Body::charts(vec![chart])));
        let table = Table { grid: tradeoff.grid(), is_short: true, is_sortable: true };
        let explanation = format!("The same as numbers, cheapest first.{}", search.written.note());
        sections.push(of_run.section(&format!("{name}-architectures"), &title, &explanation, Body::Table(table)));
    }
    let steps = Table { grid: steps(search), is_short: false, is_sortable: true };
    sections.push(of_run.section("steps", "Steps", STEPS, Body::Table(steps)));
    let count = trajectory.steps.len();
    let about = format!("Search of {count} steps, seed {}; it found {}.", summary.seed, summary.architecture.text);
    Chapter { title: label.to_owned(), about, sections }
}

/// Searches side by side.
fn comparison(searches: &[(&str, &Search)]) -> Vec<Section> {
    let summaries: Vec<(&str, &SearchSummary)> = searches.iter().map(|(label, search)| (*label, &search.summary)).collect();
    let protocols: Vec<(&str, &str)> = summaries.iter().map(|(label, summary)| (*label, summary.protocol.as_str())).collect();
    let table = Body::Table(Table { grid: results(&summaries), is_short: true, is_sortable: false });
    let mut sections = vec![comparison::section("comparison-results", "Results side by side", SEARCHES, table, &protocols)];
    let charts = course::charts(&searches.iter().map(|(_, search)| *search).collect::<Vec<_>>());
    if !charts.is_empty() {
        sections.push(comparison::section("comparison-course", "Best so far", COURSE, Body::charts(charts), &protocols));
    }
    sections
}

/// What searches found, one column each.
fn results(searches: &[(&str, &SearchSummary)]) -> Grid {
    let columns: Vec<Vec<Line>> = searches.iter().map(|(_, summary)| lines(summary)).collect();
    let mut names: Vec<(Place, &str)> = Vec::new();
    for line in columns.iter().flatten() {
        if !names.contains(&(line.place, &line.name)) {
            names.push((line.place, &line.name));
        }
    }
    // Lines that only some of the runs have stand beside lines of their kind.
    names.sort_by_key(|(place, _)| *place);
    let row = |(_, name): &(Place, &str)| {
        let cell = |lines: &Vec<Line>| lines.iter().find(|line| line.name == *name).map_or("–".into(), |line| line.cell.clone());
        [(*name).to_owned()].into_iter().chain(columns.iter().map(cell)).collect()
    };
    Grid {
        title: "What the searches found".into(),
        head: [String::new()].into_iter().chain(searches.iter().map(|(label, _)| (*label).to_owned())).collect(),
        rows: names.iter().map(row).collect(),
    }
}

/// Where a line of the table of results stands.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Place {
    Architecture,
    Accuracy,
    AccuracySource,
    Score,
    Measurements,
    Cost,
}

/// A line of one search's results.
struct Line {
    place: Place,
    name: String,
    cell: String,
}

fn lines(summary: &SearchSummary) -> Vec<Line> {
    let line = |place: Place, name: &str, cell: String| Line { place, name: name.to_owned(), cell };
    let mut lines = vec![line(Place::Architecture, "architecture", summary.architecture.text.clone())];
    match &summary.accuracies {
        Accuracies::Known { source, values } => {
            let accuracy = |of: &Accuracy| line(Place::Accuracy, &of.label(), format!("{:.2}", of.percent));
            lines.extend(values.iter().map(accuracy));
            lines.push(line(Place::AccuracySource, "accuracies", format!("from {source}")));
        }
        Accuracies::Unknown { because } => {
            lines.push(line(Place::AccuracySource, "accuracies", format!("not known, because {because}")));
        }
    }
    for (label, score) in &summary.scores {
        lines.push(line(Place::Score, &format!("{label} ({})", better(score.direction)), describe(score)));
    }
    for (label, count) in &summary.counts.measurements {
        let undefined = summary.counts.undefined.get(label).copied().unwrap_or_default();
        lines.push(line(Place::Measurements, &format!("measurements of {label}"), format!("{count}, {undefined} undefined")));
    }
    lines.push(line(Place::Cost, "steps", summary.counts.steps.to_string()));
    lines.push(line(Place::Cost, "seconds", format!("{:.1}", summary.times.total_wall_seconds)));
    lines
}

fn curves(search: &Search, label: &str, all: &[(&str, &Search)]) -> Vec<Chart> {
    let values = |proxy: &str| -> Vec<f64> {
        let of_search = |(_, search): &(&str, &Search)| -> Vec<f64> {
            let found = search.summary.scores.get(proxy).and_then(|score| score.reading.value());
            readings(search, proxy).into_iter().flatten().chain(found).collect()
        };
        all.iter().flat_map(of_search).collect()
    };
    let curve = |(proxy, score): (&String, &Score)| {
        let readings = readings(search, proxy);
        let curve = Curve {
            title: format!("{proxy}, {label}"),
            axis: format!("{proxy} ({})", better(score.direction)),
            scale: Scale::over(values(proxy).into_iter())?,
            best: best_so_far(&readings, score.direction),
            readings,
            found: score.reading.value(),
        };
        Some(Chart { name: file_name(proxy), drawing: curve.draw(), place: None })
    };
    search.summary.scores.iter().filter_map(curve).collect()
}

/// The way of a pruning search through the plane of its two proxies; nothing where it has no two.
fn path(search: &Search, all: &[(&str, &Search)]) -> Option<Chart> {
    if search.trajectory.steps.iter().any(|step| step.candidates.is_empty()) {
        return None;
    }
    let beside: Vec<_> = all.iter().map(|(_, search)| (&search.summary, &search.trajectory)).collect();
    let drawing = plane::draw(&search.summary, &search.trajectory, &beside).ok()?;
    Some(Chart { name: String::new(), drawing, place: None })
}

fn steps(search: &Search) -> Grid {
    let Search { summary, trajectory, .. } = search;
    let proxies: Vec<&String> = summary.scores.keys().collect();
    let row = |step: &Step| -> Vec<String> {
        let reading = |proxy: &&String| {
            let found = step.readings.iter().find(|(own, _)| own == *proxy);
            found.map_or("–".into(), |(_, reading)| reading.value().map_or("undefined".into(), number))
        };
        let removed = trajectory.removed(step);
        let left = step.after.single_paths().to_string();
        [step.title.clone()].into_iter().chain(proxies.iter().map(reading)).chain([removed.join(", "), left]).collect()
    };
    let head = ["step"].into_iter().chain(proxies.iter().map(|proxy| proxy.as_str())).chain(["removed", "architectures left"]);
    Grid { title: "Steps".into(), head: head.map(str::to_owned).collect(), rows: trajectory.steps.iter().map(row).collect() }
}
