//! The CPU engine on every instruction set: the suite of all engines, and what it promises beyond that.
#![allow(clippy::unwrap_used)]

use std::num::NonZeroUsize;
use std::sync::Arc;

use assay_core::engine::profile::{ConvolutionPass, Profile, Work};
use assay_core::engine::{ConditionNumber, Engine, Precision};
use assay_cpu::{CpuEngine, Isa};
use assay_engine_tests::random;

fn engines() -> Vec<Box<dyn Engine>> {
    Isa::available().into_iter().map(|isa| Box::new(CpuEngine::with_isa(isa)) as Box<dyn Engine>).collect()
}

assay_engine_tests::engine_suite!(&engines());

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
