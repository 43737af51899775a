//! Checkpoints: a learner's state and how far the training is, as one safetensors file, whose header holds what is not a
//! tensor, so that a file is either a whole checkpoint or none.

use std::collections::BTreeMap;

use assay_core::engine::learner::{LearnerState, Rules};
use assay_core::experiment::Training;
use assay_core::graph::Graph;
use assay_core::network::{RunningMoments, RunningStatistics, batch_norms};
use assay_weights::{check, mean_path, seal, take, variance_path, write_tensors};
use safetensors::SafeTensors;
use safetensors::tensor::TensorView;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::EpochRecord;
use crate::TrainingError;

/// The key in the header.
const HEADER: &str = "assay.training";
/// Of what a checkpoint holds. Earlier ones, without a number, were of burn alone.
const SCHEMA: u32 = 2;
/// Before the path of a parameter, what the optimiser remembers of it.
const MEMORIES: [&str; 2] = ["velocity:", "second:"];

/// How far a training is.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Progress {
    /// Epochs that are over.
    pub(crate) epoch: usize,
    /// Steps made in the next one.
    pub(crate) step: usize,
    /// Σ loss · images over those steps.
    pub(crate) loss: f64,
    /// Images of those steps that were classified correctly.
    pub(crate) correct: usize,
    /// Seconds spent in the epoch.
    pub(crate) seconds: f64,
    /// Seconds of processor time spent in it, if that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) cpu_seconds: Option<f64>,
    pub(crate) curve: Vec<EpochRecord>,
}

/// What is in a checkpoint beside tensors.
#[derive(Serialize, Deserialize)]
struct Header {
    schema: u32,
    seed: u64,
    recipe: Value,
    updates: Vec<u64>,
    progress: Progress,
}

/// Which training a checkpoint is of.
#[derive(Clone, Copy)]
pub(crate) struct Identity<'a> {
    pub(crate) recipe: &'a Training,
    pub(crate) seed: u64,
    pub(crate) graph: &'a Graph,
    pub(crate) rules: &'a Rules,
}

fn refused(problem: impl std::fmt::Display) -> TrainingError {
    TrainingError::Checkpoint(problem.to_string())
}

impl Identity<'_> {
    fn settings(&self) -> Result<Value, TrainingError> {
        serde_json::to_value(self.recipe).map_err(refused)
    }

    /// The checkpoint's bytes.
    pub(crate) fn write(&self, state: &LearnerState, progress: &Progress) -> Result<Vec<u8>, TrainingError> {
        let mut tensors: Vec<(String, Vec<usize>, &[f32])> = Vec::new();
        for (position, spec) in self.graph.parameters().iter().enumerate() {
            tensors.push((spec.path.clone(), spec.shape.clone(), &state.parameters[position]));
            for (prefix, memory) in MEMORIES.iter().zip(&state.memories[position]) {
                tensors.push((format!("{prefix}{}", spec.path), spec.shape.clone(), memory));
            }
        }
        for (id, moments) in &state.statistics.nodes {
            let name = &self.graph.node(*id).name;
            tensors.push((mean_path(name), vec![moments.mean.len()], &moments.mean));
            tensors.push((variance_path(name), vec![moments.variance.len()], &moments.variance));
        }
        let (updates, progress) = (state.updates.clone(), progress.clone());
        let header = Header { schema: SCHEMA, seed: self.seed, recipe: self.settings()?, updates, progress };
        let text = serde_json::to_string(&header).map_err(refused)?;
        Ok(seal(write_tensors(tensors, BTreeMap::from([(HEADER.to_owned(), text)]))?))
    }

    /// Reads a checkpoint of this training.
    pub(crate) fn read(&self, bytes: &[u8]) -> Result<(LearnerState, Progress), TrainingError> {
        check(bytes).map_err(refused)?;
        let unreadable = |error: safetensors::SafeTensorError| refused(format!("it is not a safetensors file ({error})"));
        let (_, header) = SafeTensors::read_metadata(bytes).map_err(unreadable)?;
        let text = header.metadata().as_ref().and_then(|texts| texts.get(HEADER));
        let text = text.ok_or_else(|| refused(format!("its header has no `{HEADER}`")))?;
        let Header { updates, progress, .. } = self.check(text)?;
        let file = SafeTensors::deserialize(bytes).map_err(unreadable)?;
        let mut tensors: BTreeMap<&str, TensorView<'_>> = file.iter().collect();
        let mut read = |name: &str, shape: &[usize]| take(&mut tensors, name, shape).map_err(refused);
        let (mut parameters, mut memories) = (Vec::new(), Vec::new());
        let remembered = &MEMORIES[..self.rules.optimiser.memories()];
        for spec in self.graph.parameters() {
            parameters.push(read(&spec.path, &spec.shape)?);
            let own = remembered.iter().map(|prefix| read(&format!("{prefix}{}", spec.path), &spec.shape));
            memories.push(own.collect::<Result<_, _>>()?);
        }
        let mut nodes = BTreeMap::new();
        for id in batch_norms(self.graph) {
            let node = self.graph.node(id);
            let mean = read(&mean_path(&node.name), &[node.shape.channels])?;
            nodes.insert(id, RunningMoments { mean, variance: read(&variance_path(&node.name), &[node.shape.channels])? });
        }
        Ok((LearnerState { parameters, memories, updates, statistics: RunningStatistics { nodes } }, progress))
    }

    /// The header, if it is of this training.
    fn check(&self, text: &str) -> Result<Header, TrainingError> {
        let raw: Value = serde_json::from_str(text).map_err(|error| refused(format!("its header cannot be read: {error}")))?;
        match raw.get("schema").and_then(Value::as_u64) {
            Some(schema) if schema == u64::from(SCHEMA) => {}
            Some(_) => return Err(refused("a later version of Assay wrote it; continue with that one, or begin anew")),
            None => return Err(refused("an earlier version of Assay wrote it; continue with that one, or begin anew")),
        }
        let header: Header = serde_json::from_value(raw).map_err(|error| refused(format!("its header cannot be read: {error}")))?;
        if header.seed != self.seed {
            return Err(refused(format!("it is of seed {}, this training of {}", header.seed, self.seed)));
        }
        let (theirs, own) = (&header.recipe, self.settings()?);
        let names = [theirs, &own].into_iter().filter_map(Value::as_object).flat_map(|settings| settings.keys());
        for name in names {
            let (theirs, own) = (theirs.get(name), own.get(name));
            if theirs != own {
                let said = |value: Option<&Value>| value.map_or_else(|| "not set".to_owned(), Value::to_string);
                return Err(refused(format!("its `{name}` is {}, that of this training {}", said(theirs), said(own))));
            }
        }
        let Progress { epoch, curve, .. } = &header.progress;
        if curve.len() != *epoch || *epoch > self.recipe.epochs {
            let problem = format!("it is {epoch} of {} epochs on, with results of {}", self.recipe.epochs, curve.len());
            return Err(refused(problem));
        }
        Ok(header)
    }
}
