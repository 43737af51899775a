//! Datasets on this machine: where their files are looked for, and how those that may be downloaded come there.

use std::path::PathBuf;

use assay_core::plugin::suggestion;
pub use assay_datasets::fetch::{FetchError, Fetched, Progress, fetch};

use crate::failure::Failure;

/// Where the files of a dataset are looked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The dataset's name.
    pub name: &'static str,
    /// What it is, in one line.
    pub summary: &'static str,
    /// The folder in the data directory. Where there is none, the dataset was not fetched, or needs no files.
    pub folder: PathBuf,
}

/// All datasets of this build.
///
/// # Errors
/// If two have one name, or the user has no data directory.
pub fn places() -> Result<Vec<Place>, Failure> {
    let linked = crate::plugins::linked()?.datasets;
    let place = |(name, summary)| Ok(Place { name, summary, folder: folder_of(name)? });
    linked.iter().map(|entry| place((entry.name, entry.summary))).collect()
}

/// That of the dataset of this name.
///
/// # Errors
/// If there is none, or as [`places`].
pub fn place(name: &str) -> Result<Place, Failure> {
    let places = places()?;
    let names: Vec<&str> = places.iter().map(|place| place.name).collect();
    let unknown = || Failure::new(format!("there is no dataset `{name}`; {}", suggestion(name, &names))).of_what_was_asked();
    let found = places.iter().find(|place| place.name == name).cloned();
    found.ok_or_else(unknown)
}

/// The folder that a dataset of this name is fetched into, and looked for in. Whether there is such a dataset [`fetch`] says.
///
/// # Errors
/// If the user has no data directory.
pub fn folder_of(name: &str) -> Result<PathBuf, Failure> {
    assay_datasets::default_folder(name).map_err(|error| Failure::new(error.to_string()))
}
