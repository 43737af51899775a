//! The burn module: the example in `examples/burn_cell` is what the exporter writes, compiles, and computes our logits.

use assay_export::{Model, to_burn};
use assay_weights::Weights;
use burn::backend::Flex;
use burn::tensor::{Tensor, TensorData};

use crate::scenes::{self, Scene};

#[path = "../../examples/burn_cell/trained.rs"]
#[rustfmt::skip]
#[allow(dead_code, unreachable_pub, reason = "the file is a library's")]
mod trained;
#[path = "../../examples/burn_cell/untrained.rs"]
#[rustfmt::skip]
#[allow(dead_code, unreachable_pub, reason = "the file is a library's")]
mod untrained;

/// To write the examples anew: ASSAY_WRITE_EXAMPLES=1 cargo test --release -p assay-export burn
fn is_what_the_exporter_writes(name: &str, weights: &Weights, scene: &Scene) {
    let path = format!("{}/examples/burn_cell/{name}", env!("CARGO_MANIFEST_DIR"));
    let text = to_burn(&Model::new(&scene.title, weights)).unwrap();
    if std::env::var_os("ASSAY_WRITE_EXAMPLES").is_some() {
        std::fs::write(&path, &text).unwrap();
    }
    assert!(std::fs::read_to_string(&path).unwrap() == text, "{path} is not what the exporter writes now");
}

/// Gives a network's tensors by name.
fn reader(weights: &Weights) -> impl FnMut(&str, &[usize]) -> Option<Vec<f32>> {
    move |path, shape| {
        let tensors = weights.tensors();
        let (_, own, values) = tensors.iter().find(|(name, ..)| name == path)?;
        assert_eq!(own, shape, "{path}");
        Some(values.to_vec())
    }
}

fn images(scene: &Scene) -> Tensor<Flex, 4> {
    let shape = scene.images.shape();
    let shape = [scene.images.len(), shape.channels, shape.height, shape.width];
    Tensor::from_data(TensorData::new(scene.images.pixels().to_vec(), shape), &Default::default())
}

fn numbers(tensor: Tensor<Flex, 2>) -> Vec<f64> {
    tensor.into_data().iter::<f64>().collect()
}

#[test]
fn burn_computes_our_logits_from_an_untrained_cell_by_the_batchs_statistics() {
    let scene = scenes::two_cells();
    is_what_the_exporter_writes("untrained.rs", &scene.weights, &scene);
    let network = untrained::Network::<Flex>::with_values(&Default::default(), &mut reader(&scene.weights)).unwrap();
    scene.check(&numbers(network.forward(images(&scene))), "burn, batch statistics");
}

#[test]
fn burn_computes_our_logits_from_a_trained_network_by_running_statistics() {
    let scene = scenes::odds_and_ends();
    let weights = scene.trained();
    is_what_the_exporter_writes("trained.rs", &weights, &scene);
    let network = trained::Network::<Flex>::with_values(&Default::default(), &mut reader(&weights)).unwrap();
    scene.check(&numbers(network.forward(images(&scene))), "burn, running statistics");
}

#[test]
fn a_burn_module_begins_with_values_of_its_own_and_names_a_parameter_that_is_not_given() {
    let network = untrained::Network::<Flex>::new(&Default::default());
    let outputs = network.forward(images(&scenes::two_cells()));
    assert!(numbers(outputs).iter().all(|value| value.is_finite()));
    let missing = untrained::Network::<Flex>::with_values(&Default::default(), &mut |_, _| None).unwrap_err();
    assert_eq!(missing, "stem.conv.weight");
    let trained = trained::Network::<Flex>::new(&Default::default());
    assert_eq!(numbers(trained.forward(images(&scenes::odds_and_ends()))).len(), 25);
}

#[test]
fn batch_normalisation_without_scale_has_no_form_in_burn() {
    use assay_core::graph::{GraphBuilder, Operator, Shape};
    use assay_core::network::{Initialiser, Network};
    use assay_core::stream::Stream;
    let mut b = GraphBuilder::new(Shape::new(1, 2, 2)).unwrap();
    let output = b.add("bn", Operator::BatchNorm { affine: false, epsilon: 1e-5 }, &[b.input()]).unwrap();
    let network = Network::initialise(b.finish(output).into(), Initialiser::UniformFanIn, &Stream::new(0, "parameters"));
    let error = to_burn(&Model::new("bare", &Weights::untrained(network))).unwrap_err();
    insta::assert_snapshot!(error, @"node `bn` cannot be exported to burn: burn's batch normalisation always has a scale and an offset, which this one lacks");
}
