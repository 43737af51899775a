//! Runs of experiments, begun and continued as the commands do.

use std::path::{Path, PathBuf};
use std::sync::{Arc, LazyLock};

use assay::failure::Failure;
use assay::log::LogFile;
use assay::prepare;
use assay::session::{Session, Stopped, Target};
use assay_results::Kind;
use assay_run::Prepared;
use assay_run::training::TrainingRun;
use pyo3::prelude::*;

use crate::exception;
use crate::known::kind_called;
use crate::waiting::{Listener, Telling, Told, wait_for};

/// The log of the run in progress. Of runs at the same time on several threads the one that began last has all.
static LOG: LazyLock<Result<LogFile, String>> = LazyLock::new(|| assay::log::start(None).map_err(|failure| failure.to_string()));

/// Runs an experiment, or continues a run, and gives its folder.
#[pyfunction]
#[pyo3(signature = (path, text, set, kind, resume, threads, folder, progress, line))]
#[expect(clippy::too_many_arguments, reason = "Python calls it with keywords")]
pub(crate) fn run<'py>(
    py: Python<'py>,
    path: PathBuf,
    text: Option<String>,
    set: Vec<String>,
    kind: Option<&str>,
    resume: bool,
    threads: Option<u16>,
    folder: Option<PathBuf>,
    progress: Option<Bound<'py, PyAny>>,
    line: Bound<'py, PyAny>,
) -> PyResult<PathBuf> {
    let wanted = kind.map(|name| kind_called(py, name)).transpose()?;
    let target = match text {
        Some(text) => Target::Text(path, text),
        None => Target::Path(path),
    };
    let session = Session { target, set, resume, threads, run_dir: folder };
    let listener = Listener::new(progress, line);
    let outcome = wait_for(py, &listener, move |told| work(&session, wanted, &told))?;
    outcome.map_err(|stopped| match stopped {
        Stopped::Failure(failure) => listener.exception(py, &failure),
        Stopped::Interrupted { kind, folder } => exception::interrupted(py, kind, &folder),
    })
}

fn work(session: &Session, wanted: Option<Kind>, told: &Arc<Told>) -> Result<PathBuf, Stopped> {
    let log = LOG.as_ref().map_err(Failure::new)?;
    let kind = wanted.map_or_else(|| session.kind(), Ok)?;
    let watch = |folder: &Path, unit| {
        told.begins(folder, unit);
        Ok(Telling(Arc::clone(told)))
    };
    match kind {
        Kind::Search => session.outcome(log, |experiment, plugins| prepare::search(experiment, plugins, None), watch).map(|(_, path)| path),
        Kind::Study | Kind::Shard => session.outcome(log, prepare::study, watch).map(|(_, path)| path),
        Kind::Training => session.outcome(log, TrainingRun::prepare, watch).map(|(_, path)| path),
    }
}
