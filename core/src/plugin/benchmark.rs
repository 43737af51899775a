//! The contract of a benchmark: ground truth for architectures of a space.

pub use assay_structure::accuracy::Accuracy;

use super::TrainingUse;
use crate::score::Reading;

/// Recorded accuracies of trained architectures.
pub trait Benchmark: Send + Sync {
    /// One line for protocols: which table, version, schedule, how many architectures.
    fn describe(&self) -> String;

    /// Who measured what this column holds, if not those of [`describe`](Self::describe).
    fn source_of(&self, column: &str) -> Option<&str> {
        let _ = column;
        None
    }

    /// Makes sure that the table is here and can be read, without looking anything up. A run asks before it computes,
    /// so that a missing table is reported in the first second and not after the search.
    ///
    /// # Errors
    /// If the table was never imported or cannot be read.
    fn check(&self) -> Result<(), BenchmarkError>;

    /// The trainings that a study makes of its architectures, where the accuracies are not recorded but made: its targets are
    /// theirs, and nothing is looked up.
    fn trainings(&self) -> Vec<TrainingUse> {
        Vec::new()
    }

    /// The accuracies of the architecture with this text.
    ///
    /// # Errors
    /// If the table does not hold it.
    fn accuracies(&self, architecture: &str) -> Result<Vec<Accuracy>, BenchmarkError>;

    /// The architectures that the benchmark holds, where they are not one and all of their space; none where they are.
    ///
    /// # Errors
    /// If the table cannot be read.
    fn architectures(&self) -> Result<Option<Vec<String>>, BenchmarkError> {
        Ok(None)
    }

    /// The number under which the benchmark keeps the architecture, if it numbers them.
    ///
    /// # Errors
    /// If the table does not hold it.
    fn index(&self, _architecture: &str) -> Result<Option<u32>, BenchmarkError> {
        Ok(None)
    }

    /// Further targets of which less is better, where they are asked for and the table has them: latency, energy, the time
    /// that training took.
    ///
    /// # Errors
    /// If the table does not hold the architecture.
    fn costs(&self, _architecture: &str) -> Result<Vec<Cost>, BenchmarkError> {
        Ok(Vec::new())
    }

    /// The accuracies of single training runs, where the table has them: what a noise ceiling is made of. Their targets
    /// may be of another training than those of [`accuracies`](Self::accuracies).
    ///
    /// # Errors
    /// If the table does not hold the architecture.
    fn training_runs(&self, _architecture: &str) -> Result<Vec<TrainingRuns>, BenchmarkError> {
        Ok(Vec::new())
    }

    /// All that the table holds of an architecture, which is named by its text or by the number under which the benchmark keeps
    /// it. Unless the benchmark says otherwise, what it reports and no number.
    ///
    /// # Errors
    /// If the table does not hold it.
    fn entry(&self, wanted: &str) -> Result<BenchmarkEntry, BenchmarkError> {
        let accuracies = self.accuracies(wanted)?.into_iter().map(|accuracy| Figure {
            column: accuracy.target,
            title: accuracy.title,
            source: None,
            unit: "%".into(),
            recorded: Recorded::One(Reading::finite(accuracy.percent)),
        });
        let costs = self.costs(wanted)?.into_iter().map(|cost| Figure {
            source: self.source_of(&cost.target).map(str::to_owned),
            column: cost.target,
            title: cost.title,
            unit: cost.unit,
            recorded: Recorded::One(cost.reading),
        });
        let runs = self.training_runs(wanted)?.into_iter().map(|runs| Figure {
            column: runs.target,
            title: "single trainings".into(),
            source: None,
            unit: "%".into(),
            recorded: Recorded::Runs(runs.percent),
        });
        let figures = accuracies.chain(costs).chain(runs).collect();
        Ok(BenchmarkEntry { architecture: wanted.to_owned(), index: self.index(wanted)?, figures })
    }

    /// How many architectures [`entry`](Self::entry) finds and how they are named, for whoever asked for another one:
    /// `15,625 architectures, each by a cell string such as … or by an index from 0 to 15624`.
    fn holds(&self) -> String {
        self.describe()
    }
}

/// All that a table holds of one architecture.
#[derive(Clone, Debug, PartialEq)]
pub struct BenchmarkEntry {
    /// As the table or its space writes it.
    pub architecture: String,
    /// The number under which the benchmark keeps it, if it numbers them.
    pub index: Option<u32>,
    /// What is recorded, in the order of the table.
    pub figures: Vec<Figure>,
}

/// What one column holds of an architecture.
#[derive(Clone, Debug, PartialEq)]
pub struct Figure {
    /// The column: `ep12_valid_cifar10`.
    pub column: String,
    /// A name for people: `CIFAR-10 validation`.
    pub title: String,
    /// How the network was trained, or who measured it, where the table says so: `NAS-Bench-201 v1.1, 12 epochs, mean over trials`.
    pub source: Option<String>,
    /// `%`, `ms`, `GPU s`, …; empty for a plain number.
    pub unit: String,
    /// The value.
    pub recorded: Recorded,
}

/// One value or several.
#[derive(Clone, Debug, PartialEq)]
pub enum Recorded {
    /// A number; undefined where the table has none.
    One(Reading),
    /// One a training, each from a seed of its own.
    Runs(Vec<f64>),
}

/// What an architecture costs, by one measure. Less is better.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Cost {
    /// The column of the table: `hw_edgegpu_latency_cifar10`.
    pub target: String,
    /// A name for people: `latency on an edge GPU, CIFAR-10`.
    pub title: String,
    /// `ms`, `mJ`, `GPU s`, …
    pub unit: String,
    /// The cost; undefined where it could not be measured.
    pub reading: Reading,
}

/// What the training runs of one architecture reached, each from a seed of its own.
#[derive(Clone, Debug, PartialEq)]
pub struct TrainingRuns {
    /// The column of the table, and which training it records: `v11_test_cifar10_seeds (NAS-Bench-201 v1.1, …)`.
    pub target: String,
    /// Per cent, in the same order of seeds for every architecture.
    pub percent: Vec<f64>,
}

/// Why there is no ground truth.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BenchmarkError {
    /// The table was never imported here.
    #[error("{0}")]
    NotImported(String),
    /// The table does not hold the architecture.
    #[error("the benchmark has no row for `{0}`")]
    UnknownArchitecture(String),
    /// The text is not an architecture that the benchmark could hold.
    #[error("this is not an architecture of {benchmark}: {problem}")]
    NotAnArchitecture {
        /// The benchmark.
        benchmark: String,
        /// What is wrong with the text.
        problem: String,
    },
    /// The table cannot be read.
    #[error("{0}")]
    Unreadable(String),
}
