//! The functions that cross the border for an author's types: they read what is lent, catch panics, and turn errors into a
//! status and a message. Named by [`export!`](crate::export).
#![allow(unsafe_code, reason = "the border is made of pointers and lengths")]

pub(crate) mod proxy;
pub(crate) mod space;
pub(crate) mod strategy;

use core::ffi::c_void;
use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::Error;
use crate::abi::{ASSAY_FAILED, ASSAY_HOST_FAILED, ASSAY_OK, ASSAY_PANICKED, AssayMessage, AssaySink, AssayStatus, AssayText};
use crate::text::text;

/// Runs what may panic or fail.
///
/// # Safety
/// `message` must be null or point at a message of the host's.
unsafe fn guarded(message: *mut AssayMessage, work: impl FnOnce() -> Result<AssayStatus, Error>) -> AssayStatus {
    let (status, problem) = match catch_unwind(AssertUnwindSafe(work)) {
        Ok(Ok(status)) => return status,
        Ok(Err(error)) if error.is_of_host() => (ASSAY_HOST_FAILED, error.to_string()),
        Ok(Err(error)) => (ASSAY_FAILED, error.to_string()),
        Err(panic) => (ASSAY_PANICKED, said(panic.as_ref())),
    };
    // SAFETY: the caller's promise.
    unsafe { say(message, &problem) };
    status
}

fn said(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_else(|| "a panic without a text".into())
}

/// Writes a message, cut off between characters where it is too long.
///
/// # Safety
/// As [`guarded`].
unsafe fn say(message: *mut AssayMessage, problem: &str) {
    if message.is_null() {
        return;
    }
    // SAFETY: the caller's promise.
    let message = unsafe { &mut *message };
    let len = problem.floor_char_boundary(message.capacity);
    // SAFETY: the host lent room for `capacity` bytes.
    unsafe { std::ptr::copy_nonoverlapping(problem.as_ptr(), message.data.cast::<u8>(), len) };
    message.len = len;
}

/// Writes a text to the host.
///
/// # Safety
/// `sink` must be the host's.
unsafe fn pour(sink: AssaySink, text: &str) {
    // SAFETY: the caller's promise.
    unsafe { (sink.write)(sink.context, AssayText::of(text)) }
}

/// Makes an instance.
///
/// # Safety
/// The arguments must be the host's.
unsafe fn create<T>(
    settings: AssayText,
    out: *mut *mut c_void,
    message: *mut AssayMessage,
    new: impl FnOnce(&crate::Settings) -> Result<T, Error>,
) -> AssayStatus {
    let work = || {
        // SAFETY: the host lends a text.
        let settings = crate::Settings::read(unsafe { text(settings) }?)?;
        let made = Box::into_raw(Box::new(new(&settings)?));
        // SAFETY: the host's room for a pointer.
        unsafe { *out = made.cast() };
        Ok(ASSAY_OK)
    };
    // SAFETY: the message is the host's.
    unsafe { guarded(message, work) }
}

/// Ends an instance. A panic of its destructor ends here, and what it held leaks.
///
/// # Safety
/// `instance` must come from [`create`] of the same type, and is gone afterwards.
pub(crate) unsafe extern "C" fn destroy<T>(instance: *mut c_void) {
    // SAFETY: the caller's promise.
    drop(catch_unwind(AssertUnwindSafe(|| drop(unsafe { Box::from_raw(instance.cast::<T>()) }))));
}

/// An instance.
///
/// # Safety
/// `instance` must come from [`create`] of the same type and live for `'a`.
unsafe fn instance<'a, T>(instance: *const c_void) -> &'a T {
    // SAFETY: the caller's promise.
    unsafe { &*instance.cast::<T>() }
}
