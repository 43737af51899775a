//! A session of a run: of which experiment or folder, whether it continues one, and how it ends. Commands and other programs that
//! begin runs share it; how progress is shown and who may interrupt is theirs.

use std::path::{Path, PathBuf};

use assay_core::experiment::{Experiment, ExperimentError, Layers, Plugins, Purpose};
use assay_core::plugin::SearchError;
use assay_results::files::EXPERIMENT;
use assay_results::{Kind, Provenance, kind_of};
use assay_run::folder::RunFolder;
use assay_run::{Earlier, Observer, Prepared, RunError, find_earlier, is_finished, stored_experiment};

use crate::failure::Failure;
use crate::log::LogFile;
use crate::output::tell;

/// What a session runs.
#[derive(Clone, Debug)]
pub enum Target {
    /// An experiment file; with [`resume`](Session::resume) also a run folder.
    Path(PathBuf),
    /// The text of an experiment file, and what messages call it.
    Text(PathBuf, String),
}

/// What a session is asked to do.
#[derive(Clone, Debug)]
pub struct Session {
    /// What it runs.
    pub target: Target,
    /// Keys of the experiment that are set anew: `seed=1`.
    pub set: Vec<String>,
    /// Whether to continue the newest unfinished run of the experiment, or the run folder.
    pub resume: bool,
    /// Worker threads, if not those of the experiment.
    pub threads: Option<u16>,
    /// The run folder, if not a new one under the experiment's output folder.
    pub run_dir: Option<PathBuf>,
}

/// Why a session ends without a result.
#[derive(Debug)]
pub enum Stopped {
    /// Something went wrong.
    Failure(Failure),
    /// The user asked to stop. What was measured is kept in the folder.
    Interrupted {
        /// The kind of the run.
        kind: Kind,
        /// Its folder.
        folder: PathBuf,
    },
}

impl<F: Into<Failure>> From<F> for Stopped {
    fn from(failure: F) -> Self {
        Self::Failure(failure.into())
    }
}

/// What to do, once it is known what is already there.
enum Task {
    /// Run the experiment with these plugins, in this folder if an earlier session began it there.
    Work(Box<Experiment>, Option<PathBuf>, Box<Plugins>),
    /// The run is finished: show it.
    Show(PathBuf),
}

impl Target {
    /// What messages call it.
    #[must_use]
    pub fn path(&self) -> &Path {
        match self {
            Self::Path(path) | Self::Text(path, _) => path,
        }
    }

    /// Whether it is a run folder.
    #[must_use]
    pub fn is_folder(&self) -> bool {
        matches!(self, Self::Path(path) if path.is_dir())
    }

    fn layers(&self) -> Result<Layers, ExperimentError> {
        match self {
            Self::Path(path) => Layers::new().file(path),
            Self::Text(path, text) => Layers::new().text(path, text.clone()),
        }
    }
}

