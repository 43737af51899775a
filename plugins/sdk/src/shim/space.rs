//! A search space's functions.

use core::ffi::c_void;

use super::{guarded, instance, pour};
use crate::abi::{ASSAY_OK, AssayMessage, AssaySink, AssayStatus, AssayText};
use crate::subspace::Subspace;
use crate::text::text;
use crate::{Error, Space};

pub(crate) unsafe extern "C" fn create<S: Space>(settings: AssayText, out: *mut *mut c_void, message: *mut AssayMessage) -> AssayStatus {
    // SAFETY: the arguments are the host's.
    unsafe { super::create(settings, out, message, S::new) }
}

/// Runs a function of the space and writes what it gives.
///
/// # Safety
/// `space` must be what `create` made; the rest must be the host's.
unsafe fn answer<S: Space>(
    space: *const c_void,
    out: AssaySink,
    message: *mut AssayMessage,
    work: impl FnOnce(&S) -> Result<String, Error>,
) -> AssayStatus {
    // SAFETY: the caller's promise.
    unsafe {
        guarded(message, || {
            pour(out, &work(instance(space))?);
            Ok(ASSAY_OK)
        })
    }
}

pub(crate) unsafe extern "C" fn layout<S: Space>(space: *const c_void, out: AssaySink, message: *mut AssayMessage) -> AssayStatus {
    // SAFETY: the arguments are the host's.
    unsafe { answer::<S>(space, out, message, |space| json(space.layout())) }
}

pub(crate) unsafe extern "C" fn parse<S: Space>(
    space: *const c_void,
    architecture: AssayText,
    out: AssaySink,
    message: *mut AssayMessage,
) -> AssayStatus {
    // SAFETY: the arguments are the host's.
    unsafe { answer::<S>(space, out, message, |space| space.parse(text(architecture)?).map(String::from)) }
}

pub(crate) unsafe extern "C" fn write<S: Space>(
    space: *const c_void,
    mask: AssayText,
    out: AssaySink,
    message: *mut AssayMessage,
) -> AssayStatus {
    // SAFETY: the arguments are the host's.
    unsafe { answer::<S>(space, out, message, |space| space.write(&subspace(mask)?)) }
}

pub(crate) unsafe extern "C" fn canonical<S: Space>(
    space: *const c_void,
    mask: AssayText,
    out: AssaySink,
    message: *mut AssayMessage,
) -> AssayStatus {
    // SAFETY: the arguments are the host's.
    unsafe { answer::<S>(space, out, message, |space| space.canonical(&subspace(mask)?)) }
}

pub(crate) unsafe extern "C" fn lower<S: Space>(
    space: *const c_void,
    mask: AssayText,
    net: AssayText,
    out: AssaySink,
    message: *mut AssayMessage,
) -> AssayStatus {
    let graph = |space: &S| {
        // SAFETY: the host lends texts.
        let (subspace, net) = unsafe { (subspace(mask)?, text(net)?) };
        let net = serde_json::from_str(net).map_err(|error| Error::new(format!("the net cannot be read: {error}")))?;
        json(&space.lower(&subspace, &net)?)
    };
    // SAFETY: the arguments are the host's.
    unsafe { answer::<S>(space, out, message, graph) }
}

/// # Safety
/// `mask` must be lent by the host.
unsafe fn subspace(mask: AssayText) -> Result<Subspace, Error> {
    // SAFETY: the caller's promise.
    Subspace::try_from(unsafe { text(mask) }?.to_owned()).map_err(Error::new)
}

fn json(value: &impl serde::Serialize) -> Result<String, Error> {
    serde_json::to_string(value).map_err(|error| Error::new(error.to_string()))
}
