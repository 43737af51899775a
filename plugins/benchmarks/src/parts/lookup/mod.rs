//! Benchmarks that answer from a table: [`WholeSpace`] has every architecture of its space and many columns, [`SomeOfSpace`]
//! has a known number of architectures, and [`AnyOfSpace`] has whichever a table holds.

use std::path::PathBuf;

mod any_of_space;
mod chosen;
mod on_demand;
mod some_of_space;
mod wanted;
mod whole_space;

pub(crate) use any_of_space::AnyOfSpace;
pub(crate) use chosen::{Chosen, Targets};
pub(crate) use on_demand::OnDemand;
pub(crate) use some_of_space::{Records, Sample, SomeOfSpace, further, import, rows};
pub(crate) use whole_space::WholeSpace;

assay_core::settings! {
    /// Where the table is.
    #[derive(Clone, Debug)]
    pub(crate) struct TablePath {
        /// a table, CSV or parquet, to use instead of the imported one
        pub(crate) path: Option<PathBuf>, otherwise "what `assay benchmark import` or `assay benchmark fetch` kept";
    }
}
