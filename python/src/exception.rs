//! Failures as the package's exceptions, which Python declares.

use std::path::Path;

use assay::failure::{Failure, Sort};
use assay_results::Kind;
use pyo3::prelude::*;
use pyo3::types::PyType;

/// The exception that a failure is: its class by what sort of thing went wrong, its text that of the command line.
pub(crate) fn of(py: Python<'_>, failure: &Failure) -> PyErr {
    made(py, class_of(failure.sort()), failure)
}

/// The same of a failure that has its cause in what a plugin raised.
pub(crate) fn of_plugin(py: Python<'_>, failure: &Failure, cause: PyErr) -> PyErr {
    let class = if failure.sort() == Sort::Other { "PluginFailed" } else { class_of(failure.sort()) };
    let error = made(py, class, failure);
    error.set_cause(py, Some(cause));
    error
}

/// The same of a class of its own.
pub(crate) fn named(py: Python<'_>, class: &str, failure: &Failure) -> PyErr {
    made(py, class, failure)
}

/// That what was asked for does not fit.
pub(crate) fn asked(py: Python<'_>, problem: String) -> PyErr {
    of(py, &Failure::new(problem).of_what_was_asked())
}

fn class_of(sort: Sort) -> &'static str {
    match sort {
        Sort::Asked => "BadSetting",
        Sort::MissingData => "MissingData",
        Sort::Other => "AssayError",
    }
}

fn made(py: Python<'_>, class: &str, failure: &Failure) -> PyErr {
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
