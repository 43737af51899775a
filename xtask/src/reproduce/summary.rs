//! What tables show of a search's summary: its accuracy, its cost, its machine and its conditions.

use std::path::Path;

use assay_results::search::Accuracies;
use assay_results::{Machine, ReadError, SearchSummary};
use miette::miette;

/// What a search took: wall time.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Cost {
    pub(super) seconds: f64,
    /// Its processor time in seconds, where the system tells it and one session measured all.
    pub(super) processor_seconds: Option<f64>,
    /// Whether a part of it was measured in an interrupted session, whose wall time is estimated as the time of its
    /// measurements divided by the threads.
    pub(super) estimated: bool,
}

/// Why a run's summary cannot be read, with what to do about it.
pub(super) fn unreadable(error: &ReadError, run: &Path) -> miette::Report {
    let help = error.help().unwrap_or_else(|| format!("remove {} and make it again", run.display()));
    miette!(help = help, "{error}")
}

/// The accuracy of what was found in one column of the benchmark.
pub(super) fn accuracy(search: &SearchSummary, target: &str) -> Result<f64, String> {
    match &search.accuracies {
        Accuracies::Known { values, .. } => values
            .iter()
            .find(|accuracy| accuracy.target == target)
            .map(|accuracy| accuracy.percent)
            .ok_or_else(|| format!("the benchmark gave no `{target}`")),
        Accuracies::Unknown { because } => Err(because.clone()),
    }
}

pub(super) fn cost(search: &SearchSummary) -> Cost {
    let replayed: f64 = search.times.phases.values().map(|phase| phase.replayed_thread_seconds).sum();
    Cost {
        seconds: search.times.total_wall_seconds + replayed / search.machine.threads.max(1) as f64,
        processor_seconds: search.times.cpu_seconds.filter(|_| replayed == 0.0),
        estimated: search.times.phases.values().any(|phase| phase.replayed > 0),
    }
}

/// A machine in a few words.
pub(super) fn machine(Machine { cpu, threads, os, .. }: &Machine) -> String {
    format!("{cpu}, {threads} thread{}, {os}", if *threads == 1 { "" } else { "s" })
}

/// The conditions of these searches, with their seeds. Searches of one column differ in their seed alone; should they differ
/// in more, they are shown apart.
pub(super) fn conditions(searches: &[SearchSummary]) -> Vec<String> {
    let mut conditions: Vec<(String, Vec<u64>)> = Vec::new();
    for search in searches {
        let condition = search.protocol.replace(&format!("; seed {};", search.seed), ";");
        match conditions.iter_mut().find(|(known, _)| *known == condition) {
            Some((_, seeds)) => seeds.push(search.seed),
            None => conditions.push((condition, vec![search.seed])),
        }
    }
    let with_seeds = |(condition, seeds): &(String, Vec<u64>)| {
        let plural = if seeds.len() == 1 { "" } else { "s" };
        let seeds: Vec<String> = seeds.iter().map(u64::to_string).collect();
        format!("seed{plural} {}; {condition}", seeds.join(", "))
    };
    conditions.iter().map(with_seeds).collect()
}

/// Each text once, in the order of first appearance.
pub(super) fn distinct(texts: impl Iterator<Item = String>) -> Vec<String> {
    let mut seen: Vec<String> = Vec::new();
    for text in texts {
        if !seen.contains(&text) {
            seen.push(text);
        }
    }
    seen
}
