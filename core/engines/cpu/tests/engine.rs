//! The CPU engine on every instruction set: the suite of all engines, and what it promises beyond that.
#![allow(clippy::unwrap_used)]

use std::num::NonZeroUsize;
use std::sync::Arc;

use assay_core::data::Minibatch;
use assay_core::engine::learner::{Dropped, Lesson, Loss, Mixture, Optimiser, Rules, Targets};
use assay_core::engine::profile::{ConvolutionPass, Profile, Work};
use assay_core::engine::{ConditionNumber, Engine, Precision};
use assay_core::graph::{GraphBuilder, Node, NodeId, Operator, Shape};
use assay_core::network::Network;
use assay_cpu::{CpuEngine, Isa};
use assay_engine_tests::random;

fn engines() -> Vec<Box<dyn Engine>> {
    Isa::available().into_iter().map(|isa| Box::new(CpuEngine::with_isa(isa)) as Box<dyn Engine>).collect()
}

assay_engine_tests::engine_suite!(&engines());
assay_engine_tests::learner_suite!(&engines());
assay_engine_tests::operator_suite!(&engines());

#[test]
fn all_operators_but_a_few_are_supported_and_what_has_no_kernel_is_refused_by_name() {
    let engine = CpuEngine::new();
    let has_kernel = |node: &Node| !matches!(node.operator, Operator::Embedding { .. });
    for seed in 0..200 {
        engine.supports(random::mobile_network(seed).0.graph()).unwrap();
        for (network, _) in [random::network_of_any_operator(seed), random::network_on_sequences(seed)] {
            let graph = network.graph();
            assert_eq!(engine.supports(graph).is_ok(), graph.nodes().iter().all(has_kernel), "seed {seed}");
        }
    }
    let mut b = GraphBuilder::new(Shape::vector(4)).unwrap();
    let embedding = b.add("tokens", Operator::Embedding { count: 3, features: 2, axis: 1 }, &[b.input()]).unwrap();
    let refused = engine.supports(&b.finish(embedding)).unwrap_err().to_string();
    assert_eq!(refused, format!("engine `{}` has no kernel for node `tokens` (embedding); engines of burn have", engine.name()));
}

/// Networks of sequences that the engine runs.
fn on_sequences() -> impl Iterator<Item = (Network, Minibatch)> {
    let engine = CpuEngine::new();
    (0..).map(random::network_on_sequences).filter(move |(network, _)| engine.supports(network.graph()).is_ok())
}

#[test]
fn the_gram_matrix_has_the_same_bits_on_any_number_of_threads() {
    for (network, batch) in [random::network(5), random::mobile_network(5)].into_iter().chain(on_sequences().take(3)) {
        let one = CpuEngine::new();
        for precision in [Precision::F32, Precision::F64] {
            let expected = one.tangent_gram(&network, &batch, precision).unwrap();
            for threads in 2..5 {
                let engine = one.threads(NonZeroUsize::new(threads).unwrap());
                assert_eq!(engine.tangent_gram(&network, &batch, precision).unwrap(), expected);
            }
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
fn a_profile_counts_the_operations_of_the_graph_and_changes_no_bit() {
    let (network, batch) = random::constant_batch(19);
    let outputs = network.graph().node(network.graph().output()).shape.elements();
    let cotangent: Vec<f64> = (0..batch.len() * outputs).map(|index| ((index * 37 % 19) as f64 - 9.0) / 7.0).collect();
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
        // The gradient of the images is not asked for, which the 3×3 convolution of 3 channels to 4 would give.
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

#[test]
fn steps_have_the_same_bits_on_any_number_of_threads() {
    let of_cells = (0..6).flat_map(|seed| [(seed, random::network(seed).0), (seed, random::mobile_network(seed).0)]);
    let of_sequences = on_sequences().enumerate().map(|(seed, (network, _))| (seed as u64, network));
    for (seed, network) in of_cells.chain(of_sequences.take(4)) {
        let shape = network.graph().input_shape();
        let classes = network.graph().node(network.graph().output()).shape.elements() as u32;
        for images in [1, 33, 70] {
            let pixels = (0..images * shape.elements()).map(|index| ((index * 7919 % 211) as f32 - 105.0) / 70.0).collect();
            let batch = Minibatch::new(shape, pixels, (0..images as u32).map(|image| image % classes).collect());
            let losses = [Loss { node: network.graph().output(), factor: 1.0 }];
            let factors = (0..images).map(|image| if image % 3 == 0 { 0.0 } else { 1.5 }).collect();
            let dropped = [Dropped { node: NodeId(0), factors }];
            let targets = Targets::Labels { smoothing: 0.1 };
            let sums = network.graph().nodes().iter().enumerate();
            let mixture = |(position, node): (usize, &Node)| match &node.operator {
                Operator::WeightedSum { weights } => {
                    Some(Mixture { node: NodeId(position), weights: weights.iter().map(|weight| f64::from(*weight) + 0.3).collect() })
                }
                _ => None,
            };
            let mixtures: Vec<Mixture> = sums.filter_map(mixture).collect();
            let lesson = Lesson { targets, dropped: &dropped, mixtures: &mixtures, clip: Some(1.0), ..Lesson::of(&losses, 0.05) };
            for precision in [Precision::F32, Precision::F64] {
                let rules = Rules { optimiser: Optimiser::Sgd { momentum: 0.9, nesterov: true }, precision, ..Rules::default() };
                let learned = |threads: usize| {
                    let engine = CpuEngine::new().threads(NonZeroUsize::new(threads).unwrap());
                    let mut learner = engine.learner(network.clone(), &rules).unwrap();
                    let found: Vec<_> = (0..3).map(|_| learner.step(&batch, &lesson).unwrap()).collect();
                    (found, learner.evaluate(&batch, None).unwrap(), learner.state())
                };
                let expected = bits(&learned(1));
                for threads in 2..5 {
                    assert_eq!(bits(&learned(threads)), expected, "seed {seed}, {images} images, {threads} threads, {precision:?}");
                }
            }
        }
    }
}

/// All numbers as they are printed to the last digit, so that NaN equals itself.
fn bits(of: &impl std::fmt::Debug) -> String {
    format!("{of:?}")
}
