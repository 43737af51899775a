//! The search spaces that come with Assay. Each registers itself under the name users write in experiment files.

#![cfg_attr(test, allow(clippy::unwrap_used))]

pub mod darts;
pub mod files;
pub mod nas_bench_101;
pub mod nas_bench_201;
pub mod nas_bench_macro;
pub mod nats_bench_size;
pub mod transnas_bench_101_macro;
pub mod transnas_bench_101_micro;

mod checks;
mod factorized_reduction;
mod images;
mod notation;
mod transnas_bench_101;
