//! The gradient of the loss at initialisation, layer by layer: what the pruning proxies are made of.

use assay_core::data::Minibatch;
use assay_core::engine::{Ask, EngineError, Gradients, Objective, Wanted};
use assay_core::graph::{Graph, NodeId, Operator, ParameterRole, ParameterSpec};
use assay_core::network::Network;
use assay_core::plugin::{AskError, Measured};

/// One convolution or linear layer.
pub struct Layer<'a> {
    /// Its weight.
    pub spec: &'a ParameterSpec,
    /// The weight's values.
    pub weight: &'a [f32],
    /// The gradient of an objective with respect to them.
    pub gradient: &'a [f64],
}

impl Layer<'_> {
    /// weight · gradient, value by value.
    pub fn products(&self) -> impl Iterator<Item = f64> {
        self.weight.iter().zip(self.gradient).map(|(weight, gradient)| f64::from(*weight) * gradient)
    }
}

/// The weights of every convolution and linear layer, by position among the graph's parameters. Biases, batch normalisation and
/// tables of vectors are not among them: the released code of Zero-Cost NAS (`get_layer_metric_array`) takes the weights of
/// `nn.Conv2d` and `nn.Linear` alone, and so do the implementations that go back to it.
pub fn weights(graph: &Graph) -> impl Iterator<Item = (usize, &ParameterSpec)> {
    let is_table = |spec: &ParameterSpec| matches!(graph.node(spec.node).operator, Operator::Embedding { .. });
    graph.parameters().iter().enumerate().filter(move |(_, spec)| spec.role == ParameterRole::Weight && !is_table(spec))
}

/// The nodes of the convolutions and linear layers.
pub fn weighted_nodes(graph: &Graph) -> Vec<NodeId> {
    weights(graph).map(|(_, spec)| spec.node).collect()
}

/// Asks for the gradient of the mean cross-entropy with respect to every parameter.
///
/// # Errors
/// As [`check`].
pub fn ask(network: &Network, batch: &Minibatch) -> Result<Ask, AskError> {
    check(network.graph(), batch)?;
    Ok(Ask::new().gradients(Objective::cross_entropy(network.graph()), Wanted::parameters()))
}

/// Makes sure that the network has a cross-entropy with these labels, and weights that can have a gradient of it.
///
/// # Errors
/// That a score does not exist which is made of that gradient.
pub fn check(graph: &Graph, batch: &Minibatch) -> Result<(), AskError> {
    let labels = batch.labels_of_each();
    if labels <= 1 {
        return check_vector(graph);
    }
    let output = graph.node(graph.output());
    if output.shape.channels != labels {
        let because = format!("the output `{}` ({}) does not have logits for each of {labels} labels", output.name, output.shape);
        return Err(AskError::Undefined(because));
    }
    check_weights(graph)
}

/// Makes sure that the network's output is a vector of logits, and that it has weights.
///
/// # Errors
/// That a score does not exist which is made of both.
pub fn check_vector(graph: &Graph) -> Result<(), AskError> {
    let output = graph.node(graph.output());
    if output.shape.axes().iter().filter(|extent| **extent > 1).count() > 1 {
        let because = format!("the output `{}` ({}) is not a vector with a number for each class", output.name, output.shape);
        return Err(AskError::Undefined(because));
    }
    check_weights(graph)
}

fn check_weights(graph: &Graph) -> Result<(), AskError> {
    if weights(graph).next().is_none() {
        return Err(AskError::Undefined("the network has no convolution and no linear layer".into()));
    }
    Ok(())
}

/// The layers of a pass that was asked for [`ask`].
///
/// # Errors
/// If it was not.
pub fn layers<'a>(measured: &Measured<'a>) -> Result<Vec<Layer<'a>>, EngineError> {
    layers_of(measured.network, measured.answer.gradients(&Objective::cross_entropy(measured.network.graph()))?)
}

/// The layers with their gradients.
///
/// # Errors
/// If the gradients of the parameters were not asked for.
pub fn layers_of<'a>(network: &'a Network, gradients: &'a Gradients) -> Result<Vec<Layer<'a>>, EngineError> {
    let all = gradients.parameters()?;
    let of = |(position, spec): (usize, &'a ParameterSpec)| Layer { spec, weight: network.parameter(position), gradient: &all[position] };
    Ok(weights(network.graph()).map(of).collect())
}
