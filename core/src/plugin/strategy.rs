//! The contract of a search strategy.

use std::path::Path;

use super::{ColumnUse, Laboratory, SearchError, SearchSpace, Settings, SettingsError, TrainingUse};
use crate::data::Dataset;
use crate::subspace::Subspace;

/// Searches a space by asking a [`Laboratory`] for measurements.
///
/// A strategy is a deterministic function of what the laboratory answers: it holds no clock, no global state and no
/// random source but the laboratory's. That is what makes an interrupted run continue to the identical result: it is
/// searched again, and the laboratory answers from its records what was already measured.
pub trait SearchStrategy: Send + Sync {
    /// The proxies it will ask for.
    fn proxies(&self) -> Vec<ProxyUse>;

    /// The columns of the experiment's benchmark that it will look up.
    fn columns(&self) -> Vec<ColumnUse> {
        Vec::new()
    }

    /// A table of scores that answers for the proxies which it holds, in place of measuring: a table of a space's scores makes searches by
    /// any of them cost nothing. None where everything is measured.
    fn scores(&self) -> Option<&Path> {
        None
    }

    /// The trainings that it will ask for, the shortest first.
    fn trainings(&self) -> Vec<TrainingUse> {
        Vec::new()
    }

    /// Checks before anything runs that it can search this space by these images.
    ///
    /// # Errors
    /// If it cannot; the message says why, and what would fit.
    fn check(&self, space: &dyn SearchSpace, images: &dyn Dataset) -> Result<(), SettingsError> {
        let _ = (space, images);
        Ok(())
    }

    /// One line for protocols: the variant and the settings that matter.
    fn protocol(&self) -> String;

    /// Searches, and returns the architecture it chose.
    ///
    /// # Errors
    /// If a measurement fails or the user interrupts; or if the space leaves nothing to choose.
    fn search(&self, laboratory: &mut dyn Laboratory) -> Result<Subspace, SearchError>;
}

/// A proxy that a strategy uses, under a name of the strategy's own.
#[derive(Clone, Debug, PartialEq)]
pub struct ProxyUse {
    /// The name used in [`Request::label`](super::Request::label) and in the run's tables.
    pub label: String,
    /// The registered proxy.
    pub proxy: String,
    /// Its settings. The experiment file's `[proxies.<proxy>]` table fills in what is absent here.
    pub settings: Settings,
}
