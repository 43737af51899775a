//! Datasets on this machine, as the command `assay data` lists and fetches them.

use std::ops::ControlFlow;
use std::path::PathBuf;
use std::sync::Arc;

use assay::datasets::{FetchError, Fetched, Progress, fetch, folder_of, place, places};
use assay::failure::Failure;
use pyo3::prelude::*;

use crate::exception;
use crate::waiting::{Listener, Told, wait_for};

/// All datasets: each a name, what it is, and the folder where its files are looked for.
#[pyfunction]
pub(crate) fn datasets_here(py: Python<'_>) -> PyResult<Vec<(&'static str, &'static str, PathBuf)>> {
    let places = places().map_err(|failure| exception::of(py, &failure))?;
    Ok(places.into_iter().map(|place| (place.name, place.summary, place.folder)).collect())
}

/// The folder where the files of a dataset are looked for.
#[pyfunction]
pub(crate) fn dataset_folder(py: Python<'_>, name: &str) -> PyResult<PathBuf> {
    place(name).map(|place| place.folder).map_err(|failure| exception::of(py, &failure))
}

/// Downloads a dataset, and gives its folder, its files, and where they are from.
#[pyfunction]
pub(crate) fn fetch_dataset<'py>(
    py: Python<'py>,
    name: String,
    into: Option<PathBuf>,
    progress: Option<Bound<'py, PyAny>>,
    line: Bound<'py, PyAny>,
) -> PyResult<(PathBuf, Vec<&'static str>, String)> {
    let listener = Listener::new(progress, line);
    let outcome = wait_for(py, &listener, move |told| work(&name, into, &told))?;
    let Fetched { folder, files, source } = outcome.map_err(|failure| exception::of(py, &failure))?;
    Ok((folder, files, source))
}

fn work(name: &str, into: Option<PathBuf>, told: &Arc<Told>) -> Result<Fetched, Failure> {
    let into = into.map_or_else(|| folder_of(name), Ok)?;
    let mut report = |progress: Progress<'_>| {
        match progress {
            Progress::Asking { source } => told.line(&format!("asking {source}"), false),
            Progress::Unavailable { source, reason } => told.line(&format!("{source} cannot serve: {reason}"), false),
            Progress::Downloading { done, total } => told.counts("downloading", "bytes", done, total.unwrap_or(done)),
            Progress::Unpacking { file } => told.line(&format!("checking {file}"), false),
        }
        if told.is_interrupted() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    };
    fetch(name, &into, &mut report).map_err(|error| {
        let failure = Failure::new(error.to_string());
        if matches!(error, FetchError::NotFetchable { .. }) { failure.of_what_was_asked() } else { failure }
    })
}
