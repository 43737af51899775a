//! What a report shows of a search.

use assay_core::plugin::{Accuracy, Step};
use assay_core::score::{Direction, Score};

use super::Run;
use super::chart::Scale;
use super::chart::curve::Curve;
use super::content::{Body, Chapter, Chart, PartsOf, Table, file_name};
use super::front;
use super::reading::{better, describe, number};
use super::source::Search;
use crate::draw;
use crate::run::summary::{Accuracies, Summary};
use crate::study::grid::Grid;

const CURVES: &str = "What each step of the search read of its state, the best of all steps so far, and what the found \
    architecture scores over repeats that belong to no step. A step of a pruning search reads the network of all architectures \
    that are left; axes are shared by all runs of this report.";
const PLANE: &str = "Where each round of pruning begins in the plane of the two scores, and where the architecture found lies. Axes are \
    shared by all runs of this report.";
const FRONT: &str = "What each evaluated architecture reads and costs, and those that no other one beats without costing more.";
const STEPS: &str = "What each step read, what it removed, and how many architectures it left.";

/// The chapter of a search.
pub(super) fn chapter(search: &Search, label: &str, prefix: &str, runs: &[Run]) -> Chapter {
    let Search { summary, trajectory, .. } = search;
    let of_run = PartsOf { prefix, notes: vec![format!("protocol: {}", summary.protocol)] };
    let mut parts = Vec::new();
    if runs.len() == 1 {
        parts.push(of_run.part(
            "result",
            "Result",
            "",
            Body::Table(Table { grid: results(&[(label, summary)]), is_short: true, is_sortable: false }),
        ));
    }
    parts.push(of_run.part("curve", "The course of the search", CURVES, Body::charts(curves(search, label, runs))));
    if let Some(plane) = plane(search, runs) {
        parts.push(of_run.part("plane", "The path in the plane of both scores", PLANE, Body::charts(vec![plane])));
    }
    for tradeoff in front::tradeoffs(search) {
        let (name, title) = (format!("front-{}", tradeoff.name()), format!("Pareto front: {}", tradeoff.title()));
        let Some(chart) = tradeoff.chart() else { continue };
        parts.push(of_run.part(&name, &title, FRONT, Body::charts(vec![chart])));
        let table = Table { grid: tradeoff.grid(), is_short: true, is_sortable: true };
        parts.push(of_run.part(&format!("{name}-architectures"), &title, "The same as numbers, cheapest first.", Body::Table(table)));
    }
    let steps = Table { grid: steps(search), is_short: false, is_sortable: true };
    parts.push(of_run.part("steps", "Steps", STEPS, Body::Table(steps)));
    let count = trajectory.steps.len();
    let about = format!("Search of {count} steps, seed {}; it found {}.", summary.seed, summary.architecture.text);
    Chapter { title: label.to_owned(), about, parts }
}

/// What searches found, one column each.
pub(super) fn results(searches: &[(&str, &Summary)]) -> Grid {
    let columns: Vec<Vec<Line>> = searches.iter().map(|(_, summary)| lines(summary)).collect();
    let mut names: Vec<(Place, &str)> = Vec::new();
    for line in columns.iter().flatten() {
        if !names.contains(&(line.place, &line.name)) {
            names.push((line.place, &line.name));
        }
    }
    // What one run has and another has not stands with its like.
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

fn lines(summary: &Summary) -> Vec<Line> {
    let line = |place: Place, name: &str, cell: String| Line { place, name: name.to_owned(), cell };
    let mut lines = vec![line(Place::Architecture, "architecture", summary.architecture.text.clone())];
    match &summary.accuracies {
        Accuracies::Known { source, values } => {
            let accuracy = |of: &Accuracy| line(Place::Accuracy, &format!("{} ({}), %", of.title, of.target), format!("{:.2}", of.percent));
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

/// What each step read of one proxy.
pub(super) fn readings(search: &Search, proxy: &str) -> Vec<Option<f64>> {
    let of_step = |step: &Step| step.readings.iter().find(|(own, _)| own == proxy).and_then(|(_, reading)| reading.value());
    search.trajectory.steps.iter().map(of_step).collect()
}

/// The best of each beginning.
pub(super) fn best_so_far(readings: &[Option<f64>], direction: Direction) -> Vec<Option<f64>> {
    let better = |one: f64, other: f64| match direction {
        Direction::HigherIsBetter => one.max(other),
        Direction::LowerIsBetter => one.min(other),
    };
    let so_far = readings.iter().scan(None, |best: &mut Option<f64>, reading| {
        *best = match (*best, *reading) {
            (Some(best), Some(reading)) => Some(better(best, reading)),
            (known, None) | (None, known) => known,
        };
        Some(*best)
    });
    so_far.collect()
}

fn curves(search: &Search, label: &str, runs: &[Run]) -> Vec<Chart> {
    let all = |proxy: &str| -> Vec<f64> {
        let of_search = |search: &Search| -> Vec<f64> {
            let found = search.summary.scores.get(proxy).and_then(|score| score.reading.value());
            readings(search, proxy).into_iter().flatten().chain(found).collect()
        };
        runs.iter().filter_map(Run::search).flat_map(of_search).collect()
    };
    let curve = |(proxy, score): (&String, &Score)| {
        let readings = readings(search, proxy);
        let curve = Curve {
            title: format!("{proxy}, {label}"),
            axis: format!("{proxy} ({})", better(score.direction)),
            scale: Scale::over(all(proxy).into_iter())?,
            best: best_so_far(&readings, score.direction),
            readings,
            found: score.reading.value(),
        };
        Some(Chart { name: file_name(proxy), drawing: curve.draw(), place: None })
    };
    search.summary.scores.iter().filter_map(curve).collect()
}

/// The way of a pruning search through the plane of its two proxies; nothing where it has no two.
fn plane(search: &Search, runs: &[Run]) -> Option<Chart> {
    if search.trajectory.steps.iter().any(|step| step.candidates.is_empty()) {
        return None;
    }
    let searches = runs.iter().filter_map(Run::search).map(|search| (&search.summary, &search.trajectory));
    let drawing = draw::way(&search.summary, &search.trajectory, &searches.collect::<Vec<_>>()).ok()?;
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
        let removed: Vec<String> = step
            .candidates
            .iter()
            .filter(|candidate| candidate.removed)
            .filter_map(|candidate| trajectory.describe(candidate.choice))
            .collect();
        let left = step.after.single_paths().to_string();
        [step.title.clone()].into_iter().chain(proxies.iter().map(reading)).chain([removed.join(", "), left]).collect()
    };
    let head = ["step"].into_iter().chain(proxies.iter().map(|proxy| proxy.as_str())).chain(["removed", "architectures left"]);
    Grid { title: "Steps".into(), head: head.map(str::to_owned).collect(), rows: trajectory.steps.iter().map(row).collect() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_best_so_far_passes_over_undefined_steps_and_knows_which_end_is_better() {
        let readings = [None, Some(3.0), Some(5.0), None, Some(1.0)];
        assert_eq!(best_so_far(&readings, Direction::HigherIsBetter), [None, Some(3.0), Some(5.0), Some(5.0), Some(5.0)]);
        assert_eq!(best_so_far(&readings, Direction::LowerIsBetter), [None, Some(3.0), Some(3.0), Some(3.0), Some(1.0)]);
    }
}
