//! What the core and plugins loaded at run time have in common: graphs, subspaces and scores, without anything that computes.
//!
//! `assay-core` re-exports it all; only the plugin SDK, which must build in seconds, depends on
//! it directly.

#![cfg_attr(test, allow(clippy::unwrap_used))]

pub mod accuracy;
pub mod estimate;
pub mod graph;
pub mod number;
pub mod score;
pub mod subspace;
pub mod trajectory;
pub mod visible;
