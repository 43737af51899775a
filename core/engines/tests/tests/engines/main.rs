//! Every engine against plain loops, on random graphs over every operator: burn's, and the CPU's on every instruction set.
#![allow(clippy::unwrap_used, clippy::needless_range_loop)]

mod passes;

use std::num::NonZeroUsize;
use std::sync::Arc;

use assay_core::data::Minibatch;
use assay_core::engine::profile::{ConvolutionPass, Profile, Work};
use assay_core::engine::{ConditionNumber, Engine, Precision};
use assay_core::graph::{NodeId, Operator};
use assay_core::network::Network;
use assay_cpu::{CpuEngine, Isa};
use assay_engine_tests::{random, reference};
use proptest::prelude::*;

/// The engines under test.
pub(crate) fn engines() -> Vec<Box<dyn Engine>> {
    let mut engines: Vec<Box<dyn Engine>> = vec![Box::new(assay_burn::flex())];
    engines.extend(Isa::available().into_iter().map(|isa| Box::new(CpuEngine::with_isa(isa)) as Box<dyn Engine>));
    engines
}

/// The largest difference between two lists, as a share of the largest magnitude in the second (or of a thousandth:
/// what cancels to nothing has no relative precision).
pub(crate) fn difference(found: &[f64], expected: &[f64]) -> f64 {
    assert_eq!(found.len(), expected.len());
    let scale = expected.iter().fold(1e-3, |most: f64, value| most.max(value.abs()));
    found
        .iter()
        .zip(expected)
        .map(|(a, b)| (a - b).abs() / scale)
        .fold(0.0, |most: f64, value| if value.is_nan() { f64::INFINITY } else { most.max(value) })
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

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]

    #[test]
    fn every_engine_agrees_with_plain_loops_on_random_graphs(seed: u64) {
        let (network, batch) = random::network(seed);
        let graph = network.graph();
        let live = graph.liveness();
        let taps: Vec<NodeId> = (0..graph.nodes().len()).map(NodeId).filter(|id| live.is_needed(*id)).collect();
        let values = reference::forward(&network, &batch);
        prop_assume!(!reference::is_at_an_edge(&network, &values));
        let cotangent = cotangent(&network, &batch);
        let gradients = reference::gradients(&network, &values, &cotangent);
        let gram = reference_gram(&network, &values, batch.len());
        for engine in engines() {
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
    }

    #[test]
    fn float32_gradients_agree_with_plain_loops_on_graphs_without_kinks(seed: u64) {
        let (network, batch) = random::smooth_network(seed);
        let values = reference::forward(&network, &batch);
        prop_assume!(!reference::is_at_an_edge(&network, &values));
        let gram = reference_gram(&network, &values, batch.len());
        for engine in engines() {
            let name = engine.name();
            let found = engine.tangent_gram(&network, &batch, Precision::F32).unwrap();
            let error = difference(found.entries(), &gram);
            prop_assert!(error < 2e-2, "gram: {error:.1e}, {name}");
        }
    }

    #[test]
    fn relu_patterns_are_the_signs_of_every_relu_in_node_order(seed: u64) {
        let (network, batch) = random::network(seed);
        let graph = network.graph();
        let live = graph.liveness();
        let values = reference::forward(&network, &batch);
        prop_assume!(!reference::is_at_an_edge(&network, &values));
        let relus: Vec<usize> = (0..graph.nodes().len())
            .filter(|position| matches!(graph.nodes()[*position].operator, Operator::Relu) && live.is_needed(NodeId(*position)))
            .collect();
        for engine in engines() {
            let patterns = engine.relu_patterns(&network, &batch).unwrap();
            prop_assert_eq!(patterns.samples(), batch.len());
            for sample in 0..batch.len() {
                let mut unit = 0;
                for relu in &relus {
                    let value = &values[*relu];
                    let size = value.shape.elements();
                    let input = &values[graph.nodes()[*relu].inputs[0].0].data;
                    for index in sample * size..(sample + 1) * size {
                        // Within float32's rounding of 0 the sign is nobody's.
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
    }
}

#[test]
fn the_gram_matrix_has_the_same_bits_on_any_number_of_threads() {
    let (network, batch) = random::network(5);
    let one = CpuEngine::new();
    for precision in [Precision::F32, Precision::F64] {
        let expected = one.tangent_gram(&network, &batch, precision).unwrap();
        for threads in 2..5 {
            let engine = one.threads(NonZeroUsize::new(threads).unwrap());
            assert_eq!(engine.tangent_gram(&network, &batch, precision).unwrap(), expected);
        }
    }
}

#[test]
fn a_batch_of_equal_images_has_no_condition_number_in_either_precision() {
    for images in [2, 9, 24] {
        let (network, batch) = random::constant_batch(images);
        for isa in Isa::available() {
            for precision in [Precision::F32, Precision::F64] {
                let gram = CpuEngine::with_isa(isa).tangent_gram(&network, &batch, precision).unwrap();
                let found = gram.condition_number();
                assert!(matches!(found, ConditionNumber::Undefined { .. }), "{images} images, {isa:?} {precision:?}: {found:?}");
            }
        }
    }
}

#[test]
fn a_cotangent_of_another_length_is_refused() {
    let (network, batch) = random::network(3);
    let error = CpuEngine::new().gradients(&network, &batch, &[1.0], Precision::F32).unwrap_err();
    assert!(error.to_string().contains("a cotangent needs"), "{error}");
}

#[test]
fn a_profile_counts_the_operations_of_the_graph_and_changes_no_bit() {
    let (network, batch) = random::constant_batch(19);
    let cotangent = cotangent(&network, &batch);
    for isa in Isa::available() {
        let plain = CpuEngine::with_isa(isa);
        let profile = Arc::new(Profile::default());
        let profiled = plain.with_profile(Arc::clone(&profile)).threads(NonZeroUsize::new(3).unwrap());
        let operations = |wanted: &dyn Fn(Work) -> bool| -> u64 {
            profile.spent().iter().filter(|spent| wanted(spent.work)).map(|spent| spent.operations).sum()
        };
        let forward = |work: Work| matches!(work, Work::Convolution(ConvolutionPass::Forward, _));

        let found = profiled.gradients(&network, &batch, &cotangent, Precision::F64).unwrap();
        assert_eq!(found, plain.gradients(&network, &batch, &cotangent, Precision::F64).unwrap());
        let once = 2 * network.graph().multiply_adds() * 19;
        assert_eq!(operations(&forward), once, "{isa:?}");
        assert_eq!(operations(&|work| matches!(work, Work::Convolution(ConvolutionPass::WeightGradient, _))), once, "{isa:?}");
        // Nobody asks for the gradient of the images, which the 3×3 convolution of 3 channels to 4 would give.
        let stem = 2 * (4 * 8 * 8 * 3 * 9) * 19;
        assert_eq!(operations(&|work| matches!(work, Work::Convolution(ConvolutionPass::DataGradient, _))), once - stem, "{isa:?}");

        let gram = profiled.tangent_gram(&network, &batch, Precision::F32).unwrap();
        assert_eq!(gram, plain.tangent_gram(&network, &batch, Precision::F32).unwrap());
        assert!(gram.eigenvalues().is_some());
        assert_eq!(operations(&forward), 2 * once, "{isa:?}");
        let data = operations(&|work| matches!(work, Work::Convolution(ConvolutionPass::DataGradient, _)));
        assert_eq!(data, 20 * (once - stem), "one more for each of 19 cotangents, {isa:?}");
        assert!(profile.spent().iter().any(|spent| spent.work == Work::Eigenvalues), "{isa:?}");
    }
}
