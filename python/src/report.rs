//! Reports of finished runs, as `assay report` writes them.

use std::path::PathBuf;

use assay::command::report::Report;
use assay::failure::Failure;
use pyo3::prelude::*;
use rayon::ThreadPoolBuilder;

use crate::waiting::{Listener, wait_for};

/// Writes a report of the runs in these folders, and gives its page and what it leaves out.
#[pyfunction]
#[pyo3(signature = (runs, output, colour, caption, line))]
pub(crate) fn report<'py>(
    py: Python<'py>,
    runs: Vec<PathBuf>,
    output: Option<PathBuf>,
    colour: Option<String>,
    caption: Option<String>,
    line: Bound<'py, PyAny>,
) -> PyResult<(PathBuf, Vec<String>)> {
    let report = Report { runs, output, colour, caption };
    let listener = Listener::new(None, line);
    let outcome = wait_for(py, &listener, move |_| work(&report))?;
    outcome.map_err(|failure| listener.exception(py, &failure))
}

fn work(report: &Report) -> Result<(PathBuf, Vec<String>), Failure> {
    // Threads of its own: those that all share would outlive this, and a process that is forked later would wait for them in vain.
    let pool = ThreadPoolBuilder::new().build().map_err(|error| Failure::new(format!("threads cannot be started: {error}")))?;
    let (content, written) = pool.install(|| report.write())?;
    Ok((written.page, content.left_out().collect()))
}
