//! Failures as the package's exceptions, which Python declares.

use std::path::Path;

use assay::failure::{Failure, Sort};
use assay_results::Kind;
use pyo3::prelude::*;
use pyo3::types::PyType;

/// The exception that a failure is: its class by what sort of thing went wrong, its text that of the command line.
pub(crate) fn of(py: Python<'_>, failure: &Failure) -> PyErr {
    let class = match failure.sort() {
        Sort::Asked => "BadSetting",
        Sort::MissingData => "MissingData",
        Sort::Other => "AssayError",
    };
    let report = failure.report();
    let report = report.trim_start().trim_start_matches(['×', ' ']).trim_end().to_owned();
    let help = failure.advice();
    let made = || {
        let class = py.import("assay._errors")?.getattr(class)?.cast_into::<PyType>()?;
        Ok(PyErr::from_value(class.call1((report, failure.to_string(), help))?))
    };
    made().unwrap_or_else(|error: PyErr| error)
}

/// The exception of a run that stopped because it was asked to.
pub(crate) fn interrupted(py: Python<'_>, kind: Kind, folder: &Path) -> PyErr {
    let stopped = Failure::new("interrupted").with_help(format!("what was measured is kept; continue with: {}", kind.resume(folder)));
    of(py, &stopped)
}
