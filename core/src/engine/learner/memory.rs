//! How much memory learning takes, known before a network is made.

use super::Rules;
use crate::graph::Graph;

/// What steps take beside the values of the network and of the optimiser, in bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct StepMemory {
    /// What is kept from one step to the next, to be used again.
    pub kept: usize,
    /// What is given back at a step's end, at once at most.
    pub passing: usize,
}

impl Rules {
    /// The bytes of a network's values with what the optimiser remembers of each.
    #[must_use]
    pub fn bytes_of_values(&self, graph: &Graph) -> usize {
        graph.parameter_count().saturating_mul(size_of::<f32>()).saturating_mul(1 + self.optimiser.memories())
    }
}
