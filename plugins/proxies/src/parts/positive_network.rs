//! A network whose parameters are replaced by their absolute values: all signals in it are positive, so none cancel.

use std::ops::Range;

use assay_core::data::Minibatch;
use assay_core::engine::{Answer, Ask, Engine, EngineError, Objective, Precision, Wanted};
use assay_core::graph::{Graph, Operator};
use assay_core::network::{Network, batch_norms};
use assay_core::plugin::{ProxyError, looked_up};

use crate::parts::rewrite::{rewrite, with_parameters};

assay_core::words! {
    /// Which batch normalisations a positive network keeps.
    pub enum Norms {
        /// None: each is replaced by the identity.
        None = "none" as "without batch normalisation",
        /// Those inside blocks that change the size of the maps.
        Reductions = "reductions" as "batch normalisation in reductions only",
        /// All of them.
        All = "all" as "with batch normalisation",
    }
}

/// The network with absolute parameters and only these normalisations, with its biases or without.
///
/// # Errors
/// That the flow does not exist, where the network takes no images, or where it is not known which blocks are reductions.
pub fn positive(network: &Network, norms: Norms, biases: bool) -> Result<Network, ProxyError> {
    if let Some((table, _)) = looked_up(network.graph()).next() {
        let name = &table.name;
        return Err(ProxyError::Undefined(format!(
            "the flow is that of an image of ones, and the network reads whole numbers, which `{name}` looks up"
        )));
    }
    if norms == Norms::Reductions && network.graph().blocks().is_empty() && batch_norms(network.graph()).next().is_some() {
        return Err(ProxyError::Undefined("the network marks no blocks, so it is not known which normalisations are in reductions".into()));
    }
    let reductions = if norms == Norms::Reductions { reductions(network.graph()) } else { Vec::new() };
    let graph = rewrite(network.graph(), |builder, node, id, inputs| {
        let operator = match &node.operator {
            Operator::BatchNorm { .. } if norms != Norms::All && !reductions.iter().any(|block| block.contains(&id.0)) => {
                return Ok(inputs[0]);
            }
            Operator::Conv2d(conv) => Operator::Conv2d(conv.bias(conv.bias && biases)),
            Operator::Linear { out_features, bias, axis } => {
                Operator::Linear { out_features: *out_features, bias: *bias && biases, axis: *axis }
            }
            other => other.clone(),
        };
        builder.add(node.name.clone(), operator, inputs)
    })?;
    with_parameters(graph, network, |_, value| value.map(f32::abs))
}

/// The positions of the nodes of each block whose output has maps of another size than the block's before it.
fn reductions(graph: &Graph) -> Vec<Range<usize>> {
    let size = |block: usize| (graph.nodes()[block].shape.height, graph.nodes()[block].shape.width);
    let pairs = graph.blocks().windows(2).map(|pair| (pair[0].0, pair[1].0));
    pairs.filter(|(before, after)| size(*before) != size(*after)).map(|(before, after)| before + 1..after + 1).collect()
}

/// The gradient of the sum of all outputs for one image of ones with respect to every parameter, in float64.
///
/// # Errors
/// Those of the engine.
pub fn flow(network: &Network, engine: &dyn Engine) -> Result<(Objective, Answer), EngineError> {
    let shape = network.graph().input_shape();
    let ones = Minibatch::new(shape, vec![1.0; shape.elements()], vec![0]);
    let objective = Objective::output_sum(network.graph());
    let ask = Ask::new().gradients(objective.clone(), Wanted::parameters());
    Ok((objective, engine.pass(network, &ones, &ask, Precision::F64)?))
}
