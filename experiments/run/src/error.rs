//! Why a run did not end with a result.

use std::path::PathBuf;

use assay_core::experiment::ExperimentError;
use assay_core::plugin::{BenchmarkError, SearchError};
use assay_results::{ReadError, files};
use assay_training::TrainingError;

use crate::bench::journal::JournalError;

/// Why a run did not end with a result.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// The experiment is wrong.
    #[error(transparent)]
    Experiment(#[from] ExperimentError),
    /// The user asked to stop; what was done is kept.
    #[error("interrupted")]
    Interrupted,
    /// What was asked for cannot be done.
    #[error("{what}")]
    Refused {
        /// What, and why not.
        what: String,
        /// What to do instead.
        help: String,
    },
    /// This machine or build cannot do what was asked.
    #[error("{0}")]
    Machine(String),
    /// The run folder cannot be used.
    #[error("{message}")]
    Folder {
        /// What and why.
        message: String,
        /// What to do.
        help: Option<String>,
    },
    /// The journal cannot be used.
    #[error("{path}: {error}", path = folder.join(files::JOURNAL).display())]
    Journal {
        /// The run folder.
        folder: PathBuf,
        /// What is wrong with it.
        error: JournalError,
    },
    /// What another run left cannot be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// Searching or measuring failed.
    #[error(transparent)]
    Search(SearchError),
    /// The benchmark lacks what a study correlates with.
    #[error(transparent)]
    Benchmark(#[from] BenchmarkError),
    /// The training failed.
    #[error(transparent)]
    Training(TrainingError),
    /// The result cannot be written down.
    #[error("{0}")]
    Result(String),
}

impl From<SearchError> for RunError {
    fn from(error: SearchError) -> Self {
        match error {
            SearchError::Interrupted => Self::Interrupted,
            other => Self::Search(other),
        }
    }
}

impl From<TrainingError> for RunError {
    fn from(error: TrainingError) -> Self {
        match error {
            TrainingError::Interrupted => Self::Interrupted,
            other => Self::Training(other),
        }
    }
}

impl RunError {
    /// That what was asked for cannot be done.
    pub(crate) fn refused(what: impl Into<String>, help: impl Into<String>) -> Self {
        Self::Refused { what: what.into(), help: help.into() }
    }

    /// What to do about it, where that is known. Experiments say it for each of their problems.
    #[must_use]
    pub fn help(&self) -> Option<String> {
        match self {
            Self::Refused { help, .. } => Some(help.clone()),
            Self::Folder { help, .. } => help.clone(),
            Self::Read(error) => error.help(),
            Self::Training(TrainingError::Diverged { .. }) => {
                Some("begin again in another folder: set training.learning_rate lower, or cut gradients by training.clip".into())
            }
            Self::Journal { folder, error: JournalError::Damaged(_) } => {
                let summary = folder.join(files::SUMMARY);
                Some(format!("remove {} and continue the run with --resume: what is lost is measured again", summary.display()))
            }
            _ => None,
        }
    }

    /// Whether all that is missing is data: images of a dataset, or the table of a benchmark.
    #[must_use]
    pub fn is_missing_data(&self) -> bool {
        match self {
            Self::Experiment(error) => error.is_missing_data,
            Self::Benchmark(error) => matches!(error, BenchmarkError::NotImported(_)),
            _ => false,
        }
    }

    /// Whether another try would end in the same way.
    #[must_use]
    pub fn is_final(&self) -> bool {
        matches!(
            self,
            Self::Search(SearchError::Impossible(_) | SearchError::UnknownProxy(_)) | Self::Training(TrainingError::Diverged { .. })
        )
    }
}
