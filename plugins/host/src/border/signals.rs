//! Plugins that crash: what they are called is said, and the program fails as it does otherwise.
#![allow(unsafe_code, reason = "functions of the C library")]

use std::sync::{Once, OnceLock};

use libc::c_int;

use super::endings::{KEPT, at_once};
use super::guest::{INSIDE, Inside};

/// The signals by which code ends that cannot go on, in words.
const SIGNALS: [(c_int, &str); 6] = [
    (libc::SIGSEGV, "segmentation fault"),
    (libc::SIGBUS, "bus error"),
    (libc::SIGILL, "illegal instruction"),
    (libc::SIGFPE, "arithmetic error"),
    (libc::SIGTRAP, "trap"),
    (libc::SIGABRT, "abort"),
];

/// What was done at each of them before.
static BEFORE: [OnceLock<libc::sigaction>; SIGNALS.len()] = [const { OnceLock::new() }; SIGNALS.len()];

/// What a signal is called that ends a process.
pub(crate) fn name_of(signal: c_int) -> &'static str {
    let found = SIGNALS.iter().find(|(known, _)| *known == signal).map(|(_, name)| *name);
    found.unwrap_or(if signal == libc::SIGKILL { "killed" } else { "ended from outside" })
}

/// From now on a plugin that crashes in the middle of a call is named.
pub(super) fn catch() {
    static CAUGHT: Once = Once::new();
    CAUGHT.call_once(catch_all);
}

fn catch_all() {
    for ((signal, _), before) in SIGNALS.iter().zip(&BEFORE) {
        // SAFETY: zeroed actions are valid ones; the handler has the form of those without more information, and calls only
        // what a handler may call.
        unsafe {
            let (mut action, mut old): (libc::sigaction, libc::sigaction) = (std::mem::zeroed(), std::mem::zeroed());
            action.sa_sigaction = crashed as extern "C" fn(c_int) as libc::sighandler_t;
            // Rust gives threads a stack of their own for handlers: the usual one may be what is used up.
            action.sa_flags = libc::SA_ONSTACK;
            if libc::sigaction(*signal, &raw const action, &raw mut old) == 0 {
                before.get_or_init(|| old);
            }
        }
    }
}

/// From now on a crash of this process is what the system makes of it, for a parent that reports it. What Rust does before lets a
/// plugin that raises such a signal itself go on.
pub(crate) fn leave_to_the_system() {
    for (signal, _) in SIGNALS {
        // SAFETY: sets the system's own action.
        unsafe { libc::signal(signal, libc::SIG_DFL) };
    }
}

/// Runs where a signal says that this thread's code cannot go on. Takes no memory and no lock.
extern "C" fn crashed(signal: c_int) {
    if let Some(Inside { file, function, .. }) = INSIDE.get() {
        // SAFETY: the file's name is lent by a caller that is still waiting for the plugin.
        let file = unsafe { &*file };
        for piece in ["the plugin `", file, "` crashed in `", function, "`: ", name_of(signal), KEPT, "\n"] {
            // SAFETY: a text of this length. Where it cannot be written, the exit code says the rest.
            unsafe { libc::write(libc::STDERR_FILENO, piece.as_ptr().cast(), piece.len()) };
        }
        at_once(1)
    }
    // Not in a plugin: what would have happened without us, as soon as this function returns.
    let before = SIGNALS.iter().position(|(known, _)| *known == signal).and_then(|position| BEFORE[position].get());
    // SAFETY: sets the action that there was, or the system's own.
    unsafe {
        match before {
            Some(before) => drop(libc::sigaction(signal, before, std::ptr::null_mut())),
            None => drop(libc::signal(signal, libc::SIG_DFL)),
        }
        libc::raise(signal);
    }
}
