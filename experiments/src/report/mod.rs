//! Reports: what finished runs found, as a page, pictures and tables.
//!
//! A [`Run`] is read from its folder. Its [`content`] is a list of parts, tables and groups of charts, each with its
//! protocol line; the [`page`] shows them all, and each is also written as files of its own. Equal runs give equal bytes.

pub(crate) mod chart;
mod comparison;
mod content;
mod course;
mod front;
mod page;
pub(crate) mod picture;
mod preference;
mod reading;
mod scored;
mod search;
mod source;
mod study;
mod topology;
mod training;
mod write;

use std::io;
use std::path::PathBuf;

use assay_core::experiment::ExperimentError;

use crate::run::RunError;
pub use content::{Content, Part, Table};
pub use reading::{better, describe, number};
pub use source::{Found, Run, Search, Study, label};
pub use write::{Written, write};

/// What a report shows.
///
/// # Errors
/// If a run's scores and accuracies cannot be put side by side, or no architecture has the operator to colour by.
pub fn content(runs: &[Run], settings: &Settings) -> Result<Content, ReportError> {
    content::of(runs, settings)
}

/// How a report looks.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Settings {
    /// The operator whose count colours scatter plots; without one, that whose count goes best with the accuracy.
    pub colour: Option<String>,
    /// A sentence below every chart and table, before the protocol: what a paper prints of the same.
    pub caption: Option<String>,
}

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
    #[error("a picture cannot be painted: {0}")]
    Picture(String),
    /// A file cannot be written.
    #[error("`{path}` cannot be written: {error}", path = path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
}
