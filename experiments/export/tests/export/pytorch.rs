//! The PyTorch module, run by PyTorch.

use std::collections::BTreeMap;
use std::path::Path;

use assay_export::{Model, to_pytorch};
use assay_weights::{Weights, write_tensors};

use crate::python;
use crate::scenes::{self, Scene};

/// Prints the names that this PyTorch's modules have anyway, and this Python's keywords.
const NAMES: &str = "
import json, keyword, torch
print(json.dumps(sorted({name for name in dir(torch.nn.Module()) if not name.startswith('__')} | set(keyword.kwlist))))
";

/// Trains the whole network a step, copies it, and reads its state dict back below another module; prints what is left of the state dict.
const STEP: &str = "
import copy, json, torch
from network import Network, read_safetensors
network = Network().load_weights('weights.safetensors')
images = read_safetensors('images.safetensors')['images']
network(images).sum().backward()
torch.optim.SGD(network.parameters(), 0.1).step()
network.eval()
outer = torch.nn.Sequential(Network())
outer.load_state_dict({'0.' + name: value for name, value in network.state_dict().items()})
again = copy.deepcopy(outer).eval()
assert list(again.state_dict()) == ['0.' + name for name in network.state_dict()]
assert (again(images) - network(images)).abs().max() == 0
for name, _ in network.named_parameters():
    module = network
    for part in name.split('.'):
        module = getattr(module, part)
    assert isinstance(module, torch.nn.Parameter), name
given = read_safetensors('weights.safetensors')
assert set(given) == {name for name, value in network.state_dict().items() if not name.endswith(('mean', 'var', 'tracked'))}
print(json.dumps(len(given)))
";

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
    write("network.py", to_pytorch(&Model::new(&scene.title, &scene.weights)).unwrap().as_bytes());
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
        let text = to_pytorch(&Model::new(&scene.title, weights)).unwrap();
        text.split("import").next().unwrap().to_owned()
    };
    insta::assert_snapshot!("top_of_an_untrained_module", top(&scene.weights));
    insta::assert_snapshot!("top_of_a_trained_module", top(&scene.trained()));
}

#[test]
fn cells_of_one_structure_are_one_class() {
    let scene = scenes::all().remove(0);
    let text = to_pytorch(&Model::new(&scene.title, &scene.weights)).unwrap();
    let classes: Vec<&str> = text.lines().filter(|line| line.starts_with("class ") || line.starts_with("    \"\"\"")).collect();
    insta::assert_snapshot!(classes.join("\n"));
}

#[test]
fn parts_with_names_that_pytorch_or_python_have_already_are_layers_like_others() {
    let Some(python) = python::with("torch", "ASSAY_PYTHON_TORCH", "Debian: apt-get install python3-torch") else { return };
    let here = tempfile::tempdir().unwrap();
    let names: Vec<String> = serde_json::from_value(python::run(&python, here.path(), NAMES)).unwrap();
    assert!(names.len() > 90 && names.contains(&"modules".to_owned()) && names.contains(&"lambda".to_owned()), "{names:?}");
    let more = [
        "load_weights",
        "running_statistics",
        "modules_",
        "modules__",
        "weight",
        "at",
        "norm",
        "self",
        "images",
        "len",
        "_",
        "1<-0",
        "a\"b\\c",
    ];
    let scene = scenes::of_names(names.iter().map(String::as_str).chain(more));
    export(&scene, here.path());
    assert_eq!(python::run(&python, here.path(), STEP), scene.weights.network.graph().parameters().len());
    let place = scenes::folders(std::slice::from_ref(&scene), export);
    let printed = python::run(&python, place.path(), PROGRAM);
    for mode in ["train", "batch", "eval"] {
        scene.check(&python::numbers(&printed[0][mode]), &format!("PyTorch, {mode}"));
    }
}

/// The paths that a class of an exported module gives its layers: `cells.0`, `edges.1<-0.conv`.
fn layers_of_classes(text: &str) -> Vec<Vec<&str>> {
    fn layers(class: &str) -> Vec<&str> {
        class.lines().filter_map(|line| line.trim_start().strip_prefix("add(self, \"")?.split('"').next()).collect()
    }
    text.split("\nclass ").skip(1).map(layers).collect()
}

#[test]
fn no_layer_of_any_space_has_a_name_that_clashes() {
    use assay_core::graph::Shape;
    use assay_core::network::{Initialiser, Network};
    use assay_core::plugin::{MacroNet, Part, Registry, SearchSpace, Settings, draw_architectures};
    use assay_core::stream::Stream;
    use assay_core::subspace::Subspace;
    let net = MacroNet { input: Shape::new(3, 32, 32), channels: 8, cells: 2, classes: 3, part: Part::Classifier };
    let spaces = Registry::<dyn SearchSpace>::collect().unwrap();
    let free = [("darts", Settings::none().with("inputs", "free")), ("darts", Settings::none().with("network", "te-nas"))];
    // Networks of files have the names that their tools gave, and are not exported.
    let built = spaces.iter().map(|entry| entry.name).filter(|name| *name != "files");
    for (name, settings) in built.map(|name| (name, Settings::none())).chain(free) {
        let space = spaces.build(name, &settings).unwrap();
        let drawn = draw_architectures(space.as_ref(), &Subspace::whole(space.layout()), 40, &Stream::new(2, "drawn"));
        assert_eq!(drawn.len(), 40);
        for architecture in drawn {
            let graph = space.lower(&architecture, &net).unwrap();
            let weights = Weights::untrained(Network::initialise(graph.into(), Initialiser::UniformFanIn, &Stream::new(0, "parameters")));
            let text = to_pytorch(&Model::new(name, &weights)).unwrap();
            let classes = layers_of_classes(&text);
            let graph = weights.network.graph();
            assert!(classes.iter().map(Vec::len).sum::<usize>() > 3, "{text}");
            for layers in classes {
                for (position, layer) in layers.iter().enumerate() {
                    // A layer below another layer would meet the names of that layer too.
                    let is_apart = |other: &&str| **layer != **other && !other.starts_with(&format!("{layer}."));
                    assert!(
                        layers[..position].iter().all(is_apart) && layers[position + 1..].iter().all(is_apart),
                        "{name}: {layer} in {layers:?}"
                    );
                    for part in layer.split('.') {
                        let is_taken = ["modules", "train", "eval", "type", "parameters", "forward", "from", "lambda"].contains(&part);
                        assert!(!part.is_empty() && !part.starts_with('_') && !is_taken, "{name}: {layer}");
                    }
                }
            }
            // What worked before is called as before: only NAS-Bench-101 has a part that modules have.
            assert_eq!(
                text.contains("RENAMED"),
                name == "nas-bench-101" && graph.nodes().iter().any(|node| node.name.contains(".modules.")),
                "{name}"
            );
        }
    }
}
