//! Building a graph node by node, with every shape checked on the way.

use std::collections::HashSet;

use serde::{Deserialize, Serialize};

use super::{Conv2d, Graph, Node, NodeId, Operator, Pool, Shape, parameter, shape};

/// Why a node cannot be added. The message names the node.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum GraphError {
    /// The operator does not fit its inputs.
    #[error("node `{node}` ({kind}): {problem}")]
    Shape {
        /// The node's name.
        node: String,
        /// Its operator.
        kind: &'static str,
        /// What does not fit.
        problem: String,
    },
    /// Two nodes would have one name, so two parameters one path.
    #[error("two nodes are named `{node}`; every node needs a name of its own")]
    DuplicateName {
        /// The name.
        node: String,
    },
    /// A node reads one that does not come before it.
    #[error("node `{node}` reads node {input}, which does not come before it")]
    ForwardReference {
        /// The node's name.
        node: String,
        /// The position it reads.
        input: usize,
    },
    /// Something a space cannot express as a graph.
    #[error("{0}")]
    Unsupported(String),
}

/// Adds nodes one at a time; each call returns the id that later nodes read.
#[derive(Clone, Debug)]
pub struct GraphBuilder {
    nodes: Vec<Node>,
    names: HashSet<String>,
    blocks: Vec<NodeId>,
    paths: Vec<NodeId>,
}

impl GraphBuilder {
    /// A graph whose input images have this shape.
    ///
    /// # Errors
    /// If the shape has no elements.
    pub fn new(input: Shape) -> Result<Self, GraphError> {
        let wrong = |problem: String| Err(GraphError::Shape { node: "input".into(), kind: "input", problem });
        let extents = input.axes();
        if extents.contains(&0) {
            return wrong(format!("an image of {input} has no pixels"));
        }
        if let Err(problem) = shape::count(&extents) {
            return wrong(problem);
        }
        let node = Node { name: "input".into(), operator: Operator::Input, inputs: Vec::new(), shape: input };
        Ok(Self { names: HashSet::from([node.name.clone()]), nodes: vec![node], blocks: Vec::new(), paths: Vec::new() })
    }

    /// A graph that begins as another does: with so many of its nodes, and what is marked among them.
    ///
    /// # Errors
    /// None of a graph that was built; whoever calls has an error to give in any case.
    pub fn beginning_of(graph: &Graph, nodes: usize) -> Result<Self, GraphError> {
        let mut builder = Self::new(graph.input_shape())?;
        for node in graph.nodes().iter().take(nodes).skip(1) {
            builder.add(&node.name, node.operator.clone(), &node.inputs)?;
        }
        let kept = |marked: &[NodeId]| marked.iter().copied().filter(|id| id.0 < builder.nodes.len()).collect();
        (builder.blocks, builder.paths) = (kept(graph.blocks()), kept(graph.paths()));
        Ok(builder)
    }

    /// The input's id.
    #[must_use]
    pub fn input(&self) -> NodeId {
        NodeId(0)
    }

    /// The shape of a node already added.
    #[must_use]
    pub fn shape(&self, id: NodeId) -> Shape {
        self.nodes[id.0].shape
    }

    /// Adds a node.
    ///
    /// # Errors
    /// If the operator does not fit its inputs or the name is taken; the error names the node.
    pub fn add(&mut self, name: impl Into<String>, operator: Operator, inputs: &[NodeId]) -> Result<NodeId, GraphError> {
        let name = name.into();
        if let Some(input) = inputs.iter().find(|input| input.0 >= self.nodes.len()) {
            return Err(GraphError::ForwardReference { node: name, input: input.0 });
        }
        let shapes: Vec<Shape> = inputs.iter().map(|input| self.shape(*input)).collect();
        let shape = match operator.infer(&shapes) {
            Ok(shape) => shape,
            Err(problem) => return Err(GraphError::Shape { node: name, kind: operator.kind(), problem }),
        };
        if !self.names.insert(name.clone()) {
            return Err(GraphError::DuplicateName { node: name });
        }
        self.nodes.push(Node { name, operator, inputs: inputs.to_vec(), shape });
        Ok(NodeId(self.nodes.len() - 1))
    }

    /// Adds a convolution. Errors as [`GraphBuilder::add`].
    pub fn conv(&mut self, name: impl Into<String>, input: NodeId, conv: Conv2d) -> Result<NodeId, GraphError> {
        self.add(name, Operator::Conv2d(conv), &[input])
    }

