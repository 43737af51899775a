//! What would end the program without a word becomes an error: panics, and signals of the system's limits.

use std::io;
use std::panic::{self, AssertUnwindSafe, PanicHookInfo};
#[cfg(unix)]
use std::sync::Arc;
use std::sync::{Mutex, PoisonError};

use crate::failure::Failure;

/// What the last panic said, and where.
static LAST: Mutex<Option<String>> = Mutex::new(None);

/// Asks the system to refuse a write that makes a file longer than it may be (`ulimit -f`), in place of ending the program; and
/// makes an end for want of memory a failure like others. Rust says how much memory it was.
///
/// # Errors
/// If the system refuses.
pub(crate) fn errors_for_signals() -> Result<(), Failure> {
    #[cfg(unix)]
    let registered = {
        use signal_hook::consts::{SIGABRT, SIGXFSZ};
        use signal_hook::flag::{register, register_conditional_shutdown};
        let failed = i32::from(assay_results::exit::FAILED);
        // Of long files a handler is enough: the write then fails. That it ran says nothing more.
        register(SIGXFSZ, Arc::default()).and_then(|_| register_conditional_shutdown(SIGABRT, failed, Arc::new(true.into()))).map(drop)
    };
    #[cfg(not(unix))]
    let registered = Ok(());
    registered.map_err(|error: io::Error| Failure::new(format!("the system refuses a handler of signals: {error}")))
}

/// Gives what `work` gives, or the failure that its panic is.
///
/// # Errors
/// If it panics.
pub fn contained<T>(work: impl FnOnce() -> T) -> Result<T, Failure> {
    // With RUST_BACKTRACE the panic is also shown as Rust shows it.
    let shown = std::env::var_os("RUST_BACKTRACE").is_some_and(|wanted| wanted != "0").then(panic::take_hook);
    panic::set_hook(Box::new(move |info| {
        *LAST.lock().unwrap_or_else(PoisonError::into_inner) = Some(said(info));
        if let Some(show) = &shown {
            show(info);
        }
    }));
    let outcome = panic::catch_unwind(AssertUnwindSafe(work));
    drop(panic::take_hook());
    outcome.map_err(|_| {
        let last = LAST.lock().unwrap_or_else(PoisonError::into_inner).take();
        let problem = format!("Assay cannot go on: {}", last.as_deref().unwrap_or("it does not know why"));
        let help = "if the system has no more threads, memory or room to give, let it have more; otherwise this is a fault of \
                    Assay: please report it with these lines. What was measured is kept: --resume continues from it";
        Failure::new(problem).with_help(help)
    })
}

fn said(info: &PanicHookInfo<'_>) -> String {
    let text = info.payload_as_str().unwrap_or("a part of it gave up").trim_end();
    match info.location() {
        Some(place) => format!("{text} ({}:{})", place.file(), place.line()),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_is_a_failure_that_says_what_and_where() {
        assert_eq!(contained(|| 3).unwrap(), 3);
        let failure = contained(|| std::thread::scope(|scope| scope.spawn(|| panic!("no {}", "threads")).join().unwrap())).unwrap_err();
        let said = failure.to_string();
        assert!(said.starts_with("Assay cannot go on: ") && said.contains("containment.rs:"), "{said}");
    }
}
