//! Crossing into a plugin and back: what of the thread it must leave as it found it, and what happens if it never comes back.
#![allow(unsafe_code, reason = "registers of the processor and functions of the C library")]

use std::cell::Cell;
use std::io::Write;
use std::path::Path;
use std::sync::Once;

thread_local! {
    /// The file whose function this thread is in.
    static INSIDE: Cell<Option<*const Path>> = const { Cell::new(None) };
}

/// A stay in a plugin's code, from its making to its end.
pub(crate) struct Stay {
    before: Option<*const Path>,
    _floats: Floats,
}

impl Stay {
    /// In this file's code.
    pub(crate) fn begin(file: &Path) -> Self {
        Self { before: INSIDE.replace(Some(std::ptr::from_ref(file))), _floats: Floats::keep() }
    }
}

impl Drop for Stay {
    fn drop(&mut self) {
        INSIDE.set(self.before);
    }
}

/// From now on a plugin that calls `exit` fails the program, whatever it says the exit code is.
pub(crate) fn watch_for_exits() {
    static WATCHED: Once = Once::new();
    WATCHED.call_once(|| {
        // SAFETY: the function lives as long as the program, and unwinds nowhere.
        if unsafe { libc::atexit(left) } != 0 {
            tracing::warn!("the system keeps no more functions for its end: a plugin that ends the program ends it with its own exit code");
        }
    });
}

/// Runs at every orderly end of the program, on the thread that ends it.
extern "C" fn left() {
    let Some(file) = INSIDE.get() else { return };
    // SAFETY: `Stay::begin` was lent the path by a caller that is still waiting for the plugin.
    let file = unsafe { &*file }.display();
    let said =
        format!("the plugin `{file}` ended the program in the middle of a call; what was measured is kept, so the run can be continued\n");
    drop(std::io::stderr().write_all(said.as_bytes()));
    // SAFETY: ends the process.
    unsafe { libc::_exit(1) }
}

/// How this thread rounds and whether it takes the smallest numbers for zero. Put back when it is dropped.
pub(crate) struct Floats(Registers);

impl Floats {
    /// Keeps what is set now.
    pub(crate) fn keep() -> Self {
        Self(Registers::read())
    }

    /// Sets what all of Rust relies on, and keeps what is set now: for functions of the host, which a plugin may call after
    /// having set something else.
    pub(crate) fn standard() -> Self {
        let before = Self::keep();
        Registers::STANDARD.write();
        before
    }
}

impl Drop for Floats {
    fn drop(&mut self) {
        self.0.write();
    }
}

#[cfg(target_arch = "x86_64")]
use x86_64::Registers;

#[cfg(target_arch = "x86_64")]
mod x86_64 {
    use std::arch::asm;

    /// MXCSR, and the control word of the x87 unit, by which the C library knows the rounding mode.
    #[derive(Clone, Copy)]
    pub(super) struct Registers {
        mxcsr: u32,
        x87: u16,
    }

    impl Registers {
        /// All exceptions masked, rounding to nearest, no flushing to zero; long doubles in full.
        pub(super) const STANDARD: Self = Self { mxcsr: 0x1f80, x87: 0x037f };

        pub(super) fn read() -> Self {
            let (mut mxcsr, mut x87) = (0_u32, 0_u16);
            // SAFETY: both write into the variables that they are given, and change nothing else.
            unsafe {
                asm!("stmxcsr [{}]", in(reg) &raw mut mxcsr, options(nostack, preserves_flags));
                asm!("fnstcw [{}]", in(reg) &raw mut x87, options(nostack, preserves_flags));
            }
            Self { mxcsr, x87 }
        }

        pub(super) fn write(self) {
            let Self { mxcsr, x87 } = self;
            // SAFETY: the values are the standard's or were read from these registers.
            unsafe {
                asm!("ldmxcsr [{}]", in(reg) &raw const mxcsr, options(nostack, preserves_flags));
                asm!("fldcw [{}]", in(reg) &raw const x87, options(nostack, preserves_flags));
            }
        }
    }
}

#[cfg(target_arch = "aarch64")]
use aarch64::Registers;

#[cfg(target_arch = "aarch64")]
mod aarch64 {
    use std::arch::asm;

    /// FPCR.
    #[derive(Clone, Copy)]
    pub(super) struct Registers(u64);

    impl Registers {
        /// Rounding to nearest, no flushing to zero.
        pub(super) const STANDARD: Self = Self(0);

        pub(super) fn read() -> Self {
            let fpcr: u64;
            // SAFETY: reads a register that every program may read.
            unsafe { asm!("mrs {}, fpcr", out(reg) fpcr, options(nomem, nostack, preserves_flags)) };
            Self(fpcr)
        }

        pub(super) fn write(self) {
            // SAFETY: the value is the standard's or was read from this register.
            unsafe { asm!("msr fpcr, {}", in(reg) self.0, options(nostack, preserves_flags)) };
        }
    }
}

#[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
compile_error!("say here how this processor's rounding mode is read and written, so that plugins cannot change it for others");

#[cfg(test)]
mod tests {
    use super::*;
    use std::hint::black_box;

    unsafe extern "C" {
        fn fesetround(mode: i32) -> i32;
    }

    const UPWARD: i32 = if cfg!(target_arch = "x86_64") { 0x800 } else { 0x40_0000 };

    /// A sum that rounding upwards makes greater than 1.
    fn sum() -> f64 {
        black_box(1.0) + black_box(1e-30)
    }

    #[test]
    fn what_a_plugin_sets_ends_with_its_call_and_does_not_hold_in_functions_of_the_host() {
        {
            let _stay = Stay::begin(Path::new("libup.so"));
            // SAFETY: a function of the C library.
            assert_eq!(unsafe { fesetround(UPWARD) }, 0);
            assert!(sum() > 1.0, "the mode is set");
            {
                let _floats = Floats::standard();
                assert_eq!(sum().to_bits(), 1.0_f64.to_bits());
            }
            assert!(sum() > 1.0, "the plugin's own mode is its own again");
        }
        assert_eq!(sum().to_bits(), 1.0_f64.to_bits());
    }
}