    /// Adds an affine batch normalisation with ε = 1e-5. Errors as [`GraphBuilder::add`].
    pub fn batch_norm(&mut self, name: impl Into<String>, input: NodeId) -> Result<NodeId, GraphError> {
        self.add(name, Operator::BatchNorm { affine: true, epsilon: 1e-5 }, &[input])
    }

    /// Adds a ReLU. Errors as [`GraphBuilder::add`].
    pub fn relu(&mut self, name: impl Into<String>, input: NodeId) -> Result<NodeId, GraphError> {
        self.add(name, Operator::Relu, &[input])
    }

    /// Adds an average pool. Errors as [`GraphBuilder::add`].
    pub fn avg_pool(&mut self, name: impl Into<String>, input: NodeId, pool: Pool) -> Result<NodeId, GraphError> {
        self.add(name, Operator::AvgPool(pool), &[input])
    }

    /// Adds a linear layer. Errors as [`GraphBuilder::add`].
    pub fn linear(&mut self, name: impl Into<String>, input: NodeId, out_features: usize, bias: bool) -> Result<NodeId, GraphError> {
        self.add(name, Operator::linear(out_features, bias), &[input])
    }

    /// Adds Σ weight · input. Errors as [`GraphBuilder::add`].
    pub fn weighted_sum(&mut self, name: impl Into<String>, terms: &[(f32, NodeId)]) -> Result<NodeId, GraphError> {
        let inputs: Vec<NodeId> = terms.iter().map(|(_, input)| *input).collect();
        self.add(name, Operator::WeightedSum { weights: terms.iter().map(|(weight, _)| *weight).collect() }, &inputs)
    }

    /// Marks the output of the next of the network's [blocks](Graph::blocks).
    ///
    /// # Panics
    /// If `output` was not returned by this builder.
    pub fn block(&mut self, output: NodeId) {
        assert!(output.0 < self.nodes.len(), "a block's output must be a node of this graph");
        self.blocks.push(output);
    }

    /// Marks an operator's output as one of the network's [paths](Graph::paths).
    ///
    /// # Panics
    /// If `output` was not returned by this builder.
    pub fn path(&mut self, output: NodeId) {
        assert!(output.0 < self.nodes.len(), "a path's output must be a node of this graph");
        self.paths.push(output);
    }

    /// Ends the graph: `output` is what the network computes.
    ///
    /// # Panics
    /// If `output` was not returned by this builder.
    #[must_use]
    pub fn finish(self, output: NodeId) -> Graph {
        assert!(output.0 < self.nodes.len(), "the output must be a node of this graph");
        let mut parameters = Vec::new();
        let mut parameters_of = Vec::with_capacity(self.nodes.len());
        for (position, node) in self.nodes.iter().enumerate() {
            let first = parameters.len();
            let input = node.inputs.first().map_or(node.shape, |input| self.shape(*input));
            parameters.extend(parameter::specs(NodeId(position), &node.name, &node.operator, input));
            parameters_of.push(first..parameters.len());
        }
        Graph { nodes: self.nodes, output, blocks: self.blocks, paths: self.paths, parameters, parameters_of }
    }
}

/// A graph as it is written: the schema that other tools read. Everything else follows from it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct RawGraph {
    input: Shape,
    nodes: Vec<RawNode>,
    output: usize,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    blocks: Vec<NodeId>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    paths: Vec<NodeId>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
struct RawNode {
    name: String,
    operator: Operator,
    inputs: Vec<NodeId>,
}

impl From<Graph> for RawGraph {
    fn from(graph: Graph) -> Self {
        let input = graph.input_shape();
        let nodes = graph.nodes.into_iter().skip(1);
        Self {
            input,
            nodes: nodes.map(|node| RawNode { name: node.name, operator: node.operator, inputs: node.inputs }).collect(),
            output: graph.output.0,
            blocks: graph.blocks,
            paths: graph.paths,
        }
    }
}

impl TryFrom<RawGraph> for Graph {
    type Error = GraphError;

    fn try_from(raw: RawGraph) -> Result<Self, GraphError> {
        let mut builder = GraphBuilder::new(raw.input)?;
        for node in raw.nodes {
            builder.add(node.name, node.operator, &node.inputs)?;
        }
        let blocks = raw.blocks.iter().map(|block| ("block", block.0));
        let named = blocks.chain(raw.paths.iter().map(|path| ("path", path.0))).chain([("output", raw.output)]);
        for (what, input) in named {
            if input >= builder.nodes.len() {
                return Err(GraphError::ForwardReference { node: what.into(), input });
            }
        }
        for block in raw.blocks {
            builder.block(block);
        }
        for path in raw.paths {
            builder.path(path);
        }
        Ok(builder.finish(NodeId(raw.output)))
    }
}
