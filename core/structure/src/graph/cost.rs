//! Parameters and multiply-adds, counted from the structure alone.

use super::{Graph, NodeId, Operator};

impl Graph {
    /// Parameters of every node, reachable or not.
    #[must_use]
    pub fn parameter_count(&self) -> usize {
        self.parameters.iter().map(super::ParameterSpec::elements).sum()
    }

    /// Parameters of the nodes on a path from input to output. Where a zero cuts every path, that is what lies behind the
    /// last zero; `Structure::effective_parameter_count` of `assay-core` counts the fixed part of a space's networks all the
    /// same.
    #[must_use]
    pub fn live_parameter_count(&self) -> usize {
        let live = self.liveness();
        self.parameters.iter().filter(|spec| live.carries_signal(spec.node)).map(super::ParameterSpec::elements).sum()
    }

    /// Multiply-adds of one image through every convolution, linear layer and product of two values' matrices. A multiply-add
    /// counts once.
    #[must_use]
    pub fn multiply_adds(&self) -> u64 {
        (0..self.nodes.len()).map(|position| self.multiply_adds_of(NodeId(position))).fold(0, u64::saturating_add)
    }

    /// Multiply-adds of one image through one node.
    #[must_use]
    pub fn multiply_adds_of(&self, id: NodeId) -> u64 {
        let node = self.node(id);
        let places = match &node.operator {
            Operator::Conv2d(_) => node.shape.area(),
            Operator::Linear { out_features, .. } => node.shape.elements() / out_features,
            Operator::MatMul { axis } => {
                let left = node.inputs.first().map_or(0, |left| self.node(*left).shape.axis(axis + 1));
                return (node.shape.elements() as u64).saturating_mul(left as u64);
            }
            _ => return 0,
        };
        let weight = self.parameters_of(id).next().map_or(0, |weight| self.parameters[weight].elements());
        (weight as u64).saturating_mul(places as u64)
    }
}
