//! The ONNX file, judged by ONNX's checker and run by onnxruntime.

use std::collections::BTreeMap;
use std::path::Path;

use assay_export::onnx::schema::ModelProto;
use assay_export::onnx::{INPUT, OPERATOR_SET, OUTPUT};
use assay_export::{Model, to_onnx};
use assay_weights::Weights;
use prost::Message;

use crate::python;
use crate::scenes::{self, Scene};

const PROGRAM: &str = "
import json, os
import numpy, onnx, onnxruntime
def report(folder, name):
    path = os.path.join(folder, name + '.onnx')
    onnx.checker.check_model(onnx.load(path), full_check=True)
    images = numpy.fromfile(os.path.join(folder, 'images.bin'), dtype='<f4').reshape(json.load(open(os.path.join(folder, 'shape.json'))))
    session = onnxruntime.InferenceSession(path, providers=['CPUExecutionProvider'])
    run = lambda images: session.run(None, {session.get_inputs()[0].name: images})[0]
    return {'logits': run(images).flatten().tolist(), 'one': list(run(images[:1]).shape), 'batch': session.get_inputs()[0].shape[0]}
print(json.dumps([[report(f'scene{i}', name) for name in ['untrained', 'trained']] for i in range(len(os.listdir('.')))]))
";

fn export(scene: &Scene, folder: &Path) {
    let write = |name: &str, bytes: &[u8]| std::fs::write(folder.join(name), bytes).unwrap();
    for (name, weights) in [("untrained.onnx", &scene.weights), ("trained.onnx", &scene.trained())] {
        write(name, &to_onnx(&Model { title: &scene.title, weights }).unwrap());
    }
    let pixels: Vec<u8> = scene.images.pixels().iter().flat_map(|pixel| pixel.to_le_bytes()).collect();
    write("images.bin", &pixels);
    let shape = scene.images.shape();
    write("shape.json", format!("[{}, {}, {}, {}]", scene.images.len(), shape.channels, shape.height, shape.width).as_bytes());
}

#[test]
fn the_onnx_checker_accepts_the_file_and_onnxruntime_computes_our_logits() {
    let modules = "numpy, onnx, onnxruntime";
    let Some(python) = python::with(modules, "ASSAY_PYTHON_ONNX", "pip install onnx onnxruntime") else { return };
    let scenes = scenes::all();
    let place = scenes::folders(&scenes, export);
    let printed = python::run(&python, place.path(), PROGRAM);
    for (scene, printed) in scenes.iter().zip(printed.as_array().unwrap()) {
        let outputs = scene.logits.len() / scene.images.len();
        for (how, printed) in ["batch statistics", "running statistics"].iter().zip(printed.as_array().unwrap()) {
            scene.check(&python::numbers(&printed["logits"]), &format!("onnxruntime, {how}"));
            assert_eq!(printed["batch"], "batch", "the batch axis is dynamic");
            assert_eq!(printed["one"], serde_json::json!([1, outputs]));
        }
    }
}

/// Holds without any other runtime.
#[test]
fn the_file_states_its_operator_set_and_holds_every_parameter_that_matters() {
    for scene in scenes::all() {
        let bytes = to_onnx(&Model { title: &scene.title, weights: &scene.weights }).unwrap();
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

#[test]
fn a_network_whose_node_has_the_name_of_the_files_input_is_refused() {
    use assay_core::graph::{GraphBuilder, Shape};
    use assay_core::network::{Initialiser, Network};
    use assay_core::stream::Stream;
    let mut b = GraphBuilder::new(Shape::new(1, 2, 2)).unwrap();
    let output = b.relu(INPUT, b.input()).unwrap();
    let network = Network::initialise(b.finish(output).into(), Initialiser::UniformFanIn, &Stream::new(0, "parameters"));
    let error = to_onnx(&Model { title: "one ReLU", weights: &Weights::untrained(network) }).unwrap_err();
    insta::assert_snapshot!(error, @"node `images` cannot be exported to ONNX: the file's input or output has its name");
}
