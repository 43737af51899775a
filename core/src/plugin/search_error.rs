//! Why a search can end without an architecture.

use super::supernet::SupernetError;

/// Why a search ended without an architecture.
#[derive(Debug, thiserror::Error)]
pub enum SearchError {
    /// The user asked to stop; what was measured is kept.
    #[error("interrupted")]
    Interrupted,
    /// A measurement failed.
    #[error("measuring {proxy} of {subspace} failed: {problem}")]
    Measurement {
        /// The proxy's label.
        proxy: String,
        /// The architecture as its space writes it; the mask of any other subspace.
        subspace: String,
        /// What happened.
        problem: String,
    },
    /// The strategy asked for a proxy that it did not declare.
    #[error("the strategy asked for proxy `{0}`, which it did not declare")]
    UnknownProxy(String),
    /// A network whose architectures share weights cannot be made or run.
    #[error(transparent)]
    Supernet(#[from] SupernetError),
    /// The space or the settings leave the strategy nothing to do.
    #[error("{0}")]
    Impossible(String),
    /// The laboratory cannot store what it measured.
    #[error("the run cannot be stored: {0}")]
    Storage(String),
}
