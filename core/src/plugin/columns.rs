//! What a search looks up instead of measuring: columns of a benchmark's table.

use super::{Benchmark, BenchmarkError, Laboratory, Request, SearchError, SearchSpace, Step, called};
use crate::score::{Direction, Reading};
use crate::stream::Stream;
use crate::subspace::Subspace;

/// A column of the experiment's benchmark that a strategy looks up. The column's name is the label of its requests.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ColumnUse {
    /// The column: `ep12_valid_cifar10`.
    pub column: String,
    /// What it records.
    pub content: ColumnContent,
}

/// What a column records of an architecture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ColumnContent {
    /// An accuracy in per cent. More is better.
    Accuracy,
    /// What it costs to use: latency, energy. Less is better.
    Cost,
    /// What its recorded training cost, in GPU seconds: a search that looks the training's accuracy up is charged with it.
    TrainingCost,
}

impl ColumnUse {
    /// The request that looks an architecture up. A recorded value depends on no draw, so it names none.
    #[must_use]
    pub fn request(&self, architecture: &Subspace) -> Request {
        Request { label: self.column.clone(), subspace: architecture.clone(), parameters: String::new(), images: String::new() }
    }
}

/// Columns with the benchmarks that hold them.
#[derive(Default)]
pub struct Columns(Vec<(ColumnUse, Box<dyn Benchmark>)>);

impl Columns {
    /// Each column in a benchmark that reports it.
    #[must_use]
    pub fn new(columns: Vec<(ColumnUse, Box<dyn Benchmark>)>) -> Self {
        Self(columns)
    }

    /// Makes sure that every table is here and can be read.
    ///
    /// # Errors
    /// If one was never imported or cannot be read.
    pub fn check(&self) -> Result<(), BenchmarkError> {
        self.0.iter().try_for_each(|(_, benchmark)| benchmark.check())
    }

    /// The columns.
    pub fn iter(&self) -> impl Iterator<Item = &ColumnUse> {
        self.0.iter().map(|(column, _)| column)
    }

    /// What the tables are, one line each, for protocols.
    #[must_use]
    pub fn describe(&self) -> Vec<String> {
        self.0.iter().map(|(column, benchmark)| format!("{} of {}", column.column, benchmark.describe())).collect()
    }

    /// Which end of a column is better; nothing if there is no such column.
    #[must_use]
    pub fn direction(&self, label: &str) -> Option<Direction> {
        self.find(label).map(|(column, _)| match column.content {
            ColumnContent::Accuracy => Direction::HigherIsBetter,
            ColumnContent::Cost | ColumnContent::TrainingCost => Direction::LowerIsBetter,
        })
    }

    /// Looks an architecture up; nothing if there is no such column. What the table does not hold is undefined.
    ///
    /// # Errors
    /// If the table cannot be read, has no such column, or the subspace is not an architecture.
    pub fn read(&self, space: &dyn SearchSpace, request: &Request) -> Option<Result<Reading, SearchError>> {
        let (column, benchmark) = self.find(&request.label)?;
        let failed = |problem: String| SearchError::Measurement {
            proxy: column.column.clone(),
            subspace: called(space, &request.subspace),
            problem,
        };
        let text = match space.write(&request.subspace) {
            Ok(text) => text,
            Err(error) => return Some(Err(failed(error.to_string()))),
        };
        let (found, known): (Option<Reading>, Vec<String>) = match column.content {
            ColumnContent::Accuracy => match benchmark.accuracies(&text) {
                Ok(accuracies) => {
                    let found = accuracies.iter().find(|accuracy| accuracy.target == column.column);
                    (
                        found.map(|accuracy| Reading::finite(accuracy.percent)),
                        accuracies.into_iter().map(|accuracy| accuracy.target).collect(),
                    )
                }
                Err(error) => return Some(absent(error).map_err(|error| failed(error.to_string()))),
            },
            ColumnContent::Cost | ColumnContent::TrainingCost => match benchmark.costs(&text) {
                Ok(costs) => {
                    let found = costs.iter().find(|cost| cost.target == column.column);
                    (found.map(|cost| cost.reading.clone()), costs.into_iter().map(|cost| cost.target).collect())
                }
                Err(error) => return Some(absent(error).map_err(|error| failed(error.to_string()))),
            },
        };
        let missing = || failed(format!("the benchmark has no such column; it reports {}", known.join(", ")));
        Some(found.ok_or_else(missing))
    }

    fn find(&self, label: &str) -> Option<&(ColumnUse, Box<dyn Benchmark>)> {
        self.0.iter().find(|(column, _)| column.column == label)
    }
}

/// An architecture that the table does not hold has no value; every other problem is one.
fn absent(error: BenchmarkError) -> Result<Reading, BenchmarkError> {
    match error {
        BenchmarkError::UnknownArchitecture(_) => Ok(Reading::undefined(error.to_string())),
        other => Err(other),
    }
}

/// A laboratory that holds nothing but tables, for searches that measure nothing: hundreds of seeds in seconds. It keeps no
/// journal, since nothing it answers took time.
pub struct TableLaboratory<'a> {
    space: &'a dyn SearchSpace,
    columns: &'a Columns,
    seed: u64,
    steps: Vec<Step>,
}

impl<'a> TableLaboratory<'a> {
    /// For one search with this seed. The same seed in a run's laboratory makes the same decisions.
    #[must_use]
    pub fn new(space: &'a dyn SearchSpace, columns: &'a Columns, seed: u64) -> Self {
        Self { space, columns, seed, steps: Vec::new() }
    }

    /// The trajectory of the search.
    #[must_use]
    pub fn into_steps(self) -> Vec<Step> {
        self.steps
    }
}

impl Laboratory for TableLaboratory<'_> {
    fn space(&self) -> &dyn SearchSpace {
        self.space
    }

    fn direction(&self, label: &str) -> Result<Direction, SearchError> {
        self.columns.direction(label).ok_or_else(|| SearchError::UnknownProxy(label.to_owned()))
    }

    fn measure(&mut self, requests: &[Request]) -> Result<Vec<Reading>, SearchError> {
        let unknown = |request: &Request| Err(SearchError::UnknownProxy(request.label.clone()));
        requests.iter().map(|request| self.columns.read(self.space, request).unwrap_or_else(|| unknown(request))).collect()
    }

    fn seconds(&self, _request: &Request) -> Option<f64> {
        Some(0.0)
    }

    fn stream(&self, purpose: &str) -> Stream {
        Stream::new(self.seed, "strategy").child(purpose)
    }

    fn expect(&mut self, _measurements: usize) {}

    fn record(&mut self, step: Step) -> Result<(), SearchError> {
        self.steps.push(step);
        Ok(())
    }
}
