//! A network computed the obvious way: float64, one loop an axis, every operator differentiated by hand.
//!
//! Most operators are of two kinds. What is linear is a list of links: an element of the result is a sum of factors times elements
//! of inputs (`links`). What is a sum of products of two things is a list of those (`products`). Both are differentiated by
//! walking the list the other way.

mod backward;
mod edge;
mod forward;
mod functions;
mod links;
mod norms;
mod places;
mod products;
mod way;

use assay_core::graph::{NodeId, Shape};
use assay_core::network::Network;

pub(crate) use self::backward::{gradients, pull_back, pull_back_by};
pub(crate) use self::edge::is_at_an_edge;
pub(crate) use self::forward::{forward, forward_by};
pub(crate) use self::norms::moments;
pub(crate) use self::places::spread;
pub(crate) use self::way::{Moments, Way, wide};

/// One value: the elements of each image, row-major, one image after the other.
#[derive(Clone, Debug)]
pub(crate) struct Tensor {
    pub(crate) batch: usize,
    pub(crate) shape: Shape,
    pub(crate) data: Vec<f64>,
}

impl Tensor {
    fn zeros(batch: usize, shape: Shape) -> Self {
        Self { batch, shape, data: vec![0.0; batch * shape.elements()] }
    }

    /// The elements of one image.
    fn image(&self, image: usize) -> &[f64] {
        &self.data[image * self.shape.elements()..][..self.shape.elements()]
    }

    fn image_mut(&mut self, image: usize) -> &mut [f64] {
        let elements = self.shape.elements();
        &mut self.data[image * elements..][..elements]
    }
}

/// The parameters of a node: those that are given, or the network's.
fn parameters(network: &Network, way: Way<'_>, position: usize) -> Vec<Vec<f64>> {
    let values = |parameter: usize| match way.parameters {
        Some(given) => given[parameter].clone(),
        None => network.parameter(parameter).iter().map(|value| f64::from(*value)).collect(),
    };
    network.graph().parameters_of(NodeId(position)).map(values).collect()
}
