//! The PyTorch module, run by PyTorch.

use std::collections::BTreeMap;
use std::path::Path;

use assay_export::{Model, to_pytorch};
use assay_weights::{Weights, write_tensors};

use crate::python;
use crate::scenes::{self, Scene};

/// Prints for each folder the outputs in training mode, without running statistics, and in inference; and the state dict's
/// names and shapes.
const PROGRAM: &str = "
import importlib, json, os, sys, torch
sys.path.insert(0, '.')
def report(folder):
    module = importlib.import_module(folder + '.network')
    at = lambda name: os.path.join(folder, name + '.safetensors')
    images = module.read_safetensors(at('images'))['images']
    with torch.no_grad():
        fresh = module.Network().load_weights(at('weights'))
        network = module.Network(running_statistics=False).load_weights(at('weights'))
        trained = module.Network().load_weights(at('trained'))
        return {
            'train': fresh.train()(images).flatten().tolist(),
            'batch': network.eval()(images).flatten().tolist(),
            'eval': trained.eval()(images).flatten().tolist(),
            'state': {name: list(tensor.shape) for name, tensor in network.state_dict().items()},
            'count': sum(parameter.numel() for parameter in network.parameters()),
        }
print(json.dumps([report(f'scene{i}') for i in range(len(os.listdir('.')))]))
";

fn export(scene: &Scene, folder: &Path) {
    let write = |name: &str, bytes: &[u8]| std::fs::write(folder.join(name), bytes).unwrap();
    write("network.py", to_pytorch(&Model { title: &scene.title, weights: &scene.weights }).as_bytes());
    write("weights.safetensors", &scene.weights.to_bytes().unwrap());
    write("trained.safetensors", &scene.trained().to_bytes().unwrap());
    let shape = scene.images.shape();
    let shape = vec![scene.images.len(), shape.channels, shape.height, shape.width];
    write("images.safetensors", &write_tensors([("images", shape, scene.images.pixels())], BTreeMap::new()).unwrap());
}

#[test]
fn pytorch_computes_our_logits_from_the_exported_module_and_weights() {
    let Some(python) = python::with("torch", "ASSAY_PYTHON_TORCH", "Debian: apt-get install python3-torch") else { return };
    let scenes = scenes::all();
    let place = scenes::folders(&scenes, export);
    let printed = python::run(&python, place.path(), PROGRAM);
    for (scene, printed) in scenes.iter().zip(printed.as_array().unwrap()) {
        for mode in ["train", "batch", "eval"] {
            scene.check(&python::numbers(&printed[mode]), &format!("PyTorch, {mode}"));
        }
        let graph = scene.weights.network.graph();
        let ours: BTreeMap<&str, &Vec<usize>> = graph.parameters().iter().map(|spec| (spec.path.as_str(), &spec.shape)).collect();
        assert_eq!(printed["state"], serde_json::to_value(ours).unwrap(), "{}", scene.title);
        assert_eq!(printed["count"], graph.parameter_count());
    }
}

#[test]
fn the_modules_top_says_what_batch_normalisation_does() {
    let scene = scenes::all().remove(0);
    let top = |weights: &Weights| {
        let text = to_pytorch(&Model { title: &scene.title, weights });
        text.split("import").next().unwrap().to_owned()
    };
    insta::assert_snapshot!("top_of_an_untrained_module", top(&scene.weights));
    insta::assert_snapshot!("top_of_a_trained_module", top(&scene.trained()));
}

#[test]
fn cells_of_one_structure_are_one_class() {
    let scene = scenes::all().remove(0);
    let text = to_pytorch(&Model { title: &scene.title, weights: &scene.weights });
    let classes: Vec<&str> = text.lines().filter(|line| line.starts_with("class ") || line.starts_with("    \"\"\"")).collect();
    insta::assert_snapshot!(classes.join("\n"));
}
