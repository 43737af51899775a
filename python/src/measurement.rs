//! What a Python proxy reads of a pass: the network, the images, and what was measured, lent without a copy.

use std::sync::Arc;

use assay_core::data::Minibatch;
use assay_core::engine::{Answer, EngineError, Gradients, Gram, Moments, Objective};
use assay_core::graph::{Graph, Node, NodeId, ParameterRole, Shape};
use assay_core::network::Network;
use assay_core::plugin::Shared;
use assay_core::stream::Stream;
use pyo3::exceptions::{PyIndexError, PyLookupError};
use pyo3::prelude::*;
use rand::RngExt;
use serde_json::{Value, json};

use crate::lent::Lent;

/// A pass that was run. It stays for as long as Python reads something of it.
#[pyclass(frozen, module = "assay._native")]
pub(crate) struct Measurement {
    network: Arc<Network>,
    batch: Arc<Minibatch>,
    answer: Arc<Answer>,
    gram: Option<Arc<Gram>>,
    stream: Stream,
}

/// The objectives, by the names that Python has for them.
pub(crate) fn objective(name: &str, graph: &Graph) -> Option<Objective> {
    match name {
        "cross-entropy" => Some(Objective::cross_entropy(graph)),
        "output-sum" => Some(Objective::output_sum(graph)),
        _ => None,
    }
}

fn role(role: ParameterRole) -> &'static str {
    match role {
        ParameterRole::Weight => "weight",
        ParameterRole::Bias => "bias",
        ParameterRole::Scale => "scale",
        ParameterRole::Offset => "offset",
        ParameterRole::Other => "other",
    }
}

/// The axes of a value for one image: those of maps, or all that are not 1.
fn axes(shape: Shape) -> Vec<usize> {
    let mut axes = shape.axes().to_vec();
    while axes.len() > 3 && axes.last() == Some(&1) {
        axes.pop();
    }
    axes
}

/// What was read and not asked for.
fn not_asked(error: EngineError) -> PyErr {
    PyLookupError::new_err(format!("{error}; say it in `ask` of @assay.proxy"))
}

fn moments(answer: &Answer, node: usize) -> PyResult<&Moments> {
    answer.moments(NodeId(node)).map_err(not_asked)
}

impl Measurement {
    pub(crate) fn new(pass: &Shared<'_>, gram: Option<Gram>, stream: &Stream) -> Self {
        let (network, batch, answer) = (Arc::clone(pass.network), Arc::clone(pass.batch), Arc::clone(pass.answer));
        Self { network, batch, answer, gram: gram.map(Arc::new), stream: stream.child("python") }
    }

    fn node(&self, node: usize) -> PyResult<&Node> {
        let nodes = self.network.graph().nodes();
        nodes.get(node).ok_or_else(|| PyIndexError::new_err(format!("there is no node {node} among {}", nodes.len())))
    }

    /// The shape of a node's value over the minibatch.
    fn shape(&self, node: usize) -> PyResult<Vec<usize>> {
        let axes = axes(self.node(node)?.shape);
        Ok(std::iter::once(self.batch.len()).chain(axes).collect())
    }

    fn parameter_shape(&self, parameter: usize) -> PyResult<&[usize]> {
        let parameters = self.network.graph().parameters();
        let spec = parameters.get(parameter);
        let spec = spec.ok_or_else(|| PyIndexError::new_err(format!("there is no parameter {parameter} among {}", parameters.len())))?;
        Ok(&spec.shape)
    }

    /// What is read of the gradients of an objective.
    fn of_gradients(
        &self,
        name: &str,
        shape: &[usize],
        of: impl for<'a> FnOnce(&'a Gradients) -> Result<&'a [f64], EngineError>,
    ) -> PyResult<Lent> {
        let objective = objective(name, self.network.graph());
        let objective = objective
            .ok_or_else(|| PyLookupError::new_err(format!("there is no objective `{name}`; there are cross-entropy and output-sum")))?;
        Lent::of(&self.answer, shape, |answer| of(answer.gradients(&objective).map_err(not_asked)?).map_err(not_asked))
    }
}

