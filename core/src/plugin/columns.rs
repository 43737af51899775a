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

impl ColumnContent {
    /// Which end is better.
    #[must_use]
    pub fn direction(self) -> Direction {
        match self {
            Self::Accuracy => Direction::HigherIsBetter,
            Self::Cost | Self::TrainingCost => Direction::LowerIsBetter,
        }
    }
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
        self.find(label).map(|(column, _)| column.content.direction())
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
        let text = space.write(&request.subspace).map_err(|error| error.to_string());
        Some(text.and_then(|text| look_up(column, benchmark.as_ref(), &text)).map_err(failed))
    }

    fn find(&self, label: &str) -> Option<&(ColumnUse, Box<dyn Benchmark>)> {
        self.0.iter().find(|(column, _)| column.column == label)
    }
}

/// What a column records of an architecture. What the table does not hold is undefined.
///
/// # Errors
/// If the table cannot be read, or has no such column.
pub(super) fn look_up(column: &ColumnUse, benchmark: &dyn Benchmark, architecture: &str) -> Result<Reading, String> {
    let reported: Result<Vec<(String, Reading)>, BenchmarkError> = match column.content {
        ColumnContent::Accuracy => benchmark
            .accuracies(architecture)
            .map(|accuracies| accuracies.into_iter().map(|accuracy| (accuracy.target, Reading::finite(accuracy.percent))).collect()),
        ColumnContent::Cost | ColumnContent::TrainingCost => {
            benchmark.costs(architecture).map(|costs| costs.into_iter().map(|cost| (cost.target, cost.reading)).collect())
        }
    };
    let reported = match reported {
        Ok(reported) => reported,
        Err(error @ BenchmarkError::UnknownArchitecture(_)) => return Ok(Reading::undefined(error.to_string())),
        Err(error) => return Err(error.to_string()),
    };
    let found = reported.iter().find(|(target, _)| *target == column.column).map(|(_, reading)| reading.clone());
    let missing = || {
        let known: Vec<&str> = reported.iter().map(|(target, _)| target.as_str()).collect();
        format!("the benchmark has no such column; it reports {}", known.join(", "))
    };
    found.ok_or_else(missing)
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
