//! The ONNX file, judged by ONNX's checker and run by onnxruntime.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use assay_core::graph::{Conv2d, Graph, GraphBuilder, Operator, Shape};
use assay_core::network::{Initialiser, Network};
use assay_core::stream::Stream;
use assay_export::onnx::schema::ModelProto;
use assay_export::onnx::{INPUT, OPERATOR_SET, OUTPUT};
use assay_export::{Model, to_onnx};
use assay_weights::Weights;
use prost::Message;
use serde_json::Value;

use crate::python;
use crate::scenes::{self, Scene};

const PROGRAM: &str = "
import json, os
import numpy, onnx, onnxruntime
def report(folder, name):
    path = os.path.join(folder, name + '.onnx')
    onnx.checker.check_model(onnx.load(path), full_check=True)
    session = onnxruntime.InferenceSession(path, providers=['CPUExecutionProvider'])
    taken = session.get_inputs()[0]
    images = numpy.fromfile(os.path.join(folder, 'images.bin'), dtype='<f4').reshape([-1] + taken.shape[1:])
    images = images.astype('int64' if taken.type == 'tensor(int64)' else 'float32')
    run = lambda images: session.run(None, {taken.name: images})[0]
    return {'logits': run(images).flatten().tolist(), 'one': list(run(images[:1]).shape), 'batch': taken.shape[0]}
print(json.dumps([[report(f'scene{i}', name) for name in ['untrained', 'trained']] for i in range(len(os.listdir('.')))]))
";

fn export(scene: &Scene, folder: &Path) {
    let write = |name: &str, bytes: &[u8]| std::fs::write(folder.join(name), bytes).unwrap();
    for (name, weights) in [("untrained.onnx", &scene.weights), ("trained.onnx", &scene.trained())] {
        write(name, &to_onnx(&Model::new(&scene.title, weights)).unwrap());
    }
    let pixels: Vec<u8> = scene.images.pixels().iter().flat_map(|pixel| pixel.to_le_bytes()).collect();
    write("images.bin", &pixels);
}

/// What onnxruntime printed of each scene, by batch and by running statistics, whose logits are ours; nothing without a Python for it.
fn checked(scenes: &[Scene]) -> Option<Vec<[Value; 2]>> {
    let python = python::with("numpy, onnx, onnxruntime", "ASSAY_PYTHON_ONNX", "pip install onnx onnxruntime")?;
    let place = scenes::folders(scenes, export);
    let printed: Vec<[Value; 2]> = serde_json::from_value(python::run(&python, place.path(), PROGRAM)).unwrap();
    assert_eq!(printed.len(), scenes.len());
    for (scene, printed) in scenes.iter().zip(&printed) {
        for (how, printed) in ["batch statistics", "running statistics"].iter().zip(printed) {
            scene.check(&python::numbers(&printed["logits"]), &format!("onnxruntime, {how}"));
        }
    }
    Some(printed)
}

#[test]
fn the_onnx_checker_accepts_the_file_and_onnxruntime_computes_our_logits() {
    let scenes = scenes::all();
    let Some(printed) = checked(&scenes) else { return };
    for (scene, printed) in scenes.iter().zip(&printed) {
        let outputs = scene.logits.len() / scene.images.len();
        for printed in printed {
            assert_eq!(printed["batch"], "batch", "the batch axis is dynamic");
            assert_eq!(printed["one"], serde_json::json!([1, outputs]));
        }
    }
}

#[test]
fn onnxruntime_computes_the_logits_of_networks_over_all_operators() {
    checked(&scenes::over_all_operators());
}

/// Holds without any other runtime.
#[test]
fn the_file_states_its_operator_set_and_holds_every_parameter_that_matters() {
    for scene in scenes::all() {
        let bytes = to_onnx(&Model::new(&scene.title, &scene.weights)).unwrap();
        let model = ModelProto::decode(bytes.as_slice()).unwrap();
        assert_eq!(model.opset_import[0].version, OPERATOR_SET);
        assert!(model.doc_string.contains("uses the statistics of the batch itself"), "{}", model.doc_string);
        let graph = model.graph.unwrap();
        assert_eq!((graph.input[0].name.as_str(), graph.output[0].name.as_str()), (INPUT, OUTPUT));
        let held: BTreeMap<&str, &[u8]> = graph.initializer.iter().map(|tensor| (tensor.name.as_str(), &tensor.raw_data[..])).collect();
        let network = &scene.weights.network;
        let needed = network.graph().needed_by(&[]);
        for (position, spec) in network.graph().parameters().iter().enumerate() {
            let values: Vec<u8> = network.parameter(position).iter().flat_map(|value| value.to_le_bytes()).collect();
            let expected = needed[spec.node.0].then_some(values.as_slice());
            assert_eq!(held.get(spec.path.as_str()).copied(), expected, "{}", spec.path);
        }
    }
}

fn drawn(graph: Graph) -> Weights {
    Weights::untrained(Network::initialise(graph.into(), Initialiser::UniformFanIn, &Stream::new(0, "parameters")))
}

/// Nodes and tensors share the file's names with its input and output.
#[test]
fn every_value_has_a_name_of_its_own() {
    let mut b = GraphBuilder::new(Shape::new(1, 2, 2)).unwrap();
    let first = b.conv(INPUT, b.input(), Conv2d::new(1, 1)).unwrap();
    let own = b.add(format!("{INPUT}.weight"), Operator::Parameter { axes: vec![1, 2, 2] }, &[]).unwrap();
    let sum = b.weighted_sum(OUTPUT, &[(0.5, first), (1.0, own)]).unwrap();
    let output = b.relu(format!("{OUTPUT}/term0"), sum).unwrap();
    let bytes = to_onnx(&Model::new("names", &drawn(b.finish(output)))).unwrap();
    let graph = ModelProto::decode(bytes.as_slice()).unwrap().graph.unwrap();
    let names = graph.node.iter().flat_map(|node| &node.output).chain(graph.initializer.iter().map(|tensor| &tensor.name));
    let names: Vec<&String> = names.chain([&graph.input[0].name]).collect();
    assert_eq!(names.iter().collect::<BTreeSet<_>>().len(), names.len(), "{names:?}");
}

#[test]
fn a_table_that_is_looked_up_by_what_the_network_computes_is_refused() {
    let mut b = GraphBuilder::new(Shape::vector(4)).unwrap();
    let positive = b.relu("positive", b.input()).unwrap();
    let output = b.add("table", Operator::Embedding { count: 3, features: 2, axis: 1 }, &[positive]).unwrap();
    let network = drawn(b.finish(output));
    let error = to_onnx(&Model::new("one table", &network)).unwrap_err();
    insta::assert_snapshot!(error, @"node `table` cannot be exported to ONNX: it looks up numbers that the network computes, and ONNX looks up whole numbers; look up the network's input, or what reshapes, slices, pads and joins it");
}