#[pymethods]
impl Measurement {
    /// Nodes, parameters, blocks and output of the network, as JSON.
    fn structure(&self) -> String {
        let graph = self.network.graph();
        let node = |node: &Node| {
            let inputs: Vec<usize> = node.inputs.iter().map(|input| input.0).collect();
            json!({"name": node.name, "operator": node.operator.kind(), "inputs": inputs, "shape": axes(node.shape)})
        };
        let parameters = graph.parameters().iter().map(|spec| {
            json!({"name": spec.path, "node": spec.node.0, "role": role(spec.role), "shape": spec.shape, "fan_in": spec.fan_in,
                   "fan_out": spec.fan_out})
        });
        let blocks: Vec<usize> = graph.blocks().iter().map(|block| block.0).collect();
        json!({"nodes": graph.nodes().iter().map(node).collect::<Vec<Value>>(), "parameters": parameters.collect::<Vec<Value>>(),
               "blocks": blocks, "output": graph.output().0})
        .to_string()
    }

    /// The values of a parameter, float32.
    fn parameter(&self, parameter: usize) -> PyResult<Lent> {
        Lent::of(&self.network, self.parameter_shape(parameter)?, |network| Ok(network.parameter(parameter)))
    }

    /// The images, float32.
    fn pixels(&self) -> PyResult<Lent> {
        let shape: Vec<usize> = std::iter::once(self.batch.len()).chain(axes(self.batch.shape())).collect();
        Lent::of(&self.batch, &shape, |batch| Ok(batch.pixels()))
    }

    /// The labels, uint32, from 0.
    fn labels(&self) -> PyResult<Lent> {
        Lent::of(&self.batch, &[self.batch.len()], |batch| Ok(batch.labels()))
    }

    /// The network's output, float64, `[images, classes]`.
    fn output(&self) -> PyResult<Lent> {
        let classes = self.answer.output().len() / self.batch.len().max(1);
        Lent::of(&self.answer, &[self.batch.len(), classes], |answer| Ok(answer.output()))
    }

    /// A node's value, float64.
    fn value(&self, node: usize) -> PyResult<Lent> {
        Lent::of(&self.answer, &self.shape(node)?, |answer| answer.value(NodeId(node)).map_err(not_asked))
    }

    /// Mean and variance of each channel of a node, float64.
    fn moments(&self, node: usize) -> PyResult<(Lent, Lent)> {
        let channels = [self.node(node)?.shape.channels];
        let mean = Lent::of(&self.answer, &channels, |answer| Ok(moments(answer, node)?.mean.as_slice()))?;
        let variance = Lent::of(&self.answer, &channels, |answer| Ok(moments(answer, node)?.variance.as_slice()))?;
        Ok((mean, variance))
    }

    /// The signs of all ReLUs as packed bits, uint64, `[images, words]`; and how many ReLU units there are.
    fn patterns(&self) -> PyResult<(Lent, usize)> {
        let patterns = self.answer.patterns().map_err(not_asked)?;
        let (units, samples) = (patterns.units(), patterns.samples());
        let shape = [samples, patterns.words().len() / samples.max(1)];
        Ok((Lent::of(&self.answer, &shape, |answer| Ok(answer.patterns().map_err(not_asked)?.words()))?, units))
    }

    /// The gradient of an objective with respect to a parameter, float64.
    fn parameter_gradient(&self, objective: &str, parameter: usize) -> PyResult<Lent> {
        self.of_gradients(objective, self.parameter_shape(parameter)?, |gradients| Ok(gradients.parameters()?[parameter].as_slice()))
    }

    /// The gradient of an objective with respect to a node's value, float64.
    fn node_gradient(&self, objective: &str, node: usize) -> PyResult<Lent> {
        self.of_gradients(objective, &self.shape(node)?, |gradients| gradients.node(NodeId(node)))
    }

    /// Σ value · gradient over each map of a node, float64, `[images, channels]`.
    fn node_products(&self, objective: &str, node: usize) -> PyResult<Lent> {
        let shape = [self.batch.len(), self.node(node)?.shape.channels];
        self.of_gradients(objective, &shape, |gradients| gradients.products(NodeId(node)))
    }

    /// The tangent Gram matrix, float64, `[images, images]`.
    fn gram(&self) -> PyResult<Lent> {
        let gram = self
            .gram
            .as_ref()
            .ok_or_else(|| PyLookupError::new_err("the Gram matrix was not asked for; say it in `ask` of @assay.proxy"))?;
        Lent::of(gram, &[gram.order(), gram.order()], |gram| Ok(gram.entries()))
    }

    /// Four random words that depend on the seed, the measurement and the purpose alone.
    fn words(&self, purpose: &str) -> [u64; 4] {
        let mut rng = self.stream.child(purpose).rng();
        std::array::from_fn(|_| rng.random())
    }
}
