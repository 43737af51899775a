//! Spreads the runs of experiments over a cluster, and tells how far they are.
//!
//! A [`Plan`] is data: which task makes which run, and what is merged and reported at the end. It stands in a
//! [`PlanFolder`](folder::PlanFolder), with a [script](script) that Slurm, or any shell, runs; each task is one command line of
//! Assay. [`slurm`] calls Slurm's own commands, and [`status`] reads what the tasks' folders and Slurm's queue say. Slurm schedules:
//! nothing here waits or starts a task.

#![cfg_attr(test, allow(clippy::unwrap_used))]

mod error;
pub mod events;
pub mod folder;
pub mod plan;
pub mod resources;
pub mod script;
pub mod seeds;
pub mod slurm;
pub mod status;

pub use error::ClusterError;
pub use plan::Plan;
