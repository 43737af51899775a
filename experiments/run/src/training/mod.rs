//! A training in a run folder: checkpoints, the learning curve, and at the end the weights and a summary.

mod curve;

use std::num::NonZeroUsize;
use std::path::Path;
use std::sync::Arc;

use assay_core::data::{Dataset, read_file};
use assay_core::experiment::{Assembly, Experiment, Plugins, Problem, Purpose, Training, TrainingBackend};
use assay_core::graph::Graph;
use assay_core::objective::LearningObjective;
use assay_core::plugin::{MacroNet, Part};
use assay_results::{Kind, Provenance, ReadError, Recipe, TrainingSummary, files, tables};
use assay_training::{EpochRecord, Job, Tests, TrainingError};

use crate::bench::trained::check_images;
use crate::folder::{RunFolder, cannot};
use crate::{Observer, Prepared, RunError, VERSION, machine, provenance};

/// A training with its images and network made, ready to run.
pub struct TrainingRun {
    experiment: Experiment,
    recipe: Training,
    architecture: String,
    graph: Arc<Graph>,
    train: Box<dyn Dataset>,
    test: Box<dyn Dataset>,
}

impl TrainingRun {
    fn job(&self) -> Job<'_> {
        let Self { recipe, train, test, .. } = self;
        let (graph, seed, threads) = (Arc::clone(&self.graph), self.experiment.seed, self.threads());
        let memory = machine::available_memory();
        Job { recipe, graph, seed, train: train.as_ref(), test: test.as_ref(), threads, memory, tests: Tests::Each }
    }

    /// Threads of a step: all cores, if nothing else is asked for.
    fn threads(&self) -> NonZeroUsize {
        self.experiment.threads.and_then(NonZeroUsize::new).unwrap_or_else(machine::cores)
    }

    /// The conditions, in one line.
    fn protocol(&self) -> String {
        let recipe = &self.recipe;
        let network = self.experiment.space.settings.iter().map(|(key, value)| format!(", {key} {value}")).collect::<String>();
        // Where there are no more, all of them are taken.
        let part = recipe.images.filter(|images| *images < self.train.len());
        let images = part.map_or(String::new(), |images| format!(", {images} of them"));
        let objective = match recipe.objective {
            LearningObjective::Classification => String::new(),
            pretext => format!(" to tell {pretext}"),
        };
        format!(
            "trained from scratch{objective} on {}{images}, tested on {}; {}{network}, C={}, {} cells; {} epochs, batch {}; seed {}",
            self.train.describe(),
            self.test.describe(),
            self.experiment.space.name,
            recipe.channels,
            recipe.cells,
            recipe.epochs,
            recipe.batch,
            self.experiment.seed
        )
    }
}

impl Prepared for TrainingRun {
    type Summary = TrainingSummary;

    const PURPOSE: Purpose = Purpose::Training;
    const UNIT: &'static str = "steps";

    fn kind(_: &Experiment) -> Kind {
        Kind::Training
    }

    fn prepare(experiment: Experiment, plugins: &Plugins) -> Result<Self, RunError> {
        let assembly = Assembly::new(&experiment, plugins);
        let Some(recipe) = experiment.training.clone() else {
            return Err(RunError::Experiment(Problem::elsewhere("[training] is missing").into()));
        };
        let space = assembly.space()?;
        let at_architecture = |problem: String| assembly.problem(&["training", "architecture"], problem);
        let wanted = recipe.architecture.as_deref().unwrap_or_default();
        let subspace = space.parse(wanted).map_err(|error| at_architecture(format!("`training.architecture`: {error}")))?;
        let architecture = space.write(&subspace).map_err(|error| at_architecture(format!("`training.architecture`: {error}")))?;
        let (train, mut test) = (assembly.dataset()?, assembly.test()?);
        check_images(&assembly, train.as_ref())?;
        // Classes are the same where they have the same name, whatever number each side gives it.
        if let Some(names) = train.class_names() {
            test.adopt_classes(names).map_err(|error| assembly.problem(&["test", "path"], format!("[test]: {error}")))?;
        }
        let net = MacroNet {
            input: train.shape(),
            channels: recipe.channels,
            cells: recipe.cells,
            classes: train.classes(),
            part: Part::Classifier,
        };
        let graph = recipe
            .objective
            .network(space.as_ref(), &subspace, net)
            .map_err(|error| assembly.problem(&["training"], format!("[training]: {error}")))?;
        let prepared = Self { architecture, graph: Arc::new(graph), train, test, recipe, experiment: experiment.clone() };
        assay_training::check_backend(prepared.recipe.backend).map_err(|error| RunError::Machine(error.to_string()))?;
        assay_training::check(&prepared.job()).map_err(|error| assembly.problem(&["training"], format!("[training]: {error}")))?;
        Ok(prepared)
    }

