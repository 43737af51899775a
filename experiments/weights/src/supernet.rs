//! The state of a search that trains a network of all architectures, as a file: a learner's state, and beside it what the strategy
//! noted.

use assay_core::engine::learner::LearnerState;
use assay_core::graph::Graph;
use assay_core::plugin::Bookmark;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{WeightsError, header_text, write_learner};

/// The key in the header of the file.
const HEADER: &str = "assay.search";
/// Of what a state holds.
const SCHEMA: u32 = 1;

/// What is in the file beside tensors.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct SupernetHeader {
    schema: u32,
    /// The seed of the search.
    pub seed: u64,
    /// How often each parameter was changed.
    pub updates: Vec<u64>,
    /// What the strategy noted.
    pub bookmark: Bookmark,
}

/// Why a file is not the state of such a search.
#[derive(Debug, thiserror::Error)]
pub enum SupernetFileError {
    /// It is not a safetensors file, or damaged.
    #[error(transparent)]
    Weights(#[from] WeightsError),
    /// It is a file of something else.
    #[error("its header has no `{HEADER}`")]
    Other,
    /// Another version wrote it.
    #[error("another version of Assay wrote it")]
    Version,
    /// Its header is not what was written.
    #[error(transparent)]
    Header(#[from] serde_json::Error),
}

/// The file's bytes.
///
/// # Errors
/// If the header cannot be written.
pub fn write_supernet(graph: &Graph, state: &LearnerState, seed: u64, bookmark: &Bookmark) -> Result<Vec<u8>, SupernetFileError> {
    let header = SupernetHeader { schema: SCHEMA, seed, updates: state.updates.clone(), bookmark: bookmark.clone() };
    Ok(write_learner(graph, state, HEADER, serde_json::to_string(&header)?)?)
}

/// What is in the file beside tensors, which [`read_learner`](crate::read_learner) reads.
///
/// # Errors
/// If it is not such a file.
pub fn read_supernet_header(bytes: &[u8]) -> Result<SupernetHeader, SupernetFileError> {
    let text = header_text(bytes, HEADER)?.ok_or(SupernetFileError::Other)?;
    let raw: Value = serde_json::from_str(&text)?;
    match raw.get("schema").and_then(Value::as_u64) {
        Some(schema) if schema == u64::from(SCHEMA) => Ok(serde_json::from_value(raw)?),
        _ => Err(SupernetFileError::Version),
    }
}
