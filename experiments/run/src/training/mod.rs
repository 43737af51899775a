//! Runs a training in a run folder: checkpoints, the learning curve, and at the end the weights and a summary.

pub mod summary;

use std::sync::Arc;

use assay_core::data::Dataset;
use assay_core::experiment::{Assembly, Experiment, Plugins};
use assay_core::graph::Graph;
use assay_core::plugin::{MacroNet, Part, SearchError};
pub use assay_results::files::{CHECKPOINT, WEIGHTS};
use assay_results::tables::curve;
use assay_results::training::SCHEMA;
use assay_results::{Kind, Recipe, TrainingSummary};
use assay_training::{EpochRecord, Job, Observer, TrainingError};

use crate::run::RunError;
use crate::run::folder::{self, RunFolder};
use crate::run::interrupt::Interrupt;
use crate::run::machine;
use crate::run::progress::Progress;

/// A training with its images and network made, ready to run.
pub struct PreparedTraining {
    /// The experiment.
    pub experiment: Experiment,
    architecture: String,
    graph: Arc<Graph>,
    train: Box<dyn Dataset>,
    test: Box<dyn Dataset>,
}

impl PreparedTraining {
    /// Makes everything that the experiment names, so that what can go wrong goes wrong now.
    ///
    /// # Errors
    /// If a plugin cannot be made, the architecture is none, or the recipe does not fit network and images.
    pub fn new(experiment: Experiment, plugins: &Plugins) -> Result<Self, RunError> {
        let assembly = Assembly::new(&experiment, plugins);
        let Some(recipe) = &experiment.training else { return Err(RunError::Machine("the experiment has no section [training]".into())) };
        let space = assembly.space()?;
        let at_architecture = |problem: String| assembly.problem(&["training", "architecture"], problem);
        let subspace = space.parse(&recipe.architecture).map_err(|error| at_architecture(format!("`training.architecture`: {error}")))?;
        let architecture = space.write(&subspace).map_err(|error| at_architecture(format!("`training.architecture`: {error}")))?;
        let (train, test) = (assembly.dataset()?, assembly.test()?);
        let net = MacroNet {
            input: train.shape(),
            channels: recipe.channels,
            cells: recipe.cells,
            classes: train.classes(),
            part: Part::Classifier,
        };
        let graph = space.lower(&subspace, &net).map_err(|error| assembly.problem(&["training"], format!("[training]: {error}")))?;
        let prepared = Self { architecture, graph: Arc::new(graph), train, test, experiment: experiment.clone() };
        assay_training::check_backend(recipe.backend).map_err(|error| RunError::Machine(error.to_string()))?;
        assay_training::check(&prepared.job(recipe)).map_err(|error| assembly.problem(&["training"], format!("[training]: {error}")))?;
        Ok(prepared)
    }

    fn job<'a>(&'a self, recipe: &'a assay_core::experiment::Training) -> Job<'a> {
        let Self { train, test, .. } = self;
        Job { recipe, graph: Arc::clone(&self.graph), seed: self.experiment.seed, train: train.as_ref(), test: test.as_ref() }
    }

    /// Trains in this folder, from where an earlier session left off, and writes the result there.
    ///
    /// # Errors
    /// If the training fails or is interrupted, or a file cannot be written. A checkpoint is kept.
    pub fn run(&self, folder: &RunFolder, progress: &Progress, interrupt: &Interrupt) -> Result<TrainingSummary, RunError> {
        let Some(recipe) = &self.experiment.training else {
            return Err(RunError::Machine("the experiment has no section [training]".into()));
        };
        let checkpoint = read_checkpoint(folder)?;
        tracing::info!(version = env!("CARGO_PKG_VERSION"), resumed = checkpoint.is_some(), "training begins");
        progress.phase("training");
        let mut keeper = Keeper { folder, progress, interrupt };
        let trained = assay_training::train(&self.job(recipe), checkpoint.as_deref(), &mut keeper);
        progress.finish();
        let outcome = trained.map_err(|error| match error {
            TrainingError::Interrupted => RunError::Search(SearchError::Interrupted),
            other => RunError::Training(other),
        })?;
        folder.write(WEIGHTS, &outcome.weights.to_bytes().map_err(TrainingError::from)?)?;
        let summary = TrainingSummary {
            kind: Kind::Training,
            schema: SCHEMA,
            assay: env!("CARGO_PKG_VERSION").into(),
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
            protocol: self.protocol(recipe),
            recipe: Recipe::of(recipe).map_err(unwritable)?,
            curve: outcome.curve,
            seconds: outcome.seconds,
            machine: machine::here(1),
        };
        let json = summary.to_json().map_err(unwritable)?;
        // Last: a run that has its summary has everything.
        folder.write(folder::SUMMARY, &json)?;
        tracing::info!(test_error_percent = summary.test_error_percent, "training ends");
        Ok(summary)
    }

    fn protocol(&self, recipe: &assay_core::experiment::Training) -> String {
        let network = self.experiment.space.settings.iter().map(|(key, value)| format!(", {key} {value}")).collect::<String>();
        let images = recipe.images.map_or(String::new(), |images| format!(", {images} of them"));
        format!(
            "trained from scratch on {}{images}, tested on {}; {}{network}, C={}, {} cells; {} epochs, batch {}; seed {}",
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

fn unwritable(error: serde_json::Error) -> RunError {
    RunError::Result(error.to_string())
}

/// The checkpoint of an earlier session, if it came to one.
fn read_checkpoint(folder: &RunFolder) -> Result<Option<Vec<u8>>, RunError> {
    let path = folder.path().join(CHECKPOINT);
    match std::fs::read(&path) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(RunError::Folder { message: format!("`{}` cannot be read: {error}", path.display()), help: None }),
    }
}

/// Keeps what a training tells in its run folder.
struct Keeper<'a> {
    folder: &'a RunFolder,
    progress: &'a Progress,
    interrupt: &'a Interrupt,
}

impl Observer for Keeper<'_> {
    fn is_interrupted(&self) -> bool {
        self.interrupt.is_asked()
    }

    fn expect(&mut self, steps: usize, done: usize) {
        self.progress.expect(steps);
        self.progress.replay(done);
    }

    fn step(&mut self) {
        self.progress.advance(1);
    }

    fn epoch(&mut self, epochs: &[EpochRecord]) -> Result<(), String> {
        if let Some(last) = epochs.last() {
            self.progress.say(&last.to_string());
        }
        let bytes = summary::csv(epochs).map_err(|error| format!("the learning curve cannot be written: {error}"))?;
        self.folder.write(curve::FILE, &bytes).map_err(|error| error.to_string())
    }

    fn checkpoint(&mut self, bytes: &[u8]) -> Result<(), String> {
        self.folder.write(CHECKPOINT, bytes).map_err(|error| error.to_string())
    }
}
