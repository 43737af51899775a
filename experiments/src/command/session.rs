//! What the commands that write a run folder have in common: their arguments, their progress, and Ctrl-C.

use std::path::{Path, PathBuf};

use assay_core::experiment::{Experiment, Plugins};
use assay_run::{Prepared, RunError};
use clap::Args;

use super::Ending;
use crate::failure::Failure;
use crate::interrupt::Interrupt;
use crate::log::LogFile;
use crate::output::tell;
use crate::progress::{Progress, Style};
use crate::session::{Session as Asked, Target};

/// The arguments of such a command.
#[derive(Debug, Args)]
pub(super) struct Session {
    /// The experiment file; with --resume also a run folder
    #[arg(value_name = "FILE")]
    target: PathBuf,
    /// Set a key of the experiment: seed=1, strategy.pairing=common, proxies.ntk-condition.batch=16
    #[arg(long = "set", value_name = "KEY=VALUE")]
    set: Vec<String>,
    /// Continue the newest unfinished run of this experiment, or the given run folder
    #[arg(long)]
    resume: bool,
    /// Worker threads; the result does not depend on them [default: all cores]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=4096))]
    threads: Option<u16>,
    /// The run folder [default: a new one under the experiment's output folder]
    #[arg(long, value_name = "DIR")]
    run_dir: Option<PathBuf>,
    /// Show no progress
    #[arg(long)]
    quiet: bool,
}

impl Session {
    /// The file or folder that was named.
    pub(super) fn target(&self) -> &Path {
        &self.target
    }

    /// With one more `--set`.
    pub(super) fn setting(mut self, assignment: String) -> Self {
        self.set.push(assignment);
        self
    }

    /// The result that the arguments ask for, and its folder: of a finished run what is there, or else what the run comes to
    /// that `prepare` made ready.
    pub(super) fn outcome<R: Prepared>(
        &self,
        (log, logs_on_terminal): (&LogFile, bool),
        prepare: impl FnOnce(Experiment, &Plugins) -> Result<R, RunError>,
    ) -> Result<(R::Summary, PathBuf), Ending> {
        let watch = |_: &Path, unit| Ok(Progress::start(Style::choose(self.quiet, logs_on_terminal), unit, listen()?));
        Ok(self.asked().outcome(log, prepare, watch)?)
    }

    fn asked(&self) -> Asked {
        let Self { target, set, resume, threads, run_dir, quiet: _ } = self;
        let target = Target::Path(target.clone());
        Asked { target, set: set.clone(), resume: *resume, threads: *threads, run_dir: run_dir.clone() }
    }
}

fn listen() -> Result<Interrupt, Failure> {
    let say = || tell!("Stopping after the measurements in flight; press Ctrl-C again to end at once.");
    Interrupt::listen(say).map_err(|error| Failure::new(format!("Ctrl-C cannot be listened for: {error}")))
}
