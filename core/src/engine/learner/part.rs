//! A part of a larger network: a graph whose parameters are some of the larger one's.

use std::borrow::Cow;
use std::sync::Arc;

use crate::graph::{Graph, NodeId};
use crate::network::batch_norms;

/// A graph that runs with the weights and running statistics of a larger one, which it finds by their paths: a single
/// architecture in its supernet.
#[derive(Clone, Debug, PartialEq)]
pub struct Part {
    graph: Arc<Graph>,
    parameters: Vec<usize>,
    norms: Vec<(NodeId, NodeId)>,
}

/// Why a graph is not part of another.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PartError {
    /// The larger network has no such parameter.
    #[error("the whole network has no parameter `{0}`, which its part has")]
    Parameter(String),
    /// A parameter has another shape there.
    #[error("parameter `{path}` has shape {whole:?} in the whole network and {part:?} in its part")]
    Shape {
        /// The parameter's path.
        path: String,
        /// Its shape in the whole network.
        whole: Vec<usize>,
        /// Its shape in the part.
        part: Vec<usize>,
    },
    /// The larger network has no such batch normalisation.
    #[error("the whole network has no batch normalisation `{0}` of as many channels, which its part has")]
    Norm(String),
    /// It was found in another network than the one that learns.
    #[error("this is a part of another network, where `{0}` has another place")]
    Other(String),
}

impl Part {
    /// All of a network.
    #[must_use]
    pub fn whole(graph: Arc<Graph>) -> Self {
        let parameters = (0..graph.parameters().len()).collect();
        let norms = batch_norms(&graph).map(|id| (id, id)).collect();
        Self { graph, parameters, norms }
    }

    /// The part that is named, or all of the network.
    #[must_use]
    pub fn chosen<'a>(part: Option<&'a Self>, whole: &Self) -> Cow<'a, Self> {
        part.map_or_else(|| Cow::Owned(whole.clone()), Cow::Borrowed)
    }

    /// A graph as part of a larger one.
    ///
    /// # Errors
    /// If it has a parameter or a batch normalisation that the larger one lacks.
    pub fn of(whole: &Graph, graph: Arc<Graph>) -> Result<Self, PartError> {
        let of_path = |path: &str| whole.parameters().iter().position(|spec| spec.path == path);
        let parameter = |spec: &crate::graph::ParameterSpec| {
            let found = of_path(&spec.path).ok_or_else(|| PartError::Parameter(spec.path.clone()))?;
            let shape = &whole.parameters()[found].shape;
            if *shape != spec.shape {
                let (path, whole, part) = (spec.path.clone(), shape.clone(), spec.shape.clone());
                return Err(PartError::Shape { path, whole, part });
            }
            Ok(found)
        };
        let parameters = graph.parameters().iter().map(parameter).collect::<Result<_, _>>()?;
        let theirs: Vec<NodeId> = batch_norms(whole).collect();
        let norm = |id: NodeId| {
            let own = graph.node(id);
            let same = |other: &&NodeId| whole.node(**other).name == own.name && whole.node(**other).shape.channels == own.shape.channels;
            let found = theirs.iter().find(same).ok_or_else(|| PartError::Norm(own.name.clone()))?;
            Ok((id, *found))
        };
        let norms = batch_norms(&graph).map(norm).collect::<Result<_, _>>()?;
        Ok(Self { graph, parameters, norms })
    }

    /// Checks that it is a part of this network; every learner calls it first.
    ///
    /// # Errors
    /// If it is a part of another one.
    pub fn check_in(&self, whole: &Graph) -> Result<(), PartError> {
        for (position, own) in self.parameters.iter().zip(self.graph.parameters()) {
            if whole.parameters().get(*position).is_none_or(|spec| spec.path != own.path || spec.shape != own.shape) {
                return Err(PartError::Other(own.path.clone()));
            }
        }
        for (own, id) in &self.norms {
            let own = self.graph.node(*own);
            if whole.nodes().get(id.0).is_none_or(|node| node.name != own.name || node.shape.channels != own.shape.channels) {
                return Err(PartError::Other(own.name.clone()));
            }
        }
        Ok(())
    }

    /// What is run.
    #[must_use]
    pub fn graph(&self) -> &Arc<Graph> {
        &self.graph
    }

    /// For each of its parameters, the position in the whole network's.
    #[must_use]
    pub fn parameters(&self) -> &[usize] {
        &self.parameters
    }

    /// Each of its batch normalisations, and the same in the whole network.
    #[must_use]
    pub fn norms(&self) -> &[(NodeId, NodeId)] {
        &self.norms
    }

    /// The batch normalisation of the whole network that one of its own is.
    #[must_use]
    pub fn norm_in_whole(&self, own: NodeId) -> Option<NodeId> {
        self.norms.iter().find(|(id, _)| *id == own).map(|(_, whole)| *whole)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::graph::{Conv2d, GraphBuilder, Shape};

    fn graph(convolutions: &[(&str, usize)]) -> Graph {
        let mut b = GraphBuilder::new(Shape::new(2, 4, 4)).unwrap();
        let mut last = b.input();
        for (name, kernel) in convolutions {
            let conv = b.conv(format!("{name}.conv"), last, Conv2d::new(2, *kernel).padding(kernel / 2)).unwrap();
            last = b.batch_norm(format!("{name}.norm"), conv).unwrap();
        }
        b.finish(last)
    }

    #[test]
    fn a_part_finds_its_parameters_by_their_paths_and_a_stranger_is_refused() {
        let whole = graph(&[("a", 1), ("b", 3)]);
        let part = Part::of(&whole, Arc::new(graph(&[("b", 3)]))).unwrap();
        assert_eq!(part.parameters(), [3, 4, 5]);
        assert_eq!(part.norms(), [(NodeId(2), NodeId(4))]);
        let refused = |own: &[(&str, usize)]| Part::of(&whole, Arc::new(graph(own))).unwrap_err().to_string();
        assert_eq!(refused(&[("c", 1)]), "the whole network has no parameter `c.conv.weight`, which its part has");
        assert_eq!(
            refused(&[("a", 3)]),
            "parameter `a.conv.weight` has shape [2, 2, 1, 1] in the whole network and [2, 2, 3, 3] in its part"
        );
        let all = Part::whole(Arc::new(whole.clone()));
        assert_eq!(all, Part::of(&whole, Arc::new(whole.clone())).unwrap());
    }
}
