//! The scores of a study with the accuracies they are compared with, by architecture.

use std::collections::{BTreeMap, HashMap};
use std::fs::File;
use std::path::Path;

use assay_core::experiment::{Assembly, Experiment, Plugins};
use assay_core::plugin::{Benchmark, SearchSpace};
use assay_core::score::{Direction, Reading, Score};
use assay_core::subspace::{Layout, Subspace};
use assay_statistics::{Pairs, kendall};
use polars::prelude::{DataFrame, ParquetReader, PolarsError, PolarsResult, SerReader};

use super::scores::{OperatorCounts, ProxyScores};
use super::topology::{self, Topology};
use crate::report::error::ReportError;
use crate::study::StudySummary;
use crate::study::truth::{Target, targets};

const SCORES: &str = "scores.parquet";
/// Scores made of other scores, the larger the better.
const AGGREGATES: &str = "aggregates.parquet";

/// Scores and targets of the same architectures, position by position.
pub(super) struct Scored {
    pub(super) proxies: Vec<ProxyScores>,
    /// Or why there are none to be drawn.
    pub(super) truth: Result<Vec<Target>, String>,
    /// Those operators of which architectures differ in number.
    pub(super) operators: Vec<OperatorCounts>,
    /// Depths and widths, by kind of cell, where the space's edges say what they connect and architectures differ in them.
    pub(super) topologies: Vec<Topology>,
}

impl Scored {
    /// Reads the scores of a study and looks the accuracies up again.
    pub(super) fn read(folder: &Path, summary: &StudySummary, experiment: &Experiment, plugins: &Plugins) -> Result<Self, ReportError> {
        let no_run = |problem: String| ReportError::NoRun { folder: folder.to_owned(), problem };
        let wrong = |file: &'static str| move |error: PolarsError| no_run(format!("{file}: {error}"));
        let table = open(&folder.join(SCORES)).map_err(wrong(SCORES))?;
        let measured = Readings::of(&table, "proxy").map_err(wrong(SCORES))?;
        let assembly = Assembly::new(experiment, plugins);
        let mut proxies = Vec::new();
        for (label, readings) in measured.labels.iter().zip(&measured.readings) {
            proxies.push(score(label, assembly.proxy(label)?.direction(), readings));
        }
        if !summary.aggregates.is_empty() {
            let table = open(&folder.join(AGGREGATES)).map_err(wrong(AGGREGATES))?;
            let made = Readings::of(&table, "aggregate").map_err(wrong(AGGREGATES))?;
            if made.architectures != measured.architectures {
                return Err(no_run(format!("{AGGREGATES} and {SCORES} are of different architectures")));
            }
            proxies
                .extend(made.labels.iter().zip(&made.readings).map(|(label, readings)| score(label, Direction::HigherIsBetter, readings)));
        }
        let architectures: Vec<&str> = measured.architectures.iter().map(String::as_str).collect();
        // In the order of the study's own tables.
        let place = |label: &str| summary.correlations.iter().position(|row| row.proxy == label);
        proxies.sort_by_key(|proxy| place(&proxy.label).unwrap_or(usize::MAX));
        let truth = match assembly.benchmark()? {
            Some(benchmark) => look_up(benchmark.as_ref(), &architectures).and_then(|truth| agreeing(truth, &proxies, summary)),
            None => Err("the experiment has no [benchmark] section".into()),
        };
        let space = assembly.space()?;
        let subspaces = parse(space.as_ref(), &architectures).map_err(no_run)?;
        let operators = count_operators(space.layout(), &subspaces);
        Ok(Self { proxies, truth, operators, topologies: topology::of(space.layout(), &subspaces) })
    }

    /// The operator whose count goes best with the first target, whether more or less of it is better.
    pub(super) fn most_telling_operator(&self) -> Option<&OperatorCounts> {
        let values = &self.truth.as_ref().ok()?.first()?.values;
        let tau = |operator: &OperatorCounts| {
            let known = operator.counts.iter().zip(values).filter_map(|(count, value)| Some((*count as f64, (*value)?)));
            let (counts, values): (Vec<f64>, Vec<f64>) = known.unzip();
            Pairs::new(&counts, &values).ok().and_then(|pairs| kendall::tau_b(&pairs)).map_or(0.0, f64::abs)
        };
        // The first of equals.
        self.operators.iter().rev().max_by(|one, other| tau(one).total_cmp(&tau(other)))
    }
}

