//! Several runs side by side: one column a run, each with its own protocol.

use super::Run;
use super::content::{Body, Chapter, Chart, Part, Table};
use super::course;
use super::search;
use super::source::Found;
use super::study::targets;
use super::training;
use crate::run::summary::Summary;
use crate::study::StudySummary;
use crate::study::grid::{Grid, cell};
use crate::training::summary::TrainingSummary;

const STUDIES: &str = "τ-b by proxy, one column a run and target. Columns of different protocols answer different questions: what \
    sets the protocols apart stands below.";
const SEARCHES: &str = "What each search found. What sets the protocols apart stands below.";

const TRAININGS: &str = "What each training came to. What sets the protocols and recipes apart stands below.";
const TESTS: &str = "The test after each epoch, one line a training. That after the last epoch is of all test images; those before it may be \
    of fewer.";
const COURSE: &str = "The best reading of each beginning of a search, against evaluations and, where recorded trainings are looked up, \
    against what they cost: mean over the seeds of an experiment, and a band of one standard deviation.";

/// The chapter that compares; none for one run.
pub(super) fn chapters(runs: &[Run], labels: &[String]) -> Vec<Chapter> {
    if runs.len() < 2 {
        return Vec::new();
    }
    let mut studies: Vec<(&str, &StudySummary)> = Vec::new();
    let mut searches: Vec<(&str, &Summary)> = Vec::new();
    let mut trainings: Vec<(&str, &TrainingSummary)> = Vec::new();
    for (run, label) in runs.iter().zip(labels) {
        match &run.found {
            Found::Study(study) => studies.push((label, &study.summary)),
            Found::Search(search) => searches.push((label, &search.summary)),
            Found::Training(summary) => trainings.push((label, summary)),
        }
    }
    let mut parts = Vec::new();
    if !studies.is_empty() {
        let protocols: Vec<(&str, &str)> = studies.iter().map(|(label, summary)| (*label, summary.protocol.as_str())).collect();
        let table = Table { grid: correlations(&studies), is_short: true, is_sortable: true };
        parts.push(part("comparison-tau", "Kendall τ-b side by side", STUDIES, table, &protocols));
    }
    if !searches.is_empty() {
        let protocols: Vec<(&str, &str)> = searches.iter().map(|(label, summary)| (*label, summary.protocol.as_str())).collect();
        let table = Table { grid: search::results(&searches), is_short: true, is_sortable: false };
        parts.push(part("comparison-results", "Results side by side", SEARCHES, table, &protocols));
        let charts = course::charts(&runs.iter().filter_map(Run::search).collect::<Vec<_>>());
        if !charts.is_empty() {
            parts.push(drawn("comparison-course", "Best so far", COURSE, charts, &protocols));
        }
    }
    if !trainings.is_empty() {
        let all: Vec<(&str, String)> = trainings.iter().map(|(label, summary)| (*label, training::protocol(summary))).collect();
        let protocols: Vec<(&str, &str)> = all.iter().map(|(label, protocol)| (*label, protocol.as_str())).collect();
        let table = Table { grid: training::results(&trainings), is_short: true, is_sortable: false };
        parts.push(part("comparison-trainings", "Trainings side by side", TRAININGS, table, &protocols));
        let charts = training::test_curves(&trainings);
        parts.push(drawn("comparison-tests", "Tests by epoch", TESTS, charts, &protocols));
    }
    let about = format!("{} runs side by side.", runs.len());
    vec![Chapter { title: "Comparison".into(), about, parts }]
}

fn part(name: &str, title: &str, explanation: &str, table: Table, protocols: &[(&str, &str)]) -> Part {
    Part { name: name.into(), title: title.into(), explanation: explanation.into(), body: Body::Table(table), notes: notes(protocols) }
}

fn drawn(name: &str, title: &str, explanation: &str, charts: Vec<Chart>, protocols: &[(&str, &str)]) -> Part {
    let body = Body::charts(charts);
    Part { name: name.into(), title: title.into(), explanation: explanation.into(), body, notes: notes(protocols) }
}

fn correlations(studies: &[(&str, &StudySummary)]) -> Grid {
    let mut proxies: Vec<&str> = Vec::new();
    for row in studies.iter().flat_map(|(_, summary)| &summary.correlations) {
        if !proxies.contains(&row.proxy.as_str()) {
            proxies.push(&row.proxy);
        }
    }
    // Random choice, which every study has, stays the last.
    let is_random = |proxy: &&str| *proxy == crate::study::correlation::RANDOM;
    proxies.sort_by_key(|proxy| is_random(proxy));
    // One target of all runs after the other, so that what is compared stands together.
    let mut columns: Vec<(&str, &str)> = Vec::new();
    for (_, summary) in studies {
        columns.extend(targets(summary).into_iter().filter(|target| !columns.contains(target)).collect::<Vec<_>>());
    }
    let cells: Vec<(String, &StudySummary, &str)> = columns
        .iter()
        .flat_map(|(column, title)| studies.iter().map(move |(label, summary)| (format!("{title}, {label}"), *summary, *column)))
        .collect();
    let tau = |proxy: &str, (_, summary, column): &(String, &StudySummary, &str)| {
        let row = summary.correlations.iter().find(|row| row.proxy == proxy && row.target == *column);
        row.map_or(String::new(), |row| cell(row.tau_b))
    };
    Grid {
        title: "Kendall τ-b side by side".into(),
        head: ["proxy".to_owned()].into_iter().chain(cells.iter().map(|(head, ..)| head.clone())).collect(),
        rows: proxies
            .iter()
            .map(|proxy| [(*proxy).to_owned()].into_iter().chain(cells.iter().map(|of| tau(proxy, of))).collect())
            .collect(),
    }
}

/// What sets the protocols apart, and all of each.
fn notes(protocols: &[(&str, &str)]) -> Vec<String> {
    let clauses = |protocol: &str| protocol.split("; ").map(str::to_owned).collect::<Vec<_>>();
    let all: Vec<Vec<String>> = protocols.iter().map(|(_, protocol)| clauses(protocol)).collect();
    let is_shared = |clause: &String| all.iter().all(|protocol| protocol.contains(clause));
    let own = |((label, _), protocol): (&(&str, &str), &Vec<String>)| {
        let own: Vec<&str> = protocol.iter().filter(|clause| !is_shared(clause)).map(String::as_str).collect();
        (!own.is_empty()).then(|| format!("only {label}: {}", own.join("; ")))
    };
    let mut notes: Vec<String> = protocols.iter().zip(&all).filter_map(own).collect();
    if notes.is_empty() && protocols.len() > 1 {
        return vec![format!("protocol of all: {}", protocols[0].1)];
    }
    notes.extend(protocols.iter().map(|(label, protocol)| format!("protocol of {label}: {protocol}")));
    notes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_sets_two_protocols_apart_is_said_before_them() {
        insta::assert_snapshot!(notes(&[("A", "space x; seed 0; C=16"), ("B", "space x; seed 1; C=16")]).join("\n"), @r"
        only A: seed 0
        only B: seed 1
        protocol of A: space x; seed 0; C=16
        protocol of B: space x; seed 1; C=16
        ");
        assert_eq!(notes(&[("A", "space x"), ("B", "space x")]), ["protocol of all: space x"]);
    }
}