impl Session {
    /// The result that is asked for, and its folder: of a finished run what is there, or else what the run comes to that `prepare`
    /// made ready. Before it begins, `watch` is told its folder and what its progress counts, and gives who observes it.
    ///
    /// # Errors
    /// If the experiment is wrong, or the run fails or is interrupted.
    pub fn outcome<R: Prepared, O: Observer>(
        &self,
        log: &LogFile,
        prepare: impl FnOnce(Experiment, &Plugins) -> Result<R, RunError>,
        watch: impl FnOnce(&Path, &'static str) -> Result<O, Failure>,
    ) -> Result<(R::Summary, PathBuf), Stopped> {
        match self.task::<R>()? {
            Task::Show(path) => {
                tell!("The run is finished.");
                Ok((R::read(&path)?, path))
            }
            Task::Work(experiment, existing, plugins) => {
                // Before there is a folder, so that what can go wrong goes wrong without one.
                let prepared = prepare((*experiment).clone(), &plugins)?;
                self.work(log, &experiment, existing.as_deref(), (&prepared, prepared.provenance(&plugins)?), watch)
            }
        }
    }

    /// The experiment's layers: file, environment, and what is set.
    fn layers(&self) -> Result<Layers, ExperimentError> {
        self.set.iter().try_fold(self.target.layers()?.environment(), |layers, assignment| layers.set(assignment))
    }

    /// The kind of run that is asked for: that of the folder, or the one that the experiment has a section for.
    ///
    /// # Errors
    /// If there is no run in the folder, or the experiment cannot be read or has sections for none or for several.
    pub fn kind(&self) -> Result<Kind, Failure> {
        if self.target.is_folder() {
            let folder = self.target.path();
            let missing = || Failure::new(format!("`{}` holds no run", folder.display())).of_what_was_asked();
            return kind_of(folder)?.ok_or_else(missing);
        }
        let layers = self.layers()?;
        let unclear = |problem: String, help: &str| Err(Failure::new(problem).with_help(help).of_what_was_asked());
        let called = self.target.path().display();
        match ["strategy", "study", "training"].map(|section| layers.has(section)) {
            [true, false, _] => Ok(Kind::Search),
            [false, true, _] => Ok(Kind::Study),
            [false, false, true] => Ok(Kind::Training),
            [true, true, _] => unclear(format!("`{called}` has a [strategy] and a [study]"), "say which kind of run you mean"),
            [false, false, false] => unclear(
                format!("`{called}` says nothing to run"),
                "give it a [strategy] to search, a [study] to correlate, or a [training]",
            ),
        }
    }

    /// The experiment of its file, with all layers, and the plugins that it may name.
    ///
    /// # Errors
    /// If it cannot be read or is wrong.
    pub fn resolve(&self, purpose: Purpose) -> Result<(Experiment, Plugins), Failure> {
        let layers = self.layers()?;
        let plugins = crate::plugins::of(&layers)?;
        Ok((layers.resolve(purpose, &plugins)?, plugins))
    }

    fn task<R: Prepared>(&self) -> Result<Task, Stopped> {
        if self.target.is_folder() {
            return self.given_run::<R>();
        }
        let (experiment, plugins) = self.resolve(R::PURPOSE)?;
        let (experiment, plugins) = (self.with_threads(experiment), Box::new(plugins));
        if !self.resume {
            return Ok(Task::Work(experiment, None, plugins));
        }
        let earlier = match &self.run_dir {
            Some(path) if path.join(EXPERIMENT).exists() => {
                let stored = stored_experiment(path, R::PURPOSE, &plugins)?;
                // Where data lies is told anew: its content decides.
                if stored.settings(&plugins)? != experiment.settings(&plugins)? {
                    let problem =
                        format!("the run in `{}` is of another experiment than `{}`", path.display(), self.target.path().display());
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

    fn given_run<R: Prepared>(&self) -> Result<Task, Stopped> {
        let path = self.target.path();
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

    /// Runs in its folder, with a log, and says how to continue where it does not end.
    fn work<R: Prepared, O: Observer>(
        &self,
        log: &LogFile,
        experiment: &Experiment,
        existing: Option<&Path>,
        (prepared, provenance): (&R, Provenance),
        watch: impl FnOnce(&Path, &'static str) -> Result<O, Failure>,
    ) -> Result<(R::Summary, PathBuf), Stopped> {
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
        if !folder.is_locked() {
            tell!(
                "The file system of `{}` has no locks: nothing keeps a second process from writing this run. Start it once at a time, as Slurm does.",
                folder.path().display()
            );
        }
        log.open(folder.open_log()?);
        let observer = watch(folder.path(), prepared.unit())?;
        let outcome = prepared.run(&folder, &observer);
        // A bar goes before anything is said.
        drop(observer);
        match outcome {
            Ok(summary) => Ok((summary, folder.path().to_owned())),
            Err(RunError::Interrupted) => Err(Stopped::Interrupted { kind, folder: folder.path().to_owned() }),
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
