//! What benchmarks are made of: [`table`] reads, checks and stores tables, [`official`] reads published files, [`lookup`]
//! answers from a table, and [`fetch`] downloads.

pub mod fetch;
pub(crate) mod lookup;
pub(crate) mod official;
pub(crate) mod table;
