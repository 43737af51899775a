//! Jacobians of each image alone, with respect to some elements of some parameters, against plain loops.

use assay_core::engine::{Engine, EngineError, JacobianOf, ParameterElement, Precision};
use assay_core::graph::Graph;
use proptest::prelude::*;

use super::{Drawn, able, difference, is_delicate};
use crate::{random, reference};

/// Of networks in training and in inference mode; what does not exist is refused.
pub fn jacobians_of_each_image_agree_with_plain_loops(engines: &[Box<dyn Engine>]) {
    jacobians(engines, random::network, 64);
    let (network, batch) = random::network(3);
    let outputs = network.graph().node(network.graph().output()).shape.elements();
    for engine in engines {
        let ask = |cotangent: usize, element: usize| {
            let of = JacobianOf { cotangents: &[vec![1.0; cotangent]], elements: &[ParameterElement { parameter: 0, element }] };
            engine.jacobians_by_image(&network, &batch, of, Precision::F32, &mut |_| {})
        };
        ask(outputs, 0).unwrap();
        assert!(matches!(ask(outputs + 1, 0), Err(EngineError::CotangentLength { .. })), "{}", engine.name());
        assert!(matches!(ask(outputs, 1 << 30), Err(EngineError::NoElement { .. })), "{}", engine.name());
    }
}

/// The first, a middle and the last number of two parameters in three, the last parameter first. Small ones come twice.
fn elements(graph: &Graph, seed: u64) -> Vec<ParameterElement> {
    let parameters = graph.parameters().iter().enumerate().rev().filter(|(parameter, _)| !(*parameter as u64 + seed).is_multiple_of(3));
    let places = parameters.flat_map(|(parameter, spec)| {
        [spec.elements() - 1, 0, spec.elements() * 2 / 3].map(|element| ParameterElement { parameter, element })
    });
    places.collect()
}

pub(super) fn jacobians(engines: &[Box<dyn Engine>], of: Drawn, cases: u32) {
    proptest!(ProptestConfig::with_cases(cases), |(seed: u64, infers: bool)| {
        let (network, batch) = of(seed);
        let network = if infers { random::in_inference_mode(network) } else { network };
        let graph = network.graph();
        let outputs = graph.node(graph.output()).shape.elements();
        let elements = elements(graph, seed % 3);
        let cotangents: Vec<Vec<f64>> =
            (0..2).map(|row| (0..outputs).map(|output| ((output * 31 + row * 7) % 17) as f64 / 5.0 - 1.6).collect()).collect();
        let mut expected: Vec<Vec<f64>> = Vec::new();
        for image in 0..batch.len() {
            let values = reference::forward(&network, &batch.part(image, 1));
            prop_assume!(!is_delicate(&network, &values));
            let rows = cotangents.iter().flat_map(|cotangent| {
                let gradients = reference::gradients(&network, &values, cotangent);
                elements.iter().map(|place| gradients[place.parameter][place.element]).collect::<Vec<_>>()
            });
            expected.push(rows.collect());
        }
        for engine in able(engines, &network) {
            let mut found: Vec<Vec<f64>> = Vec::new();
            let of = JacobianOf { cotangents: &cotangents, elements: &elements };
            engine.jacobians_by_image(&network, &batch, of, Precision::F64, &mut |one| found.push(one.to_vec())).unwrap();
            prop_assert_eq!(found.len(), batch.len());
            for (image, (found, expected)) in found.iter().zip(&expected).enumerate() {
                let error = difference(found, expected);
                prop_assert!(error < 1e-7, "image {image}: {error:.1e}, {}", engine.name());
            }
        }
    });
}
