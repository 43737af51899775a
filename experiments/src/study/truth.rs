//! What a study's scores are compared with: a benchmark's columns, if the experiment names a benchmark at all.

use std::collections::BTreeMap;

use assay_core::plugin::{Benchmark, TrainingRuns};
use assay_statistics::ceiling::ceiling;

use super::NoiseCeiling;
use super::correlation::Target;
use super::selection::Selected;
use crate::run::RunError;

/// The benchmark of a study. Without one, scores are compared with each other only.
pub(super) struct Truth(Option<Box<dyn Benchmark>>);

impl Truth {
    /// Makes sure that the table is here.
    pub(super) fn open(benchmark: Option<Box<dyn Benchmark>>) -> Result<Self, RunError> {
        benchmark.as_ref().map_or(Ok(()), |benchmark| benchmark.check())?;
        Ok(Self(benchmark))
    }

    /// The architectures that the benchmark holds, where they are not one and all of the space.
    pub(super) fn architectures(&self) -> Result<Option<Vec<String>>, RunError> {
        Ok(self.0.as_ref().map_or(Ok(None), |benchmark| benchmark.architectures())?)
    }

    /// The number under which the benchmark keeps the architecture, if it numbers them.
    pub(super) fn index(&self, architecture: &str) -> Result<Option<u32>, RunError> {
        Ok(self.0.as_ref().map_or(Ok(None), |benchmark| benchmark.index(architecture))?)
    }

    /// The targets, with the accuracies of these architectures; none without a benchmark.
    pub(super) fn targets(&self, architectures: &[Selected]) -> Result<Vec<Target>, RunError> {
        let Some(benchmark) = &self.0 else { return Ok(Vec::new()) };
        let mut targets: Vec<Target> = Vec::new();
        for (position, architecture) in architectures.iter().enumerate() {
            for (at, accuracy) in benchmark.accuracies(&architecture.text)?.into_iter().enumerate() {
                if position == 0 {
                    targets.push(Target { column: accuracy.target, title: accuracy.title, accuracies: vec![accuracy.percent] });
                } else if let Some(target) = targets.get_mut(at).filter(|target| target.column == accuracy.target) {
                    target.accuracies.push(accuracy.percent);
                } else {
                    return Err(RunError::Result(format!("the benchmark answers differently for `{}`", architecture.text)));
                }
            }
        }
        Ok(targets)
    }

    /// The noise ceilings over these architectures: for each column of single runs, of those with the most runs.
    pub(super) fn ceilings(&self, architectures: &[Selected]) -> Result<Vec<NoiseCeiling>, RunError> {
        let Some(benchmark) = &self.0 else { return Ok(Vec::new()) };
        let mut columns: BTreeMap<String, Vec<Vec<f64>>> = BTreeMap::new();
        for architecture in architectures {
            for TrainingRuns { target, percent } in benchmark.training_runs(&architecture.text)? {
                columns.entry(target).or_default().push(percent);
            }
        }
        let ceiling = |(target, accuracies): (String, Vec<Vec<f64>>)| {
            let runs = accuracies.iter().map(Vec::len).max().filter(|runs| *runs > 1)?;
            let found = ceiling(&accuracies, runs).map_err(|error| RunError::Result(error.to_string()));
            Some(found.map(|ceiling| NoiseCeiling { target, runs, ceiling }))
        };
        columns.into_iter().filter_map(ceiling).collect()
    }

    /// For protocols: `test_cifar10 of …`.
    pub(super) fn describe(&self, targets: &[Target]) -> String {
        let columns: Vec<&str> = targets.iter().map(|target| target.column.as_str()).collect();
        match &self.0 {
            Some(benchmark) => format!("{} of {}", columns.join(", "), benchmark.describe()),
            None => "no accuracies".into(),
        }
    }
}
