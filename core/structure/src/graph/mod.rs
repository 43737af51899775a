//! A [`Graph`]: the structure of a network, without what it learns.
//!
//! A graph is a directed acyclic graph of typed [`Operator`]s whose shapes were checked when it was built.
//! It knows its parameters, multiply-adds and which nodes carry signal from input to output, so that structural
//! proxies, drawings and exporters need no tensors. Nodes are stored in topological order: a node's inputs come before it.

mod activation;
mod basic;
mod build;
mod cost;
mod infer;
mod known;
mod liveness;
mod operator;
mod parameter;
mod shape;
mod window;

pub use activation::Activation;
pub use build::{GraphBuilder, GraphError};
pub use known::{KNOWN, Known};
pub use liveness::Liveness;
pub use operator::Operator;
pub use parameter::{ParameterRole, ParameterSpec};
pub use shape::{AXES, Shape};
pub use window::{Conv2d, Extent, Pool, Sides};

use serde::{Deserialize, Serialize};

/// The position of a node in its graph.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct NodeId(pub usize);

/// One operator of a graph, its inputs, and the shape of what it computes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Node {
    /// The node's path, unique in its graph: `cells.0.edges.1<-0.nor_conv_3x3.conv`.
    pub name: String,
    /// What the node computes.
    pub operator: Operator,
    /// The nodes it reads, all earlier in the graph.
    pub inputs: Vec<NodeId>,
    /// The shape of its output for one image.
    pub shape: Shape,
}

/// A typed, shape-checked network structure with one input and one output.
///
/// Built by [`GraphBuilder`]; reading one back with serde checks it again, so a graph that exists is consistent.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "build::RawGraph", into = "build::RawGraph")]
pub struct Graph {
    nodes: Vec<Node>,
    output: NodeId,
    blocks: Vec<NodeId>,
    paths: Vec<NodeId>,
    parameters: Vec<ParameterSpec>,
    /// For each node, the range of its parameters.
    parameters_of: Vec<std::ops::Range<usize>>,
}

impl Graph {
    /// The nodes in topological order; node 0 is the input.
    #[must_use]
    pub fn nodes(&self) -> &[Node] {
        &self.nodes
    }

    /// One node.
    #[must_use]
    pub fn node(&self, id: NodeId) -> &Node {
        &self.nodes[id.0]
    }

    /// The node with this name.
    #[must_use]
    pub fn find(&self, name: &str) -> Option<NodeId> {
        self.nodes.iter().position(|node| node.name == name).map(NodeId)
    }

    /// The input's shape for one image.
    #[must_use]
    pub fn input_shape(&self) -> Shape {
        self.nodes[0].shape
    }

    /// The node whose value is the network's output.
    #[must_use]
    pub fn output(&self) -> NodeId {
        self.output
    }

    /// The outputs of the network's blocks in order, as its space marks them: the stem, then every cell and reduction.
    /// Proxies that follow a signal from block to block read them. A block that changes nothing has the output of the
    /// one before it.
    #[must_use]
    pub fn blocks(&self) -> &[NodeId] {
        &self.blocks
    }

    /// The outputs of the operators that nodes of cells add up, as the network's space marks them: what drop-path drops. An
    /// operator that passes its input on has no output of its own.
    #[must_use]
    pub fn paths(&self) -> &[NodeId] {
        &self.paths
    }

    /// Every parameter, in node order (a node's weight before its bias).
    #[must_use]
    pub fn parameters(&self) -> &[ParameterSpec] {
        &self.parameters
    }

    /// The positions in [`Graph::parameters`] of one node's parameters.
    #[must_use]
    pub fn parameters_of(&self, id: NodeId) -> std::ops::Range<usize> {
        self.parameters_of[id.0].clone()
    }
}
