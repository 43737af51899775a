//! What architectures cost to use, looked up beside what the judge says of them.

use std::collections::HashMap;

use assay_core::plugin::{ColumnUse, Laboratory, SearchError};
use assay_core::score::Reading;
use assay_core::subspace::Subspace;

/// A column of costs, with what was looked up so far.
pub(super) struct CostColumn {
    column: ColumnUse,
    known: HashMap<Subspace, Reading>,
}

impl CostColumn {
    pub(super) fn new(column: ColumnUse) -> Self {
        Self { column, known: HashMap::new() }
    }

    /// Looks up those that are not known yet.
    pub(super) fn look_up(&mut self, laboratory: &mut dyn Laboratory, architectures: &[Subspace]) -> Result<(), SearchError> {
        let mut new: Vec<&Subspace> = Vec::new();
        for architecture in architectures {
            if !self.known.contains_key(architecture) && !new.contains(&architecture) {
                new.push(architecture);
            }
        }
        let costs = laboratory.measure(&new.iter().map(|architecture| self.column.request(architecture)).collect::<Vec<_>>())?;
        self.known.extend(new.into_iter().cloned().zip(costs));
        Ok(())
    }

    /// What an architecture costs; none if it was not looked up.
    pub(super) fn of(&self, architecture: &Subspace) -> Option<&Reading> {
        self.known.get(architecture)
    }

    /// Adds the cost to the readings of an architecture, unless the judge has read the same column.
    pub(super) fn add_to(&self, readings: &mut Vec<(String, Reading)>, architecture: &Subspace) {
        let label = &self.column.column;
        if let Some(cost) = self.of(architecture).filter(|_| readings.iter().all(|(own, _)| own != label)) {
            readings.push((label.clone(), cost.clone()));
        }
    }
}
