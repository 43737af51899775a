//! What can be known without running anything: plugins, results in folders, and the command line itself.

use std::ffi::OsString;
use std::path::PathBuf;

use assay::drawn::layout_of;
use assay::failure::Failure;
use assay::listing::{What, as_json};
use assay_core::graph::KNOWN;
use assay_results::{Kind, Summary, kind_of};
use pyo3::prelude::*;

use crate::exception;
use crate::forked::refuse_copies;

/// What this build knows of one sort, as the text that `assay list WHAT --json` prints; with the plugins of an experiment file.
#[pyfunction]
pub(crate) fn listed(py: Python<'_>, what: &str, config: Option<PathBuf>) -> PyResult<String> {
    refuse_copies(py)?;
    let told = || {
        let what = What::called(what)?;
        let plugins = config.as_deref().map_or_else(assay::plugins::installed, assay::plugins::of_file)?;
        Ok(as_json(&what.listed(&plugins)).to_string())
    };
    told().map_err(|failure: Failure| exception::of(py, &failure))
}

/// An operator: its kind, what it computes, how many inputs it has, its numbers, what it learns, and the shape of what it computes.
type Operator = (&'static str, &'static str, &'static str, &'static [&'static str], &'static str, &'static str);

/// All operators that graphs of networks can have.
#[pyfunction]
pub(crate) fn operators() -> Vec<Operator> {
    KNOWN.iter().map(|known| (known.kind, known.computes, known.inputs, known.settings, known.parameters, known.shape)).collect()
}

/// The operators of a space of these settings, in the order of masks, each with the kinds of cell that offer it.
#[pyfunction]
pub(crate) fn operators_of(py: Python<'_>, set: Vec<String>) -> PyResult<Vec<(String, Vec<String>)>> {
    let layout = layout_of(&set).map_err(|failure| exception::of(py, &failure))?;
    let offered = |operator: usize| {
        let cells = layout.cells.iter().filter(|cell| cell.offers.iter().any(|offer| offer.contains(operator)));
        cells.map(|cell| cell.kind.clone()).collect()
    };
    Ok(layout.operators.iter().enumerate().map(|(operator, name)| (name.clone(), offered(operator))).collect())
}

/// The result in a run folder, as JSON.
#[pyfunction]
pub(crate) fn summary(py: Python<'_>, folder: PathBuf) -> PyResult<String> {
    refuse_copies(py)?;
    let summary = Summary::read(&folder).map_err(|error| exception::of(py, &Failure::from(error)))?;
    serde_json::to_string(&summary).map_err(|error| exception::of(py, &Failure::new(error.to_string())))
}

/// The kind of the run in a folder: its command, and whether it has its result. `None` where there is no run.
#[pyfunction]
pub(crate) fn kind(py: Python<'_>, folder: PathBuf) -> PyResult<Option<(&'static str, bool)>> {
    let kind = kind_of(&folder).map_err(|error| exception::of(py, &Failure::from(error)))?;
    Ok(kind.map(|kind| (name_of(kind), assay_run::is_finished(&folder))))
}

/// Runs the command line with these arguments, of which the first is the program, and gives the exit code.
#[pyfunction]
pub(crate) fn main(py: Python<'_>, arguments: Vec<OsString>) -> u8 {
    py.detach(|| assay::command::run(arguments))
}

/// From now on plugins in processes of their own are begun by this program with these arguments.
#[pyfunction]
pub(crate) fn begin_children_by(program: PathBuf, arguments: Vec<OsString>) {
    #[cfg(unix)]
    assay_plugin_host::begin_children_by(program, arguments);
    #[cfg(not(unix))]
    drop((program, arguments));
}

/// Forgets the proxies and strategies that were brought, as between one test and the next.
#[pyfunction]
pub(crate) fn forget_brought() {
    assay::plugins::brought::forget();
}

/// What Python calls a kind of run.
fn name_of(kind: Kind) -> &'static str {
    match kind {
        Kind::Search => "search",
        Kind::Study => "study",
        Kind::Shard => "shard",
        Kind::Training => "training",
    }
}

/// The kind of run that Python calls so.
pub(crate) fn kind_called(py: Python<'_>, name: &str) -> PyResult<Kind> {
    let found = Kind::ALL.iter().copied().find(|kind| name_of(*kind) == name);
    let names = || Kind::ALL.iter().map(|kind| name_of(*kind)).collect::<Vec<_>>().join(", ");
    found.ok_or_else(|| {
        exception::of(py, &Failure::new(format!("there is no kind of run `{name}`; kinds are {}", names())).of_what_was_asked())
    })
}
