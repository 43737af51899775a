//! What commands print: results to standard output, and words to people to standard error.

use std::fmt::Arguments;
use std::io::{self, Write};

/// Why a result cannot be printed.
#[derive(Debug)]
pub(crate) enum OutputError {
    /// Whoever read it has read enough, as `head` does.
    Closed,
    /// It cannot be written, as on a full disk.
    Failed(io::Error),
}

impl From<io::Error> for OutputError {
    fn from(error: io::Error) -> Self {
        if error.kind() == io::ErrorKind::BrokenPipe { Self::Closed } else { Self::Failed(error) }
    }
}

/// Writes these bytes as they are.
pub(crate) fn bytes(bytes: &[u8]) -> Result<(), OutputError> {
    let mut out = io::stdout().lock();
    out.write_all(bytes)?;
    Ok(out.flush()?)
}

/// Writes a text; [`out!`] is the way to call it.
pub(crate) fn text(text: Arguments<'_>) -> Result<(), OutputError> {
    bytes(text.to_string().as_bytes())
}

/// Tells people something. Where nobody listens any more, the work goes on.
pub(crate) fn say(text: Arguments<'_>) {
    let mut err = io::stderr().lock();
    drop(err.write_all(text.to_string().as_bytes()).and_then(|()| err.write_all(b"\n")));
}

/// Prints a line of a result to standard output.
macro_rules! out {
    ($($text:tt)*) => { $crate::output::text(format_args!("{}\n", format_args!($($text)*))) };
}

/// Tells people something on standard error.
macro_rules! tell {
    ($($text:tt)*) => { $crate::output::say(format_args!($($text)*)) };
}

pub(crate) use {out, tell};
