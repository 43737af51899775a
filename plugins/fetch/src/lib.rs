//! What fetching datasets and tables of ground truth has in common: resumable downloads, packages through their
//! registry's own client, checksums, and files that appear whole or not at all.

mod client;
mod download;
mod place;

use std::ops::ControlFlow;

pub use client::{Package, Registry, pack};
pub use download::{Checksum, Limits, agent, download, transfer};
pub use place::{Staging, make_folder, put, remove_left, staging, write_error};

/// What a fetch is doing.
#[derive(Clone, Copy, Debug)]
pub enum Progress<'a> {
    /// A source is asked; nothing may be known yet of how long that takes.
    Asking {
        /// The source, for people: `the official address`.
        source: &'a str,
    },
    /// A source cannot serve; the next one is asked, if there is one.
    Unavailable {
        /// The source.
        source: &'a str,
        /// Why.
        reason: &'a str,
    },
    /// Bytes have arrived.
    Downloading {
        /// Bytes on disk, those of an earlier attempt included.
        done: u64,
        /// Bytes in all, if the source says.
        total: Option<u64>,
    },
    /// Downloaded files are being checked and unpacked.
    Unpacking {
        /// The file.
        file: &'a str,
    },
}

/// What tells the caller about progress, and by which the caller stops the fetch.
pub type Report<'r> = dyn FnMut(Progress<'_>) -> ControlFlow<()> + 'r;

/// Why something was not fetched.
#[derive(Debug, thiserror::Error)]
pub enum FetchError {
    /// There is nothing to fetch under this name.
    #[error("`{name}` cannot be fetched: {help}")]
    NotFetchable {
        /// The name given.
        name: String,
        /// What to do instead.
        help: String,
    },
    /// The caller asked to stop.
    #[error("the fetch was stopped; what was downloaded is kept where it can be, and the next fetch goes on from there")]
    Stopped,
    /// A file cannot be written.
    #[error("{path} cannot be written: {problem}")]
    Write {
        /// The file or folder.
        path: String,
        /// Why, and what to do.
        problem: String,
    },
    /// No source could serve.
    #[error("{name} could not be fetched from any source{reasons}\n{remedy}")]
    NoSource {
        /// What was wanted.
        name: &'static str,
        /// A line a source.
        reasons: String,
        /// How to get the data otherwise.
        remedy: String,
    },
    /// One source could not serve; there may be others.
    #[error("{0}")]
    Source(String),
}

impl From<assay_core::data::DataError> for FetchError {
    fn from(error: assay_core::data::DataError) -> Self {
        Self::Source(error.to_string())
    }
}

/// Reports, and stops where the caller says so.
///
/// # Errors
/// [`FetchError::Stopped`].
pub fn tell(report: &mut Report<'_>, progress: Progress<'_>) -> Result<(), FetchError> {
    match report(progress) {
        ControlFlow::Continue(()) => Ok(()),
        ControlFlow::Break(()) => Err(FetchError::Stopped),
    }
}

/// A digest in hexadecimal digits.
#[must_use]
pub fn hex(digest: &[u8]) -> String {
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}
