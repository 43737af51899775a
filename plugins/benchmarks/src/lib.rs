//! Benchmarks: recorded accuracies of trained architectures, and the importers that bring their tables in.
//!
//! A file here is a benchmark, named as users name it; what benchmarks are made of is in `parts`. Ground truth is imported
//! once ([`import`](assay_core::plugin::import)), from a table or from the files in which it was published: every row is
//! checked, and one compact parquet file is kept in the user's data directory, where the benchmark of that name finds it.
//! [`fetch`] downloads what may be downloaded.

#![cfg_attr(test, allow(clippy::unwrap_used))]

mod analog_nas_bench;
mod darts_1000;
mod files;
mod nas_bench_101;
mod nas_bench_201;
mod nas_bench_301;
mod nas_bench_macro;
mod nats_bench_size;
mod nds_darts;
mod parts;
mod trained;
mod transnas_bench_101_macro;
mod transnas_bench_101_micro;

pub use parts::fetch;
