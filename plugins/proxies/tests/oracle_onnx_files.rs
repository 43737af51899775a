//! Networks of files through the space of files, against what PyTorch computed of them.

#![allow(clippy::unwrap_used)]

use std::path::PathBuf;

use assay_core::data::{InMemory, Normalisation};
use assay_core::graph::Shape;
use assay_core::plugin::{Draws, Proxy, Registry, SearchSpace, Settings, Subject};
use assay_core::score::Reading;
use assay_core::stream::Stream;
use assay_core::subspace::Subspace;
use assay_proxies as _;
use assay_spaces::files::{Chosen, Files, Weights};

fn oracle(file: &str) -> PathBuf {
    assay_oracles::folder().join(file)
}

/// What a proxy says of the network of a file.
fn measured(file: &str, weights: Weights, proxy: &str, settings: Settings) -> Reading {
    let chosen = Chosen { files: Some(vec![oracle(file)]), input: Some("3x32x32".into()), weights, ..Chosen::default() };
    let space = Files::read(&chosen).unwrap();
    let subspace = Subspace::whole(space.layout());
    let shape = Shape::new(3, 32, 32);
    let pixels = (0..16 * shape.elements()).map(|position| ((position * 2_654_435_761) >> 7) as u8).collect();
    let normalisation = Normalisation { mean: vec![0.5; 3], deviation: vec![0.25; 3] };
    let images = InMemory::new("test images", shape, 10, normalisation, pixels, (0..16).map(|image| image % 10).collect()).unwrap();
    let draws = Draws { parameters: Stream::new(0, "parameters"), images: Stream::new(0, "images") };
    let engine = assay_burn::flex();
    let subject = Subject { space: &space, subspace: &subspace, dataset: &images, engine: &engine, draws: &draws };
    Registry::<Proxy>::collect().unwrap().build(proxy, &settings).unwrap().measure(&subject).unwrap()
}

fn scores(network: &str) -> serde_json::Value {
    let json = std::fs::read(oracle(&format!("onnx_{network}_a.json"))).unwrap();
    serde_json::from_slice::<serde_json::Value>(&json).unwrap()["scores"].clone()
}

#[test]
fn oracle_onnx_files_have_the_synaptic_flow_parameters_and_multiply_adds_of_their_networks() {
    for network in ["resnet18", "mobilenetv2", "densenet", "senet", "convnext", "vit"] {
        let scores = scores(network);
        let file = format!("onnx_{network}_a.onnx");
        // The oracle counts layers that are modules, of which attention's products are none.
        let counted = if network == "vit" { "parameters" } else { "macs" };
        for (proxy, key, bound) in [
            ("synflow", "synflow", 1e-6),
            ("params", "parameters", 0.0),
            (if counted == "macs" { "flops" } else { "params" }, counted, 0.0),
        ] {
            let value = measured(&file, Weights::Given, proxy, Settings::none()).value().unwrap();
            let expected = scores[key].as_f64().unwrap();
            assert!((value - expected).abs() <= bound * expected, "{network}, {proxy}: {value}, PyTorch {expected}");
        }
    }
}

#[test]
fn a_file_with_folded_norms_has_no_score_by_a_batch_and_one_in_inference_mode_equal_to_that_of_the_unfolded() {
    let settings = |batch_norm: &str| Settings::none().with("batch", 8).with("augmentation", "none").with("batch_norm", batch_norm);
    let kappa = |file: &str, batch_norm| measured(file, Weights::Given, "ntk-condition", settings(batch_norm));
    let refused = kappa("onnx_resnet18_a.dynamo.onnx", "batch").to_string();
    assert!(refused.starts_with("undefined, because `") && refused.contains("training=TrainingMode.PRESERVE"), "{refused}");
    // Folding changes which numbers are parameters, and so κ, but not what the network computes.
    let norms = |file: &str| {
        let settings = Settings::none().with("batch", 8).with("batch_norm", "running");
        measured(file, Weights::Given, "jacob-cov", settings).value().unwrap()
    };
    let (folded, whole) = (norms("onnx_resnet18_a.dynamo.onnx"), norms("onnx_resnet18_a.onnx"));
    assert!((folded - whole).abs() < 1e-2 * whole.abs(), "folded {folded}, whole {whole}");
    assert!(kappa("onnx_resnet18_a.dynamo.onnx", "running").value().is_some());
}

#[test]
fn weights_are_drawn_anew_where_that_is_asked_for() {
    let norm = |weights| measured("onnx_resnet18_a.onnx", weights, "l2-norm", Settings::none()).value().unwrap();
    let (given, uniform, normal) = (norm(Weights::Given), norm(Weights::UniformFanIn), norm(Weights::StandardNormal));
    assert!(given != uniform && normal > 5.0 * uniform, "given {given}, uniform {uniform}, normal {normal}");
}
