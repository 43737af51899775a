//! Everything that a learner's next step depends on, for checkpoints.

use super::Rules;
use crate::graph::Graph;
use crate::network::{Network, RunningStatistics, batch_norms};

/// A learner's state.
#[derive(Clone, Debug, PartialEq)]
pub struct LearnerState {
    /// The values of each parameter, in the order of [`Graph::parameters`].
    pub parameters: Vec<Vec<f32>>,
    /// What the optimiser remembers of each parameter: one list for each of its
    /// [`memories`](super::Optimiser::memories).
    pub memories: Vec<Vec<Vec<f32>>>,
    /// How often each parameter was changed.
    pub updates: Vec<u64>,
    /// What batch normalisation saw.
    pub statistics: RunningStatistics,
}

/// Why a state does not fit a network and its rules.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StateError {
    /// Another number of parameters.
    #[error("the network has {expected} parameters, the state {given}")]
    Parameters {
        /// Those of the network.
        expected: usize,
        /// Those of the state.
        given: usize,
    },
    /// A parameter or what is remembered of it has another length.
    #[error("`{path}` needs {expected} values, and the optimiser {memories} for each of them; the state has others")]
    Length {
        /// The parameter's path.
        path: String,
        /// How many values it has.
        expected: usize,
        /// How many numbers an element the optimiser remembers.
        memories: usize,
    },
    /// A batch normalisation's statistics are missing or have another length.
    #[error("the running statistics of `{node}` need {channels} channels; the state has others")]
    Statistics {
        /// The batch normalisation.
        node: String,
        /// Its channels.
        channels: usize,
    },
}

impl LearnerState {
    /// Where learning begins: a network's values, nothing remembered.
    #[must_use]
    pub fn initial(network: &Network, rules: &Rules) -> Self {
        let graph = network.graph();
        let count = graph.parameters().len();
        let zeros = |position: usize| vec![vec![0.0; network.parameter(position).len()]; rules.optimiser.memories()];
        Self {
            parameters: (0..count).map(|position| network.parameter(position).to_vec()).collect(),
            memories: (0..count).map(zeros).collect(),
            updates: vec![0; count],
            statistics: RunningStatistics::initial(graph),
        }
    }

    /// Checks that it is a state of this network by these rules; every learner calls it before it takes one over.
    ///
    /// # Errors
    /// If anything is missing or has another length.
    pub fn check(&self, graph: &Graph, rules: &Rules) -> Result<(), StateError> {
        let expected = graph.parameters().len();
        let counts = [self.parameters.len(), self.memories.len(), self.updates.len()];
        if let Some(given) = counts.into_iter().find(|given| *given != expected) {
            return Err(StateError::Parameters { expected, given });
        }
        let memories = rules.optimiser.memories();
        for (position, spec) in graph.parameters().iter().enumerate() {
            let expected = spec.elements();
            let own = &self.memories[position];
            let fits = self.parameters[position].len() == expected && own.len() == memories;
            if !fits || own.iter().any(|values| values.len() != expected) {
                return Err(StateError::Length { path: spec.path.clone(), expected, memories });
            }
        }
        for id in batch_norms(graph) {
            let node = graph.node(id);
            let channels = node.shape.channels;
            let fits = |own: &crate::network::RunningMoments| own.mean.len() == channels && own.variance.len() == channels;
            if !self.statistics.nodes.get(&id).is_some_and(fits) {
                return Err(StateError::Statistics { node: node.name.clone(), channels });
            }
        }
        Ok(())
    }
}
