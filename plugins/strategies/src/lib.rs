//! The search strategies that come with Assay.
//!
//! Each module is one strategy, under the name that users write in experiment files (`local_search` registers
//! `local-search`), and registers itself. What several of them share is in [`parts`].

#![cfg_attr(test, allow(clippy::unwrap_used))]

pub mod bohb;
pub mod cnas;
pub mod cnas_by_oracle;
pub mod darts;
pub mod enas;
pub mod exhaustive;
pub mod freerea;
pub mod gdas;
pub mod hardware_aware;
pub mod hurricane;
pub mod hyperband;
pub mod local_search;
pub mod manas;
pub mod manas_by_oracle;
pub mod manas_ls;
pub mod manas_ls_by_oracle;
pub mod parts;
pub mod pnas;
pub mod pnas_by_blocks;
pub mod random;
pub mod regularized_evolution;
pub mod reinforce;
pub mod rsps;
pub mod setn;
pub mod successive_halving;
pub mod te_nas;
