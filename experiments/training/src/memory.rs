//! How much memory a training takes, known before its network is made.

use assay_core::engine::learner::{Rules, StepMemory};
use assay_core::graph::Graph;

use crate::TrainingError;

const MIB: usize = 1 << 20;

/// What a training takes at once at the least, in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Needed {
    /// The network's values, with gradients and what the optimiser remembers. A checkpoint holds two more copies of values and
    /// memory, and no gradients.
    values: usize,
    /// What a batch takes.
    batch: usize,
    images: usize,
}

impl Needed {
    /// Of steps on so many images, which take this as far as it is known.
    pub(crate) fn of(graph: &Graph, rules: &Rules, images: usize, step: Option<StepMemory>) -> Self {
        let held = rules.bytes_of_values(graph);
        let gradients = graph.parameter_count().saturating_mul(size_of::<f32>());
        let pixels = images.saturating_mul(graph.input_shape().elements()).saturating_mul(size_of::<f32>());
        let StepMemory { kept, passing } = step.unwrap_or(StepMemory { kept: 0, passing: gradients });
        let values = held.saturating_add(passing.max(held.saturating_mul(2)));
        Self { values, batch: kept.saturating_add(pixels), images }
    }

    /// All of it.
    pub(crate) fn bytes(self) -> usize {
        self.values.saturating_add(self.batch)
    }

    /// Whether that is available.
    pub(crate) fn check(self, available: u64) -> Result<(), TrainingError> {
        let available = usize::try_from(available).unwrap_or(usize::MAX);
        if self.bytes() <= available {
            return Ok(());
        }
        let [values_mib, batch_mib] = [self.values, self.batch].map(|bytes| bytes.div_ceil(MIB));
        Err(TrainingError::Memory { values_mib, batch_mib, images: self.images, available_mib: available / MIB })
    }
}

/// What is said of too little memory.
pub(crate) fn too_little(values: usize, batch: usize, images: usize, available: usize) -> String {
    format!(
        "this training needs {} MiB of memory at the least, on any number of threads ({values} MiB for the network, its gradients and \
         checkpoints, {batch} MiB for a batch of {images} images), but only {available} MiB are available: use a smaller batch, fewer \
         channels or cells, or free memory",
        values.saturating_add(batch)
    )
}
