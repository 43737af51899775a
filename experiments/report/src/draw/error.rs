//! Why something cannot be drawn.

use crate::picture::PaintError;

/// Why something cannot be drawn.
#[derive(Debug, thiserror::Error)]
pub enum DrawError {
    /// The search did not prune.
    #[error("the search pruned nothing: its steps have no candidates for removal")]
    NoPruning,
    /// The search did not read two proxies.
    #[error("the search read {labels}, but a plane has two axes")]
    NotTwoProxies {
        /// What it read.
        labels: String,
    },
    /// None of the states has a place in the plane.
    #[error("no state of the search has a defined reading of both proxies")]
    NothingDefined,
    /// The picture cannot be painted.
    #[error(transparent)]
    Picture(#[from] PaintError),
}
