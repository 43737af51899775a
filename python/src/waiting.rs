//! Work on a thread of its own, while the thread that asked waits and listens.
//!
//! The waiting thread has let Python's other threads go on. Some fifty times a second it looks for signals, shows progress, and
//! passes on what was told; so Ctrl-C raises `KeyboardInterrupt` at once, whatever is being measured. The work is then asked to end:
//! it finishes the measurements in flight, writes them down, and nobody waits for it but the next work ([`all_ended`]).

use std::cell::RefCell;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{Builder, JoinHandle};
use std::time::Duration;

use assay::containment::contained;
use assay::failure::Failure;
use assay::interrupt::Interrupt;
use assay::output::heard;
use assay_run::Observer;
use pyo3::exceptions::PyKeyboardInterrupt;
use pyo3::prelude::*;

use crate::exception;
use crate::forked::{Work, is_copy, refuse_copies};

/// Between two looks for signals.
const PAUSE: Duration = Duration::from_millis(20);

/// Works that were left alone when they were interrupted.
static LEFT: Mutex<Vec<JoinHandle<()>>> = Mutex::new(Vec::new());

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

thread_local! {
    /// Of the thread of a work.
    static CURRENT: RefCell<Option<Arc<Told>>> = const { RefCell::new(None) };
}

/// Who is told by the work of this thread, if it does one.
pub(crate) fn current() -> Option<Arc<Told>> {
    CURRENT.with_borrow(Clone::clone)
}

/// What the work tells, and the waiting thread passes on.
#[derive(Debug, Default)]
pub(crate) struct Told {
    done: AtomicUsize,
    expected: AtomicUsize,
    phase: Mutex<String>,
    unit: Mutex<&'static str>,
    /// Lines, and whether each is a warning.
    lines: Mutex<Vec<(String, bool)>>,
    /// Where the work keeps what it measures.
    folder: Mutex<Option<PathBuf>>,
    interrupt: Interrupt,
    /// What a plugin that is written in Python raised first.
    raised: Mutex<Option<PyErr>>,
    /// Why a plugin ended the work that could not answer.
    given_up: Mutex<Option<Failure>>,
}

impl Told {
    /// A plugin that is written in Python raised this.
    pub(crate) fn raised(&self, raised: PyErr) {
        locked(&self.raised).get_or_insert(raised);
    }

    /// A plugin ends the work, for this reason.
    pub(crate) fn gives_up(&self, failure: Failure) {
        locked(&self.given_up).get_or_insert(failure);
    }

    /// Whether the work is to begin nothing new.
    pub(crate) fn is_interrupted(&self) -> bool {
        self.interrupt.is_asked()
    }

    /// How far the work is, where it counts by itself.
    pub(crate) fn counts(&self, phase: &str, unit: &'static str, done: u64, expected: u64) {
        phase.clone_into(&mut locked(&self.phase));
        *locked(&self.unit) = unit;
        self.expected.store(usize::try_from(expected).unwrap_or(usize::MAX), Ordering::Relaxed);
        self.done.store(usize::try_from(done).unwrap_or(usize::MAX), Ordering::Relaxed);
    }

    /// The work keeps what it measures in this folder, and counts these units.
    pub(crate) fn begins(&self, folder: &Path, unit: &'static str) {
        *locked(&self.folder) = Some(folder.to_owned());
        *locked(&self.unit) = unit;
    }

    /// The work tells this line.
    pub(crate) fn line(&self, line: &str, is_warning: bool) {
        locked(&self.lines).push((line.to_owned(), is_warning));
    }
}

/// The observer of a run: everything goes to the waiting thread.
pub(crate) struct Telling(pub(crate) Arc<Told>);

impl Observer for Telling {
    fn phase(&self, phase: &str) {
        phase.clone_into(&mut locked(&self.0.phase));
    }

    fn expect(&self, more: usize) {
        self.0.expected.store(self.0.done.load(Ordering::Relaxed) + more, Ordering::Relaxed);
    }

    fn replay(&self, done: usize) {
        self.advance(done);
    }

    fn advance(&self, done: usize) {
        self.0.done.fetch_add(done, Ordering::Relaxed);
    }

    fn say(&self, line: &str) {
        self.0.line(line, false);
    }

    fn warn(&self, line: &str) {
        self.0.line(line, true);
    }

    fn is_interrupted(&self) -> bool {
        self.0.interrupt.is_asked()
    }
}

/// Whom the waiting thread tells.
pub(crate) struct Listener<'py> {
    /// Called with what is done, what is expected in all, the phase and the unit.
    pub(crate) progress: Option<Bound<'py, PyAny>>,
    /// Called with a line and whether it is a warning.
    pub(crate) line: Bound<'py, PyAny>,
    /// What a plugin that is written in Python raised meanwhile.
    raised: RefCell<Option<PyErr>>,
}

