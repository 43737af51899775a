//! Checkpoints: a learner's state and how far the training is, as one safetensors file, whose header holds what is not a
//! tensor, so that a file is either a whole checkpoint or none.

use assay_core::engine::learner::{LearnerState, Rules};
use assay_core::experiment::Training;
use assay_core::graph::Graph;
use assay_weights::{WeightsError, header_text, read_learner, write_learner};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::EpochRecord;
use crate::TrainingError;

/// The key in the header.
const HEADER: &str = "assay.training";
/// Of what a checkpoint holds. Earlier ones, without a number, were of burn alone.
const SCHEMA: u32 = 2;
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
        let (updates, progress) = (state.updates.clone(), progress.clone());
        let header = Header { schema: SCHEMA, seed: self.seed, recipe: self.settings()?, updates, progress };
        let text = serde_json::to_string(&header).map_err(refused)?;
        Ok(write_learner(self.graph, state, HEADER, text)?)
    }

    /// Reads a checkpoint of this training.
    pub(crate) fn read(&self, bytes: &[u8]) -> Result<(LearnerState, Progress), TrainingError> {
        let unreadable = |error: WeightsError| match error {
            WeightsError::File(error) => refused(format!("it is not a safetensors file ({error})")),
            other => refused(other),
        };
        let text = header_text(bytes, HEADER).map_err(unreadable)?;
        let text = text.ok_or_else(|| refused(format!("its header has no `{HEADER}`")))?;
        let Header { updates, progress, .. } = self.check(&text)?;
        let state = read_learner(bytes, self.graph, self.rules, updates).map_err(refused)?;
        Ok((state, progress))
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
