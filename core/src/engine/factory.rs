//! How engines are registered and made: a plugin gives a factory with the settings of `[engine]`, and the factory makes the
//! engine for the resources of a run.

use std::sync::Arc;

use super::profile::Profile;
use super::{Engine, EngineError};

/// What an engine may use, and where it reports what it used.
#[derive(Clone, Debug)]
pub struct Resources {
    /// Calls that run at once; they share the memory.
    pub calls: usize,
    /// Bytes of memory that all calls together may take, if the system knows.
    pub memory: Option<u64>,
    /// What the times of its work are added to, by engines that measure them.
    pub profile: Option<Arc<Profile>>,
}

impl Resources {
    /// Bytes of memory that one of the calls may take, if the system knows.
    #[must_use]
    pub fn memory_of_a_call(&self) -> Option<usize> {
        self.memory.map(|bytes| usize::try_from(bytes).unwrap_or(usize::MAX) / self.calls.max(1))
    }
}

impl Default for Resources {
    /// One call that may take as much memory as it wants.
    fn default() -> Self {
        Self { calls: 1, memory: None, profile: None }
    }
}

/// Makes an engine. This is what an engine registers, with [`register!`](crate::register); its name is the one in `[engine]`.
pub trait EngineFactory: Send + Sync {
    /// Makes the engine for these resources.
    ///
    /// # Errors
    /// If the machine lacks what the engine needs; the message says what.
    fn make(&self, resources: &Resources) -> Result<Box<dyn Engine>, EngineError>;
}
