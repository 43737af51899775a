//! How a network is run, other than plainly.

use std::collections::BTreeMap;

use assay_core::engine::learner::{Dropped, Mixture};
use assay_core::graph::NodeId;
use assay_core::network::{Network, RunningStatistics};

use super::Tensor;

/// How a network is run, other than plainly.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Way<'a> {
    /// Whose values are multiplied by a factor an image.
    pub(crate) dropped: &'a [Dropped],
    /// What batch normalisation normalises by in place of the batch's own statistics.
    pub(crate) running: Option<&'a Moments>,
    /// Those that do not, even so.
    pub(crate) by_batch: &'a [NodeId],
    /// By what weights sums add their terms, in place of the graph's.
    pub(crate) mixtures: &'a [Mixture],
    /// The parameters, in place of the network's.
    pub(crate) parameters: Option<&'a [Vec<f64>]>,
}

/// The mean and the variance of each channel, by batch normalisation.
pub(crate) type Moments = BTreeMap<NodeId, (Vec<f64>, Vec<f64>)>;

/// Running statistics in 64 bits.
pub(crate) fn wide(statistics: &RunningStatistics) -> Moments {
    let wide = |values: &[f32]| values.iter().copied().map(f64::from).collect();
    statistics.nodes.iter().map(|(id, own)| (*id, (wide(&own.mean), wide(&own.variance)))).collect()
}

impl Way<'_> {
    /// The weights of a sum.
    pub(super) fn weights(&self, position: usize, own: &[f32]) -> Vec<f64> {
        let given = Mixture::weights_of(self.mixtures, NodeId(position));
        given.map_or_else(|| own.iter().copied().map(f64::from).collect(), <[f64]>::to_vec)
    }

    /// The mean and the variance of a channel that a batch normalisation goes by, where they are not the batch's own.
    pub(super) fn running_of(&self, network: &Network, position: usize, channel: usize) -> Option<[f64; 2]> {
        let id = NodeId(position);
        if let Some((mean, variance)) = self.running.filter(|_| !self.by_batch.contains(&id)).map(|running| &running[&id]) {
            return Some([mean[channel], variance[channel]]);
        }
        network.running(id).map(|own| [f64::from(own.mean[channel]), f64::from(own.variance[channel])])
    }

    /// Multiplies each image of a node's value, or of its gradient, by its factor.
    pub(super) fn drop(&self, position: usize, value: &mut Tensor) {
        for Dropped { factors, .. } in self.dropped.iter().filter(|dropped| dropped.node.0 == position) {
            let size = value.shape.elements();
            for (image, factor) in value.data.chunks_mut(size).zip(factors) {
                image.iter_mut().for_each(|value| *value *= f64::from(*factor));
            }
        }
    }
}
