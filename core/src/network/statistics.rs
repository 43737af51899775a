//! What batch normalisation saw in training, which inference normalises by.

use std::collections::BTreeMap;

use crate::graph::{Graph, NodeId, Operator};

crate::words! {
    /// What batch normalisation is by in a measurement at initialisation.
    #[derive(Default, Hash)]
    pub enum NormStatistics {
        /// The batch's own statistics, as in training.
        #[default]
        Batch = "batch" as "batch statistics",
        /// Running statistics as they are before training: mean 0 and variance 1.
        Running = "running" as "running statistics (mean 0, variance 1)",
    }
}

/// The mean and variance that each batch normalisation of a graph saw in training, averaged with exponentially falling
/// weights. In inference they take the place of the batch's own.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RunningStatistics {
    /// By the node of the batch normalisation.
    pub nodes: BTreeMap<NodeId, RunningMoments>,
}

/// The running statistics of one batch normalisation.
#[derive(Clone, Debug, PartialEq)]
pub struct RunningMoments {
    /// Mean of each channel, `[channels]`.
    pub mean: Vec<f32>,
    /// Unbiased variance of each channel, `[channels]`.
    pub variance: Vec<f32>,
}

/// The batch normalisations of a graph, in order.
pub fn batch_norms(graph: &Graph) -> impl Iterator<Item = NodeId> + '_ {
    let nodes = graph.nodes().iter().enumerate();
    nodes.filter(|(_, node)| matches!(node.operator, Operator::BatchNorm { .. })).map(|(position, _)| NodeId(position))
}

impl RunningStatistics {
    /// Where training begins: mean 0 and variance 1 everywhere.
    #[must_use]
    pub fn initial(graph: &Graph) -> Self {
        let moments = |channels: usize| RunningMoments { mean: vec![0.0; channels], variance: vec![1.0; channels] };
        Self { nodes: batch_norms(graph).map(|id| (id, moments(graph.node(id).shape.channels))).collect() }
    }
}

impl RunningMoments {
    /// Mixes a batch's moments in: `share` of the new ones, the rest of the old. `variance` is the biased one, of `count`
    /// values a channel.
    pub fn mix(&mut self, mean: &[f64], variance: &[f64], count: usize, share: f64) {
        let count = count as f64;
        // PyTorch refuses a single value a channel; here its variance counts as 0.
        let unbiased = count / (count - 1.0).max(1.0);
        let mix = |old: &mut f32, new: f64| *old = ((1.0 - share) * f64::from(*old) + share * new) as f32;
        for (old, new) in self.mean.iter_mut().zip(mean) {
            mix(old, *new);
        }
        for (old, new) in self.variance.iter_mut().zip(variance) {
            mix(old, unbiased * new);
        }
    }
}
