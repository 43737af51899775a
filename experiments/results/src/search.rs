//! The result of a search.

use std::collections::BTreeMap;

pub use assay_structure::accuracy::Accuracy;
use assay_structure::score::Score;
use serde::{Deserialize, Serialize};

use crate::kind::Kind;
use crate::machine::Machine;
use crate::times::Times;

/// Everything a search found. All of it but `times` and `machine` is a function of the experiment.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SearchSummary {
    /// [`SCHEMA`](Self::SCHEMA).
    pub schema: u32,
    /// [`Kind::Search`].
    #[serde(default = "kind")]
    pub kind: Kind,
    /// The version of the program.
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

impl SearchSummary {
    /// The version of the summary's form.
    pub const SCHEMA: u32 = 1;
}

/// Searches of the first 0.1.0 do not say what they are.
fn kind() -> Kind {
    Kind::Search
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
    /// Where architectures were judged by training them: epochs, by the label of the accuracy that they were trained for. A
    /// training that goes on counts from where it was judged before.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub trained_epochs: BTreeMap<String, usize>,
}
