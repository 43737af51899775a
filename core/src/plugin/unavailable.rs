//! A proxy that is nowhere, where the user said that failures become undefined scores.

use super::{ProxyError, Subject, ZeroCostProxy};
use crate::score::{Direction, Reading};

/// Every measurement fails with the same reason.
pub(crate) struct Unavailable {
    pub(crate) name: String,
    pub(crate) reason: String,
}

impl ZeroCostProxy for Unavailable {
    fn direction(&self) -> Direction {
        Direction::HigherIsBetter
    }

    fn unit(&self) -> Option<&'static str> {
        None
    }

    fn protocol(&self) -> String {
        format!("{}: not available", self.name)
    }

    fn measure(&self, _: &Subject<'_>) -> Result<Reading, ProxyError> {
        Err(ProxyError::Other(self.reason.clone()))
    }
}
