//! Searches by `assay run`, each in a folder of its own, so that an interrupted table goes on where it was.

use std::path::{Path, PathBuf};
use std::process::Command;

use assay_results::SearchSummary;
use miette::bail;
use toml_edit::Value;

use super::summary::unreadable;
use crate::child;

/// One search of a table.
pub(super) struct Search {
    /// The experiment file.
    pub(super) experiment: PathBuf,
    /// Where the run is kept. One folder for each thing that can be asked for, so that a finished search is never taken
    /// for another one.
    pub(super) run: PathBuf,
    pub(super) seed: u64,
    /// Keys of the experiment, the seed among them.
    pub(super) settings: Vec<(String, Value)>,
    pub(super) threads: Option<u16>,
}

/// How a search ended.
pub(super) enum Outcome {
    Found(Box<SearchSummary>),
    /// The dataset's files are not in the data directory.
    NoDataset,
}

impl Search {
    /// Makes the search, or what is left of it, and reads its result. Ctrl-C ends the process.
    pub(super) fn make(&self, assay: &Path) -> miette::Result<Outcome> {
        if child::interrupted() {
            stop();
        }
        let Self { run, seed, .. } = self;
        let mut command = self.command(assay);
        match child::run(&mut command)? {
            child::Ending::Done => {}
            child::Ending::Interrupted => stop(),
            child::Ending::NoData if !run.exists() => return Ok(Outcome::NoDataset),
            child::Ending::NoData | child::Ending::Failed => bail!("the search failed: {command:?}"),
        }
        let summary = SearchSummary::read(run).map_err(|error| unreadable(&error, run))?;
        if summary.seed != *seed {
            bail!("{} holds a search with seed {}, not {seed}; remove it and run this again", run.display(), summary.seed);
        }
        Ok(Outcome::Found(Box::new(summary)))
    }

    fn command(&self, assay: &Path) -> Command {
        let mut command = Command::new(assay);
        command.arg("run").arg(&self.experiment).arg("--run-dir").arg(&self.run);
        if self.run.exists() {
            command.arg("--resume");
        }
        for (key, value) in &self.settings {
            command.arg("--set").arg(format!("{key}={value}"));
        }
        if let Some(threads) = self.threads {
            command.arg("--threads").arg(threads.to_string());
        }
        command
    }
}

/// Ends the process after Ctrl-C.
pub(super) fn stop() -> ! {
    eprintln!("Interrupted. The same command goes on from here.");
    std::process::exit(child::INTERRUPTED)
}
