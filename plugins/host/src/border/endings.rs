//! Plugins that end the program: such an end is a failure with words, whatever exit code the plugin names.
//!
//! A plugin that asks the system itself to end the process, past the C library, cannot be stopped from here. A child process
//! (`plugins.isolate`) is proof against that too.
#![allow(unsafe_code, reason = "functions of the C library")]

use std::io::Write;
use std::sync::Once;
use std::sync::atomic::{AtomicBool, AtomicI32, Ordering};
use std::time::Duration;

use libc::c_int;

use super::guest::{INSIDE, Inside};

/// The process whose end is watched. One that it forks may end as it likes.
static GUARDED: AtomicI32 = AtomicI32::new(0);

/// Threads that may end the program at the same moment. Each takes a function for the end off the system's list, and one that
/// finds none left ends the process by its own exit code while another still says what happened.
const ENDS: usize = 64;

/// Whether a thread says already why the program ends.
static ENDING: AtomicBool = AtomicBool::new(false);

/// Whether the program has not come to its own end yet.
static WORKS: AtomicBool = AtomicBool::new(false);

/// While this is there, the program does not end by itself.
#[must_use]
pub struct Working(());

/// Says that the program works from now on until the end of what is given. Once plugins are loaded, an end before that is theirs.
pub fn working() -> Working {
    WORKS.store(true, Ordering::SeqCst);
    Working(())
}

impl Drop for Working {
    fn drop(&mut self) {
        WORKS.store(false, Ordering::SeqCst);
    }
}

/// Ends the program, as it wants to be ended.
pub fn end_program(code: i32) -> ! {
    WORKS.store(false, Ordering::SeqCst);
    std::process::exit(code)
}

/// Ends what is said of an end.
pub(super) const KEPT: &str = "; what was measured is kept, so the run can be continued";

/// From now on a plugin in this process that ends it fails it, but for crashes.
pub(super) fn guard() {
    static GUARD: Once = Once::new();
    GUARD.call_once(|| {
        GUARDED.store(std::process::id().cast_signed(), Ordering::SeqCst);
        // SAFETY: the function lives as long as the program, and unwinds nowhere.
        let is_kept = (0..ENDS).all(|_| unsafe { libc::atexit(left) } == 0);
        #[cfg(target_os = "linux")]
        // SAFETY: as above.
        let is_kept = is_kept && (0..ENDS).all(|_| unsafe { at_quick_exit(left) } == 0);
        if !is_kept {
            tracing::warn!("the system keeps no more functions for its end: a plugin that ends the program ends it with its own exit code");
        }
        // The linker takes them along only where they are asked for.
        #[cfg(target_os = "linux")]
        std::hint::black_box([taken_over::_exit as extern "C" fn(c_int) -> !, taken_over::_Exit]);
    });
}

#[cfg(target_os = "linux")]
unsafe extern "C" {
    fn at_quick_exit(function: extern "C" fn()) -> c_int;
}

/// Runs at every orderly end of the program, on the thread that ends it.
extern "C" fn left() {
    if GUARDED.load(Ordering::SeqCst) != std::process::id().cast_signed() {
        return;
    }
    if let Some(Inside { file, function, .. }) = INSIDE.get() {
        // SAFETY: the file's name is lent by a caller that is still waiting for the plugin.
        let file = unsafe { &*file };
        end(&format!("the plugin `{file}` ended the program in the middle of a call (`{function}`){KEPT}\n"));
    } else if WORKS.load(Ordering::SeqCst) {
        end(&format!("the program was ended in the middle of its work, perhaps by a plugin from a thread of its own{KEPT}\n"));
    }
}

/// A call took longer than it may.
pub(super) fn too_late(file: &str, function: &str, limit: Duration) -> ! {
    end(&format!(
        "the plugin `{file}` did not return from `{function}` within {limit:?} (plugins.timeout). A call in this process cannot be \
         stopped, so the program ends{KEPT}. With plugins.isolate = true only the proxy's own process is ended\n"
    ));
}

fn end(said: &str) -> ! {
    while ENDING.swap(true, Ordering::SeqCst) {
        // The other thread ends the process.
        std::thread::park();
    }
    drop(std::io::stderr().write_all(said.as_bytes()));
    at_once(1)
}

/// Ends the process without the functions of its orderly end.
pub(super) fn at_once(code: c_int) -> ! {
    #[cfg(target_os = "linux")]
    // SAFETY: ends the process. Not by `_exit`, which is taken over below.
    unsafe {
        libc::syscall(libc::SYS_exit_group, code);
    }
    // SAFETY: as above, where there is no such call.
    #[cfg(not(target_os = "linux"))]
    unsafe {
        libc::_exit(code)
    }
    #[cfg(target_os = "linux")]
    std::process::abort()
}

/// Functions of the C library that end a process without running anything. The system's loader looks for what plugins call in the
/// program first, so that plugins find these.
#[cfg(target_os = "linux")]
mod taken_over {
    use super::{at_once, c_int, left};

    // SAFETY: does what the function of this name does, but for ends that are failures.
    #[unsafe(no_mangle)]
    pub(super) extern "C" fn _exit(code: c_int) -> ! {
        left();
        at_once(code)
    }

    // SAFETY: as above.
    #[unsafe(no_mangle)]
    pub(super) extern "C" fn _Exit(code: c_int) -> ! {
        _exit(code)
    }
}
