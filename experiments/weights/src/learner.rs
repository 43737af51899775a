//! A learner's state as tensors: parameters, what the optimiser remembers of them, and running statistics.

use std::collections::BTreeMap;

use assay_core::engine::learner::{LearnerState, Rules};
use assay_core::graph::Graph;
use assay_core::network::{RunningMoments, RunningStatistics, batch_norms};
use safetensors::SafeTensors;
use safetensors::tensor::TensorView;

use crate::{WeightsError, check, mean_path, seal, take, variance_path, write_tensors};

/// Before the path of a parameter, what the optimiser remembers of it.
const MEMORIES: [&str; 2] = ["velocity:", "second:"];

/// All of a state but how often each parameter was changed, by name and shape.
fn learner_tensors<'a>(graph: &Graph, state: &'a LearnerState) -> Vec<(String, Vec<usize>, &'a [f32])> {
    let mut tensors: Vec<(String, Vec<usize>, &[f32])> = Vec::new();
    for (position, spec) in graph.parameters().iter().enumerate() {
        tensors.push((spec.path.clone(), spec.shape.clone(), &state.parameters[position]));
        for (prefix, memory) in MEMORIES.iter().zip(&state.memories[position]) {
            tensors.push((format!("{prefix}{}", spec.path), spec.shape.clone(), memory));
        }
    }
    for (id, moments) in &state.statistics.nodes {
        let name = &graph.node(*id).name;
        tensors.push((mean_path(name), vec![moments.mean.len()], &moments.mean));
        tensors.push((variance_path(name), vec![moments.variance.len()], &moments.variance));
    }
    tensors
}

/// A checkpoint: a learner's state, and beside it a text under this key. Equal states and texts give equal bytes.
///
/// # Errors
/// If the file's header cannot be written.
pub fn write_learner(graph: &Graph, state: &LearnerState, key: &str, text: String) -> Result<Vec<u8>, WeightsError> {
    Ok(seal(write_tensors(learner_tensors(graph, state), BTreeMap::from([(key.to_owned(), text)]))?))
}

/// The text under this key in the header of a checkpoint, which is compared with its checksum.
///
/// # Errors
/// If the file is not what was written, or not a safetensors file.
pub fn header_text(bytes: &[u8], key: &str) -> Result<Option<String>, WeightsError> {
    check(bytes)?;
    let (_, header) = SafeTensors::read_metadata(bytes)?;
    Ok(header.metadata().as_ref().and_then(|texts| texts.get(key)).cloned())
}

/// The state in a checkpoint of a learner of this graph that follows these rules. `updates` says how often each parameter was
/// changed.
///
/// # Errors
/// If a tensor is missing, or has another shape.
pub fn read_learner(bytes: &[u8], graph: &Graph, rules: &Rules, updates: Vec<u64>) -> Result<LearnerState, WeightsError> {
    let file = SafeTensors::deserialize(bytes)?;
    let mut tensors: BTreeMap<&str, TensorView<'_>> = file.iter().collect();
    let (mut parameters, mut memories) = (Vec::new(), Vec::new());
    let remembered = &MEMORIES[..rules.optimiser.memories()];
    for spec in graph.parameters() {
        parameters.push(take(&mut tensors, &spec.path, &spec.shape)?);
        let own = remembered.iter().map(|prefix| take(&mut tensors, &format!("{prefix}{}", spec.path), &spec.shape));
        memories.push(own.collect::<Result<_, _>>()?);
    }
    let mut nodes = BTreeMap::new();
    for id in batch_norms(graph) {
        let node = graph.node(id);
        let mut moments = |name: String| take(&mut tensors, &name, &[node.shape.channels]);
        let (mean, variance) = (moments(mean_path(&node.name))?, moments(variance_path(&node.name))?);
        nodes.insert(id, RunningMoments { mean, variance });
    }
    Ok(LearnerState { parameters, memories, updates, statistics: RunningStatistics { nodes } })
}
