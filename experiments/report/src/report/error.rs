//! Why there is no report.

use std::fmt::Display;
use std::io;
use std::path::{Path, PathBuf};

use assay_core::experiment::ExperimentError;

use crate::picture::PaintError;
use crate::run::RunError;

/// Why there is no report.
#[derive(Debug, thiserror::Error)]
pub enum ReportError {
    /// The folder holds no run, or something else than this program wrote there.
    #[error("`{folder}` holds no run: {problem}", folder = folder.display())]
    NoRun {
        /// The folder.
        folder: PathBuf,
        /// What is wrong.
        problem: String,
    },
    /// The run has no result yet.
    #[error("the run `{folder}` is not finished", folder = folder.display())]
    Unfinished {
        /// The folder.
        folder: PathBuf,
        /// The command that continues it.
        resume: String,
    },
    /// The run is a part of a study.
    #[error("the run `{folder}` is shard {shard} of a study", folder = folder.display())]
    Shard {
        /// The folder.
        folder: PathBuf,
        /// Which of how many.
        shard: String,
    },
    /// The run's experiment cannot be read any more.
    #[error(transparent)]
    Run(#[from] RunError),
    /// A plugin of the run's experiment cannot be made.
    #[error(transparent)]
    Experiment(#[from] ExperimentError),
    /// No architecture has the operator to colour by.
    #[error("no architecture of `{run}` differs in `{operator}`")]
    Operator {
        /// The run.
        run: String,
        /// What was asked for.
        operator: String,
        /// What there is.
        known: Vec<String>,
    },
    /// A picture cannot be painted.
    #[error(transparent)]
    Picture(#[from] PaintError),
    /// A file cannot be written.
    #[error("`{path}` cannot be written: {error}", path = path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
}

impl ReportError {
    /// A file of the run that cannot be read.
    pub(super) fn unreadable(folder: &Path, file: &str, error: &dyn Display) -> Self {
        Self::NoRun { folder: folder.to_owned(), problem: format!("{file}: {error}") }
    }
}
