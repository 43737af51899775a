//! `assay merge`: joins the shards of a correlation study.

use std::path::{Path, PathBuf};

use assay_core::experiment::{Plugins, Purpose};
use assay_results::Kind;
use assay_results::files::EXPERIMENT;
use assay_run::folder::RunFolder;
use assay_run::study::merge::Shards;
use assay_run::study::{Finished, StudyRun};
use assay_run::{Prepared, RunError, is_finished, stored_experiment};
use clap::Args;

use super::Ending;
use super::correlate;
use crate::interrupt::Interrupt;
use crate::log::LogFile;
use crate::progress::{Progress, Style};

/// Join the shards of a correlation study into one run folder
#[derive(Debug, Args)]
#[command(after_help = "\
Example: four shards, here or on four machines, and the study that they make up
  assay correlate study.toml --shard 1/4 --run-dir results/part-1     (and so on)
  assay merge results/part-1 results/part-2 results/part-3 results/part-4

All shards have to be there, finished, and of one experiment. The tables are those of a run that was never split.")]
pub(super) struct Merge {
    /// The run folders of all shards
    #[arg(value_name = "RUN", required = true)]
    runs: Vec<PathBuf>,
    /// The folder of the study [default: a new one under the experiment's output folder]
    #[arg(long, value_name = "DIR")]
    run_dir: Option<PathBuf>,
    /// Print the study's summary as JSON
    #[arg(long)]
    json: bool,
    /// Show no progress
    #[arg(long)]
    quiet: bool,
}

impl Merge {
    pub(super) fn run(self, log: &LogFile, logs_on_terminal: bool) -> Result<(), Ending> {
        let plugins = self.runs.first().map_or_else(crate::plugins::linked, |run| crate::plugins::of_run(run, &[]))?;
        // Nothing is measured: Ctrl-C may end the process at once.
        let progress = Progress::start(Style::choose(self.quiet, logs_on_terminal), StudyRun::UNIT, Interrupt::default());
        let shards = Shards::read(&self.runs, &plugins, &progress)?;
        let provenance = shards.provenance(&plugins)?;
        let folder = match &self.run_dir {
            // What a killed merge left is merged again.
            Some(path)
                if path.join(EXPERIMENT).exists() && !is_finished(path) && stored(path, &plugins)? == shards.experiment().identity()? =>
            {
                RunFolder::resume(path, shards.experiment(), Kind::Study, provenance)?.0
            }
            run_dir => RunFolder::create(shards.experiment(), Kind::Study, provenance, run_dir.as_deref())?,
        };
        log.open(folder.open_log()?);
        let summary = shards.merge(&folder, &progress)?;
        drop(progress);
        correlate::print_as(&Finished::Whole(Box::new(summary)), folder.path(), self.json)
    }
}

/// The identity of the experiment in a folder.
fn stored(folder: &Path, plugins: &Plugins) -> Result<String, RunError> {
    Ok(stored_experiment(folder, Purpose::Study, plugins)?.identity()?)
}
