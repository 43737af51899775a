//! What is to be computed in one pass over a network and a minibatch, and what came out.
//!
//! An [`Ask`] names values, activation patterns and gradients; several asks over one network and minibatch merge into
//! one, so that whoever wants the same pass shares it. An [`Answer`] is read by the names that were asked for.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{EngineError, Patterns};
use crate::data::Minibatch;
use crate::graph::{Graph, NodeId, Shape};

/// A scalar that is differentiated: Σ cotangent · value of a node.
#[derive(Clone, Debug, PartialEq)]
pub struct Objective {
    /// The node whose value it is made of.
    pub node: NodeId,
    /// What the value is multiplied by.
    pub cotangent: Cotangent,
}

/// The gradient of an objective with respect to the value of its node.
#[derive(Clone, Debug, PartialEq)]
pub enum Cotangent {
    /// Ones: the objective is the sum of the value.
    Ones,
    /// The objective is the mean over labels of the cross-entropy between the softmax of the value and the minibatch's labels. The
    /// value is a vector where an image has one label. Where it has several, as many rows of logits, which follow each other along
    /// the first axis.
    CrossEntropy,
    /// These numbers, `[batch, channels, height, width]`.
    Given(Arc<[f64]>),
}

impl Objective {
    /// The mean cross-entropy of the network's output.
    #[must_use]
    pub fn cross_entropy(graph: &Graph) -> Self {
        Self { node: graph.output(), cotangent: Cotangent::CrossEntropy }
    }

    /// The sum of the network's output over images and classes.
    #[must_use]
    pub fn output_sum(graph: &Graph) -> Self {
        Self { node: graph.output(), cotangent: Cotangent::Ones }
    }
}

/// What of an objective's gradient is wanted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wanted {
    /// The gradient with respect to every parameter.
    pub parameters: bool,
    /// The gradients with respect to the values of these nodes.
    pub nodes: Vec<NodeId>,
    /// For these nodes, Σ value · gradient over each map: the gradient with respect to a factor for each image and channel.
    pub products: Vec<NodeId>,
}

impl Wanted {
    /// The gradient with respect to every parameter.
    #[must_use]
    pub fn parameters() -> Self {
        Self { parameters: true, ..Self::default() }
    }

    /// The gradient with respect to the value of this node.
    #[must_use]
    pub fn node(node: NodeId) -> Self {
        Self { nodes: vec![node], ..Self::default() }
    }

    /// Σ value · gradient over each map of these nodes.
    #[must_use]
    pub fn products(nodes: Vec<NodeId>) -> Self {
        Self { products: nodes, ..Self::default() }
    }

    fn merge(&mut self, other: &Self) {
        self.parameters |= other.parameters;
        add_missing(&mut self.nodes, &other.nodes);
        add_missing(&mut self.products, &other.products);
    }
}

/// What to compute in one pass. The network's output is always among it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Ask {
    /// Nodes whose values are wanted, each once.
    pub values: Vec<NodeId>,
    /// Nodes whose moments are wanted, each once.
    pub moments: Vec<NodeId>,
    /// Whether the signs of every ReLU's output are wanted.
    pub patterns: bool,
    /// Objectives, each once, and what of their gradients is wanted.
    pub gradients: Vec<(Objective, Wanted)>,
    numbered: Vec<Objective>,
}

impl Ask {
    /// The network's output alone.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// And the values of these nodes.
    #[must_use]
    pub fn values(mut self, nodes: &[NodeId]) -> Self {
        add_missing(&mut self.values, nodes);
        self
    }

    /// And the mean and variance of each channel of these nodes.
    #[must_use]
    pub fn moments(mut self, nodes: &[NodeId]) -> Self {
        add_missing(&mut self.moments, nodes);
        self
    }

    /// And the signs of every ReLU's output.
    #[must_use]
    pub fn patterns(mut self) -> Self {
        self.patterns = true;
        self
    }

    /// And gradients of this objective.
    #[must_use]
    pub fn gradients(mut self, objective: Objective, wanted: Wanted) -> Self {
        self.add_gradients(&objective, &wanted);
        self
    }

    /// With objectives by number, for whoever names them so. Nothing is computed of them that is not asked for.
    #[must_use]
    pub fn numbered(mut self, objectives: Vec<Objective>) -> Self {
        self.numbered = objectives;
        self
    }

