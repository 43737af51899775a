//! What benchmarks are made of: [`table`] reads, checks and stores tables, [`official`] reads published files, [`lookup`]
//! answers from a table, and [`fetch`] downloads. What benchmarks of one origin share has its name.

pub mod fetch;
pub(crate) mod lookup;
pub(crate) mod official;
pub(crate) mod results;
pub(crate) mod table;
pub(crate) mod transnas_bench_101;
