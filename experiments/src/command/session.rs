//! What the commands that write a run folder have in common: which file or folder, whether to continue, how to stop.

use std::path::{Path, PathBuf};

use assay_core::experiment::{Experiment, Layers, Plugins, Purpose};
use assay_core::plugin::SearchError;
use assay_results::ReadError;
use clap::Args;

use super::Ending;
use crate::failure::Failure;
use crate::log::LogFile;
use crate::run::RunError;
use crate::run::folder::{self, Earlier, RunFolder};
use crate::run::interrupt::Interrupt;
use crate::run::progress::{Progress, Style};

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

/// A command that writes a run folder.
#[derive(Clone, Copy)]
pub(super) struct Verb {
    /// As it is called on the command line.
    pub(super) name: &'static str,
    /// What its experiments are for.
    pub(super) purpose: Purpose,
    /// What its progress counts.
    pub(super) unit: &'static str,
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

    /// What the arguments ask for, and the folder where it is: what `read` finds of a finished run, or else what `run` makes in
    /// its folder of the experiment that `prepare` made ready.
    pub(super) fn outcome<P, S>(
        &self,
        verb: Verb,
        log: (&LogFile, bool),
        read: impl FnOnce(&Path) -> Result<S, ReadError>,
        prepare: impl FnOnce(Experiment, &Plugins) -> Result<P, RunError>,
        run: impl FnOnce(&P, &RunFolder, &Progress, &Interrupt) -> Result<S, RunError>,
    ) -> Result<(S, PathBuf), Ending> {
        match self.task(verb)? {
            Task::Show(path) => {
                eprintln!("The run is finished.");
                Ok((read(&path)?, path))
            }
            Task::Work(experiment, existing, plugins) => {
                // Before there is a folder, so that what can go wrong goes wrong without one.
                let prepared = prepare((*experiment).clone(), &plugins)?;
                let run = |folder: &_, progress: &_, interrupt: &_| run(&prepared, folder, progress, interrupt);
                self.work(verb, log, &experiment, existing.as_deref(), run)
            }
        }
    }

    fn task(&self, verb: Verb) -> Result<Task, Ending> {
        if self.target.is_dir() {
            return self.given_run(verb);
        }
        let mut layers = Layers::new().file(&self.target)?.environment();
        for assignment in &self.set {
            layers = layers.set(assignment)?;
        }
        let plugins = Box::new(crate::plugins::of(&layers)?);
        let experiment = self.with_threads(layers.resolve(verb.purpose, &plugins)?);
        if !self.resume {
            return Ok(Task::Work(experiment, None, plugins));
        }
        let earlier = match &self.run_dir {
            Some(path) if path.join(folder::EXPERIMENT).exists() => {
                let stored = folder::stored_experiment(path, verb.purpose, &plugins)?;
                if stored.identity()? != experiment.identity()? {
                    let problem = format!("the run in `{}` is of another experiment than `{}`", path.display(), self.target.display());
                    return Err(Failure::new(problem).with_help("name another folder").into());
                }
                if folder::is_finished(path) { Earlier::Finished(path.clone()) } else { Earlier::Unfinished(path.clone()) }
            }
            Some(_) => Earlier::None,
            None => folder::find_earlier(&experiment, verb.purpose, &plugins)?,
        };
        Ok(match earlier {
            Earlier::Unfinished(path) => Task::Work(experiment, Some(path), plugins),
            Earlier::Finished(path) => Task::Show(path),
            Earlier::None => {
                eprintln!("There is no run of this experiment to continue; a new one begins.");
                Task::Work(experiment, None, plugins)
            }
        })
    }

    fn given_run(&self, verb: Verb) -> Result<Task, Ending> {
        let path = &self.target;
        if !self.resume {
            let problem = format!("`{}` is a folder, not an experiment file", path.display());
            return Err(Failure::new(problem).with_help(format!("to continue the run in it: {}", verb.resume(path))).into());
        }
        if !self.set.is_empty() || self.run_dir.is_some() {
            let problem = "a run that is continued keeps its settings and its folder";
            return Err(Failure::new(problem).with_help("leave out --set and --run-dir, or begin a new run").into());
        }
        if folder::is_finished(path) {
            return Ok(Task::Show(path.to_owned()));
        }
        let plugins = Box::new(crate::plugins::of_run(path)?);
        let experiment = self.with_threads(folder::stored_experiment(path, verb.purpose, &plugins)?);
        Ok(Task::Work(experiment, Some(path.to_owned()), plugins))
    }

    fn with_threads(&self, mut experiment: Experiment) -> Box<Experiment> {
        experiment.threads = self.threads.map(usize::from).or(experiment.threads);
        Box::new(experiment)
    }

    /// Does the work in its folder, with log, progress and Ctrl-C, and says how to continue it where it does not end.
    fn work<S>(
        &self,
        verb: Verb,
        (log, logs_on_terminal): (&LogFile, bool),
        experiment: &Experiment,
        existing: Option<&Path>,
        work: impl FnOnce(&RunFolder, &Progress, &Interrupt) -> Result<S, RunError>,
    ) -> Result<(S, PathBuf), Ending> {
        let folder = match existing {
            Some(path) => RunFolder::open(path)?,
            None => RunFolder::create(experiment, self.run_dir.as_deref())?,
        };
        log.open(folder.open_log()?);
        let interrupt = listen()?;
        let progress = Progress::start(Style::choose(self.quiet, logs_on_terminal)).counting(verb.unit);
        match work(&folder, &progress, &interrupt) {
            Ok(summary) => Ok((summary, folder.path().to_owned())),
            Err(RunError::Search(SearchError::Interrupted)) => {
                eprintln!("Interrupted. What was measured is kept; continue with:\n  {}", verb.resume(folder.path()));
                Err(Ending::Interrupted)
            }
            // Doing it again would end the same way.
            Err(error @ RunError::Search(SearchError::Impossible(_) | SearchError::UnknownProxy(_))) => Err(error.into()),
            Err(error) => {
                let resume = format!("what was measured is kept; continue with: {}", verb.resume(folder.path()));
                let is_measurement = matches!(error, RunError::Search(SearchError::Measurement { .. }));
                let failure = Failure::from(error).with_more_help(resume);
                let skip = "on_error = \"skip\" in the experiment makes such scores undefined and goes on";
                Err(if is_measurement { failure.with_more_help(skip) } else { failure }.into())
            }
        }
    }
}

impl Verb {
    fn resume(self, path: &Path) -> String {
        format!("assay {} --resume {}", self.name, path.display())
    }
}

fn listen() -> Result<Interrupt, Failure> {
    let say = || eprintln!("Stopping after the measurements in flight; press Ctrl-C again to end at once.");
    Interrupt::listen(say).map_err(|error| Failure::new(format!("Ctrl-C cannot be listened for: {error}")))
}
