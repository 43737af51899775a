//! Whom a run tells how far it is, and who may stop it.

/// Watches a run. Whoever does not care about a thing leaves its method as it is.
pub trait Observer: Sync {
    /// What is being done from now on: `scoring`, `after round 1`.
    fn phase(&self, _phase: &str) {}

    /// How much is still to come. May be called again with a better guess.
    fn expect(&self, _more: usize) {}

    /// This much was taken over from an earlier session, which says nothing about speed.
    fn replay(&self, _done: usize) {}

    /// This much more is done.
    fn advance(&self, _done: usize) {}

    /// A line that is worth keeping, such as the end of an epoch.
    fn say(&self, _line: &str) {}

    /// Something went wrong that does not end the run, and that its user has to know.
    fn warn(&self, _line: &str) {}

    /// Whether to begin nothing new: the run then ends as interrupted, and can be continued.
    fn is_interrupted(&self) -> bool {
        false
    }
}

/// Nobody watches, and nobody interrupts.
#[derive(Clone, Copy, Debug, Default)]
pub struct Unobserved;

impl Observer for Unobserved {}
