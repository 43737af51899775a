//! Derivatives of outputs with respect to chosen elements of parameters, image by image.

use super::{Cotangent, Engine, EngineError, Objective, Precision};
use crate::data::Minibatch;
use crate::network::Network;

/// One number of one parameter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ParameterElement {
    /// The parameter's position in [`Graph::parameters`](crate::graph::Graph::parameters).
    pub parameter: usize,
    /// The number's position in it.
    pub element: usize,
}

/// What a Jacobian holds: a row a cotangent, a column an element.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct JacobianOf<'a> {
    /// What the network's output is multiplied by in each row, one number an output of one image.
    pub cotangents: &'a [Vec<f64>],
    /// What is differentiated by in each column.
    pub elements: &'a [ParameterElement],
}

impl JacobianOf<'_> {
    /// Numbers of one image's Jacobian.
    #[must_use]
    pub fn len(&self) -> usize {
        self.cotangents.len() * self.elements.len()
    }

    /// Whether it holds nothing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Checks that it fits a network; every engine calls it first.
    ///
    /// # Errors
    /// If a cotangent has another length than the output, or there is no such element.
    pub fn check(&self, network: &Network) -> Result<(), EngineError> {
        let graph = network.graph();
        let expected = graph.node(graph.output()).shape.elements();
        if let Some(wrong) = self.cotangents.iter().find(|cotangent| cotangent.len() != expected) {
            return Err(EngineError::CotangentLength { expected, given: wrong.len() });
        }
        let elements = |parameter: usize| graph.parameters().get(parameter).map_or(0, |spec| spec.elements());
        match self.elements.iter().find(|place| place.element >= elements(place.parameter)) {
            Some(place) => Err(EngineError::NoElement { parameter: place.parameter, element: place.element }),
            None => Ok(()),
        }
    }
}

/// Jacobians from the gradients of all parameters, for engines that have nothing shorter.
pub(super) fn by_gradients<E: Engine + ?Sized>(
    engine: &E,
    network: &Network,
    batch: &Minibatch,
    of: JacobianOf<'_>,
    precision: Precision,
    visit: &mut dyn FnMut(&[f64]),
) -> Result<(), EngineError> {
    of.check(network)?;
    let width = of.elements.len();
    let mut jacobians = vec![vec![0.0; of.len()]; batch.len()];
    for (row, cotangent) in of.cotangents.iter().enumerate() {
        let objective = Objective { node: network.graph().output(), cotangent: Cotangent::Given(cotangent.as_slice().into()) };
        let mut images = jacobians.iter_mut();
        engine.gradients_by_image(network, batch, &objective, precision, &mut |gradients| {
            let Some(jacobian) = images.next() else { return };
            for (to, place) in jacobian[row * width..][..width].iter_mut().zip(of.elements) {
                *to = gradients[place.parameter][place.element];
            }
        })?;
    }
    jacobians.iter().for_each(|jacobian| visit(jacobian));
    Ok(())
}