/// The readings of a table in long form.
struct Readings {
    architectures: Vec<String>,
    labels: Vec<String>,
    /// By label and architecture, one a repeat.
    readings: Vec<Vec<Vec<Reading>>>,
}

impl Readings {
    /// Of a table whose labels stand in this column; architectures and labels in the order in which they first occur.
    fn of(table: &DataFrame, label_column: &str) -> PolarsResult<Self> {
        let texts = |name: &str| Ok::<_, PolarsError>(table.column(name)?.str()?.iter().map(Option::unwrap_or_default));
        let (mut architectures, mut labels) = (Names::default(), Names::default());
        let mut readings: Vec<Vec<Vec<Reading>>> = Vec::new();
        let values = table.column("value")?.f64()?.iter().zip(texts("undefined_because")?);
        for ((architecture, label), (value, because)) in texts("arch")?.zip(texts(label_column)?).zip(values) {
            let (architecture, label) = (architectures.position(architecture), labels.position(label));
            readings.resize(labels.names.len().max(readings.len()), Vec::new());
            let of_label = &mut readings[label];
            of_label.resize(architectures.names.len().max(of_label.len()), Vec::new());
            of_label[architecture].push(value.map_or_else(|| Reading::undefined(because), Reading::Value));
        }
        for of_label in &mut readings {
            of_label.resize(architectures.names.len(), Vec::new());
        }
        Ok(Self { architectures: architectures.names, labels: labels.names, readings })
    }
}

/// Names in the order in which they first occur.
#[derive(Default)]
struct Names {
    names: Vec<String>,
    positions: HashMap<String, usize>,
}

impl Names {
    fn position(&mut self, name: &str) -> usize {
        if let Some(position) = self.positions.get(name) {
            return *position;
        }
        self.positions.insert(name.to_owned(), self.names.len());
        self.names.push(name.to_owned());
        self.names.len() - 1
    }
}

fn open(path: &Path) -> PolarsResult<DataFrame> {
    ParquetReader::new(File::open(path)?).finish()
}

fn score(label: &str, direction: Direction, readings: &[Vec<Reading>]) -> ProxyScores {
    let means: Vec<Reading> = readings.iter().map(|readings| Score::of(direction, readings).reading).collect();
    let mut undefined = BTreeMap::new();
    for reading in &means {
        if let Reading::Undefined { because } = reading {
            *undefined.entry(because.clone()).or_insert(0) += 1;
        }
    }
    ProxyScores { label: label.to_owned(), direction, values: means.iter().map(Reading::value).collect(), undefined }
}

fn look_up(benchmark: &dyn Benchmark, architectures: &[&str]) -> Result<Vec<Target>, String> {
    benchmark.check().map_err(|error| error.to_string())?;
    targets(benchmark, architectures).map_err(|error| error.to_string())
}

/// The accuracies, if they give the very τ-b that the study found: the table may have been replaced since.
fn agreeing(truth: Vec<Target>, proxies: &[ProxyScores], summary: &StudySummary) -> Result<Vec<Target>, String> {
    for row in &summary.correlations {
        let proxy = proxies.iter().find(|proxy| proxy.label == row.proxy);
        let Some((proxy, of_target)) = proxy.zip(truth.iter().find(|truth| truth.column == row.target)) else { continue };
        let now = proxy.tau_b(of_target);
        if now != row.tau_b {
            let [then, now] = [row.tau_b, now].map(|tau| tau.map_or("undefined".into(), |tau| format!("{tau:.6}")));
            let table = "the benchmark that is imported now is not the one of the study";
            return Err(format!("{table}: τ-b of {} with {} was {then} and is {now}", row.proxy, row.target));
        }
    }
    Ok(truth)
}

fn parse(space: &dyn SearchSpace, architectures: &[&str]) -> Result<Vec<Subspace>, String> {
    let parse = |text: &&str| space.parse(text).map_err(|error| format!("{SCORES}: `{text}`: {error}"));
    architectures.iter().map(parse).collect()
}

fn count_operators(layout: &Layout, architectures: &[Subspace]) -> Vec<OperatorCounts> {
    let counts = |name: &String| OperatorCounts { name: name.clone(), counts: vec![0; architectures.len()] };
    let mut operators: Vec<OperatorCounts> = layout.operators.iter().map(counts).collect();
    for (position, architecture) in architectures.iter().enumerate() {
        for choice in architecture.choices() {
            operators[choice.operator].counts[position] += 1;
        }
    }
    operators.retain(|operator| operator.counts.windows(2).any(|pair| pair[0] != pair[1]));
    operators
}
