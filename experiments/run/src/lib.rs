//! Runs experiments: a folder a run, every measurement journalled, interrupted runs continued to the identical result.
//!
//! An experiment is [`Prepared`], with everything made that it names: a [`SearchRun`](search::SearchRun), a
//! [`StudyRun`](study::StudyRun), or a [`TrainingRun`](training::TrainingRun). It runs in a [`RunFolder`](folder::RunFolder),
//! tells an [`Observer`] how far it is, and leaves what `assay-results` names. Kinds of run share the floor below them (folder,
//! machine, tables, and the [`bench`] that measures), which knows none of them.

#![cfg_attr(test, allow(clippy::unwrap_used))]

pub mod bench;
mod earlier;
mod error;
pub mod folder;
pub mod machine;
mod observer;
mod prepared;
mod provenance;
pub mod search;
pub mod study;
mod tables;
pub mod training;

pub use earlier::{Earlier, find_earlier, is_finished, stored_experiment};
pub use error::RunError;
pub use observer::{Observer, Unobserved};
pub use prepared::Prepared;

/// The version that runs say they were made by.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");
