//! The steps of a search, as its trajectory keeps them: states, readings, and what was removed and why.

use serde::{Deserialize, Serialize};

use crate::score::Reading;
use crate::subspace::{Choice, Subspace};

/// One step of a search.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Step {
    /// What this step is: `round 1`, `sample 17`.
    pub title: String,
    /// The state before.
    pub before: Subspace,
    /// The state after.
    pub after: Subspace,
    /// What was removed, with the numbers that decided it. Empty for strategies that do not prune.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub candidates: Vec<Removal>,
    /// The proxies' readings of the state before (pruning) or of the architecture (sampling): label, mean over repeats.
    pub readings: Vec<(String, Reading)>,
}

/// One candidate of a pruning round.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Removal {
    /// The operator considered.
    pub choice: Choice,
    /// For each indicator: its label, the mean change that removal makes, and the rank of that change.
    pub indicators: Vec<(String, Reading, usize)>,
    /// Whether it was removed.
    pub removed: bool,
}
