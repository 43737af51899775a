//! A [`Network`]: a graph with its parameters.

mod initialise;
mod statistics;

use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

pub use initialise::Initialiser;
pub use statistics::{NormStatistics, RunningMoments, RunningStatistics, batch_norms};

use crate::graph::{Graph, NodeId, ParameterSpec};
use crate::stream::Stream;

/// A graph and one value for each of its parameters.
///
/// Every parameter is drawn from its own stream, keyed by its path, so a pruned network holds the very weights
/// of the network it came from. It is drawn when it is first read: what a network needs can be known before it takes memory.
#[derive(Clone, Debug)]
pub struct Network {
    graph: Arc<Graph>,
    drawn_by: Option<(Initialiser, Stream)>,
    parameters: Vec<OnceLock<Vec<f32>>>,
    statistics: Option<RunningStatistics>,
    seen: Option<RunningStatistics>,
}

/// Why given parameters do not fit a graph.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ParameterError {
    /// The graph has a parameter for which no values were given.
    #[error("no values were given for parameter `{0}`")]
    Missing(String),
    /// The values are not as many as the parameter holds.
    #[error("parameter `{path}` has shape {shape:?}, so {expected} values; {given} were given")]
    Length {
        /// The parameter's path.
        path: String,
        /// Its shape.
        shape: Vec<usize>,
        /// The product of its shape.
        expected: usize,
        /// How many values came.
        given: usize,
    },
}

impl Network {
    /// Draws every parameter of `graph` from `stream`, each by its own path.
    #[must_use]
    pub fn initialise(graph: Arc<Graph>, initialiser: Initialiser, stream: &Stream) -> Self {
        let parameters = graph.parameters().iter().map(|_| OnceLock::new()).collect();
        Self { graph, drawn_by: Some((initialiser, stream.clone())), parameters, statistics: None, seen: None }
    }

    /// A network with these values, by parameter path; values for paths that the graph lacks are ignored.
    ///
    /// # Errors
    /// If a parameter is missing or has another number of values.
    pub fn with_parameters(graph: Arc<Graph>, values: &BTreeMap<String, Vec<f32>>) -> Result<Self, ParameterError> {
        let mut parameters = Vec::with_capacity(graph.parameters().len());
        for spec in graph.parameters() {
            let value = values.get(&spec.path).ok_or_else(|| ParameterError::Missing(spec.path.clone()))?;
            if value.len() != spec.elements() {
                return Err(ParameterError::Length {
                    path: spec.path.clone(),
                    shape: spec.shape.clone(),
                    expected: spec.elements(),
                    given: value.len(),
                });
            }
            parameters.push(value.clone().into());
        }
        Ok(Self { graph, drawn_by: None, parameters, statistics: None, seen: None })
    }

    /// A network with these values, one list a parameter in the order of [`Graph::parameters`].
    ///
    /// # Errors
    /// If a parameter is missing or has another number of values.
    pub fn of(graph: Arc<Graph>, parameters: Vec<Vec<f32>>) -> Result<Self, ParameterError> {
        for (position, spec) in graph.parameters().iter().enumerate() {
            let given = parameters.get(position).ok_or_else(|| ParameterError::Missing(spec.path.clone()))?.len();
            if given != spec.elements() {
                let (path, shape, expected) = (spec.path.clone(), spec.shape.clone(), spec.elements());
                return Err(ParameterError::Length { path, shape, expected, given });
            }
        }
        Ok(Self::drawn(graph, parameters))
    }

    /// A network with values that were drawn for its own graph.
    pub(crate) fn drawn(graph: Arc<Graph>, parameters: Vec<Vec<f32>>) -> Self {
        Self { graph, drawn_by: None, parameters: parameters.into_iter().map(OnceLock::from).collect(), statistics: None, seen: None }
    }

    /// The same with what its batch normalisations saw in training, which [`by`](Self::by) takes for running statistics.
    #[must_use]
    pub fn having_seen(self, statistics: RunningStatistics) -> Self {
        Self { seen: Some(statistics), ..self }
    }

    /// The same as a measurement is to see it. Running statistics are those that it [has seen](Self::having_seen); without any, they
    /// are as they are before training.
    #[must_use]
    pub fn by(self, statistics: NormStatistics) -> Self {
        match statistics {
            NormStatistics::Batch => Self { statistics: None, ..self },
            NormStatistics::Running => {
                let running = self.seen.clone().unwrap_or_else(|| RunningStatistics::initial(&self.graph));
                self.by_running(running)
            }
        }
    }

    /// The same in inference mode: batch normalisation is by these statistics in place of the batch's own.
    #[must_use]
    pub fn by_running(self, statistics: RunningStatistics) -> Self {
        Self { statistics: Some(statistics), ..self }
    }

    /// What a batch normalisation is by in inference mode. Nothing in training mode, where it is by the batch's own statistics.
    #[must_use]
    pub fn running(&self, norm: NodeId) -> Option<&RunningMoments> {
        self.statistics.as_ref()?.nodes.get(&norm)
    }

    /// The values alone, one list a parameter in the order of [`Graph::parameters`].
    #[must_use]
    pub fn into_parameters(self) -> Vec<Vec<f32>> {
        let Self { graph, drawn_by, parameters, .. } = self;
        let specs = graph.parameters().iter();
        specs.zip(parameters).map(|(spec, values)| values.into_inner().unwrap_or_else(|| draw(drawn_by.as_ref(), spec))).collect()
    }

    /// The structure, shared.
    #[must_use]
    pub fn shared_graph(&self) -> Arc<Graph> {
        Arc::clone(&self.graph)
    }

    /// The structure.
    #[must_use]
    pub fn graph(&self) -> &Graph {
        &self.graph
    }

    /// The values of one parameter, by its position in [`Graph::parameters`], row-major.
    #[must_use]
    pub fn parameter(&self, position: usize) -> &[f32] {
        self.parameters[position].get_or_init(|| draw(self.drawn_by.as_ref(), &self.graph.parameters()[position]))
    }

    /// The bytes of all its values.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.graph.parameters().iter().map(|spec| spec.elements().saturating_mul(size_of::<f32>())).fold(0, usize::saturating_add)
    }
}

/// The values of a parameter; those that were given are there from the beginning.
fn draw(drawn_by: Option<&(Initialiser, Stream)>, spec: &ParameterSpec) -> Vec<f32> {
    drawn_by.map_or_else(Vec::new, |(initialiser, stream)| initialiser.draw(spec, &stream.child(&spec.path)))
}