    fn provenance(&self, plugins: &Plugins) -> Result<Provenance, RunError> {
        provenance::of(&self.experiment, plugins, &[("dataset", self.train.as_ref()), ("test", self.test.as_ref())])
    }

    fn run(&self, folder: &RunFolder, observer: &dyn Observer) -> Result<TrainingSummary, RunError> {
        let recipe = &self.recipe;
        let checkpoint = read_checkpoint(folder)?;
        tracing::info!(version = VERSION, resumed = checkpoint.is_some(), "training begins");
        observer.phase("training");
        let mut keeper = Keeper { folder, observer };
        let outcome = assay_training::train(&self.job(), checkpoint.as_deref(), &mut keeper);
        let outcome = outcome.map_err(|error| match error {
            TrainingError::Checkpoint(problem) => of_checkpoint(folder, &problem),
            other => other.into(),
        })?;
        folder.write(files::WEIGHTS, &outcome.weights.to_bytes().map_err(TrainingError::from)?)?;
        let summary = TrainingSummary {
            kind: Kind::Training,
            schema: TrainingSummary::SCHEMA,
            assay: VERSION.into(),
            experiment: self.experiment.name.clone(),
            seed: self.experiment.seed,
            space: self.experiment.space.name.clone(),
            architecture: self.architecture.clone(),
            parameters: self.graph.parameter_count(),
            multiply_adds: self.graph.multiply_adds(),
            epochs: recipe.epochs,
            steps: outcome.steps,
            test_error_percent: 100.0 * (1.0 - outcome.test.accuracy()),
            test: outcome.test,
            train_images: recipe.images.unwrap_or(usize::MAX).min(self.train.len()),
            protocol: self.protocol(),
            recipe: Recipe::of(recipe).map_err(unwritable)?,
            curve: outcome.curve,
            seconds: outcome.seconds,
            cpu_seconds: outcome.cpu_seconds,
            machine: machine::here(if recipe.backend == TrainingBackend::Cpu { self.threads().get() } else { 1 }),
        };
        let json = summary.to_json().map_err(unwritable)?;
        // Last: a run that has its summary has everything.
        folder.finish(&json)?;
        tracing::info!(test_error_percent = summary.test_error_percent, "training ends");
        Ok(summary)
    }

    fn read(folder: &Path) -> Result<TrainingSummary, ReadError> {
        TrainingSummary::read(folder)
    }
}

fn unwritable(error: serde_json::Error) -> RunError {
    RunError::Result(error.to_string())
}

/// The checkpoint of an earlier session, if it came to one.
fn read_checkpoint(folder: &RunFolder) -> Result<Option<Vec<u8>>, RunError> {
    let path = folder.path().join(files::CHECKPOINT);
    match read_file(&path) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(cannot("read", &path, error)),
    }
}

/// A checkpoint that cannot be continued, with its file.
fn of_checkpoint(folder: &RunFolder, problem: &str) -> RunError {
    let file = folder.path().join(files::CHECKPOINT);
    let what = format!("`{}` cannot be continued: {problem}", file.display());
    RunError::refused(
        what,
        "the training so far is lost unless there is a copy of the file: put that in its place, or begin again without it",
    )
}

/// Keeps in the run folder what a training reports, and passes on how far it is.
struct Keeper<'a> {
    folder: &'a RunFolder,
    observer: &'a dyn Observer,
}

impl assay_training::Observer for Keeper<'_> {
    fn cpu_seconds(&self) -> Option<f64> {
        machine::cpu_seconds()
    }

    fn is_interrupted(&self) -> bool {
        self.observer.is_interrupted()
    }

    fn expect(&mut self, steps: usize, done: usize) {
        self.observer.expect(steps);
        self.observer.replay(done);
    }

    fn step(&mut self) {
        self.observer.advance(1);
    }

    fn epoch(&mut self, epochs: &[EpochRecord]) -> Result<(), String> {
        if let Some(last) = epochs.last() {
            self.observer.say(&last.to_string());
        }
        let bytes = curve::csv(epochs).map_err(|error| format!("the learning curve cannot be written: {error}"))?;
        self.folder.write(tables::curve::FILE, &bytes).map_err(|error| error.to_string())
    }

    fn checkpoint(&mut self, bytes: &[u8]) -> Result<(), String> {
        self.folder.save(files::CHECKPOINT, bytes).map_err(|error| error.to_string())
    }
}
