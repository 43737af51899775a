//! `assay run`: runs an experiment, or continues an interrupted one.

use assay_core::experiment::{Experiment, Plugins};
use assay_run::search::SearchRun;
use clap::Args;

use super::Ending;
use super::found;
use super::profile::Profiling;
use super::session::Session;
use crate::log::LogFile;
use crate::output::tell;

/// Run an experiment file: search, measure, and write a run folder
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  assay run configs/quickstart.toml
  assay run configs/quickstart.toml --set seed=1 --set strategy.pairing=independent
  assay run configs/quickstart.toml --resume     continue its newest unfinished run
  assay run --resume results/quickstart-seed0-…  continue this run

Settings: the file, then the environment (ASSAY_SET_SEED=1, ASSAY_SET_STRATEGY__PAIRING=common), then --set; the later wins.
Ctrl-C stops after the measurements in flight; a second Ctrl-C ends at once. Neither loses a finished measurement.")]
pub(super) struct Run {
    #[command(flatten)]
    session: Session,
    /// Print at the end where the time went: by kind of work, with its speed
    #[arg(long)]
    profile: bool,
}

impl Run {
    pub(super) fn run(self, log: &LogFile, logs_on_terminal: bool) -> Result<(), Ending> {
        // A run that is only shown has none.
        let mut profiling = None;
        let prepare = |experiment: Experiment, plugins: &Plugins| {
            let profiling = profiling.insert(Profiling::start(self.profile));
            let prepared = SearchRun::profiled(experiment, plugins, profiling.profile())?;
            if let Some(problem) = prepared.missing_benchmark() {
                tell!("The result's accuracies will not be known: {problem}");
            }
            Ok(prepared)
        };
        let log = (log, logs_on_terminal);
        let (summary, path) = self.session.outcome(log, prepare)?;
        found::print_summary(&summary, &path)?;
        if let Some(profiling) = profiling {
            profiling.print();
        }
        Ok(())
    }
}
