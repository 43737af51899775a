//! What a study's scores are compared with: a benchmark's columns, if the experiment names a benchmark at all.

use std::collections::BTreeMap;

use assay_core::plugin::{Accuracy, Benchmark, Cost, SearchSpace, TrainingRuns, TrainingUse};
use assay_core::score::Direction;
use assay_results::study::NoiseCeiling;
use assay_statistics::ceiling::ceiling;

use crate::{RunError, provenance};

/// An accuracy or a cost that scores are compared with.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Target {
    /// The benchmark's column.
    pub(super) column: String,
    /// A name for people.
    pub(super) title: String,
    /// `%` of an accuracy.
    pub(super) unit: String,
    /// Which end is better.
    pub(super) direction: Direction,
    /// As recorded, by architecture; a cost that could not be measured is undefined.
    pub(super) values: Vec<Option<f64>>,
}

impl Target {
    fn of_accuracy(accuracy: &Accuracy) -> Self {
        let (column, title) = (accuracy.target.clone(), accuracy.title.clone());
        Self { column, title, unit: "%".into(), direction: Direction::HigherIsBetter, values: Vec::new() }
    }

    fn of_cost(cost: &Cost) -> Self {
        let (column, title) = (cost.target.clone(), cost.title.clone());
        Self { column, title, unit: cost.unit.clone(), direction: Direction::LowerIsBetter, values: Vec::new() }
    }

    /// Whether it is one, and not a cost.
    pub(super) fn is_accuracy(&self) -> bool {
        self.direction == Direction::HigherIsBetter
    }

    /// What it is, without its values.
    pub(super) fn described(&self) -> assay_results::study::Target {
        let Self { column, title, unit, direction, .. } = self;
        assay_results::study::Target { column: column.clone(), title: title.clone(), unit: unit.clone(), direction: *direction }
    }

    /// Larger is better.
    pub(super) fn oriented(&self) -> Vec<Option<f64>> {
        let sign = if self.is_accuracy() { 1.0 } else { -1.0 };
        self.values.iter().map(|value| value.map(|value| sign * value)).collect()
    }
}

/// What the benchmark says of these architectures: its accuracies, then the costs that it was asked for.
fn targets(benchmark: &dyn Benchmark, architectures: &[&str]) -> Result<Vec<Target>, RunError> {
    let mut targets: Vec<Target> = Vec::new();
    for (position, architecture) in architectures.iter().enumerate() {
        let (accuracies, costs) = (benchmark.accuracies(architecture)?, benchmark.costs(architecture)?);
        let read = accuracies.iter().map(|accuracy| (&accuracy.target, Some(accuracy.percent)));
        let read: Vec<(&String, Option<f64>)> = read.chain(costs.iter().map(|cost| (&cost.target, cost.reading.value()))).collect();
        if position == 0 {
            targets = accuracies.iter().map(Target::of_accuracy).chain(costs.iter().map(Target::of_cost)).collect();
        }
        if !targets.iter().map(|target| &target.column).eq(read.iter().map(|(column, _)| *column)) {
            return Err(RunError::Result(format!("the benchmark answers differently for `{architecture}`")));
        }
        for (target, (_, value)) in targets.iter_mut().zip(read) {
            target.values.push(value);
        }
    }
    Ok(targets)
}

/// The noise ceilings of columns of single runs, one list an architecture: of those with the most runs.
pub(super) fn ceilings(columns: BTreeMap<String, Vec<Vec<f64>>>) -> Result<Vec<NoiseCeiling>, RunError> {
    let ceiling = |(target, accuracies): (String, Vec<Vec<f64>>)| {
        let runs = accuracies.iter().map(Vec::len).max().filter(|runs| *runs > 1)?;
        let found = ceiling(&accuracies, runs).map_err(|error| RunError::Result(error.to_string()));
        Some(found.map(|ceiling| NoiseCeiling { target, runs, ceiling }))
    };
    columns.into_iter().filter_map(ceiling).collect()
}

/// The benchmark of a study. Without one, scores are compared with each other only.
pub(super) struct Truth(Option<Box<dyn Benchmark>>);

impl Truth {
    /// Makes sure that the table is here.
    pub(super) fn open(benchmark: Option<Box<dyn Benchmark>>) -> Result<Self, RunError> {
        benchmark.as_ref().map_or(Ok(()), |benchmark| benchmark.check())?;
        Ok(Self(benchmark))
    }

    /// The architectures that the benchmark holds, where it does not hold the whole space.
    pub(super) fn architectures(&self) -> Result<Option<Vec<String>>, RunError> {
        Ok(self.0.as_ref().map_or(Ok(None), |benchmark| benchmark.architectures())?)
    }

    /// The fingerprint of the table.
    pub(super) fn fingerprint(&self, space: &dyn SearchSpace) -> Result<Option<String>, RunError> {
        self.0.as_ref().map_or(Ok(None), |benchmark| provenance::of_table(benchmark.as_ref(), space))
    }

    /// The number under which the benchmark keeps the architecture, if it numbers them.
    pub(super) fn index(&self, architecture: &str) -> Result<Option<u32>, RunError> {
        Ok(self.0.as_ref().map_or(Ok(None), |benchmark| benchmark.index(architecture))?)
    }

    /// The targets, with what the benchmark says of these architectures; none without a benchmark.
    pub(super) fn targets(&self, architectures: &[&str]) -> Result<Vec<Target>, RunError> {
        self.0.as_ref().map_or(Ok(Vec::new()), |benchmark| targets(benchmark.as_ref(), architectures))
    }

    /// The noise ceilings over these architectures: for each column of single runs, of those with the most runs.
    pub(super) fn ceilings(&self, architectures: &[&str]) -> Result<Vec<NoiseCeiling>, RunError> {
        let Some(benchmark) = &self.0 else { return Ok(Vec::new()) };
        let mut columns: BTreeMap<String, Vec<Vec<f64>>> = BTreeMap::new();
        for architecture in architectures {
            for TrainingRuns { target, percent } in benchmark.training_runs(architecture)? {
                columns.entry(target).or_default().push(percent);
            }
        }
        ceilings(columns)
    }

    /// The trainings that the study is to make, where the benchmark records nothing.
    pub(super) fn trainings(&self) -> Vec<TrainingUse> {
        self.0.as_ref().map_or_else(Vec::new, |benchmark| benchmark.trainings())
    }

    /// For protocols: `test_cifar10 of …`; what others measured is attributed to them.
    pub(super) fn describe(&self, targets: &[Target]) -> String {
        let Some(benchmark) = &self.0 else { return "no accuracies".into() };
        let mut sources: Vec<(String, Vec<&Target>)> = vec![(benchmark.describe(), Vec::new())];
        for target in targets {
            let source = benchmark.source_of(&target.column).map_or_else(|| benchmark.describe(), str::to_owned);
            match sources.iter_mut().find(|(known, _)| *known == source) {
                Some((_, of_source)) => of_source.push(target),
                None => sources.push((source, vec![target])),
            }
        }
        let described = sources.iter().filter(|(_, targets)| !targets.is_empty()).map(|(source, targets)| {
            let columns: Vec<&str> = targets.iter().map(|target| target.column.as_str()).collect();
            let costs = if targets.iter().all(|target| target.is_accuracy()) { "" } else { " (of costs, less is better)" };
            format!("{}{costs} of {source}", columns.join(", "))
        });
        described.collect::<Vec<_>>().join("; ")
    }
}
