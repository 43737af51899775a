//! Calls of a plugin's functions: the texts and lists that it lends, the texts that it writes, and how a call ended.
#![allow(unsafe_code, reason = "what crosses the border are pointers and lengths")]

use core::ffi::c_void;

use assay_plugin_sdk::abi::{ASSAY_FAILED, ASSAY_HOST_FAILED, ASSAY_OK, ASSAY_PANICKED, AssayMessage, AssaySink, AssayStatus, AssayText};

use crate::border::{Guest, Stay};

/// Why a text that a plugin lends cannot be read, as a clause.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum TextError {
    #[error("is a null pointer with a length")]
    Null,
    #[error("is not UTF-8")]
    Encoding,
}

/// Lent values; null stands for none.
///
/// # Safety
/// `first` must be null or point at `count` values that live and do not change for `'a`.
pub(crate) unsafe fn values<'a, T>(first: *const T, count: usize) -> &'a [T] {
    if first.is_null() || count == 0 {
        return &[];
    }
    // SAFETY: the caller's promise.
    unsafe { std::slice::from_raw_parts(first, count) }
}

/// A lent text.
///
/// # Safety
/// As [`values`].
pub(crate) unsafe fn text<'a>(text: AssayText) -> Result<&'a str, TextError> {
    if text.data.is_null() && text.len > 0 {
        return Err(TextError::Null);
    }
    // SAFETY: the caller's promise.
    let bytes = unsafe { values(text.data.cast::<u8>(), text.len) };
    std::str::from_utf8(bytes).map_err(|_| TextError::Encoding)
}

/// Bytes that a plugin may write in one call: many times the graph of the largest network.
const MOST_WRITTEN: usize = 256 << 20;

/// Bytes lent for a message.
const ROOM: usize = 4096;

/// A call that a plugin did not carry out.
#[derive(Debug)]
pub(crate) struct NotDone {
    /// What the function returned; its caller may know a meaning of its own.
    pub(crate) status: AssayStatus,
    /// What the plugin says.
    pub(crate) said: String,
}

/// Calls the function of this name of this file with room for a message.
pub(crate) fn call(guest: &Guest, name: &'static str, function: impl FnOnce(*mut AssayMessage) -> AssayStatus) -> Result<(), NotDone> {
    let mut room = vec![0u8; ROOM];
    let mut message = AssayMessage { data: room.as_mut_ptr().cast(), capacity: ROOM, len: 0 };
    let status = {
        let _stay = Stay::begin(guest, name);
        function(&raw mut message)
    };
    if status == ASSAY_OK {
        return Ok(());
    }
    let said = match room.get(..message.len) {
        Some(said) => String::from_utf8_lossy(said).trim_end_matches('\u{fffd}').to_owned(),
        None => format!("(it says that its message has {} bytes, in room for {ROOM})", message.len),
    };
    Err(NotDone { status, said })
}

impl NotDone {
    /// As a clause; `host` is why a function of the host failed last.
    pub(crate) fn clause(self, host: Option<String>) -> String {
        let Self { status, said } = self;
        let with = |what: &str| if said.is_empty() { format!("{what}, and does not say why") } else { format!("{what}: {said}") };
        match status {
            ASSAY_FAILED => with("failed"),
            ASSAY_PANICKED => with("panicked"),
            ASSAY_HOST_FAILED => match host {
                Some(problem) => format!("could not go on: {problem}"),
                None => with("could not go on"),
            },
            other => with(&format!("ended with status {other}, which this program does not know")),
        }
    }
}

/// Takes what a plugin writes in the function of this name.
///
/// # Errors
/// If the function fails, or what it wrote is not UTF-8.
pub(crate) fn written(
    guest: &Guest,
    name: &'static str,
    function: impl FnOnce(AssaySink, *mut AssayMessage) -> AssayStatus,
) -> Result<String, NotDone> {
    unsafe extern "C" fn write(context: *mut c_void, piece: AssayText) {
        // SAFETY: the context is the list below, lent to one call; the plugin lends the piece.
        let (bytes, piece) = unsafe { (&mut *context.cast::<Vec<u8>>(), values(piece.data.cast::<u8>(), piece.len)) };
        // What is beyond the limit is not kept, and one byte of it says so.
        let room = (MOST_WRITTEN + 1).saturating_sub(bytes.len());
        bytes.extend_from_slice(&piece[..piece.len().min(room)]);
    }
    let mut bytes: Vec<u8> = Vec::new();
    let sink = AssaySink { context: (&raw mut bytes).cast(), write };
    call(guest, name, |message| function(sink, message))?;
    if bytes.len() > MOST_WRITTEN {
        return Err(NotDone { status: ASSAY_FAILED, said: format!("it wrote a text of more than {} MiB", MOST_WRITTEN >> 20) });
    }
    String::from_utf8(bytes).map_err(|_| NotDone { status: ASSAY_FAILED, said: "it wrote a text that is not UTF-8".into() })
}

#[cfg(test)]
mod tests;
