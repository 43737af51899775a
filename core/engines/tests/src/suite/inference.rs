//! Networks in inference mode, whose batch normalisation is by running statistics, against plain loops.

use assay_core::engine::{Engine, Objective, Precision};
use assay_core::graph::NodeId;
use proptest::prelude::*;

use super::{Drawn, able, cotangent, difference, is_delicate, reference_gram};
use crate::{random, reference};

/// Values, gradients and Gram matrices of whole batches, and gradients of each image alone.
pub fn networks_in_inference_mode_agree_with_plain_loops(engines: &[Box<dyn Engine>]) {
    in_inference_mode(engines, random::network, 64);
}

pub(super) fn in_inference_mode(engines: &[Box<dyn Engine>], of: Drawn, cases: u32) {
    proptest!(ProptestConfig::with_cases(cases), |(seed: u64)| {
        let (network, batch) = of(seed);
        let network = random::in_inference_mode(network);
        let graph = network.graph();
        let live = graph.liveness();
        let taps: Vec<NodeId> = (0..graph.nodes().len()).map(NodeId).filter(|id| live.is_needed(*id)).collect();
        let values = reference::forward(&network, &batch);
        prop_assume!(!is_delicate(&network, &values));
        let weights = cotangent(&network, &batch);
        let gradients = reference::gradients(&network, &values, &weights);
        let gram = reference_gram(&network, &values, batch.len());
        let by_image: Vec<Vec<Vec<f64>>> = (0..batch.len())
            .map(|image| {
                let values = reference::forward(&network, &batch.part(image, 1));
                let outputs = values[graph.output().0].data.len();
                reference::gradients(&network, &values, &vec![1.0; outputs])
            })
            .collect();
        let agree = |found: &[Vec<f64>], expected: &[Vec<f64>]| {
            let largest = expected.iter().flatten().fold(1e-3, |most: f64, value| most.max(value.abs()));
            let pairs = found.iter().flatten().zip(expected.iter().flatten());
            pairs.map(|(a, b)| (a - b).abs() / largest).fold(0.0, f64::max) < 1e-7
        };
        for engine in able(engines, &network) {
            let name = engine.name();
            let forward = engine.forward(&network, &batch, &taps, Precision::F64).unwrap();
            for (tap, found) in taps.iter().zip(&forward.taps) {
                let error = difference(found, &values[tap.0].data);
                prop_assert!(error < 1e-9, "node {}: {error:.1e}, {name}", graph.node(*tap).name);
            }
            let found = engine.gradients(&network, &batch, &weights, Precision::F64).unwrap();
            prop_assert!(agree(&found, &gradients), "gradients, {name}");
            let found = engine.tangent_gram(&network, &batch, Precision::F64).unwrap();
            prop_assert!(difference(found.entries(), &gram) < 1e-7, "gram, {name}");
            let mut images = 0;
            let mut all_agree = true;
            let mut visit = |found: &[Vec<f64>]| {
                all_agree &= agree(found, &by_image[images]);
                images += 1;
            };
            engine.gradients_by_image(&network, &batch, &Objective::output_sum(graph), Precision::F64, &mut visit).unwrap();
            prop_assert!(all_agree && images == batch.len(), "gradients of each image, {name}");
        }
    });
}
