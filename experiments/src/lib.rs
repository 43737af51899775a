//! The command line of Assay: the last, thin step over running, reading and reporting.
//!
//! A program with plugins of its own is this one with their crates linked: it names them and calls [`command::main`]. What is not of
//! a terminal (a [`session`](session::Session) of a run, scores, lists) other programs use too, as the Python package does.

#![cfg_attr(test, allow(clippy::unwrap_used))]
#![warn(clippy::print_stderr)]

mod architectures;
pub mod command;
pub mod containment;
pub mod datasets;
pub mod drawn;
pub mod failure;
pub mod interrupt;
pub mod listing;
pub mod log;
mod networks;
pub mod output;
mod planned;
pub mod plugins;
pub mod prepare;
pub mod progress;
pub mod records;
mod reference;
pub mod session;

// The linker drops crates whose items nobody names, and their plugins with them.
use assay_benchmarks as _;
use assay_burn as _;
use assay_cpu as _;
use assay_datasets as _;
use assay_proxies as _;
use assay_spaces as _;
use assay_strategies as _;
