//! Crossing into a plugin and back: what of the thread it must leave as it found it, what happens if it ends the program, and
//! what happens if it does not come back.

mod endings;
mod floats;
mod guest;
mod limit;
#[cfg(unix)]
mod signals;

use std::io;
use std::time::Duration;

pub use endings::{Working, end_program, working};
use floats::Floats;
pub(crate) use guest::Guest;
use guest::{INSIDE, Inside};
pub(crate) use limit::Clock;
use limit::Turn;
#[cfg(unix)]
pub(crate) use signals::{leave_to_the_system, name_of};

/// From now on a plugin in this process that ends it fails it, with words.
pub(crate) fn guard() {
    endings::guard();
    #[cfg(unix)]
    signals::catch();
}

/// From now on this is how long a call of a plugin in this process may take.
///
/// # Errors
/// If the system refuses the thread that watches.
pub(crate) fn limit(timeout: Option<Duration>) -> io::Result<()> {
    limit::limit(timeout, endings::too_late)
}

/// A stay in a plugin's code, from its making to its end.
pub(crate) struct Stay {
    before: Option<Inside>,
    turn: Option<Turn>,
    _floats: Floats,
}

impl Stay {
    /// In this function of this file.
    pub(crate) fn begin(guest: &Guest, function: &'static str) -> Self {
        let turn = Turn::begin(&guest.shown, function);
        let inside = Inside { file: std::ptr::from_ref(guest.shown.as_str()), function, turn };
        Self { before: INSIDE.replace(Some(inside)), turn, _floats: Floats::keep() }
    }
}

impl Drop for Stay {
    fn drop(&mut self) {
        INSIDE.set(self.before);
        if let Some(turn) = self.turn {
            turn.end();
        }
    }
}

/// A visit of a plugin's code to a function of the host: it rounds as all of Rust expects, its time is not the plugin's, and what
/// goes wrong in it is not the plugin's either.
pub(crate) struct Visit {
    inside: Option<Inside>,
    clock: Clock,
    _floats: Floats,
}

impl Visit {
    /// After it the plugin's clock goes on as this says.
    pub(crate) fn begin(clock: Clock) -> Self {
        let inside = INSIDE.take();
        if let Some(turn) = inside.and_then(|inside| inside.turn) {
            turn.pause();
        }
        Self { inside, clock, _floats: Floats::standard() }
    }
}

impl Drop for Visit {
    fn drop(&mut self) {
        if let Some(turn) = self.inside.and_then(|inside| inside.turn) {
            turn.resume(self.clock);
        }
        INSIDE.set(self.inside);
    }
}

#[cfg(test)]
mod tests {
    use std::hint::black_box;
    use std::path::Path;

    use super::*;

    #[allow(unsafe_code, reason = "a function of the C library")]
    unsafe extern "C" {
        fn fesetround(mode: i32) -> i32;
    }

    const UPWARD: i32 = if cfg!(target_arch = "x86_64") { 0x800 } else { 0x40_0000 };

    /// A sum that rounding upwards makes greater than 1.
    fn sum() -> f64 {
        black_box(1.0) + black_box(1e-30)
    }

    #[test]
    #[allow(unsafe_code, reason = "a function of the C library")]
    fn what_a_plugin_sets_ends_with_its_call_and_does_not_hold_in_functions_of_the_host() {
        let guest = Guest::new(Path::new("libup.so"));
        {
            let _stay = Stay::begin(&guest, "score");
            // SAFETY: a function of the C library.
            assert_eq!(unsafe { fesetround(UPWARD) }, 0);
            assert!(sum() > 1.0, "the mode is set");
            {
                let _visit = Visit::begin(Clock::GoesOn);
                assert_eq!(sum().to_bits(), 1.0_f64.to_bits());
            }
            assert!(sum() > 1.0, "the plugin's own mode is its own again");
        }
        assert_eq!(sum().to_bits(), 1.0_f64.to_bits());
    }
}
