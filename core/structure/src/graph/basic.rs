//! The operators on channel maps that networks of searched cells are made of.

use super::{Graph, NodeId, Operator};

impl Graph {
    /// The first node that is not basic. Basic are convolutions and pools with square windows, batch normalisation, ReLU, global
    /// pooling, linear layers on vectors, sums of equal shapes, joined channels, shifts, dropped channels and zeros: the networks of
    /// all search spaces of cells. Exporters to source code and plugins of interface 1.0 know these only.
    #[must_use]
    pub fn first_not_basic(&self) -> Option<NodeId> {
        (0..self.nodes.len()).map(NodeId).find(|id| !self.is_basic(*id))
    }

    /// Whether a node is basic: see [`first_not_basic`](Self::first_not_basic).
    #[must_use]
    pub fn is_basic(&self, id: NodeId) -> bool {
        let node = self.node(id);
        let is_known = match &node.operator {
            Operator::Input
            | Operator::BatchNorm { .. }
            | Operator::Relu
            | Operator::GlobalAvgPool
            | Operator::Shift { .. }
            | Operator::Truncate { .. }
            | Operator::Zero { .. } => true,
            Operator::Conv2d(conv) => conv.is_square(),
            Operator::AvgPool(pool) | Operator::MaxPool(pool) => pool.is_square(),
            Operator::Linear { axis, .. } | Operator::Concat { axis } => *axis == 0,
            Operator::WeightedSum { .. } => node.inputs.iter().all(|input| self.node(*input).shape == node.shape),
            _ => false,
        };
        is_known && node.shape.is_maps()
    }
}
