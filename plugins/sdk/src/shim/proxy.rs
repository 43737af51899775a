//! A proxy's functions.

use core::ffi::c_void;

use super::{guarded, instance, pour, say};
use crate::abi::{
    ASSAY_FAILED, ASSAY_OK, ASSAY_PANICKED, ASSAY_UNDEFINED, AssayHost, AssayMessage, AssayPass, AssaySink, AssayStatus, AssayText,
};
use crate::{Asking, Error, Measured, Network, Pass, Proxy, Reading};

pub(crate) unsafe extern "C" fn create<P: Proxy>(settings: AssayText, out: *mut *mut c_void, message: *mut AssayMessage) -> AssayStatus {
    // SAFETY: the arguments are the host's.
    unsafe { super::create(settings, out, message, P::new) }
}

pub(crate) unsafe extern "C" fn protocol<P: Proxy>(proxy: *const c_void, out: AssaySink) {
    // SAFETY: the instance is what `create` made; there is no message.
    unsafe {
        guarded(std::ptr::null_mut(), || {
            pour(out, &instance::<P>(proxy).protocol());
            Ok(ASSAY_OK)
        });
    }
}

pub(crate) unsafe extern "C" fn pass_count<P: Proxy>(proxy: *const c_void) -> u32 {
    let mut count = 0;
    let nothing = Pass(AssayPass { channels: 1, cells: 1, batch: 1, initialiser: 0, precision: 0, augmentation: 0, images: 0, draw: 0 });
    // SAFETY: the instance is what `create` made; there is no message.
    let status = unsafe {
        guarded(std::ptr::null_mut(), || {
            count = instance::<P>(proxy).passes(nothing)?.len();
            Ok(ASSAY_OK)
        })
    };
    // What fails here fails again where there is a message: when the first pass is asked for.
    if status == ASSAY_FAILED || status == ASSAY_PANICKED { 1 } else { u32::try_from(count).unwrap_or(u32::MAX) }
}

pub(crate) unsafe extern "C" fn pass<P: Proxy>(
    proxy: *const c_void,
    position: u32,
    pass: *mut AssayPass,
    message: *mut AssayMessage,
) -> AssayStatus {
    // SAFETY: the instance is what `create` made; the rest is the host's.
    unsafe {
        guarded(message, || {
            let passes = instance::<P>(proxy).passes(Pass(*pass))?;
            let wanted = passes.get(position as usize);
            *pass = wanted.ok_or_else(|| Error::new("the number of passes depends on the settings of the pass"))?.0;
            Ok(ASSAY_OK)
        })
    }
}

pub(crate) unsafe extern "C" fn ask<P: Proxy>(
    proxy: *const c_void,
    pass: u32,
    host: *const AssayHost,
    message: *mut AssayMessage,
) -> AssayStatus {
    // SAFETY: the instance is what `create` made; the rest is the host's and lives until this function returns.
    unsafe {
        guarded(message, || {
            let asking = Asking(Network::new(&*host, pass));
            instance::<P>(proxy).ask(pass as usize, &asking).map(|()| ASSAY_OK)
        })
    }
}

pub(crate) unsafe extern "C" fn score<P: Proxy>(
    proxy: *const c_void,
    host: *const AssayHost,
    out: *mut f64,
    message: *mut AssayMessage,
) -> AssayStatus {
    // SAFETY: the instance is what `create` made; the rest is the host's and lives until this function returns.
    unsafe {
        guarded(message, || {
            let count = pass_count::<P>(proxy);
            let passes: Vec<Measured<'_>> = (0..count).map(|pass| Measured(Network::new(&*host, pass))).collect();
            Ok(match instance::<P>(proxy).score(&passes)? {
                Reading::Value(score) => {
                    *out = score;
                    ASSAY_OK
                }
                Reading::Undefined { because } => {
                    say(message, &because);
                    ASSAY_UNDEFINED
                }
            })
        })
    }
}
