//! The weights of a sum, given with each step, and their gradients: how a search mixes operators.

use crate::engine::EngineError;
use crate::graph::{Graph, NodeId, Operator};

/// By what weights a [`WeightedSum`](Operator::WeightedSum) adds its terms.
#[derive(Clone, Debug, PartialEq)]
pub struct Mixture {
    /// The sum.
    pub node: NodeId,
    /// One weight a term, in their order.
    pub weights: Vec<f64>,
}

/// The gradients of the objective with respect to the weights of a sum. All are 0 where no loss depends on the sum.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct MixtureGradient {
    /// With respect to the weight of each term: Σ of the gradient at the sum times the term's value.
    pub terms: Vec<f64>,
    /// With respect to a number that would be added to every element of the sum: Σ of the gradient at the sum.
    pub constant: f64,
}

impl MixtureGradient {
    /// That of a sum of so many terms that no loss depends on.
    #[must_use]
    pub fn zero(terms: usize) -> Self {
        Self { terms: vec![0.0; terms], constant: 0.0 }
    }
}

impl Mixture {
    /// Checks that these mixtures fit a graph.
    ///
    /// # Errors
    /// If one is not of a sum, has another number of weights, or comes twice.
    pub(super) fn check(graph: &Graph, mixtures: &[Self]) -> Result<(), EngineError> {
        let nodes = graph.nodes().len();
        for (position, Self { node, weights }) in mixtures.iter().enumerate() {
            let own = graph.nodes().get(node.0).ok_or(EngineError::UnknownNode { node: node.0, nodes })?;
            let name = &own.name;
            let problem = match &own.operator {
                Operator::WeightedSum { weights: terms } if terms.len() != weights.len() => {
                    format!("the sum `{name}` has {} terms, was given {} weights", terms.len(), weights.len())
                }
                Operator::WeightedSum { .. } if mixtures[..position].iter().any(|earlier| earlier.node == *node) => {
                    format!("the sum `{name}` is given weights twice")
                }
                Operator::WeightedSum { .. } => continue,
                _ => format!("`{name}` is not a sum, so it has no terms to weigh"),
            };
            return Err(EngineError::Learning { problem });
        }
        Ok(())
    }

    /// The weights that are given to a sum; its own if there are none.
    #[must_use]
    pub fn weights_of(mixtures: &[Self], node: NodeId) -> Option<&[f64]> {
        mixtures.iter().find(|mixture| mixture.node == node).map(|mixture| mixture.weights.as_slice())
    }
}