    /// The objective of this number.
    #[must_use]
    pub fn objective(&self, number: usize) -> Option<&Objective> {
        self.numbered.get(number)
    }

    /// Adds what another asks for, but not its numbers.
    pub fn merge(&mut self, other: &Self) {
        add_missing(&mut self.values, &other.values);
        add_missing(&mut self.moments, &other.moments);
        self.patterns |= other.patterns;
        for (objective, wanted) in &other.gradients {
            self.add_gradients(objective, wanted);
        }
    }

    fn add_gradients(&mut self, objective: &Objective, wanted: &Wanted) {
        match self.gradients.iter_mut().find(|(own, _)| own == objective) {
            Some((_, own)) => own.merge(wanted),
            None => {
                let mut own = Wanted::default();
                own.merge(wanted);
                self.gradients.push((objective.clone(), own));
            }
        }
    }

    /// Every node that is named, each once: the nodes whose values an engine keeps.
    #[must_use]
    pub fn named(&self) -> Vec<NodeId> {
        let mut nodes = self.values.clone();
        add_missing(&mut nodes, &self.moments);
        for (objective, wanted) in &self.gradients {
            add_missing(&mut nodes, &[objective.node]);
            add_missing(&mut nodes, &wanted.nodes);
            add_missing(&mut nodes, &wanted.products);
        }
        nodes
    }
}

fn add_missing(to: &mut Vec<NodeId>, nodes: &[NodeId]) {
    for node in nodes {
        if !to.contains(node) {
            to.push(*node);
        }
    }
}

/// The statistics of a node's value, a number a channel, over all images and positions.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Moments {
    /// The mean of each channel.
    pub mean: Vec<f64>,
    /// The biased variance of each channel.
    pub variance: Vec<f64>,
}

/// Gradients of one objective. What it does not depend on has zeros.
///
/// An engine fills the fields; the methods read them, and are errors where something was not asked for.
#[derive(Clone, Debug, Default)]
pub struct Gradients {
    /// For each parameter, in the order of [`Graph::parameters`](crate::graph::Graph::parameters), if wanted.
    pub parameters: Option<Vec<Vec<f64>>>,
    /// With respect to the values of the wanted nodes, `[batch, channels, height, width]`.
    pub nodes: BTreeMap<NodeId, Vec<f64>>,
    /// Σ value · gradient over each map of the wanted nodes, `[batch, channels]`.
    pub products: BTreeMap<NodeId, Vec<f64>>,
}

impl Gradients {
    /// For each parameter, in the order of [`Graph::parameters`](crate::graph::Graph::parameters).
    ///
    /// # Errors
    /// If they were not asked for.
    pub fn parameters(&self) -> Result<&[Vec<f64>], EngineError> {
        self.parameters.as_deref().ok_or_else(|| not_asked("the gradients of the parameters"))
    }

    /// With respect to a node's value, `[batch, channels, height, width]`.
    ///
    /// # Errors
    /// If it was not asked for.
    pub fn node(&self, node: NodeId) -> Result<&[f64], EngineError> {
        self.nodes.get(&node).map(Vec::as_slice).ok_or_else(|| not_asked(format!("the gradient of node {}", node.0)))
    }

    /// Σ value · gradient over each map, `[batch, channels]`.
    ///
    /// # Errors
    /// If it was not asked for.
    pub fn products(&self, node: NodeId) -> Result<&[f64], EngineError> {
        self.products.get(&node).map(Vec::as_slice).ok_or_else(|| not_asked(format!("the products of node {}", node.0)))
    }
}

/// What one pass computed.
///
/// An engine fills the fields; the methods read them, and are errors where something was not asked for.
#[derive(Clone, Debug, Default)]
pub struct Answer {
    /// The network's output, `[batch, outputs]`.
    pub output: Vec<f64>,
    /// The values of the nodes asked for, `[batch, channels, height, width]`.
    pub values: BTreeMap<NodeId, Vec<f64>>,
    /// The moments of the nodes asked for.
    pub moments: BTreeMap<NodeId, Moments>,
    /// The signs of every ReLU's output, if asked for.
    pub patterns: Option<Patterns>,
    /// Each objective asked for with its gradients.
    pub gradients: Vec<(Objective, Gradients)>,
}

impl Answer {
    /// The network's output, `[batch, outputs]`.
    #[must_use]
    pub fn output(&self) -> &[f64] {
        &self.output
    }

