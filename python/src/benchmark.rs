//! What benchmarks' tables know of architectures, as `assay benchmark query` reads it.

use std::path::PathBuf;
use std::sync::Arc;

use assay::failure::Failure;
use assay::records::{Records, as_json};
use pyo3::prelude::*;
use serde_json::Value;

use crate::exception;
use crate::waiting::{Listener, wait_for};

/// A benchmark's table.
#[pyclass(frozen, module = "assay._native")]
pub(crate) struct Benchmark(Arc<Records>);

#[pymethods]
impl Benchmark {
    /// The benchmark of this name, over the imported table or this one.
    #[new]
    fn new(py: Python<'_>, name: &str, table: Option<PathBuf>) -> PyResult<Self> {
        let records = Records::open(name, table.as_deref()).map_err(|failure| exception::of(py, &failure))?;
        Ok(Self(Arc::new(records)))
    }

    /// What is recorded of these architectures, or numbers of the benchmark: the text that `assay benchmark query --json` prints.
    fn query(&self, py: Python<'_>, wanted: Vec<String>, line: Bound<'_, PyAny>) -> PyResult<String> {
        let records = Arc::clone(&self.0);
        let read = move |_| {
            let place = |position: usize| if wanted.len() > 1 { format!("architecture {}: ", position + 1) } else { String::new() };
            let entry = |(position, text): (usize, &String)| records.entry(text, &place(position)).map(|entry| as_json(&entry));
            Ok(wanted.iter().enumerate().map(entry).collect::<Result<Value, Failure>>()?.to_string())
        };
        let listener = Listener::new(None, line);
        let outcome: Result<String, Failure> = wait_for(py, &listener, read)?;
        outcome.map_err(|failure| listener.exception(py, &failure))
    }
}
