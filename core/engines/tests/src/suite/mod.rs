//! One suite that every engine passes: random graphs over every operator against plain loops. An engine runs it by
//! [`engine_suite!`](crate::engine_suite).

mod inference;
mod jacobians;
mod learners;
mod learning;
mod operators;
mod passes;
mod rows;

use assay_core::data::Minibatch;
use assay_core::engine::{Engine, Precision};
use assay_core::graph::{Activation, NodeId, Operator};
use assay_core::network::Network;
use proptest::prelude::*;

pub use inference::networks_in_inference_mode_agree_with_plain_loops;
pub use jacobians::jacobians_of_each_image_agree_with_plain_loops;
pub use learners::{
    a_learner_goes_on_from_its_state_to_the_very_weights, a_part_learns_as_if_alone_and_leaves_the_rest_of_the_network_untouched,
    statistics_move_in_a_pass_and_parameters_when_they_are_told_to, what_cannot_be_learned_is_refused_with_a_reason,
};
pub use learning::{
    gradients_of_lessons_agree_with_plain_loops, ten_steps_and_running_statistics_agree_with_plain_loops,
    ten_steps_in_32_bits_agree_with_plain_loops_on_graphs_without_kinks,
};
pub use operators::{
    every_operator_on_maps_agrees_with_plain_loops, every_operator_on_sequences_agrees_with_plain_loops,
    lessons_of_every_operator_agree_with_plain_loops, mobile_networks_agree_with_plain_loops,
    what_an_embedding_cannot_read_is_refused_with_a_reason,
};
pub use passes::{
    gradients_by_image_are_those_of_batches_of_one, gradients_from_and_to_every_node_agree_with_plain_loops,
    what_is_asked_for_beside_it_does_not_change_a_bit_of_an_answer, what_was_not_asked_for_or_does_not_exist_is_an_error_that_says_so,
};
pub use rows::{
    rows_of_groups_and_of_pixels_are_learned_as_plain_loops_learn_them, rows_that_a_batch_does_not_have_are_refused_with_a_reason,
};

use crate::{random, reference};

/// Makes the tests of the suite for these engines, a `&[Box<dyn Engine>]`.
#[macro_export]
macro_rules! engine_suite {
    ($engines:expr) => {
        $crate::engine_suite! { $engines =>
            values_gradients_and_gram_matrices_agree_with_plain_loops_on_random_graphs,
            float32_gradients_agree_with_plain_loops_on_graphs_without_kinks,
            relu_patterns_are_the_signs_of_every_relu_in_node_order,
            gradients_from_and_to_every_node_agree_with_plain_loops,
            what_is_asked_for_beside_it_does_not_change_a_bit_of_an_answer,
            what_was_not_asked_for_or_does_not_exist_is_an_error_that_says_so,
            gradients_by_image_are_those_of_batches_of_one,
            networks_in_inference_mode_agree_with_plain_loops,
            jacobians_of_each_image_agree_with_plain_loops,
        }
    };
    ($engines:expr => $($test:ident,)*) => {$(
        #[test]
        fn $test() {
            $crate::suite::$test($engines);
        }
    )*};
}

/// Makes the tests of all operators for these engines, a `&[Box<dyn Engine>]`. Each is tested on the networks that it supports.
#[macro_export]
macro_rules! operator_suite {
    ($engines:expr) => {
        $crate::engine_suite! { $engines =>
            mobile_networks_agree_with_plain_loops,
            every_operator_on_maps_agrees_with_plain_loops,
            every_operator_on_sequences_agrees_with_plain_loops,
            lessons_of_every_operator_agree_with_plain_loops,
            what_an_embedding_cannot_read_is_refused_with_a_reason,
        }
    };
}

