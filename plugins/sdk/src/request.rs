//! What a strategy says to its laboratory: requests, and the steps that it took.

use serde::{Deserialize, Serialize};

use crate::score::Reading;
use crate::subspace::Subspace;

/// One measurement asked for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Request {
    /// The label of one of the strategy's proxies.
    pub proxy: String,
    /// What to measure.
    pub subspace: Subspace,
    /// The path of the stream that parameters are drawn from. Requests with equal paths see the same weights.
    pub parameters: String,
    /// The path of the stream that images are drawn from. Requests with equal paths see the same images.
    pub images: String,
}

/// One step of a search, as it is kept in the run's trajectory.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Step {
    /// What this step is: `round 1`, `sample 17`.
    pub title: String,
    /// The state before.
    pub before: Subspace,
    /// The state after.
    pub after: Subspace,
    /// The proxies' readings of the state before (pruning) or of the architecture (sampling): label, mean over repeats.
    pub readings: Vec<(String, Reading)>,
}
