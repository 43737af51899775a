//! Reading what is lent.
#![allow(unsafe_code, reason = "what the host lends are pointers and lengths")]

use crate::Error;
use crate::abi::AssayText;

/// A lent slice. Null stands for nothing.
///
/// # Safety
/// `data` must point at `len` values that live and do not change for `'a`, or be null.
pub(crate) unsafe fn slice<'a, T>(data: *const T, len: usize) -> &'a [T] {
    if data.is_null() || len == 0 {
        return &[];
    }
    // SAFETY: the caller's promise; null is dealt with above.
    unsafe { std::slice::from_raw_parts(data, len) }
}

/// A lent text.
///
/// # Errors
/// If it is not UTF-8.
///
/// # Safety
/// As [`slice`].
pub(crate) unsafe fn text<'a>(text: AssayText) -> Result<&'a str, Error> {
    // SAFETY: the caller's promise.
    let bytes = unsafe { slice(text.data.cast::<u8>(), text.len) };
    std::str::from_utf8(bytes).map_err(|error| Error::new(format!("the host sent a text that is not UTF-8: {error}")))
}
