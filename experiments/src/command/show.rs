//! `assay show`: the result and the trajectory of a run.

use std::path::{Path, PathBuf};

use assay_results::{Summary, match_kind};
use clap::Args;

use super::Ending;

/// Show a finished run: its result, and its trajectory round by round
#[derive(Debug, Args)]
#[command(after_help = "Example: assay show results/quickstart-seed0-20261121T231735Z")]
pub(super) struct Show {
    /// The run folder
    #[arg(value_name = "RUN")]
    run: PathBuf,
}

/// The summary of a kind of run, which the command of that kind shows to people.
pub(super) trait Shown {
    /// Prints it, with what else the folder has to be shown.
    fn show(&self, folder: &Path) -> Result<(), Ending>;
}

impl Show {
    pub(super) fn run(self) -> Result<(), Ending> {
        match_kind!(Summary::read(&self.run)?, summary => summary.show(&self.run))
    }
}
