//! How the edges of a cell join its nodes, and what follows from it.

use serde::{Deserialize, Serialize};

/// The nodes of a cell, and which two of them each edge joins.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Wiring {
    /// What each node is called in pictures. Inputs come first, the output last.
    pub nodes: Vec<String>,
    /// The nodes that each edge joins, in the order of the layout's edges.
    pub edges: Vec<Edge>,
    /// The nodes whose values the output concatenates; empty where edges of the layout lead to the output.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub concatenated: Vec<usize>,
}

/// An edge from one node to a later one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Edge {
    /// The node that it reads.
    pub from: usize,
    /// The node that adds up what comes through it.
    pub to: usize,
}

/// How deep and wide a cell is, as Shu, Wang and Cai measure it (Understanding Architectures Learnt by Cell-based Neural
/// Architecture Search, ICLR 2020).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Extent {
    /// Edges on the longest path from an input of the cell to its output; 0 without any path.
    pub depth: usize,
    /// The sum over inner nodes of the share of their edges that come from the cell's inputs.
    pub width: f64,
}

impl Wiring {
    /// The edges from nodes to the output that concatenates them.
    pub fn joins(&self) -> impl Iterator<Item = Edge> + '_ {
        self.concatenated.iter().map(|node| Edge { from: *node, to: self.nodes.len() - 1 })
    }

    /// Whether nothing of the cell leads to this node, and it is not the output.
    #[must_use]
    pub fn is_input(&self, node: usize) -> bool {
        node + 1 != self.nodes.len() && self.edges.iter().all(|edge| edge.to != node)
    }

    /// Checks that it is the wiring of a cell with this number of edges, each from an earlier node to a later one.
    ///
    /// # Errors
    /// If it is not; the message says why.
    pub fn check(&self, edges: usize) -> Result<(), String> {
        if self.edges.len() != edges {
            return Err(format!("its wiring has {} edges, but the layout has {edges}", self.edges.len()));
        }
        let nodes = self.nodes.len();
        if nodes == 0 {
            return Err("its wiring has no nodes".into());
        }
        if let Some(Edge { from, to }) = self.edges.iter().find(|edge| edge.from >= edge.to || edge.to >= nodes) {
            return Err(format!("its wiring has an edge from node {from} to node {to}, but edges lead to later ones of its {nodes} nodes"));
        }
        match self.concatenated.iter().find(|node| **node + 1 >= nodes) {
            Some(node) => Err(format!("its output concatenates node {node}, which is not one of the {} nodes before it", nodes - 1)),
            None => Ok(()),
        }
    }

    /// The depth and width of the cell in which only some edges pass a signal on.
    ///
    /// # Panics
    /// If there is not one entry an edge.
    #[must_use]
    pub fn extent(&self, passes: &[bool]) -> Extent {
        let signal = self.signal(passes);
        let output = self.nodes.len() - 1;
        let share = |node: usize| {
            let live = signal.edges.iter().filter(|edge| signal.is_live(edge));
            let sources: Vec<usize> = live.filter(|edge| edge.to == node).map(|edge| edge.from).collect();
            let inputs = sources.iter().filter(|source| self.is_input(**source)).count();
            if sources.is_empty() { 0.0 } else { inputs as f64 / sources.len() as f64 }
        };
        let width: f64 = (0..output).filter(|node| !self.is_input(*node)).map(share).sum();
        // Shares such as thirds are rounded, so equal sums of them may differ in the last bit by the order of the nodes.
        Extent { depth: signal.from_input[output].unwrap_or(0), width: (width * 1e9).round() / 1e9 }
    }

    /// Whether each edge that passes a signal on lies on a path of such edges from an input of the cell to its output.
    ///
    /// # Panics
    /// If there is not one entry an edge.
    #[must_use]
    pub fn all_on_paths(&self, passes: &[bool]) -> bool {
        let signal = self.signal(passes);
        self.edges.iter().zip(passes).all(|(edge, passes)| !passes || signal.is_live(edge))
    }

    fn signal(&self, passes: &[bool]) -> Signal {
        assert_eq!(passes.len(), self.edges.len(), "one entry an edge");
        let edges: Vec<Edge> =
            self.edges.iter().zip(passes).filter(|(_, passes)| **passes).map(|(edge, _)| *edge).chain(self.joins()).collect();
        let count = self.nodes.len();
        // Edges lead from lower nodes to higher ones, so one pass in each direction sees every path.
        let mut from_input: Vec<Option<usize>> = (0..count).map(|node| self.is_input(node).then_some(0)).collect();
        for node in 0..count {
            let longest = edges.iter().filter(|edge| edge.to == node).filter_map(|edge| Some(from_input[edge.from]? + 1)).max();
            from_input[node] = from_input[node].max(longest);
        }
        let mut reaches_output = vec![false; count];
        reaches_output[count - 1] = true;
        for node in (0..count).rev() {
            reaches_output[node] |= edges.iter().any(|edge| edge.from == node && reaches_output[edge.to]);
        }
        Signal { edges, from_input, reaches_output }
    }
}

/// How far a signal comes through the edges of a cell that pass it on.
struct Signal {
    /// The edges that pass it on, and those that join nodes to the output.
    edges: Vec<Edge>,
    /// By node, edges on the longest path from an input; none where no path leads there.
    from_input: Vec<Option<usize>>,
    /// By node.
    reaches_output: Vec<bool>,
}

impl Signal {
    /// Whether it comes through an edge to the output, if the edge passes it on.
    fn is_live(&self, edge: &Edge) -> bool {
        self.from_input[edge.from].is_some() && self.reaches_output[edge.to]
    }
}
