//! The result of a run: `summary.json`.

use std::collections::BTreeMap;

use assay_core::plugin::{Accuracy, Benchmark, ColumnContent, Columns, SearchSpace, Step};
use assay_core::score::Score;
use assay_core::subspace::Subspace;
use serde::{Deserialize, Serialize};

use super::RunError;
use super::journal::Record;
use super::machine::Machine;
use super::times::Times;

/// The version of the summary's form.
pub const SCHEMA: u32 = 1;

/// Everything a run found. All of it but `times` and `machine` is a function of the experiment.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Summary {
    /// [`SCHEMA`].
    pub schema: u32,
    /// The version of this program.
    pub assay: String,
    /// The experiment's name.
    pub experiment: String,
    /// The experiment's seed.
    pub seed: u64,
    /// The architecture found.
    pub architecture: Architecture,
    /// Its scores, by the strategy's proxy label, over repeats that belong to no step of the search.
    pub scores: BTreeMap<String, Score>,
    /// Its accuracies.
    pub accuracies: Accuracies,
    /// Under which conditions all this holds, in one line.
    pub protocol: String,
    /// How much was done.
    pub counts: Counts,
    /// Where time went.
    pub times: Times,
    /// What it ran on.
    pub machine: Machine,
}

/// An architecture in three forms.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Architecture {
    /// As the literature writes it.
    pub text: String,
    /// One text for all architectures that compute the same.
    pub canonical: String,
    /// Kept operators, by cell and edge.
    pub mask: String,
}

/// Ground truth, or why there is none.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Accuracies {
    /// From the benchmark's table.
    Known {
        /// Which table.
        source: String,
        /// One a dataset and split.
        values: Vec<Accuracy>,
    },
    /// Not known, for this reason.
    Unknown {
        /// A clause: `the experiment has no [benchmark] section`.
        because: String,
    },
}

/// How much was done.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Counts {
    /// Different measurements, by proxy label.
    pub measurements: BTreeMap<String, usize>,
    /// Those of them that were undefined.
    pub undefined: BTreeMap<String, usize>,
    /// Steps of the trajectory.
    pub steps: usize,
    /// By column of training costs that the search was charged with: the simulated GPU seconds of the recorded trainings,
    /// each in proportion to its epochs, added over the steps.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub recorded_costs: BTreeMap<String, f64>,
}

impl Architecture {
    /// The forms of a single path.
    ///
    /// # Errors
    /// If it is none.
    pub fn of(space: &dyn SearchSpace, found: &Subspace) -> Result<Self, RunError> {
        let unwritable =
            |error: assay_core::plugin::ArchitectureError| RunError::Result(format!("what was found is no architecture: {error}"));
        Ok(Self {
            text: space.write(found).map_err(unwritable)?,
            canonical: space.canonical(found).map_err(unwritable)?,
            mask: found.to_string(),
        })
    }
}

impl Accuracies {
    /// Looks an architecture up.
    #[must_use]
    pub fn look_up(benchmark: Option<&dyn Benchmark>, architecture: &Architecture) -> Self {
        let Some(benchmark) = benchmark else {
            return Self::Unknown { because: "the experiment has no [benchmark] section".into() };
        };
        match benchmark.accuracies(&architecture.text) {
            Ok(values) => Self::Known { source: benchmark.describe(), values },
            Err(error) => Self::Unknown { because: error.to_string() },
        }
    }
}

impl Counts {
    /// Counts measurements and steps, and adds up what the steps cost.
    #[must_use]
    pub fn of(records: &[Record], steps: &[Step], columns: &Columns) -> Self {
        let (mut measurements, mut undefined) = (BTreeMap::new(), BTreeMap::new());
        for record in records {
            *measurements.entry(record.request.proxy.clone()).or_insert(0) += 1;
            *undefined.entry(record.request.proxy.clone()).or_insert(0) += usize::from(record.reading.value().is_none());
        }
        let total = |label: &str| {
            let readings = steps.iter().flat_map(|step| &step.readings).filter(|(own, _)| own == label);
            readings.filter_map(|(_, reading)| reading.value()).sum()
        };
        let costs = columns.iter().filter(|column| column.content == ColumnContent::TrainingCost);
        let recorded_costs = costs.map(|column| (column.column.clone(), total(&column.column))).collect();
        Self { measurements, undefined, steps: steps.len(), recorded_costs }
    }
}
