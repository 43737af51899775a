//! Brings a journal to the disk while it is written, on a thread of its own: whoever measures does not wait for the disk.

use std::io;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{Builder, JoinHandle};
use std::time::Duration;

/// Between two times that a journal reaches the disk. A power cut loses what was measured since the last one.
const PAUSE: Duration = Duration::from_secs(1);

/// Brings to the disk what is written, until it is dropped, which does so a last time.
#[derive(Debug)]
pub(super) struct Durable {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Debug, Default)]
struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    /// Something was written that is not on the disk.
    is_written: bool,
    /// It is not to wait for the next time.
    is_asked: bool,
    has_ended: bool,
    /// Why something may not be on the disk.
    failure: Option<io::Error>,
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn work(&self, sync: impl Fn() -> io::Result<()>) {
        let mut state = self.state();
        loop {
            let waits = |state: &mut State| !state.is_asked && !state.has_ended;
            state = self.changed.wait_timeout_while(state, PAUSE, waits).unwrap_or_else(PoisonError::into_inner).0;
            state.is_asked = false;
            let has_ended = state.has_ended;
            if std::mem::take(&mut state.is_written) {
                drop(state);
                let outcome = sync();
                state = self.state();
                state.failure = outcome.err().or(state.failure.take());
            }
            if has_ended {
                return;
            }
        }
    }
}

impl Durable {
    /// Begins; `sync` brings to the disk what is written until then.
    ///
    /// # Errors
    /// If the system gives no thread.
    pub(super) fn begin(sync: impl Fn() -> io::Result<()> + Send + 'static) -> io::Result<Self> {
        let shared = Arc::<Shared>::default();
        let own = Arc::clone(&shared);
        let thread = Builder::new().name("journal".into()).spawn(move || own.work(sync))?;
        let durable = Self { shared, thread: Some(thread) };
        // What the run began with.
        durable.written()?;
        Ok(durable)
    }

    /// Something was written: it reaches the disk within a moment.
    ///
    /// # Errors
    /// If what was written before cannot reach the disk.
    pub(super) fn written(&self) -> io::Result<()> {
        let mut state = self.shared.state();
        state.is_written = true;
        state.failure.take().map_or(Ok(()), Err)
    }

    /// Begins to bring to the disk what is written, now.
    pub(super) fn hasten(&self) {
        self.shared.state().is_asked = true;
        self.shared.changed.notify_one();
    }

    /// Waits until everything is on the disk.
    ///
    /// # Errors
    /// If it cannot reach the disk.
    pub(super) fn end(mut self) -> io::Result<()> {
        self.join();
        self.shared.state().failure.take().map_or(Ok(()), Err)
    }

    fn join(&mut self) {
        self.shared.state().has_ended = true;
        self.shared.changed.notify_one();
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            self.shared.state().failure = Some(io::Error::other("the thread that brings it to the disk ended early"));
        }
    }
}

impl Drop for Durable {
    /// An interrupted run ends so.
    fn drop(&mut self) {
        self.join();
        if let Some(error) = self.shared.state().failure.take() {
            tracing::error!(%error, "the journal may not be on the disk");
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    /// What counts how often it was called, and fails from some time on.
    fn counted(fails_from: usize) -> (Arc<AtomicUsize>, impl Fn() -> io::Result<()> + Send + 'static) {
        let count = Arc::<AtomicUsize>::default();
        let own = Arc::clone(&count);
        let sync = move || if own.fetch_add(1, Ordering::SeqCst) >= fails_from { Err(io::Error::other("no disk")) } else { Ok(()) };
        (count, sync)
    }

    #[test]
    fn what_is_written_reaches_the_disk_at_the_end_however_it_ends_and_nothing_is_done_for_nothing() {
        for is_dropped in [true, false] {
            let (count, sync) = counted(usize::MAX);
            let durable = Durable::begin(sync).unwrap();
            (0..1000).for_each(|_| durable.written().unwrap());
            if is_dropped {
                drop(durable)
            } else {
                durable.end().unwrap()
            }
            // Once at the end, and perhaps once before on a machine so busy that a second has passed.
            assert!((1..5).contains(&count.load(Ordering::SeqCst)), "{count:?}");
        }
    }

    #[test]
    fn what_cannot_reach_the_disk_is_told_by_the_next_write_or_at_the_end() {
        let (count, sync) = counted(0);
        let durable = Durable::begin(sync).unwrap();
        durable.hasten();
        while count.load(Ordering::SeqCst) == 0 {
            std::thread::yield_now();
        }
        let failed = std::iter::repeat_with(|| durable.written()).find_map(Result::err);
        assert_eq!(failed.unwrap().to_string(), "no disk");
        assert_eq!(durable.end().unwrap_err().to_string(), "no disk");
    }
}
