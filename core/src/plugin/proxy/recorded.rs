//! Proxies that look up what a benchmark recorded: no network, no images, no draws.

use super::ProxyError;
use crate::plugin::columns::look_up;
use crate::plugin::{Benchmark, ColumnContent, ColumnUse, SearchSpace};
use crate::score::{Direction, Reading};
use crate::subspace::Subspace;

/// A column of a benchmark's table as a proxy. Isomorphic architectures have records of their own, so each is looked up.
pub struct RecordedColumn {
    column: ColumnUse,
    benchmark: Box<dyn Benchmark>,
}

impl RecordedColumn {
    /// A column in a benchmark that reports it.
    #[must_use]
    pub fn new(column: ColumnUse, benchmark: Box<dyn Benchmark>) -> Self {
        Self { column, benchmark }
    }

    /// Which end of the column is better.
    #[must_use]
    pub fn direction(&self) -> Direction {
        self.column.content.direction()
    }

    /// What it is counted in: accuracies in per cent. The units of costs stand in the table, and are not known before.
    #[must_use]
    pub fn unit(&self) -> Option<&'static str> {
        match self.column.content {
            ColumnContent::Accuracy => Some("%"),
            ColumnContent::Cost | ColumnContent::TrainingCost => None,
        }
    }

    /// The column, its table, and that nothing is measured.
    #[must_use]
    pub fn protocol(&self) -> String {
        format!("recorded: {} of {}, looked up", self.column.column, self.benchmark.describe())
    }

    /// Where it is looked up.
    #[must_use]
    pub fn benchmark(&self) -> &dyn Benchmark {
        self.benchmark.as_ref()
    }

    /// Looks an architecture up. What the table does not hold is undefined.
    ///
    /// # Errors
    /// If the subspace is not an architecture, or the table cannot be read or has no such column.
    pub fn read(&self, space: &dyn SearchSpace, subspace: &Subspace) -> Result<Reading, ProxyError> {
        let text = space.write(subspace).map_err(|error| ProxyError::Other(error.to_string()))?;
        look_up(&self.column, self.benchmark.as_ref(), &text).map_err(ProxyError::Other)
    }
}
