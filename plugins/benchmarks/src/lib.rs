//! Benchmarks: recorded accuracies of trained architectures, and the importers that bring their tables in.
//!
//! Ground truth is imported once ([`import`]), from a table or from the files in which it was published: every row is
//! checked, and one compact parquet file is kept in the user's data directory, where the benchmark of that name finds it.
//! [`fetch`] downloads what may be downloaded.

#![cfg_attr(test, allow(clippy::unwrap_used))]

pub mod analog_nas_bench;
mod darts_1000;
pub mod fetch;
mod import;
mod listed;
mod nas_bench_101;
pub mod nas_bench_201;
pub mod nas_bench_macro;
pub mod nats_bench_size;
mod official;
mod opened;
mod recorded;
mod table;

pub use import::{Imported, Progress, Report, import, importable, imported_file, reads};
pub use table::ImportError;
