//! Scores and numbers as people read them.

pub use assay_results::present::number::number;
pub use assay_results::present::reading::{better, describe};
