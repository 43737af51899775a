//! The search strategies that come with Assay. Each registers itself under the name users write in experiment files.

#![cfg_attr(test, allow(clippy::unwrap_used))]

pub mod bohb;
pub mod cnas;
mod exclusion;
pub mod exhaustive;
mod halving;
pub mod hardware_aware;
pub mod hyperband;
mod led;
pub mod local_search;
pub mod manas;
mod pareto;
pub mod pnas;
mod policy;
pub mod random;
pub mod regularized_evolution;
pub mod reinforce;
pub mod successive_halving;
mod surrogate;
pub mod te_nas;
mod variation;
