//! Experiment files made ready to be spread over a cluster: read, checked and prepared as if they were to run now.

use std::fs;
use std::path::{Path, PathBuf};

use assay_cluster::ClusterError;
use assay_cluster::plan::{Item, Place, Spread};
use assay_cluster::{Plan, script};
use assay_core::experiment::{Experiment, Purpose};
use assay_results::Kind;
use assay_run::training::TrainingRun;
use assay_run::{Prepared, VERSION};

use crate::failure::Failure;
use crate::prepare;
use crate::session::{Session, Target};

/// Experiments that are to be spread, and where what they are planned in goes by itself.
pub(crate) struct Planned {
    /// The experiments.
    pub(crate) items: Vec<Item>,
    /// What is planned.
    pub(crate) plan: Plan,
    /// The plan's folder.
    pub(crate) folder: PathBuf,
}

impl Planned {
    /// Reads experiment files, and those of folders, and plans their runs in `folder`, or in one that is named by them.
    ///
    /// # Errors
    /// If an experiment is wrong or cannot run here, or they cannot be spread so.
    pub(crate) fn new(targets: &[PathBuf], set: &[String], spread: &Spread<'_>, folder: Option<&Path>) -> Result<Self, Failure> {
        let files = files(targets)?;
        let mut items = Vec::new();
        let mut output = PathBuf::new();
        for file in &files {
            let (item, experiment) = item(file, set, spread)?;
            items.push(item);
            output = experiment.output;
        }
        let name = match (items.as_slice(), targets) {
            ([item], _) => item.name.clone(),
            (_, [target]) => target.file_name().map_or_else(|| "experiments".into(), |name| name.to_string_lossy().into_owned()),
            _ => "experiments".into(),
        };
        let folder = folder.map_or_else(|| output.join(folder_name(&name, &items, spread)), Path::to_owned);
        let directory = std::env::current_dir().map_err(|error| Failure::new(format!("the working directory is not known: {error}")))?;
        for path in [&directory, &folder] {
            if !script::can_name(path) {
                let problem = format!("`{}` cannot be written in a script: its name has quotes, or is not text", path.display());
                return Err(Failure::new(problem).with_help("work in, or name with --run-dir, a folder without them").of_what_was_asked());
            }
        }
        let place = Place { program: program(), directory, folder: folder.clone() };
        let plan = Plan::new(VERSION, &name, place, &items, spread)?;
        Ok(Self { items, plan, folder })
    }
}

/// The program as scripts call it: this one, but for a process that runs its commands, as Python does.
pub(crate) fn program() -> String {
    let own = std::env::current_exe().ok().filter(|path| path.file_stem().is_some_and(|stem| stem == "assay"));
    own.and_then(|path| path.to_str().map(str::to_owned)).unwrap_or_else(|| "assay".into())
}

/// `small-seed0-8shards`, `tiny-6seeds`.
fn folder_name(name: &str, items: &[Item], spread: &Spread<'_>) -> String {
    let seeds = match (spread.seeds, items) {
        (Some(seeds), _) => format!("-{}seeds", seeds.len()),
        (None, [item]) => format!("-seed{}", item.seed),
        (None, _) => "-experiments".into(),
    };
    let shards = spread.shards.map_or(String::new(), |shards| format!("-{shards}shards"));
    format!("{name}{seeds}{shards}")
}

/// The files that are named, and the experiment files of folders that are, in the order of their names.
fn files(targets: &[PathBuf]) -> Result<Vec<PathBuf>, Failure> {
    let mut files = Vec::new();
    for target in targets {
        if !target.is_dir() {
            files.push(target.clone());
            continue;
        }
        let cannot = |error| Failure::new(format!("the folder `{}` cannot be read: {error}", target.display()));
        let entries = fs::read_dir(target).and_then(Iterator::collect::<Result<Vec<_>, _>>).map_err(cannot)?;
        let mut found: Vec<PathBuf> = entries
            .into_iter()
            .map(|entry| entry.path())
            .filter(|path| path.extension().is_some_and(|extension| extension == "toml"))
            .collect();
        if found.is_empty() {
            let problem = format!("the folder `{}` holds no experiment file, and is not that of a plan", target.display());
            return Err(Failure::new(problem).with_help("experiment files end in .toml").of_what_was_asked());
        }
        found.sort();
        files.extend(found);
    }
    Ok(files)
}

fn item(file: &Path, set: &[String], spread: &Spread<'_>) -> Result<(Item, Experiment), Failure> {
    let session = Session { target: Target::Path(file.to_owned()), set: set.to_vec(), resume: false, threads: None, run_dir: None };
    let kind = session.kind()?;
    // Prepared, so that what can go wrong goes wrong before anything waits in a queue.
    let (experiment, measurements) = match kind {
        Kind::Study | Kind::Shard => {
            let (experiment, plugins) = session.resolve(Purpose::Study)?;
            if experiment.study.as_ref().is_some_and(|study| study.shard.is_some()) {
                let problem = format!("`{}` is of one shard of a study: it has `study.shard`", file.display());
                return Err(Failure::new(problem).with_help("leave it out; --shards splits the study").of_what_was_asked());
            }
            let study = prepare::study(experiment.clone(), &plugins)?;
            (experiment, study.sizes(spread.shards.unwrap_or(1))?)
        }
        Kind::Search => {
            let (experiment, plugins) = session.resolve(Purpose::Search)?;
            prepare::search(experiment.clone(), &plugins, None)?;
            (experiment, Vec::new())
        }
        Kind::Training => {
            let (experiment, plugins) = session.resolve(Purpose::Training)?;
            TrainingRun::prepare(experiment.clone(), &plugins)?;
            (experiment, Vec::new())
        }
    };
    let item = Item {
        name: experiment.name.clone(),
        kind,
        experiment: experiment.identity()?,
        seed: experiment.seed,
        threads: experiment.threads,
        measurements,
    };
    Ok((item, experiment))
}

impl From<ClusterError> for Failure {
    fn from(error: ClusterError) -> Self {
        let failure = Self::new(error.to_string());
        let failure = match error.help() {
            Some(help) => failure.with_help(help),
            None => failure,
        };
        if matches!(error, ClusterError::Refused { .. }) { failure.of_what_was_asked() } else { failure }
    }
}
