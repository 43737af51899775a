//! Why there is no report.

use std::io;
use std::path::{Path, PathBuf};

use assay_results::{ReadError, files};

use crate::picture::PaintError;

/// Why there is no report.
#[derive(Debug, thiserror::Error)]
pub enum ReportError {
    /// The folder holds no finished run, or its result cannot be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// The run is a part of a study.
    #[error("the run `{folder}` is shard {shard} of a study", folder = folder.display())]
    Shard {
        /// The folder.
        folder: PathBuf,
        /// Which of how many.
        shard: String,
    },
    /// A file of the run cannot be read.
    #[error("`{path}` cannot be read: {problem}", path = path.display())]
    Table {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        problem: String,
    },
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
    /// Scores of a proxy that the summary does not describe.
    pub(super) fn unknown_proxy(folder: &Path, label: &str) -> Self {
        Self::Table { path: folder.join(files::SUMMARY), problem: format!("proxies: there is no {label}, but it has scores") }
    }

    /// What to do about it, where that is known.
    #[must_use]
    pub fn help(&self) -> Option<String> {
        match self {
            Self::Read(error) => error.help(),
            Self::Shard { .. } => Some("join all its shards first: assay merge".into()),
            Self::Operator { known, .. } => Some(format!("its architectures differ in {}", known.join(", "))),
            Self::Table { .. } | Self::Picture(_) | Self::Write { .. } => None,
        }
    }
}
