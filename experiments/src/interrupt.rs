//! Stopping a run politely: the first Ctrl-C (or SIGTERM) lets nothing new begin, a second one ends at once. Who has signals of its
//! own, as an interpreter does, listens for them itself and [asks](Interrupt::ask).

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use assay_results::exit;

/// Whether the user asked to stop. By default nobody did, and nothing listens.
#[derive(Clone, Debug, Default)]
pub struct Interrupt(Arc<AtomicBool>);

impl Interrupt {
    /// Listens for Ctrl-C and termination from now on; `on_first` is called once, on a thread of its own.
    ///
    /// # Errors
    /// If the system refuses a handler.
    pub fn listen(on_first: impl Fn() + Send + 'static) -> Result<Self, ctrlc::Error> {
        let interrupt = Self::default();
        let asked = interrupt.clone();
        ctrlc::set_handler(move || {
            if asked.0.swap(true, Ordering::SeqCst) {
                assay_plugin_host::end_program(i32::from(exit::INTERRUPTED));
            }
            on_first();
        })?;
        Ok(interrupt)
    }

    /// Asks to begin nothing new.
    pub fn ask(&self) {
        self.0.store(true, Ordering::SeqCst);
    }

    /// Whether to begin nothing new.
    #[must_use]
    pub fn is_asked(&self) -> bool {
        self.0.load(Ordering::SeqCst)
    }
}
