//! A strategy's functions.

use core::ffi::c_void;

use super::{guarded, instance, pour};
use crate::abi::{ASSAY_OK, AssayLaboratory, AssayMessage, AssaySink, AssayStatus, AssayText};
use crate::{Error, Laboratory, Strategy};

pub(crate) unsafe extern "C" fn create<S: Strategy>(settings: AssayText, out: *mut *mut c_void, message: *mut AssayMessage) -> AssayStatus {
    // SAFETY: the arguments are the host's.
    unsafe { super::create(settings, out, message, S::new) }
}

pub(crate) unsafe extern "C" fn protocol<S: Strategy>(strategy: *const c_void, out: AssaySink) {
    // SAFETY: the instance is what `create` made; there is no message.
    unsafe {
        guarded(std::ptr::null_mut(), || {
            pour(out, &instance::<S>(strategy).protocol());
            Ok(ASSAY_OK)
        });
    }
}

pub(crate) unsafe extern "C" fn proxies<S: Strategy>(strategy: *const c_void, out: AssaySink, message: *mut AssayMessage) -> AssayStatus {
    // SAFETY: the instance is what `create` made; the rest is the host's.
    unsafe {
        guarded(message, || {
            let proxies = instance::<S>(strategy).proxies();
            pour(out, &serde_json::to_string(&proxies).map_err(|error| Error::new(error.to_string()))?);
            Ok(ASSAY_OK)
        })
    }
}

pub(crate) unsafe extern "C" fn search<S: Strategy>(
    strategy: *const c_void,
    laboratory: *const AssayLaboratory,
    out: AssaySink,
    message: *mut AssayMessage,
) -> AssayStatus {
    // SAFETY: the instance is what `create` made; the rest is the host's and lives until this function returns.
    unsafe {
        guarded(message, || {
            let found = instance::<S>(strategy).search(&Laboratory::new(&*laboratory)?)?;
            pour(out, &found.to_string());
            Ok(ASSAY_OK)
        })
    }
}
