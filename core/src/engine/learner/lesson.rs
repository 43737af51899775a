//! What one step learns from a minibatch: losses, their targets, what is dropped, at which rate.

use super::logits::Logits;
use super::{Mixture, Part};
use crate::data::Minibatch;
use crate::engine::{EngineError, check_batch_of};
use crate::graph::{Graph, Node, NodeId, Operator, Shape};

/// A term of the objective: `factor` times the mean cross-entropy of the rows of logits that a node's value is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Loss {
    /// The node whose value holds the logits.
    pub node: NodeId,
    /// What it counts.
    pub factor: f64,
}

/// What the logits of every loss should be.
#[derive(Clone, Debug, PartialEq)]
pub enum Targets {
    /// The minibatch's labels: 1 − smoothing for the label, and smoothing spread over all classes (Szegedy et al., CVPR 2016).
    Labels {
        /// The probability that is spread.
        smoothing: f64,
    },
    /// A probability for each row and class, `[rows, classes]`.
    Given(Vec<f64>),
}

impl Targets {
    /// A probability for each row and class, `[rows, classes]`.
    #[must_use]
    pub fn probabilities(&self, labels: &[u32], classes: usize) -> Vec<f64> {
        match self {
            Self::Given(values) => values.clone(),
            Self::Labels { smoothing } => {
                let mut values = vec![smoothing / classes as f64; labels.len() * classes];
                for (row, label) in values.chunks_mut(classes).zip(labels) {
                    row[*label as usize] += 1.0 - smoothing;
                }
                values
            }
        }
    }
}

/// A node's value times a factor an image: 0 where the image's path is dropped.
#[derive(Clone, Debug, PartialEq)]
pub struct Dropped {
    /// The node.
    pub node: NodeId,
    /// One factor an image.
    pub factors: Vec<f32>,
}

/// What one step is about. Nodes are those of the part, where there is one.
#[derive(Clone, Debug)]
pub struct Lesson<'a> {
    /// The objective is their sum.
    pub losses: &'a [Loss],
    /// What is expected of all of them.
    pub targets: Targets,
    /// Which rows of logits the values of all of them are.
    pub logits: Logits,
    /// Whose values are dropped for some images; each node once.
    pub dropped: &'a [Dropped],
    /// By what weights sums add their terms, in place of the graph's; each sum once.
    pub mixtures: &'a [Mixture],
    /// The part of the network that is run; all of it if there is none.
    pub part: Option<&'a Part>,
    /// Parameters of the whole network, by position, that take part in the step though no loss depends on them: their gradient
    /// is zero, but they decay and what the optimiser remembers carries them on. Those that a loss depends on may be among them.
    pub also: &'a [usize],
    /// The learning rate.
    pub rate: f64,
    /// The norm that the gradient of all parameters together is cut to, if it is cut.
    pub clip: Option<f64>,
}

impl<'a> Lesson<'a> {
    /// The whole network, from the labels, without anything besides.
    #[must_use]
    pub fn of(losses: &'a [Loss], rate: f64) -> Self {
        let targets = Targets::Labels { smoothing: 0.0 };
        Self { losses, targets, logits: Logits::Images, dropped: &[], mixtures: &[], part: None, also: &[], rate, clip: None }
    }

    /// A loss on a batch, and the gradient of the objective with respect to the values of its node, which are given with the shape of
    /// one of them. Every learner judges its values by it.
    #[must_use]
    pub fn judge(&self, loss: &Loss, values: &[f64], shape: Shape, batch: &Minibatch) -> (f64, Vec<f64>) {
        let (found, mut gradient) = self.logits.cross_entropy(values, shape, batch, &self.targets);
        gradient.iter_mut().for_each(|value| *value *= loss.factor);
        (found, gradient)
    }
}

/// How a network is tested. Nodes are those of the part, where there is one.
#[derive(Clone, Copy, Debug, Default)]
pub struct Test<'a> {
    /// The part of the network that is run; all of it if there is none.
    pub part: Option<&'a Part>,
    /// By what weights sums add their terms, in place of the graph's; each sum once.
    pub mixtures: &'a [Mixture],
    /// The batch normalisations that normalise by the batch's own statistics all the same, as those do that keep none.
    pub by_batch: &'a [NodeId],
}

/// Checks that a test fits the graph that is run and the minibatch; every learner calls it first.
///
/// # Errors
/// If an image has another shape, or the test names what is not there.
pub fn check_test(graph: &Graph, batch: &Minibatch, test: &Test<'_>) -> Result<(), EngineError> {
    check_batch_of(graph, batch)?;
    Mixture::check(graph, test.mixtures)?;
    let nodes = graph.nodes().len();
    test.by_batch.iter().try_for_each(|id| match graph.nodes().get(id.0) {
        None => Err(EngineError::UnknownNode { node: id.0, nodes }),
        Some(Node { operator: Operator::BatchNorm { .. }, .. }) => Ok(()),
        Some(node) => Err(EngineError::Learning { problem: format!("`{}` is not a batch normalisation", node.name) }),
    })
}

