//! What a run of Assay leaves in its folder: which files, what stands in them, and how it is shown to people.
//!
//! Whoever writes a run folder and whoever reads one share these names and types, and need nothing else of each other. A
//! result is a [`Summary`] of its kind of run, in [`files::SUMMARY`]; it is written last, so a folder that has it has
//! everything. What is too long for it stands in [`tables`], whose names and columns stand here and whose format
//! (Parquet, CSV) is the business of those who open them.
//!
//! ```
//! # let folder = tempfile::tempdir()?;
//! # let folder = folder.path();
//! use assay_results::{ReadError, Summary};
//!
//! match Summary::read(folder) {
//!     Ok(Summary::Search(search)) => println!("found {}", search.architecture.text),
//!     Ok(Summary::Study(study)) => println!("{} correlations", study.correlations.len()),
//!     Ok(other) => println!("a {} of {}, seed {}", other.kind(), other.experiment(), other.seed()),
//!     Err(error @ ReadError::NoRun { .. }) => assert!(error.to_string().contains("holds no run")),
//!     Err(error) => return Err(error.into()),
//! }
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

#![cfg_attr(test, allow(clippy::unwrap_used))]

/// The kinds of run: the only list of them. Each line is a kind with its summary, what it is called (in files too), and the
/// command that begins and continues such runs. Calls another macro with the list, and with what stands behind its name.
macro_rules! kinds_of_run {
    ($with:ident $($more:tt)*) => {
        $with! {
            [$($more)*]
            /// Correlates scores with accuracies and costs.
            Study(StudySummary): "correlation study", command "correlate";
            /// Measures a part of a study.
            Shard(ShardSummary): "shard of a correlation study", command "correlate";
            /// Searches a space for an architecture.
            Search(SearchSummary): "search", command "run";
            /// Trains an architecture.
            Training(TrainingSummary): "training", command "train";
        }
    };
}

mod begun;
mod checksums;
pub mod correlation;
mod error;
pub mod exit;
pub mod files;
mod kind;
mod machine;
pub mod mixed;
pub mod present;
mod provenance;
pub mod published;
mod recipe;
pub mod search;
pub mod shard;
mod space;
pub mod study;
mod summary;
pub mod tables;
mod times;
pub mod training;
mod trajectory;

pub use begun::{Begun, kind_of};
pub use checksums::{Checksums, check, read_checked};
pub use error::ReadError;
pub use kind::Kind;
pub use machine::Machine;
pub use provenance::Provenance;
pub use recipe::Recipe;
pub use search::SearchSummary;
pub use shard::ShardSummary;
pub use space::Space;
pub use study::StudySummary;
pub use summary::Summary;
pub use times::{Phase, Times};
pub use training::TrainingSummary;
pub use trajectory::{Removal, Step, Trajectory};
