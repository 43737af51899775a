//! Searches by an oracle, against landscapes that are known in full.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

// Strategies are found by their names; without this the linker drops them.
use assay_strategies as _;

#[path = "../fake_laboratory/mod.rs"]
mod fake_laboratory;
mod fake_table;

mod budgets;
mod hardware;
mod oracles;
mod pnas_by_blocks;
mod published;
mod settings;
mod spaces;
mod strategies;
mod trained;
mod trainings;

/// The strategies that evaluate an architecture after one training, by any oracle, until the budget is spent.
const STRATEGIES: [&str; 9] =
    ["random", "regularized-evolution", "local-search", "reinforce", "exhaustive", "pnas", "manas", "manas-ls", "cnas"];
