//! The runner and the command line of Assay.

#![cfg_attr(test, allow(clippy::unwrap_used))]

pub mod command;
pub mod draw;
pub mod engines;
pub mod failure;
pub mod log;
pub mod profiling;
pub mod report;
pub mod run;
pub mod study;
pub mod training;

// The linker drops crates whose items nobody names, and their plugins with them.
use assay_benchmarks as _;
use assay_core::experiment::Plugins;
use assay_datasets as _;
use assay_proxies as _;
use assay_spaces as _;
use assay_strategies as _;
use failure::Failure;

/// Every plugin and engine of this build.
///
/// # Errors
/// If two plugins of one kind share a name.
pub fn plugins() -> Result<Plugins, Failure> {
    Plugins::collect(engines::ENGINES.iter().map(|engine| engine.name).collect()).map_err(|error| Failure::new(error.to_string()))
}
