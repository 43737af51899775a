//! What can be measured on a [`Network`] and a [`Minibatch`]: the contract between proxies and backends.
//!
//! A proxy never sees a tensor library: it asks an [`Engine`] and receives plain numbers. An [`Ask`] says what one pass
//! is to compute. The engines themselves are plugins, in crates of their own: each registers an [`EngineFactory`].

mod ask;
mod factory;
mod fallback;
mod gram;
mod jacobian;
pub mod learner;
mod memory;
mod patterns;
pub mod profile;

pub use ask::{Answer, Ask, Cotangent, Gradients, Moments, Objective, Wanted, cotangent};
pub use factory::{EngineFactory, Resources};
pub use fallback::WithFallback;
pub use gram::{ConditionNumber, Gram};
pub use jacobian::{JacobianOf, ParameterElement};
pub use memory::{MemoryBudget, MemoryLimit};
pub use patterns::Patterns;

use std::num::NonZeroUsize;
use std::sync::Arc;

use self::learner::{Learner, Lesson, Rules, StepMemory};
use crate::data::Minibatch;
use crate::graph::{Graph, NodeId, Operator};
use crate::network::Network;

crate::words! {
    /// The floating-point type a measurement is computed in.
    #[derive(Default, Hash)]
    pub enum Precision {
        /// 32-bit floats, as the published implementations.
        #[default]
        F32 = "f32" as "float32",
        /// 64-bit floats.
        F64 = "f64" as "float64",
    }
}

