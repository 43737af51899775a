//! What commands print: results to standard output, and words to people to standard error.

use std::cell::RefCell;
use std::fmt::Arguments;
use std::io::{self, Write};

use assay_core::visible::{visible, visible_in_json};

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
    bytes(visible(&text.to_string()).as_bytes())
}

/// Writes a line of JSON.
pub(crate) fn json(json: &str) -> Result<(), OutputError> {
    bytes(format!("{}\n", visible_in_json(json)).as_bytes())
}

/// Who hears a line.
type Hearer = Box<dyn Fn(&str)>;

thread_local! {
    /// Who hears what is said on this thread, where that is not standard error.
    static HEARER: RefCell<Option<Hearer>> = const { RefCell::new(None) };
}

/// Gives what `work` gives; what is told to people meanwhile on this thread goes to `hear`, and not to standard error.
pub fn heard<T>(hear: impl Fn(&str) + 'static, work: impl FnOnce() -> T) -> T {
    let before = HEARER.replace(Some(Box::new(hear)));
    let done = work();
    HEARER.set(before);
    done
}

/// Tells people something. Where nobody listens any more, the work goes on.
pub(crate) fn say(text: Arguments<'_>) {
    let text = text.to_string();
    let text = visible(&text);
    HEARER.with_borrow(|hearer| match hearer {
        Some(hear) => hear(&text),
        None => warn(&text),
    });
}

/// The same for an error, whose texts are visible and whose colours are ours.
pub(crate) fn warn(text: &str) {
    drop(io::stderr().lock().write_all(format!("{text}\n").as_bytes()));
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

#[cfg(test)]
mod tests {
    use std::rc::Rc;

    use super::*;

    #[test]
    fn who_listens_hears_what_is_told_on_this_thread_until_the_work_is_done() {
        let hearer = |lines: &Rc<RefCell<Vec<String>>>| {
            let lines = Rc::clone(lines);
            move |line: &str| lines.borrow_mut().push(line.to_owned())
        };
        let (outer, inner) = (Rc::<RefCell<Vec<String>>>::default(), Rc::default());
        let done = heard(hearer(&outer), || {
            tell!("before {}", 1);
            heard(hearer(&inner), || tell!("inside\u{1b}[2J"));
            tell!("after");
            7
        });
        assert_eq!((done, outer.borrow().join("; ").as_str()), (7, "before 1; after"));
        // What would clear a terminal is made visible here too.
        assert!(inner.borrow().len() == 1 && !inner.borrow()[0].contains('\u{1b}'), "{inner:?}");
    }
}