    /// A node's value, `[batch, channels, height, width]`.
    ///
    /// # Errors
    /// If it was not asked for.
    pub fn value(&self, node: NodeId) -> Result<&[f64], EngineError> {
        self.values.get(&node).map(Vec::as_slice).ok_or_else(|| not_asked(format!("the value of node {}", node.0)))
    }

    /// The mean and variance of each channel of a node.
    ///
    /// # Errors
    /// If they were not asked for.
    pub fn moments(&self, node: NodeId) -> Result<&Moments, EngineError> {
        self.moments.get(&node).ok_or_else(|| not_asked(format!("the moments of node {}", node.0)))
    }

    /// The signs of every ReLU's output.
    ///
    /// # Errors
    /// If they were not asked for.
    pub fn patterns(&self) -> Result<&Patterns, EngineError> {
        self.patterns.as_ref().ok_or_else(|| not_asked("activation patterns"))
    }

    /// The gradients of an objective.
    ///
    /// # Errors
    /// If they were not asked for.
    pub fn gradients(&self, objective: &Objective) -> Result<&Gradients, EngineError> {
        let found = self.gradients.iter().find(|(own, _)| own == objective);
        found.map(|(_, gradients)| gradients).ok_or_else(|| not_asked("the gradients of this objective"))
    }
}

fn not_asked(what: impl Into<String>) -> EngineError {
    EngineError::NotAsked { what: what.into() }
}

/// The numbers that an objective's node is multiplied by, `[batch, channels, height, width]`. `value` is the node's value
/// and is read for the cross-entropy only.
pub fn cotangent(objective: &Objective, shape: Shape, batch: &Minibatch, value: impl FnOnce() -> Vec<f64>) -> Vec<f64> {
    match &objective.cotangent {
        Cotangent::Ones => vec![1.0; batch.len() * shape.elements()],
        Cotangent::Given(values) => values.to_vec(),
        Cotangent::CrossEntropy => {
            let mut rows = value();
            let labels = batch.labels();
            let classes = shape.elements().checked_div(batch.labels_of_each()).unwrap_or(0);
            for (row, label) in rows.chunks_mut(classes.max(1)).zip(labels) {
                let most = row.iter().copied().fold(f64::NEG_INFINITY, f64::max);
                let total: f64 = row.iter().map(|logit| (logit - most).exp()).sum();
                for (class, logit) in row.iter_mut().enumerate() {
                    let target = f64::from(u8::from(class == *label as usize));
                    *logit = ((*logit - most).exp() / total - target) / labels.len() as f64;
                }
            }
            rows
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::graph::GraphBuilder;

    /// The mean cross-entropy of rows of logits, in the plainest way.
    fn loss(logits: &[f64], labels: &[u32], classes: usize) -> f64 {
        let of_row = |(row, label): (&[f64], &u32)| row.iter().map(|logit| logit.exp()).sum::<f64>().ln() - row[*label as usize];
        logits.chunks(classes).zip(labels).map(of_row).sum::<f64>() / labels.len() as f64
    }

    #[test]
    fn the_gradient_of_the_cross_entropy_is_that_of_differences_with_a_label_an_image_or_a_token() {
        let output = |shape: Shape| {
            let builder = GraphBuilder::new(shape).unwrap();
            let input = builder.input();
            Objective::cross_entropy(&builder.finish(input))
        };
        let cases = [(Shape::vector(3), vec![2, 0]), (Shape::new(4, 3, 1), vec![2, 0, 1, 1, 0, 0, 2, 1])];
        for (shape, labels) in cases {
            let batch = Minibatch::of_tokens(Shape::vector(1), 2, &[0, 0], labels.clone());
            let logits: Vec<f64> = (0..2 * shape.elements()).map(|index| (index as f64 * 1.7).sin()).collect();
            let gradient = cotangent(&output(shape), shape, &batch, || logits.clone());
            for (position, found) in gradient.iter().enumerate() {
                let moved = |step: f64| {
                    let mut logits = logits.clone();
                    logits[position] += step;
                    loss(&logits, &labels, 3)
                };
                let expected = (moved(1e-5) - moved(-1e-5)) / 2e-5;
                assert!((found - expected).abs() < 1e-9, "{shape}, logit {position}: {found}, by differences {expected}");
            }
        }
    }
}
