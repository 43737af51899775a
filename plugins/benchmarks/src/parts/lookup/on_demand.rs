//! A table that is read when it is first needed.

use std::panic::resume_unwind;
use std::sync::OnceLock;
use std::thread;

use assay_core::plugin::BenchmarkError;

/// What is read when it is first asked for.
#[derive(Debug)]
pub(crate) struct OnDemand<T>(OnceLock<Result<T, BenchmarkError>>);

impl<T> OnDemand<T> {
    /// Nothing was read yet.
    pub(crate) const fn not_yet() -> Self {
        Self(OnceLock::new())
    }
}

impl<T: Send + Sync> OnDemand<T> {
    /// What `open` read when it was first asked for; who asks meanwhile waits.
    ///
    /// `open` runs on a thread of its own. Tables are decoded by a pool of threads, and a thread of another pool that waits
    /// for that one does other jobs of its own pool meanwhile: on the caller's thread, one of them that looks something up
    /// would wait here for what it interrupts.
    pub(crate) fn get(&self, open: impl FnOnce() -> Result<T, BenchmarkError> + Send) -> Result<&T, BenchmarkError> {
        self.0.get_or_init(|| apart(open)).as_ref().map_err(Clone::clone)
    }
}

fn apart<T: Send>(open: impl FnOnce() -> Result<T, BenchmarkError> + Send) -> Result<T, BenchmarkError> {
    thread::scope(|scope| {
        let reader = thread::Builder::new().name("table".into()).spawn_scoped(scope, open);
        let reader = reader.map_err(|error| BenchmarkError::Unreadable(format!("no thread to read the table with: {error}")))?;
        reader.join().unwrap_or_else(|panic| resume_unwind(panic))
    })
}