/// Makes the tests of learners for these engines, a `&[Box<dyn Engine>]`.
#[macro_export]
macro_rules! learner_suite {
    ($engines:expr) => {
        $crate::engine_suite! { $engines =>
            gradients_of_lessons_agree_with_plain_loops,
            ten_steps_and_running_statistics_agree_with_plain_loops,
            ten_steps_in_32_bits_agree_with_plain_loops_on_graphs_without_kinks,
            a_part_learns_as_if_alone_and_leaves_the_rest_of_the_network_untouched,
            a_learner_goes_on_from_its_state_to_the_very_weights,
            statistics_move_in_a_pass_and_parameters_when_they_are_told_to,
            what_cannot_be_learned_is_refused_with_a_reason,
            rows_of_groups_and_of_pixels_are_learned_as_plain_loops_learn_them,
            rows_that_a_batch_does_not_have_are_refused_with_a_reason,
        }
    };
}

/// The largest difference between two lists, as a share of the largest magnitude in the second (or of a thousandth:
/// what cancels to nothing has no relative precision).
fn difference(found: &[f64], expected: &[f64]) -> f64 {
    assert_eq!(found.len(), expected.len());
    let scale = expected.iter().fold(1e-3, |most: f64, value| most.max(value.abs()));
    found
        .iter()
        .zip(expected)
        .map(|(a, b)| (a - b).abs() / scale)
        .fold(0.0, |most: f64, value| if value.is_nan() { f64::INFINITY } else { most.max(value) })
}

/// A random network and a batch, by a seed.
type Drawn = fn(u64) -> (Network, Minibatch);

/// The engines that can run a network.
fn able<'a>(engines: &'a [Box<dyn Engine>], network: &Network) -> Vec<&'a dyn Engine> {
    engines.iter().map(AsRef::as_ref).filter(|engine| engine.supports(network.graph()).is_ok()).collect()
}

/// Whether rounding decides something, or values are so large that it is all that is left.
fn is_delicate(network: &Network, values: &[reference::Tensor]) -> bool {
    let is_large = |value: &f64| value.is_nan() || value.abs() > 1e4;
    reference::is_at_an_edge(network, values) || values.iter().flat_map(|value| &value.data).any(is_large)
}

fn cotangent(network: &Network, batch: &Minibatch) -> Vec<f64> {
    let outputs = network.graph().node(network.graph().output()).shape.elements();
    (0..batch.len() * outputs).map(|index| ((index * 37 % 19) as f64 - 9.0) / 7.0).collect()
}

/// J Jᵀ over the parameters named `weight`, one obvious backward pass a sample.
fn reference_gram(network: &Network, values: &[reference::Tensor], batch: usize) -> Vec<f64> {
    let outputs = network.graph().node(network.graph().output()).shape.elements();
    let rows: Vec<Vec<f64>> = (0..batch)
        .map(|sample| {
            let cotangent: Vec<f64> = (0..batch * outputs).map(|index| f64::from(u8::from(index / outputs == sample))).collect();
            let gradients = reference::gradients(network, values, &cotangent);
            let named = network.graph().parameters().iter().zip(gradients).filter(|(spec, _)| spec.is_named_weight());
            named.flat_map(|(_, gradient)| gradient).collect()
        })
        .collect();
    rows.iter().flat_map(|a| rows.iter().map(move |b| a.iter().zip(b).map(|(a, b)| a * b).sum())).collect()
}

/// Values in both precisions, and gradients and Gram matrices in float64.
pub fn values_gradients_and_gram_matrices_agree_with_plain_loops_on_random_graphs(engines: &[Box<dyn Engine>]) {
    values_gradients_and_gram_matrices(engines, random::network, 96);
}