impl<'py> Listener<'py> {
    pub(crate) fn new(progress: Option<Bound<'py, PyAny>>, line: Bound<'py, PyAny>) -> Self {
        Self { progress, line, raised: RefCell::new(None) }
    }

    /// The exception that the work's failure is. Where a plugin that is written in Python raised, that is its cause.
    pub(crate) fn exception(&self, py: Python<'_>, failure: &Failure) -> PyErr {
        match self.raised.take() {
            Some(cause) => exception::of_plugin(py, failure, cause),
            None => exception::of(py, failure),
        }
    }

    /// Passes on what is new; `shown` is what was shown last.
    fn tell(&self, told: &Told, shown: &mut Option<(usize, usize, String)>) -> PyResult<()> {
        for (line, is_warning) in std::mem::take(&mut *locked(&told.lines)) {
            self.line.call1((line, is_warning))?;
        }
        let now = (told.done.load(Ordering::Relaxed), told.expected.load(Ordering::Relaxed), locked(&told.phase).clone());
        if let Some(progress) = self.progress.as_ref().filter(|_| shown.as_ref() != Some(&now)) {
            progress.call1((now.0, now.1, &now.2, *locked(&told.unit)))?;
            *shown = Some(now);
        }
        Ok(())
    }
}

/// Gives what `work` gives, which runs on a thread of its own with an observer. What it tells goes to the listener.
///
/// # Errors
/// What a signal or the listener raises: the work is then asked to end, and left alone. `AssayError` if the work panics or gets no thread;
/// `ForkedProcess` in a process without the threads of its parent.
pub(crate) fn wait_for<T: Send + 'static>(
    py: Python<'_>,
    listener: &Listener<'_>,
    work: impl FnOnce(Arc<Told>) -> T + Send + 'static,
) -> PyResult<T> {
    refuse_copies(py)?;
    all_ended(py)?;
    let told = Arc::<Told>::default();
    let (sender, receiver) = mpsc::channel();
    let own = Arc::clone(&told);
    let in_progress = Work::begin();
    let begun = Builder::new().name("assay".into()).spawn(move || {
        let heard_by = Arc::clone(&own);
        CURRENT.set(Some(Arc::clone(&own)));
        let outcome = contained(|| heard(move |line| heard_by.line(line, true), || work(own)));
        // Nobody waits any more where it was interrupted.
        drop(sender.send(outcome));
        drop(in_progress);
    });
    let thread = begun.map_err(|error| exception::of(py, &Failure::new(format!("the system gives no thread: {error}"))))?;
    let outcome = listen(py, listener, &told, &Mutex::new(receiver));
    match outcome {
        Ok(outcome) => {
            drop(py.detach(|| thread.join()));
            *listener.raised.borrow_mut() = locked(&told.raised).take();
            let given_up = locked(&told.given_up).take();
            match given_up {
                Some(failure) => Err(listener.exception(py, &failure)),
                None => outcome.map_err(|failure| exception::of(py, &failure)),
            }
        }
        Err(raised) => {
            told.interrupt.ask();
            locked(&LEFT).push(thread);
            if let Some(folder) = locked(&told.folder).as_ref().filter(|_| raised.is_instance_of::<PyKeyboardInterrupt>(py)) {
                let note = format!("What was measured is kept; continue with: assay.Run({:?}).resume()", folder.display().to_string());
                raised.value(py).call_method1("add_note", (note,))?;
            }
            Err(raised)
        }
    }
}

/// Waits for the outcome, and passes on meanwhile what is told.
fn listen<T: Send>(py: Python<'_>, listener: &Listener<'_>, told: &Told, receiver: &Mutex<Receiver<T>>) -> PyResult<T> {
    let mut shown = None;
    loop {
        match py.detach(|| locked(receiver).recv_timeout(PAUSE)) {
            Ok(outcome) => {
                listener.tell(told, &mut shown)?;
                return Ok(outcome);
            }
            Err(RecvTimeoutError::Timeout) => {
                py.check_signals()?;
                listener.tell(told, &mut shown)?;
            }
            Err(RecvTimeoutError::Disconnected) => {
                return Err(exception::of(py, &Failure::new("the thread of the work ended without a word; please report it")));
            }
        }
    }
}

/// Waits until every interrupted work has ended: it holds the lock of its folder, and threads.
///
/// # Errors
/// What a signal raises meanwhile; they are waited for again the next time.
#[pyfunction]
pub(crate) fn all_ended(py: Python<'_>) -> PyResult<()> {
    if is_copy() {
        // The threads are the parent's, which may have held the lock when it forked.
        return Ok(());
    }
    while locked(&LEFT).iter().any(|thread| !thread.is_finished()) {
        py.detach(|| std::thread::sleep(PAUSE));
        py.check_signals()?;
    }
    locked(&LEFT).clear();
    Ok(())
}
