//! What a network brings along that its space did not build but was given.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::graph::{Graph, GraphError};
use crate::network::{Initialiser, Network, NormStatistics, RunningStatistics};
use crate::stream::Stream;

/// What is known of a network that was made elsewhere, beside its graph.
#[derive(Clone, Debug, Default)]
pub struct Given {
    /// The values of its parameters, by path. Where there are none, they are drawn as those of any other network.
    pub parameters: Option<Arc<BTreeMap<String, Vec<f32>>>>,
    /// How parameters that are not given are drawn. Where there is none, as the measurement says.
    pub initialiser: Option<Initialiser>,
    /// What its batch normalisations saw in training.
    pub statistics: Option<RunningStatistics>,
    /// Why it cannot be measured by a batch's own statistics, and what to do instead: a clause.
    pub no_batch_statistics: Option<String>,
}

/// Why a network cannot be measured as it was given.
pub(super) enum Unfit {
    /// It has no batch normalisation by the batch's own statistics: a clause.
    NoBatchStatistics(String),
    /// Its weights are those of another network.
    Weights(GraphError),
}

impl Given {
    /// The network of this graph as a measurement is to see it. What is not given is drawn from the stream. `statistics` are none
    /// where the measurement does without batch normalisation.
    pub(super) fn network(
        given: Option<Self>,
        graph: Arc<Graph>,
        (initialiser, stream): (Initialiser, &Stream),
        statistics: Option<NormStatistics>,
    ) -> Result<Network, Unfit> {
        let Self { parameters, initialiser: own, statistics: seen, no_batch_statistics } = given.unwrap_or_default();
        if let (Some(NormStatistics::Batch), Some(because)) = (statistics, no_batch_statistics) {
            return Err(Unfit::NoBatchStatistics(because));
        }
        let mut network = match parameters {
            None => Network::initialise(graph, own.unwrap_or(initialiser), stream),
            Some(values) => {
                let fitting = Network::with_parameters(graph, &values);
                fitting.map_err(|error| Unfit::Weights(GraphError::Unsupported(format!("the given weights do not fit: {error}"))))?
            }
        };
        if let Some(seen) = seen {
            network = network.having_seen(seen);
        }
        Ok(network.by(statistics.unwrap_or_default()))
    }
}