/// Checks that a lesson fits the graph that is run and the minibatch; every learner calls it first.
///
/// # Errors
/// If an image has another shape or a label that is not a class, or the lesson names what is not there.
pub fn check_lesson(graph: &Graph, batch: &Minibatch, lesson: &Lesson<'_>) -> Result<(), EngineError> {
    check_batch_of(graph, batch)?;
    let refuse = |problem: String| Err(EngineError::Learning { problem });
    if lesson.losses.is_empty() {
        return refuse("a step needs a loss".into());
    }
    Mixture::check(graph, lesson.mixtures)?;
    let nodes = graph.nodes().len();
    let named = lesson.losses.iter().map(|loss| loss.node).chain(lesson.dropped.iter().map(|dropped| dropped.node));
    if let Some(node) = named.into_iter().find(|node| node.0 >= nodes) {
        return Err(EngineError::UnknownNode { node: node.0, nodes });
    }
    for loss in lesson.losses {
        let node = graph.node(loss.node);
        if let Some(problem) = lesson.logits.problem(node.shape, batch) {
            return refuse(format!("the loss at `{}` {problem}", node.name));
        }
        let classes = lesson.logits.classes(node.shape);
        let expected = lesson.logits.rows(batch.len(), batch.shape()) * classes;
        match &lesson.targets {
            Targets::Given(values) if values.len() != expected => {
                return refuse(format!("the loss at `{}` needs {expected} targets, was given {}", node.name, values.len()));
            }
            Targets::Given(_) => {}
            Targets::Labels { .. } => {
                if let Some(label) = batch.labels().iter().find(|label| **label as usize >= classes) {
                    return Err(EngineError::Label { label: *label, node: node.name.clone(), classes });
                }
            }
        }
    }
    for (position, Dropped { node, factors }) in lesson.dropped.iter().enumerate() {
        let name = &graph.node(*node).name;
        if factors.len() != batch.len() {
            return refuse(format!("`{name}` is dropped by {} factors, but there are {} images", factors.len(), batch.len()));
        }
        if lesson.dropped[..position].iter().any(|earlier| earlier.node == *node) {
            return refuse(format!("`{name}` is dropped twice"));
        }
    }
    Ok(())
}

/// Checks that there are minibatches to measure statistics on and that they fit the graph, all before the first is looked at.
pub(super) fn check_batches(graph: &Graph, batches: &[Minibatch]) -> Result<(), EngineError> {
    if batches.is_empty() {
        return Err(EngineError::EmptyBatch);
    }
    batches.iter().try_for_each(|batch| check_batch_of(graph, batch))
}

/// The mean over rows of −Σ target · log softmax(logits), and its gradient with respect to the logits.
#[must_use]
pub fn cross_entropy(logits: &[f64], targets: &[f64], classes: usize) -> (f64, Vec<f64>) {
    let rows = (logits.len() / classes.max(1)) as f64;
    let mut total = 0.0;
    let mut gradient = Vec::with_capacity(logits.len());
    for (row, targets) in logits.chunks(classes.max(1)).zip(targets.chunks(classes.max(1))) {
        let most = row.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let first = gradient.len();
        gradient.extend(row.iter().map(|logit| (logit - most).exp()));
        let sum: f64 = gradient[first..].iter().sum();
        let (wanted, logarithm): (f64, f64) = (targets.iter().sum(), sum.ln());
        for ((logit, target), gradient) in row.iter().zip(targets).zip(&mut gradient[first..]) {
            total -= target * (logit - most - logarithm);
            *gradient = (*gradient / sum * wanted - target) / rows;
        }
    }
    (total / rows, gradient)
}

impl Logits {
    /// The mean cross-entropy over the rows of these values, and its gradient with respect to them.
    #[must_use]
    pub fn cross_entropy(self, values: &[f64], shape: Shape, batch: &Minibatch, targets: &Targets) -> (f64, Vec<f64>) {
        let classes = self.classes(shape);
        // A row a pixel takes hundreds of megabytes for a whole batch: image by image.
        let each = if self == Self::Pixels { 1 } else { batch.len().max(1) };
        let parts = (batch.len().max(1) / each) as f64;
        let (labels, count) = (self.labels(batch), self.rows(each, batch.shape()));
        let (mut total, mut gradient) = (0.0, Vec::with_capacity(values.len()));
        for (number, values) in values.chunks((each * shape.elements()).max(1)).enumerate() {
            let targets = match targets {
                Targets::Labels { .. } => targets.probabilities(&labels[number * count..][..count], classes),
                Targets::Given(all) => all[number * count * classes..][..count * classes].to_vec(),
            };
            let (found, rows) = cross_entropy(&self.read(values, shape, batch.shape()), &targets, classes);
            total += found / parts;
            gradient.extend(self.back(rows, shape, batch.shape()).into_iter().map(|value| value / parts));
        }
        (total, gradient)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_gradient_of_the_cross_entropy_is_that_of_finite_differences() {
        let logits = [0.3, -1.2, 2.0, 0.1, 0.2, -0.4];
        let targets = Targets::Labels { smoothing: 0.1 }.probabilities(&[2, 0], 3);
        assert!((targets.iter().sum::<f64>() - 2.0).abs() < 1e-12 && (targets[2] - (0.9 + 0.1 / 3.0)).abs() < 1e-12);
        let (loss, gradient) = cross_entropy(&logits, &targets, 3);
        // −Σ target · log softmax, in Python.
        assert!((loss - 0.687_957_1).abs() < 1e-6, "{loss}");
        for position in 0..logits.len() {
            let moved = |by: f64| {
                let mut logits = logits;
                logits[position] += by;
                cross_entropy(&logits, &targets, 3).0
            };
            let slope = (moved(1e-6) - moved(-1e-6)) / 2e-6;
            assert!((slope - gradient[position]).abs() < 1e-8, "{slope} instead of {}", gradient[position]);
        }
    }
}
