//! `assay plugin-child`: what a plugin in a child process runs in. Nobody calls it by hand.

use clap::Args;

use super::Ending;
use crate::failure::Failure;

/// Run a plugin for the program at the other end of standard input
#[derive(Debug, Args)]
pub(super) struct PluginChild {}

impl PluginChild {
    #[cfg(unix)]
    pub(super) fn run(self) -> Result<(), Ending> {
        let problem = |error| Failure::new(format!("the program that wants a plugin run cannot be talked to: {error}"));
        Ok(assay_plugin_host::serve().map_err(problem)?)
    }

    #[cfg(not(unix))]
    pub(super) fn run(self) -> Result<(), Ending> {
        Err(Failure::new("plugins in child processes need a Unix system").into())
    }
}
