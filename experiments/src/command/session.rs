//! What the commands that write a run folder have in common: which file or folder, whether to continue, how to stop.

use std::path::{Path, PathBuf};

use assay_core::experiment::{Experiment, Layers, Plugins};
use assay_core::plugin::SearchError;
use assay_results::files::EXPERIMENT;
use assay_results::{Provenance, kind_of};
use assay_run::folder::RunFolder;
use assay_run::{Earlier, Prepared, RunError, find_earlier, is_finished, stored_experiment};
use clap::Args;

use super::Ending;
use crate::failure::Failure;
use crate::interrupt::Interrupt;
use crate::log::LogFile;
use crate::output::tell;
use crate::progress::{Progress, Style};

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

/// What to do, once it is known what is already there.
enum Task {
    /// Run the experiment with these plugins, in this folder if an earlier session began it there.
    Work(Box<Experiment>, Option<PathBuf>, Box<Plugins>),
    /// The run is finished: show it.
    Show(PathBuf),
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
        log: (&LogFile, bool),
        prepare: impl FnOnce(Experiment, &Plugins) -> Result<R, RunError>,
    ) -> Result<(R::Summary, PathBuf), Ending> {
        match self.task::<R>()? {
            Task::Show(path) => {
                tell!("The run is finished.");
                Ok((R::read(&path)?, path))
            }
            Task::Work(experiment, existing, plugins) => {
                // Before there is a folder, so that what can go wrong goes wrong without one.
                let prepared = prepare((*experiment).clone(), &plugins)?;
                self.work(log, &experiment, existing.as_deref(), (&prepared, prepared.provenance(&plugins)?))
            }
        }
    }

    fn task<R: Prepared>(&self) -> Result<Task, Ending> {
        if self.target.is_dir() {
            return self.given_run::<R>();
        }
        let mut layers = Layers::new().file(&self.target)?.environment();
        for assignment in &self.set {
            layers = layers.set(assignment)?;
        }
        let plugins = Box::new(crate::plugins::of(&layers)?);
        let experiment = self.with_threads(layers.resolve(R::PURPOSE, &plugins)?);
        if !self.resume {
            return Ok(Task::Work(experiment, None, plugins));
        }
        let earlier = match &self.run_dir {
            Some(path) if path.join(EXPERIMENT).exists() => {
                let stored = stored_experiment(path, R::PURPOSE, &plugins)?;
                // Where data lies is told anew: its content decides.
                if stored.settings(&plugins)? != experiment.settings(&plugins)? {
                    let problem = format!("the run in `{}` is of another experiment than `{}`", path.display(), self.target.display());
                    return Err(Failure::new(problem).with_help("name another folder").into());
                }
                if is_finished(path) { Earlier::Finished(path.clone()) } else { Earlier::Unfinished(path.clone()) }
            }
            Some(_) => Earlier::None,
            None => find_earlier(&experiment, R::PURPOSE, &plugins)?,
        };
        Ok(match earlier {
            Earlier::Unfinished(path) => Task::Work(experiment, Some(path), plugins),
            Earlier::Finished(path) => Task::Show(path),
            Earlier::None => {
                tell!("There is no run of this experiment to continue; a new one begins.");
                Task::Work(experiment, None, plugins)
            }
        })
    }

    fn given_run<R: Prepared>(&self) -> Result<Task, Ending> {
        let path = &self.target;
        if !self.resume {
            let problem = format!("`{}` is a folder, not an experiment file", path.display());
            let failure = Failure::new(problem);
            return Err(match kind_of(path)? {
                Some(kind) => failure.with_help(format!("to continue the run in it: {}", kind.resume(path))),
                None => failure,
            }
            .into());
        }
        let keeps = || {
            let help = "leave out --set and --run-dir, or begin a new run; --set may say where data lies now (dataset.path=…) and how \
                        plugins are run (plugins.timeout=…)";
            Failure::new("a run that is continued keeps its settings and its folder").with_help(help)
        };
        if self.run_dir.is_some() {
            return Err(keeps().into());
        }
        if is_finished(path) && self.set.is_empty() {
            return Ok(Task::Show(path.to_owned()));
        }
        let plugins = Box::new(crate::plugins::of_run(path, &self.set)?);
        let stored = stored_experiment(path, R::PURPOSE, &plugins)?;
        let mut layers = Layers::new().file(&path.join(EXPERIMENT))?;
        for assignment in &self.set {
            if !assignment.split_once('=').is_some_and(|(key, _)| stored.is_place(key.trim(), &plugins)) {
                return Err(keeps().into());
            }
            layers = layers.set(assignment)?;
        }
        let experiment = if self.set.is_empty() { stored } else { layers.resolve(R::PURPOSE, &plugins)? };
        Ok(Task::Work(self.with_threads(experiment), Some(path.to_owned()), plugins))
    }

    fn with_threads(&self, mut experiment: Experiment) -> Box<Experiment> {
        experiment.threads = self.threads.map(usize::from).or(experiment.threads);
        Box::new(experiment)
    }

    /// Runs in its folder, with log, progress and Ctrl-C, and says how to continue where it does not end.
    fn work<R: Prepared>(
        &self,
        (log, logs_on_terminal): (&LogFile, bool),
        experiment: &Experiment,
        existing: Option<&Path>,
        (prepared, provenance): (&R, Provenance),
    ) -> Result<(R::Summary, PathBuf), Ending> {
        let kind = R::kind(experiment);
        let folder = match existing {
            Some(path) => {
                let (folder, is_known) = RunFolder::resume(path, experiment, kind, provenance)?;
                if !is_known {
                    tell!("An earlier version began this run and did not write down what its measurements belong to: nothing is compared.");
                }
                folder
            }
            None => RunFolder::create(experiment, kind, provenance, self.run_dir.as_deref())?,
        };
        log.open(folder.open_log()?);
        let progress = Progress::start(Style::choose(self.quiet, logs_on_terminal), prepared.unit(), listen()?);
        let outcome = prepared.run(&folder, &progress);
        progress.finish();
        match outcome {
            Ok(summary) => Ok((summary, folder.path().to_owned())),
            Err(RunError::Interrupted) => {
                tell!("Interrupted. What was measured is kept; continue with:\n  {}", kind.resume(folder.path()));
                Err(Ending::Interrupted)
            }
            Err(error) if error.is_final() => Err(error.into()),
            Err(error) => {
                let resume = format!("what was measured is kept; continue with: {}", kind.resume(folder.path()));
                let is_measurement = matches!(error, RunError::Search(SearchError::Measurement { .. }));
                let failure = Failure::from(error).with_more_help(resume);
                let skip = "on_error = \"skip\" in the experiment makes such scores undefined and goes on";
                Err(if is_measurement { failure.with_more_help(skip) } else { failure }.into())
            }
        }
    }
}

fn listen() -> Result<Interrupt, Failure> {
    let say = || tell!("Stopping after the measurements in flight; press Ctrl-C again to end at once.");
    Interrupt::listen(say).map_err(|error| Failure::new(format!("Ctrl-C cannot be listened for: {error}")))
}
