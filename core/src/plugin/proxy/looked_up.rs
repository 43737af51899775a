//! Networks that look their input up in a table: what can enter them.

use super::ProxyError;
use crate::data::Dataset;
use crate::graph::{Graph, GraphError, Node, Operator};

/// The tables that a network looks its input up in, each a node with how many vectors it has. A network with such reads whole
/// numbers: nothing else than moves of its input can enter them.
pub fn looked_up(graph: &Graph) -> impl Iterator<Item = (&Node, usize)> {
    graph.nodes().iter().filter_map(|node| match node.operator {
        Operator::Embedding { count, .. } => Some((node, count)),
        _ => None,
    })
}

/// Makes sure that what a dataset holds can enter a network.
///
/// # Errors
/// That nothing measured by images exists, where the network looks its input up and the dataset holds images. A fault where the dataset
/// is one of tokens and the network does not read them, or has no vector for some.
pub(super) fn takes(graph: &Graph, dataset: &dyn Dataset) -> Result<(), ProxyError> {
    let unfit = |problem: String| Err(GraphError::Unsupported(problem).into());
    match (looked_up(graph).min_by_key(|(_, count)| *count), dataset.tokens()) {
        (None, None) => Ok(()),
        (Some((node, _)), None) => Err(ProxyError::Undefined(format!(
            "the network reads whole numbers, which `{}` looks up, and images are not whole numbers: name a dataset of tokens",
            node.name
        ))),
        (None, Some(_)) => unfit("the network takes images, and the dataset holds tokens: name a dataset of images".into()),
        (Some((node, count)), Some(tokens)) if tokens.vocabulary() > count => unfit(format!(
            "`{}` has vectors for {count} tokens, and the dataset has {}: set its vocabulary to {count} or less",
            node.name,
            tokens.vocabulary()
        )),
        (Some(_), Some(_)) => Ok(()),
    }
}