fn values_gradients_and_gram_matrices(engines: &[Box<dyn Engine>], of: Drawn, cases: u32) {
    proptest!(ProptestConfig::with_cases(cases), |(seed: u64)| {
        let (network, batch) = of(seed);
        let graph = network.graph();
        let live = graph.liveness();
        let taps: Vec<NodeId> = (0..graph.nodes().len()).map(NodeId).filter(|id| live.is_needed(*id)).collect();
        let values = reference::forward(&network, &batch);
        prop_assume!(!is_delicate(&network, &values));
        let cotangent = cotangent(&network, &batch);
        let gradients = reference::gradients(&network, &values, &cotangent);
        let gram = reference_gram(&network, &values, batch.len());
        for engine in able(engines, &network) {
            let name = engine.name();
            for (precision, tolerance) in [(Precision::F64, 1e-9), (Precision::F32, 2e-2)] {
                let forward = engine.forward(&network, &batch, &taps, precision).unwrap();
                prop_assert!(difference(&forward.output, &values[graph.output().0].data) < tolerance, "output, {name} {precision:?}");
                for (tap, found) in taps.iter().zip(&forward.taps) {
                    let error = difference(found, &values[tap.0].data);
                    prop_assert!(error < tolerance, "node {}: {error:.1e}, {name} {precision:?}", graph.node(*tap).name);
                }
                // A ReLU at the edge may fall on either side in float32, and then gradients differ; float64 decides.
                if precision == Precision::F64 {
                    let found = engine.gradients(&network, &batch, &cotangent, precision).unwrap();
                    for (spec, (found, expected)) in graph.parameters().iter().zip(found.iter().zip(&gradients)) {
                        let largest = gradients.iter().flatten().fold(1e-6, |most: f64, value| most.max(value.abs()));
                        let error = found.iter().zip(expected).map(|(a, b)| (a - b).abs() / largest).fold(0.0, f64::max);
                        prop_assert!(error < 1e-7, "{}: {error:.1e}, {name}", spec.path);
                        prop_assert_eq!(found.len(), expected.len());
                    }
                    let found = engine.tangent_gram(&network, &batch, precision).unwrap();
                    prop_assert!(difference(found.entries(), &gram) < 1e-7, "gram, {name}");
                }
            }
        }
    });
}

/// Gram matrices in float32, where rounding cannot change what a gradient is.
pub fn float32_gradients_agree_with_plain_loops_on_graphs_without_kinks(engines: &[Box<dyn Engine>]) {
    proptest!(ProptestConfig::with_cases(96), |(seed: u64)| {
        let (network, batch) = random::smooth_network(seed);
        let values = reference::forward(&network, &batch);
        prop_assume!(!is_delicate(&network, &values));
        let gram = reference_gram(&network, &values, batch.len());
        for engine in able(engines, &network) {
            let name = engine.name();
            let found = engine.tangent_gram(&network, &batch, Precision::F32).unwrap();
            let error = difference(found.entries(), &gram);
            prop_assert!(error < 2e-2, "gram: {error:.1e}, {name}");
        }
    });
}

/// Activation patterns.
pub fn relu_patterns_are_the_signs_of_every_relu_in_node_order(engines: &[Box<dyn Engine>]) {
    relu_patterns(engines, random::network, 96);
}

fn relu_patterns(engines: &[Box<dyn Engine>], of: Drawn, cases: u32) {
    // A ReLU with a largest value is one too.
    let is_relu = |operator: &Operator| match operator {
        Operator::Relu => true,
        Operator::Activation(Activation::Clip { low, .. }) => *low == 0.0,
        _ => false,
    };
    proptest!(ProptestConfig::with_cases(cases), |(seed: u64)| {
        let (network, batch) = of(seed);
        let graph = network.graph();
        let live = graph.liveness();
        let values = reference::forward(&network, &batch);
        prop_assume!(!is_delicate(&network, &values));
        let relus: Vec<usize> = (0..graph.nodes().len())
            .filter(|position| is_relu(&graph.nodes()[*position].operator) && live.is_needed(NodeId(*position)))
            .collect();
        for engine in able(engines, &network) {
            let patterns = engine.relu_patterns(&network, &batch).unwrap();
            prop_assert_eq!(patterns.samples(), batch.len());
            for sample in 0..batch.len() {
                let mut unit = 0;
                for relu in &relus {
                    let value = &values[*relu];
                    let size = value.shape.elements();
                    let input = &values[graph.nodes()[*relu].inputs[0].0].data;
                    for index in sample * size..(sample + 1) * size {
                        // Within float32's rounding of 0, either sign is right.
                        if input[index].abs() > 1e-3 {
                            let set = patterns.row(sample)[unit / 64] >> (unit % 64) & 1 == 1;
                            prop_assert_eq!(set, value.data[index] > 0.0, "unit {} of sample {}", unit, sample);
                        }
                        unit += 1;
                    }
                }
                prop_assert_eq!(unit, patterns.units());
            }
        }
    });
}
