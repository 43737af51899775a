//! Processes that were forked while work was in progress: such a copy has all of its parent's state and none of its threads, so what
//! it begins would wait forever. It is refused what it asks for. A process that was forked while nothing was in progress is as good as
//! any other, since every work has threads of its own.

use std::process;
use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering};

use assay::failure::Failure;
use pyo3::prelude::*;

use crate::exception;

/// The process that began a work last; 0 before the first.
static OWNER: AtomicU32 = AtomicU32::new(0);
/// Works in progress, in that process.
static WORKS: AtomicUsize = AtomicUsize::new(0);

/// A work in progress, until this is dropped.
#[derive(Debug)]
pub(crate) struct Work(());

impl Work {
    /// Begins; whoever calls holds Python's lock, as whoever forks does.
    pub(crate) fn begin() -> Self {
        OWNER.store(process::id(), Ordering::SeqCst);
        WORKS.fetch_add(1, Ordering::SeqCst);
        Self(())
    }
}

impl Drop for Work {
    fn drop(&mut self) {
        WORKS.fetch_sub(1, Ordering::SeqCst);
    }
}

/// Whether this process was forked while work was in progress.
pub(crate) fn is_copy() -> bool {
    let owner = OWNER.load(Ordering::SeqCst);
    owner != 0 && owner != process::id() && WORKS.load(Ordering::SeqCst) > 0
}

/// Refuses a copy.
///
/// # Errors
/// `ForkedProcess`, if this process is one.
pub(crate) fn refuse_copies(py: Python<'_>) -> PyResult<()> {
    if !is_copy() {
        return Ok(());
    }
    let problem = "this process was forked while Assay was working in its parent: it has the parent's state and none of the threads";
    let help = "start processes anew, by multiprocessing.get_context(\"spawn\"); or fork before Assay works, or when it has ended";
    Err(exception::named(py, "ForkedProcess", &Failure::new(problem).with_help(help)))
}
