//! What a run left in `summary.json`, as far as tables need it.

use std::collections::BTreeMap;
use std::path::Path;

use miette::{IntoDiagnostic, WrapErr, bail};
use serde::Deserialize;

/// The version of the summary's form that is read here.
const SCHEMA: u32 = 1;

#[derive(Clone, Debug, Deserialize)]
pub(super) struct Summary {
    schema: u32,
    pub(super) seed: u64,
    pub(super) architecture: Architecture,
    pub(super) accuracies: Accuracies,
    pub(super) protocol: String,
    times: Times,
    pub(super) machine: Machine,
}

#[derive(Clone, Debug, Deserialize)]
pub(super) struct Architecture {
    pub(super) text: String,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Accuracies {
    Known { source: String, values: Vec<Accuracy> },
    Unknown { because: String },
}

#[derive(Clone, Debug, Deserialize)]
pub(super) struct Accuracy {
    pub(super) target: String,
    pub(super) percent: f64,
}

#[derive(Clone, Debug, Deserialize)]
struct Times {
    phases: BTreeMap<String, Phase>,
    total_wall_seconds: f64,
    #[serde(default)]
    cpu_seconds: Option<f64>,
}

#[derive(Clone, Debug, Deserialize)]
struct Phase {
    replayed: usize,
    replayed_thread_seconds: f64,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub(super) struct Machine {
    pub(super) cpu: String,
    pub(super) threads: usize,
    pub(super) os: String,
}

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

impl Summary {
    /// Reads a finished run's summary; `None` if the run is not finished.
    pub(super) fn read(run: &Path) -> miette::Result<Option<Self>> {
        let file = run.join("summary.json");
        let text = match std::fs::read_to_string(&file) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error).into_diagnostic().wrap_err_with(|| format!("{} cannot be read", file.display())),
        };
        let summary: Self =
            serde_json::from_str(&text).into_diagnostic().wrap_err_with(|| format!("{} is not a run's summary", file.display()))?;
        if summary.schema != SCHEMA {
            bail!("{} has form {}, but form {SCHEMA} is read here; remove the run and make it again", file.display(), summary.schema);
        }
        Ok(Some(summary))
    }

    /// The accuracy of what was found in one column of the benchmark.
    pub(super) fn accuracy(&self, target: &str) -> Result<f64, String> {
        match &self.accuracies {
            Accuracies::Known { values, .. } => values
                .iter()
                .find(|accuracy| accuracy.target == target)
                .map(|accuracy| accuracy.percent)
                .ok_or_else(|| format!("the benchmark gave no `{target}`")),
            Accuracies::Unknown { because } => Err(because.clone()),
        }
    }

    pub(super) fn cost(&self) -> Cost {
        let replayed: f64 = self.times.phases.values().map(|phase| phase.replayed_thread_seconds).sum();
        Cost {
            seconds: self.times.total_wall_seconds + replayed / self.machine.threads.max(1) as f64,
            processor_seconds: self.times.cpu_seconds.filter(|_| replayed == 0.0),
            estimated: self.times.phases.values().any(|phase| phase.replayed > 0),
        }
    }
}

impl std::fmt::Display for Machine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { cpu, threads, os } = self;
        write!(f, "{cpu}, {threads} thread{}, {os}", if *threads == 1 { "" } else { "s" })
    }
}

/// The conditions of these searches, with their seeds. Searches of one column differ in their seed alone; should they differ
/// in more, they are shown apart.
pub(super) fn conditions(searches: &[Summary]) -> Vec<String> {
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
