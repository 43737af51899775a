//! Benchmarks that answer from a table: [`WholeSpace`] has every architecture of its space and many columns, [`SomeOfSpace`]
//! has some architectures and one accuracy.

use std::path::PathBuf;

mod on_demand;
mod some_of_space;
mod whole_space;

pub(crate) use some_of_space::{Records, Sample, SomeOfSpace, import, rows};
pub(crate) use whole_space::{Chosen, WholeSpace};

assay_core::settings! {
    /// Where the table is.
    #[derive(Clone, Debug)]
    pub(crate) struct TablePath {
        /// a table, CSV or parquet, to use instead of the imported one
        pub(crate) path: Option<PathBuf>, otherwise "what `assay benchmark import` or `assay benchmark fetch` kept";
    }
}
