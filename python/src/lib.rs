//! The Python package's shared library: what the command line does, called from Python.
//!
//! Functions and one class, all small: they take what Python has, let the crates below do the work on a thread of its own
//! ([`waiting`]), and give back tables ([`table`]), texts, or one of the package's exceptions ([`exception`]). What is pleasant to use
//! is made of them in Python, in the folder `assay`.

mod asked;
mod benchmark;
mod brought;
mod data;
mod exception;
mod filter;
mod forked;
mod images;
mod known;
mod laboratory;
mod lent;
mod measurement;
mod network;
mod nodes;
mod proxy;
mod report;
mod score;
mod session;
mod strategy;
mod stream;
mod table;
mod waiting;

use assay_heap::Heap;
use pyo3::prelude::*;

#[global_allocator]
static HEAP: Heap = Heap;

/// The compiled part of the package `assay`.
#[pymodule]
mod _native {
    #[pymodule_export]
    use super::benchmark::Benchmark;
    #[pymodule_export]
    use super::data::{dataset_folder, datasets_here, fetch_dataset};
    #[pymodule_export]
    use super::filter::{Candidate, bring_filter};
    #[pymodule_export]
    use super::images::bring_images;
    #[pymodule_export]
    use super::known::{begin_children_by, forget_brought, kind, listed, main, operators, operators_of, summary};
    #[pymodule_export]
    use super::laboratory::Laboratory;
    #[pymodule_export]
    use super::lent::Lent;
    #[pymodule_export]
    use super::measurement::Measurement;
    #[pymodule_export]
    use super::network::Network;
    #[pymodule_export]
    use super::proxy::bring_proxy;
    #[pymodule_export]
    use super::report::report;
    #[pymodule_export]
    use super::score::score;
    #[pymodule_export]
    use super::session::run;
    #[pymodule_export]
    use super::strategy::bring_strategy;
    #[pymodule_export]
    use super::table::{Table, read_table};
    #[pymodule_export]
    use super::waiting::all_ended;
    #[pymodule_export]
    const VERSION: &str = env!("CARGO_PKG_VERSION");
}