/// Why a measurement failed. This is a fault of the run, unlike an undefined score.
#[derive(Clone, Debug, thiserror::Error)]
pub enum EngineError {
    /// The images do not have the shape the network was built for.
    #[error("the network takes images of {expected}, the minibatch has {given}")]
    InputShape {
        /// What the graph expects.
        expected: crate::graph::Shape,
        /// What the minibatch holds.
        given: crate::graph::Shape,
    },
    /// The minibatch has no image.
    #[error("the minibatch is empty")]
    EmptyBatch,
    /// A cotangent has another length than its node's value.
    #[error("a cotangent needs {expected} values (as many as its node has over the batch), was given {given}")]
    CotangentLength {
        /// Batch × elements of the node.
        expected: usize,
        /// Values given.
        given: usize,
    },
    /// A value is not made of a row of logits for each label.
    #[error("an image has {labels} labels, and node `{node}` ({shape}) does not have as many rows of logits")]
    Labels {
        /// Labels of an image.
        labels: usize,
        /// The node whose cross-entropy was asked for.
        node: String,
        /// Its shape.
        shape: crate::graph::Shape,
    },
    /// A label is not a class of the network.
    #[error("an image has label {label}, but node `{node}` has {classes} classes (labels count from 0)")]
    Label {
        /// The label.
        label: u32,
        /// The node whose cross-entropy was asked for.
        node: String,
        /// Elements of a row of its logits.
        classes: usize,
    },
    /// An embedding reads something else than the numbers of its vectors.
    #[error("node `{node}` has {count} vectors, whose numbers are 0 to {}, and reads {found}; give it images of whole numbers", count - 1)]
    NotANumberOf {
        /// The embedding.
        node: String,
        /// How many vectors it has.
        count: usize,
        /// What it reads.
        found: f64,
    },
    /// A node that the graph does not have.
    #[error("the ask names node {node}, but the network has {nodes} nodes")]
    UnknownNode {
        /// The position asked for.
        node: usize,
        /// How many nodes there are.
        nodes: usize,
    },
    /// Something is read from an answer that its ask did not name.
    #[error("{what} cannot be read: the ask did not name it")]
    NotAsked {
        /// What was read.
        what: String,
    },
    /// A parameter that the network does not have, or a number that it does not hold.
    #[error("the network has no number {element} of parameter {parameter}")]
    NoElement {
        /// The parameter asked for.
        parameter: usize,
        /// The position in it.
        element: usize,
    },
    /// There is not enough memory, however the work is split.
    #[error("{}", too_little(*needed_mib, *available_mib, *calls))]
    Memory {
        /// What the call needs with as few values at a time as possible.
        needed_mib: usize,
        /// What all calls at once may take.
        available_mib: usize,
        /// How many calls at once share that, one a thread.
        calls: usize,
        /// What the same call needs with a batch of one image, where it has more.
        one_image_mib: Option<usize>,
    },
    /// A step of learning cannot be made as it was asked for.
    #[error("{problem}")]
    Learning {
        /// What is wrong.
        problem: String,
    },
    /// A part is not one of the network that learns.
    #[error(transparent)]
    Part(#[from] learner::PartError),
    /// A learner cannot go on from a state.
    #[error(transparent)]
    State(#[from] learner::StateError),
    /// The engine cannot compute this.
    #[error("engine `{engine}` {problem}")]
    Unsupported {
        /// The engine's name.
        engine: String,
        /// What it cannot do, and what to do instead.
        problem: String,
    },
}

fn too_little(needed: usize, available: usize, calls: usize) -> String {
    const SMALLER: &str = "use a smaller batch or fewer channels, or free memory";
    let needs = format!("this network and batch need {needed} MiB of memory at the least");
    if calls <= 1 {
        return format!("{needs}, but only {available} MiB are available: {SMALLER}");
    }
    let all = needed.saturating_mul(calls);
    let fit = available.checked_div(needed).unwrap_or(calls);
    let advice = if fit == 0 { SMALLER.to_owned() } else { format!("use {fit} of the threads (threads = {fit}), or {SMALLER}") };
    format!("{needs}, on {calls} threads {all} MiB, but only {available} MiB are available: {advice}")
}

/// The result of a forward pass.
#[derive(Clone, Debug)]
pub struct Forward {
    /// The network's output, `[batch, outputs]`, row-major.
    pub output: Vec<f64>,
    /// The values of the nodes asked for, each `[batch, channels, height, width]`, in the order they were asked for.
    pub taps: Vec<Vec<f64>>,
}

/// Measures networks. Batch normalisation uses the batch's own statistics, so samples of a batch are coupled; in a network that is
/// [in inference mode](Network::by_running) it uses the running ones, which no gradient goes through.
///
/// Implementations are deterministic: equal arguments give bit-identical results on one machine, on any thread.
/// One call runs on one thread; callers that have several cores make several calls, and where they have fewer calls
/// than cores, [`on_threads`](Self::on_threads).
pub trait Engine: Send + Sync {
    /// A name for logs and protocols: `cpu`, `burn-flex`.
    fn name(&self) -> String;

    /// This engine with `threads` threads a call and the same results, or `None` if it cannot use several.
    fn on_threads(&self, threads: NonZeroUsize) -> Option<Box<dyn Engine>> {
        let _ = threads;
        None
    }

    /// This engine for one call at a time, which has all the memory that calls at once share, with `threads` threads and the same
    /// results; `None` if it does not share out memory.
    fn alone(&self, threads: NonZeroUsize) -> Option<Box<dyn Engine>> {
        let _ = threads;
        None
    }

    /// Checks that it can run every node of this graph. To be asked before a network is made of it.
    ///
    /// # Errors
    /// If there is a node that it cannot run; the message names it.
    fn supports(&self, graph: &Graph) -> Result<(), EngineError> {
        let _ = graph;
        Ok(())
    }

    /// Whether a measurement may take this many bytes for its network and images, as far as the engine knows. To be asked
    /// before they are made; what else a call needs, it finds out itself before it takes it.
    ///
    /// # Errors
    /// If there is not enough memory.
    fn room(&self, bytes: usize) -> Result<(), EngineError> {
        let _ = bytes;
        Ok(())
    }

    /// Runs the network forward once, and backward once an objective, and returns what is asked for.
    ///
    /// Merged asks have the answers of the asks by themselves, to the last bit where they name only the images, the
    /// graph's [blocks](Graph::blocks), nodes with parameters and the output; a value or gradient asked for elsewhere may
    /// change how others are rounded.
    ///
    /// # Errors
    /// If the minibatch or a cotangent does not fit the network.
    fn pass(&self, network: &Network, batch: &Minibatch, ask: &Ask, precision: Precision) -> Result<Answer, EngineError>;

    /// Gives the gradients of an objective with respect to every parameter for each image alone, as if each were a
    /// batch of one, with statistics of its own in training mode: `visit` is called once an image, in order, with one list a
    /// parameter. A given cotangent is that of one image.
    ///
    /// # Errors
    /// If the minibatch or a cotangent does not fit the network.
    fn gradients_by_image(
        &self,
        network: &Network,
        batch: &Minibatch,
        objective: &Objective,
        precision: Precision,
        visit: &mut dyn FnMut(&[Vec<f64>]),
    ) -> Result<(), EngineError> {
        check_batch(network, batch)?;
        let ask = Ask::new().gradients(objective.clone(), Wanted::parameters());
        for image in 0..batch.len() {
            let answer = self.pass(network, &batch.part(image, 1), &ask, precision)?;
            visit(answer.gradients(objective)?.parameters()?);
        }
        Ok(())
    }

    /// Gives, for each image alone as in [`gradients_by_image`](Self::gradients_by_image), the derivatives of the output times each
    /// cotangent with respect to chosen elements of parameters: `visit` is called once an image, in order, with
    /// `[cotangents][elements]`.
    ///
    /// # Errors
    /// If the minibatch, a cotangent or an element does not fit the network.
    fn jacobians_by_image(
        &self,
        network: &Network,
        batch: &Minibatch,
        of: JacobianOf<'_>,
        precision: Precision,
        visit: &mut dyn FnMut(&[f64]),
    ) -> Result<(), EngineError> {
        jacobian::by_gradients(self, network, batch, of, precision, visit)
    }

    /// Runs the network forward and returns its output and the values of the `taps`.
    ///
    /// # Errors
    /// If the minibatch does not fit the network.
    fn forward(&self, network: &Network, batch: &Minibatch, taps: &[NodeId], precision: Precision) -> Result<Forward, EngineError> {
        let answer = self.pass(network, batch, &Ask::new().values(taps), precision)?;
        let taps = taps.iter().map(|tap| answer.value(*tap).map(<[f64]>::to_vec)).collect::<Result<_, _>>()?;
        Ok(Forward { output: answer.output, taps })
    }

    /// The gradient of Σ cotangent · output with respect to each parameter, in the order of
    /// [`Graph::parameters`](crate::graph::Graph::parameters). `cotangent` is `[batch, outputs]`.
    /// Parameters that the output does not depend on get zeros.
    ///
    /// # Errors
    /// If the minibatch or the cotangent does not fit the network.
    fn gradients(
        &self,
        network: &Network,
        batch: &Minibatch,
        cotangent: &[f64],
        precision: Precision,
    ) -> Result<Vec<Vec<f64>>, EngineError> {
        let objective = Objective { node: network.graph().output(), cotangent: Cotangent::Given(cotangent.into()) };
        let answer = self.pass(network, batch, &Ask::new().gradients(objective.clone(), Wanted::parameters()), precision)?;
        answer.gradients(&objective)?.parameters().map(<[_]>::to_vec)
    }

    /// The signs of every ReLU's output on every image: one bit a unit, set where the output is positive.
    ///
    /// # Errors
    /// If the minibatch does not fit the network.
    fn relu_patterns(&self, network: &Network, batch: &Minibatch) -> Result<Patterns, EngineError> {
        self.pass(network, batch, &Ask::new().patterns(), Precision::F32)?.patterns().cloned()
    }

    /// The tangent Gram matrix J Jᵀ: row i of J is the gradient of Σ_c output[i, c] with respect to every parameter
    /// whose name contains `weight` (see [`is_named_weight`](crate::graph::ParameterSpec::is_named_weight)),
    /// differentiated through the whole batch (TE-NAS, Eq. 2, as its released code computes it).
    ///
    /// # Errors
    /// If the minibatch does not fit the network.
    fn tangent_gram(&self, network: &Network, batch: &Minibatch, precision: Precision) -> Result<Gram, EngineError>;

    /// Makes a learner that begins with this network's parameters and initial running statistics; steps are in training mode. Its calls use as many
    /// threads as this engine's.
    ///
    /// # Errors
    /// If the engine cannot learn, or not by these rules.
    fn learner(&self, network: Network, rules: &Rules) -> Result<Box<dyn Learner>, EngineError> {
        let _ = (network, rules);
        Err(EngineError::Unsupported { engine: self.name(), problem: "cannot learn; use another engine".into() })
    }

    /// What a step of a [learner](Self::learner) of this graph takes: this lesson, on so many images. `None` if the engine does not
    /// know. To be asked before the network is made.
    fn step_memory(&self, graph: &Arc<Graph>, lesson: &Lesson<'_>, images: usize, rules: &Rules) -> Option<StepMemory> {
        let _ = (graph, lesson, images, rules);
        None
    }
}

/// Checks that a minibatch fits a network; every engine calls it first.
///
/// # Errors
/// If the batch is empty or its images have another shape.
pub fn check_batch(network: &Network, batch: &Minibatch) -> Result<(), EngineError> {
    check_batch_of(network.graph(), batch)
}

/// Checks that a minibatch fits a graph.
///
/// # Errors
/// If the batch is empty or its images have another shape.
pub fn check_batch_of(graph: &Graph, batch: &Minibatch) -> Result<(), EngineError> {
    let expected = graph.input_shape();
    if batch.shape() != expected {
        return Err(EngineError::InputShape { expected, given: batch.shape() });
    }
    if batch.is_empty() {
        return Err(EngineError::EmptyBatch);
    }
    Ok(())
}

/// Checks that what is asked for exists and that cotangents fit; every engine calls it before a pass.
///
/// # Errors
/// If the ask names a node that is not there, or a cotangent or label does not fit.
pub fn check_ask(network: &Network, batch: &Minibatch, ask: &Ask) -> Result<(), EngineError> {
    check_batch(network, batch)?;
    let graph = network.graph();
    let nodes = graph.nodes().len();
    if let Some(node) = ask.named().into_iter().find(|node| node.0 >= nodes) {
        return Err(EngineError::UnknownNode { node: node.0, nodes });
    }
    for (objective, _) in &ask.gradients {
        let node = graph.node(objective.node);
        let classes = node.shape.elements();
        match &objective.cotangent {
            Cotangent::Given(values) if values.len() != batch.len() * classes => {
                return Err(EngineError::CotangentLength { expected: batch.len() * classes, given: values.len() });
            }
            Cotangent::CrossEntropy => {
                let labels = batch.labels_of_each();
                if labels > 1 && node.shape.channels != labels {
                    return Err(EngineError::Labels { labels, node: node.name.clone(), shape: node.shape });
                }
                let classes = classes / labels.max(1);
                if let Some(label) = batch.labels().iter().find(|label| **label as usize >= classes) {
                    return Err(EngineError::Label { label: *label, node: node.name.clone(), classes });
                }
            }
            _ => {}
        }
    }
    Ok(())
}

/// The ReLUs whose units make an activation pattern, in the order of its bits: those that the output depends on. One with a
/// largest value, as ReLU6, is one too, as it is to NASWOT's code.
#[must_use]
pub fn relus(graph: &Graph) -> Vec<NodeId> {
    let needed = graph.needed_by(&[]);
    let nodes = graph.nodes().iter().zip(needed).enumerate();
    let is_relu = |operator: &Operator| match operator {
        Operator::Relu => true,
        Operator::Activation(activation) => activation.is_clipped_relu(),
        _ => false,
    };
    nodes.filter(|(_, (node, needed))| *needed && is_relu(&node.operator)).map(|(position, _)| NodeId(position)).collect()
}
