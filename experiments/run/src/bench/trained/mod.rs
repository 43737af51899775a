//! Architectures that are judged by training them: how they are trained, and which requests ask for it.

mod answered;
mod checkpoints;
mod course;
mod work;

use std::collections::BTreeMap;
use std::sync::Arc;

use assay_core::data::{Dataset, fingerprint};
use assay_core::experiment::{Assembly, Experiment, ExperimentError, Training};
use assay_core::graph::{Graph, GraphError};
use assay_core::plugin::{MacroNet, Part, Request, SearchSpace, TrainingUse};
use assay_core::subspace::Subspace;
use assay_results::Recipe;

pub(crate) use answered::Answered;
pub(crate) use checkpoints::Checkpoints;
pub(crate) use work::With;

use super::workbench::Workbench;
use crate::RunError;

/// How architectures are trained that requests ask for. They are trained on the workbench's images.
pub(crate) struct Trainings {
    recipe: Training,
    test: Box<dyn Dataset>,
    /// Epochs by label.
    labels: BTreeMap<String, usize>,
    /// After these a training is judged, ascending.
    judged: Vec<usize>,
    /// Seeds by the path of a repeat.
    seeds: BTreeMap<String, u64>,
}

/// Makes sure that networks can be trained on this dataset of an experiment.
///
/// # Errors
/// If it holds tokens.
pub(crate) fn check_images(assembly: &Assembly<'_>, train: &dyn Dataset) -> Result<(), ExperimentError> {
    match train.tokens() {
        None => Ok(()),
        Some(_) => {
            let problem = "[dataset]: networks are trained on images, and the dataset holds tokens: name a dataset of images";
            Err(assembly.problem(&["dataset", "name"], problem))
        }
    }
}

impl Trainings {
    /// Those of an experiment, where something asks for them; reads the test images.
    ///
    /// # Errors
    /// If the test images cannot be had or are not like those that are trained on, or this build cannot train as wanted.
    pub(crate) fn of(
        experiment: &Experiment,
        assembly: &Assembly<'_>,
        workbench: &Workbench,
        uses: &[TrainingUse],
    ) -> Result<Option<Self>, RunError> {
        let (Some(repeats), Some(recipe)) = (uses.iter().map(|used| used.repeats).max(), &experiment.training) else { return Ok(None) };
        assay_training::check_backend(recipe.backend).map_err(|error| RunError::Machine(error.to_string()))?;
        let mut test = assembly.test()?;
        let train = workbench.dataset.as_ref();
        check_images(assembly, train)?;
        if let Some(names) = train.class_names() {
            test.adopt_classes(names).map_err(|error| assembly.problem(&["test", "path"], format!("[test]: {error}")))?;
        }
        let problem = if test.shape() != train.shape() {
            Some(format!("its images are {}, and those that are trained on {}", test.shape(), train.shape()))
        } else if test.classes() > train.classes() {
            Some(format!("its images have {} classes, and those that are trained on {}", test.classes(), train.classes()))
        } else {
            test.is_empty().then(|| "it has no image to judge by".into())
        };
        if let Some(problem) = problem {
            return Err(assembly.problem(&["test", "name"], format!("[test]: {problem}")).into());
        }
        let mut judged: Vec<usize> = uses.iter().map(|used| used.epochs).collect();
        judged.sort_unstable();
        judged.dedup();
        Ok(Some(Self {
            recipe: Training { architecture: None, ..recipe.clone() },
            test,
            labels: uses.iter().map(|used| (used.label(), used.epochs)).collect(),
            judged,
            seeds: (1..=repeats).map(|repeat| (TrainingUse::path(repeat), TrainingUse::seed(experiment.seed, repeat))).collect(),
        }))
    }

    /// The epochs after which a training is judged that a request asks for; nothing if it asks for something else.
    pub(crate) fn epochs(&self, label: &str) -> Option<usize> {
        self.labels.get(label).copied()
    }

    /// The fingerprint of the images that trained networks are judged by.
    ///
    /// # Errors
    /// If an image cannot be read.
    pub(crate) fn fingerprint(&self) -> Result<String, RunError> {
        fingerprint(self.test.as_ref()).map_err(|error| RunError::Machine(format!("[test]: {error}")))
    }

    /// How architectures are trained and judged, in one line for protocols.
    pub(crate) fn describe(&self, train: &dyn Dataset) -> Result<String, RunError> {
        let recipe = Recipe::of(&self.recipe).map_err(|error| RunError::Result(error.to_string()))?;
        let settings = recipe.iter().map(|(name, value)| match value.as_str() {
            Some(text) => format!("{name} {text}"),
            None => format!("{name} {value}"),
        });
        let settings = settings.collect::<Vec<_>>().join(", ");
        let judged = self.judged.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
        let seeds = match self.seeds.len() {
            1 => String::new(),
            several => format!(", by {several} seeds each"),
        };
        Ok(format!(
            "trained from scratch on {}{seeds}, judged after {judged} epochs by {}: {settings}",
            train.describe(),
            self.test.describe()
        ))
    }

    /// The network that an architecture is trained as.
    fn graph(&self, space: &dyn SearchSpace, architecture: &Subspace, train: &dyn Dataset) -> Result<Arc<Graph>, GraphError> {
        let Training { channels, cells, objective, .. } = self.recipe;
        let net = MacroNet { input: train.shape(), channels, cells, classes: train.classes(), part: Part::Classifier };
        objective.network(space, architecture, net).map(Arc::new)
    }

    /// The seed of the training that a request asks for.
    fn seed(&self, request: &Request) -> Option<u64> {
        self.seeds.get(&request.parameters).copied()
    }
}
