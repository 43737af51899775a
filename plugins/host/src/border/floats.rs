//! How a thread rounds, which a plugin may set for itself and must not leave behind.
#![allow(unsafe_code, reason = "registers of the processor")]

/// How this thread rounds and whether it takes the smallest numbers for zero. Put back when it is dropped.
pub(super) struct Floats(Registers);

impl Floats {
    /// Keeps what is set now.
    pub(super) fn keep() -> Self {
        Self(Registers::read())
    }

    /// Sets what all of Rust relies on, and keeps what is set now: for functions of the host, which a plugin may call after
    /// having set something else.
    pub(super) fn standard() -> Self {
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
