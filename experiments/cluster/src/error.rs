//! Why tasks cannot be planned, submitted or looked at.

use std::io;
use std::path::{Path, PathBuf};

/// Why tasks cannot be planned, submitted or looked at.
#[derive(Debug, thiserror::Error)]
pub enum ClusterError {
    /// What was asked for cannot be done.
    #[error("{what}")]
    Refused {
        /// What, and why not.
        what: String,
        /// What to do instead.
        help: String,
    },
    /// A file of the plan's folder cannot be read or written.
    #[error("cannot {doing} `{}`: {error}", path.display())]
    File {
        /// `read`, `write`.
        doing: &'static str,
        /// Which.
        path: PathBuf,
        /// Why not.
        error: io::Error,
    },
    /// A command of Slurm is not installed here.
    #[error("Slurm's command `{0}` was not found")]
    NoSlurm(&'static str),
    /// A command of Slurm failed.
    #[error("`{command}` failed: {said}")]
    Slurm {
        /// With its arguments.
        command: String,
        /// What it said.
        said: String,
    },
}

impl ClusterError {
    pub(crate) fn refused(what: impl Into<String>, help: impl Into<String>) -> Self {
        Self::Refused { what: what.into(), help: help.into() }
    }

    pub(crate) fn file(doing: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |error| Self::File { doing, path, error }
    }

    /// What to do about it.
    #[must_use]
    pub fn help(&self) -> Option<&str> {
        match self {
            Self::Refused { help, .. } => Some(help),
            Self::File { .. } => None,
            Self::NoSlurm(_) => Some(
                "run this on a login node of the cluster, or load its module; without Slurm: --to script writes the same tasks for any \
                 shell, and --dry-run prints the script",
            ),
            Self::Slurm { .. } => Some(
                "Slurm says above what it does not do; sinfo shows the partitions and whether it is up, sacctmgr show associations the accounts",
            ),
        }
    }
}
