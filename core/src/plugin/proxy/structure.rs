//! Proxies that read a network's structure: no tensors, no images, no draws.

use std::collections::HashSet;

use crate::data::Dataset;
use crate::graph::{Graph, GraphError, Liveness, NodeId, ParameterSpec};
use crate::plugin::{MacroNet, SearchSpace};
use crate::score::{Direction, Reading};
use crate::subspace::{Edge, Layout, Subspace};

/// A proxy that is a function of the network's structure.
///
/// Isomorphic architectures may differ in structure, so such a proxy is measured on each of them.
pub trait StructuralProxy: Send + Sync {
    /// Which end of the scale is better. More is better unless this says otherwise.
    fn direction(&self) -> Direction {
        Direction::HigherIsBetter
    }

    /// What a score is counted in, for axes and tables: `parameters`, `ln`. `None` of a number without a unit. Every proxy says
    /// which it is.
    fn unit(&self) -> Option<&'static str>;

    /// The conditions a score depends on, for protocol lines: what is counted, and in which network.
    fn protocol(&self) -> String;

    /// The network to build for images of this dataset. No image is read.
    fn net(&self, dataset: &dyn Dataset) -> MacroNet;

    /// Reads the score off the structure.
    fn read(&self, structure: &Structure) -> Reading;
}

/// The fixed part of a network, which every architecture of the space has: stem, reductions, classifier, and whatever else
/// has parameters where no edge keeps an operator.
#[derive(Clone, Debug)]
pub struct Skeleton {
    names: HashSet<String>,
}

impl Skeleton {
    /// That of a space's networks of this size.
    ///
    /// # Errors
    /// If the space cannot build it.
    pub fn new(space: &dyn SearchSpace, net: &MacroNet) -> Result<Self, GraphError> {
        let bare = space.lower(&Subspace::empty(space.layout()), net)?;
        let names = bare.parameters().iter().map(|parameter| bare.node(parameter.node).name.clone()).collect();
        Ok(Self { names })
    }
}

/// The structure of one architecture's network, which tells the operators that the search chooses from the [`Skeleton`].
#[derive(Clone, Debug)]
pub struct Structure {
    graph: Graph,
    liveness: Liveness,
    /// By node: whether it has parameters and belongs to the skeleton.
    fixed: Vec<bool>,
    edges: Option<Vec<KeptEdge>>,
}

/// An operator that an architecture has on an edge between two nodes of a cell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptEdge {
    /// The operator's name.
    pub operator: String,
    /// The nodes of the cell that the edge joins, by their numbers.
    pub joins: Edge,
}

/// Those of every kind of cell; nothing where the choices of a kind of cell are not edges between nodes.
fn kept_edges(layout: &Layout, subspace: &Subspace) -> Option<Vec<KeptEdge>> {
    let mut edges = Vec::new();
    for (cell, kept) in layout.cells.iter().zip(subspace.cells()) {
        for (joins, operators) in cell.wiring.as_ref()?.edges.iter().zip(kept) {
            edges.extend(operators.iter().map(|operator| KeptEdge { operator: layout.operators[operator].clone(), joins: *joins }));
        }
    }
    Some(edges)
}

impl Structure {
    /// Builds the network of a subspace and finds out what of it matters. `skeleton` is that of the same space and network.
    ///
    /// # Errors
    /// If the space cannot build it.
    pub fn new(space: &dyn SearchSpace, subspace: &Subspace, net: &MacroNet, skeleton: &Skeleton) -> Result<Self, GraphError> {
        let graph = space.lower(subspace, net)?;
        let mut fixed = vec![false; graph.nodes().len()];
        for parameter in graph.parameters() {
            let node = parameter.node;
            fixed[node.0] = skeleton.names.contains(&graph.node(node).name);
        }
        let liveness = graph.liveness();
        Ok(Self { graph, liveness, fixed, edges: kept_edges(space.layout(), subspace) })
    }

    /// The operators on edges between nodes, a kind of cell after the other. Nothing in spaces whose choices are not such edges.
    #[must_use]
    pub fn edges(&self) -> Option<&[KeptEdge]> {
        self.edges.as_deref()
    }

    /// The network, with every operator of the architecture, on a path or not.
    #[must_use]
    pub fn graph(&self) -> &Graph {
        &self.graph
    }

    /// Whether a node with parameters has a part in telling architectures apart: it lies on a path from input to output
    /// that no zero interrupts, or belongs to the skeleton.
    ///
    /// The skeleton counts for architectures without any path too. Otherwise those would differ from the rest by
    /// the size of a network that all share, and nothing that a search can choose: it is constant over a space, and what
    /// is left to count are exactly the operators on a path.
    #[must_use]
    pub fn is_effective(&self, node: NodeId) -> bool {
        self.fixed[node.0] || self.liveness.carries_signal(node)
    }

    /// The parameters of all effective nodes, see [`Structure::is_effective`].
    #[must_use]
    pub fn effective_parameter_count(&self) -> usize {
        let effective = self.graph.parameters().iter().filter(|parameter| self.is_effective(parameter.node));
        effective.map(ParameterSpec::elements).sum()
    }
}
