//! Which nodes matter: what the output needs, and what carries signal from the input.

use super::{Graph, NodeId, Operator};

/// For every node, whether the output depends on it and whether the input reaches it.
#[derive(Clone, Debug)]
pub struct Liveness {
    needed: Vec<bool>,
    reached: Vec<bool>,
}

impl Liveness {
    /// Whether the output depends on the node: an engine computes exactly these.
    #[must_use]
    pub fn is_needed(&self, id: NodeId) -> bool {
        self.needed[id.0]
    }

    /// Whether the node lies on a path from input to output that no `Zero` interrupts.
    #[must_use]
    pub fn carries_signal(&self, id: NodeId) -> bool {
        self.needed[id.0] && self.reached[id.0]
    }
}

impl Graph {
    /// For every node, whether the output or one of `taps` depends on it.
    #[must_use]
    pub fn needed_by(&self, taps: &[NodeId]) -> Vec<bool> {
        let mut needed = vec![false; self.nodes.len()];
        for wanted in taps.iter().chain([&self.output]) {
            needed[wanted.0] = true;
        }
        for (position, node) in self.nodes.iter().enumerate().rev() {
            if needed[position] && !matches!(node.operator, Operator::Zero { .. }) {
                for input in &node.inputs {
                    needed[input.0] = true;
                }
            }
        }
        needed
    }

    /// For every node, whether the output reads it, directly or through others, also where a `Zero` in between makes nothing of
    /// what it reads: what there is of it has a gradient, if only zero.
    #[must_use]
    pub fn read_by_output(&self) -> Vec<bool> {
        let mut read = vec![false; self.nodes.len()];
        read[self.output.0] = true;
        for (position, node) in self.nodes.iter().enumerate().rev() {
            if read[position] {
                node.inputs.iter().for_each(|input| read[input.0] = true);
            }
        }
        read
    }

    /// Which nodes the output needs and the input reaches. `Zero` stops both the signal and the need.
    #[must_use]
    pub fn liveness(&self) -> Liveness {
        let needed = self.needed_by(&[]);
        let mut reached = vec![false; self.nodes.len()];
        let mut own = vec![false; self.nodes.len()];
        for (position, node) in self.nodes.iter().enumerate() {
            reached[position] = match node.operator {
                Operator::Input => true,
                Operator::Zero { .. } => false,
                _ => node.inputs.iter().any(|input| reached[input.0]),
            };
            own[position] = match node.operator {
                Operator::Input => false,
                _ if node.operator.is_source() => true,
                _ => !node.inputs.is_empty() && node.inputs.iter().all(|input| own[input.0]),
            };
        }
        // What a network adds of its own matters where it meets the signal.
        for (position, node) in self.nodes.iter().enumerate().rev() {
            if reached[position] {
                node.inputs.iter().filter(|input| own[input.0]).for_each(|input| reached[input.0] = true);
            }
        }
        Liveness { needed, reached }
    }
}
