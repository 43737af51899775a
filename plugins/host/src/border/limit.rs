//! How long a call of a plugin in this process may take. Such a call cannot be stopped: a thread that is ended in the middle of
//! something leaves locks taken and memory in an unknown state. So the program ends, and the run can be continued.

use std::collections::BTreeMap;
use std::io;
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{Duration, Instant};

/// The calls that go on, where there is a limit.
static CALLS: Mutex<Calls> = Mutex::new(Calls { limit: None, next: 0, open: BTreeMap::new() });

struct Calls {
    limit: Option<Duration>,
    next: u64,
    open: BTreeMap<u64, Call>,
}

struct Call {
    file: String,
    function: &'static str,
    left: Left,
}

/// What a call has left of its time.
enum Left {
    Until(Instant),
    /// While the host works for it.
    Paused(Duration),
}

/// What becomes of the time that a plugin took, once the host has done what it asked for.
#[derive(Clone, Copy)]
pub(crate) enum Clock {
    /// It counts.
    GoesOn,
    /// It does not: a search is as long as its measurements, and only what lies between two of them is limited.
    BeginsAnew,
}

fn calls() -> MutexGuard<'static, Calls> {
    CALLS.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Ends the program: the file, the function, and the limit.
pub(super) type TooLate = fn(&str, &str, Duration) -> !;

/// From now on this is how long a call may take, and what happens where one takes longer.
///
/// # Errors
/// If the system refuses the thread that watches.
pub(super) fn limit(limit: Option<Duration>, too_late: TooLate) -> io::Result<()> {
    static WATCHING: OnceLock<Result<(), io::ErrorKind>> = OnceLock::new();
    calls().limit = limit;
    if limit.is_none() {
        return Ok(());
    }
    let spawn =
        || std::thread::Builder::new().name("plugins".into()).spawn(move || watch(too_late)).map(drop).map_err(|error| error.kind());
    WATCHING.get_or_init(spawn).map_err(io::Error::from)
}

/// The time that a call takes.
#[derive(Clone, Copy)]
pub(super) struct Turn(u64);

impl Turn {
    /// Nothing where there is no limit.
    pub(super) fn begin(file: &str, function: &'static str) -> Option<Self> {
        let mut calls = calls();
        let limit = calls.limit?;
        let number = calls.next;
        calls.next += 1;
        calls.open.insert(number, Call { file: file.to_owned(), function, left: Left::Until(Instant::now() + limit) });
        Some(Self(number))
    }

    pub(super) fn pause(self) {
        if let Some(call) = calls().open.get_mut(&self.0)
            && let Left::Until(end) = call.left
        {
            call.left = Left::Paused(end.saturating_duration_since(Instant::now()));
        }
    }

    pub(super) fn resume(self, clock: Clock) {
        let mut calls = calls();
        let limit = calls.limit;
        if let Some(call) = calls.open.get_mut(&self.0)
            && let Left::Paused(left) = call.left
        {
            let anew = limit.filter(|_| matches!(clock, Clock::BeginsAnew));
            call.left = Left::Until(Instant::now() + anew.unwrap_or(left));
        }
    }

    pub(super) fn end(self) {
        calls().open.remove(&self.0);
    }
}

/// How often calls are looked at.
const PAUSE: Duration = Duration::from_millis(50);
/// A pause that took longer was none of the plugin's: the program was stopped, as by Ctrl-Z.
const STOPPED: Duration = Duration::from_secs(2);

/// Ends the program as soon as a call has taken too long.
fn watch(too_late: TooLate) {
    loop {
        let before = Instant::now();
        std::thread::sleep(PAUSE);
        let mut calls = calls();
        let now = Instant::now();
        let slept = now.duration_since(before);
        if slept > STOPPED {
            for call in calls.open.values_mut() {
                if let Left::Until(end) = &mut call.left {
                    *end += slept;
                }
            }
        }
        let late = calls.open.values().find(|call| matches!(call.left, Left::Until(end) if end <= now));
        if let (Some(Call { file, function, .. }), Some(limit)) = (late, calls.limit) {
            too_late(file, function, limit);
        }
    }
}
