//! The runner and the command line of Assay.

#![cfg_attr(test, allow(clippy::unwrap_used))]

pub mod command;
pub mod failure;
pub mod log;
pub mod plugins;
pub mod profiling;
pub mod run;
pub mod study;
pub mod training;

// The linker drops crates whose items nobody names, and their plugins with them.
use assay_benchmarks as _;
use assay_burn as _;
use assay_cpu as _;
use assay_datasets as _;
use assay_proxies as _;
use assay_spaces as _;
use assay_strategies as _;
