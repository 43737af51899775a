//! Training in PyTorch, of the exported module, ends where our training ends.

use std::num::NonZeroUsize;
use std::sync::Arc;

use assay_core::data::{InMemory, Normalisation};
use assay_core::experiment::{Training, TrainingBackend};
use assay_core::graph::Shape;
use assay_core::network::{Initialiser, Network};
use assay_core::plugin::{MacroNet, Part, SearchSpace, Settings};
use assay_core::stream::Stream;
use assay_export::{Model, to_pytorch};
use assay_spaces::darts::Darts;
use assay_training::{EpochRecord, Job, Observer, Tests, train};
use assay_weights::{Weights, write_tensors};
use rand::RngExt;

use crate::python;
use crate::scenes::DARTS;

const EPOCHS: usize = 4;
const IMAGES: usize = 12;

/// Full batches with PyTorch's optimiser, schedule, loss and clipping; prints the worst difference of each tensor to ours.
const PROGRAM: &str = "
import json, math, torch
from network import Network, read_safetensors
given = read_safetensors('batch.safetensors')
ours = read_safetensors('trained.safetensors')
network = Network().load_weights('weights.safetensors').train()
optimizer = torch.optim.SGD(network.parameters(), 0.1, momentum=0.9, weight_decay=3e-4)
scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, 4)
loss_of = torch.nn.CrossEntropyLoss(label_smoothing=0.1)
losses = []
for epoch in range(4):
    optimizer.zero_grad()
    loss = loss_of(network(given['images']), given['labels'].long())
    loss.backward()
    torch.nn.utils.clip_grad_norm_(network.parameters(), 0.5)
    optimizer.step()
    scheduler.step()
    losses.append(loss.item())
state = {name: tensor for name, tensor in network.state_dict().items() if not name.endswith('num_batches_tracked')}
assert state.keys() == ours.keys()
worst = {name: (tensor - ours[name]).abs().max().item() for name, tensor in state.items()}
start = read_safetensors('weights.safetensors')
moved = max((state[name] - start[name]).abs().max().item() for name in start)
print(json.dumps({'losses': losses, 'worst': worst, 'moved': moved}))
";

struct Silent;

impl Observer for Silent {
    fn is_interrupted(&self) -> bool {
        false
    }
    fn expect(&mut self, _: usize, _: usize) {}
    fn step(&mut self) {}
    fn epoch(&mut self, _: &[EpochRecord]) -> Result<(), String> {
        Ok(())
    }
    fn checkpoint(&mut self, _: &[u8]) -> Result<(), String> {
        Ok(())
    }
}

#[test]
fn pytorch_trains_the_exported_module_to_our_weights() {
    let Some(python) = python::with("torch", "ASSAY_PYTHON_TORCH", "Debian: apt-get install python3-torch") else { return };
    let settings = [("epochs", EPOCHS.into()), ("batch", IMAGES.into()), ("learning_rate", 0.1.into()), ("clip", 0.5.into())];
    let settings = settings.into_iter().fold(Settings::none(), |settings, (key, value): (_, serde_json::Value)| settings.with(key, value));
    let settings = settings.with("architecture", DARTS).with("label_smoothing", 0.1).with("augmentation", "none");
    let settings = settings.with("auxiliary", 0.0).with("drop_path", 0.0).with("cutout", 0);
    let recipe: Training = settings.read().unwrap();
    let net = MacroNet { input: Shape::new(3, 8, 8), channels: 4, cells: 3, classes: 5, part: Part::Classifier };
    let space = Darts::new();
    let graph = Arc::new(space.lower(&space.parse(DARTS).unwrap(), &net).unwrap());

    let mut rng = Stream::new(1, "images").rng();
    let bytes: Vec<u8> = (0..IMAGES * net.input.elements()).map(|_| rng.random()).collect();
    let labels: Vec<u32> = (0..IMAGES).map(|index| index as u32 % 5).collect();
    let normalisation = Normalisation { mean: vec![0.5; 3], deviation: vec![0.25; 3] };
    let pixels: Vec<f32> = bytes.iter().map(|byte| (f32::from(*byte) / 255.0 - 0.5) / 0.25).collect();
    let images = InMemory::new("noise", net.input, 5, normalisation, bytes, labels.clone()).unwrap();
    for backend in [TrainingBackend::Cpu, TrainingBackend::BurnFlex] {
        let recipe = Training { backend, ..recipe.clone() };
        let (graph, threads) = (Arc::clone(&graph), NonZeroUsize::MIN);
        let job = Job {
            recipe: &recipe,
            graph: Arc::clone(&graph),
            seed: 6,
            train: &images,
            test: &images,
            threads,
            memory: None,
            tests: Tests::Each,
        };
        let outcome = train(&job, None, &mut Silent).unwrap();

        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, bytes: &[u8]| std::fs::write(folder.path().join(name), bytes).unwrap();
        let first = Weights::untrained(Network::initialise(graph, Initialiser::UniformFanIn, &Stream::new(6, "parameters")));
        write("network.py", to_pytorch(&Model::new("three cells", &first)).unwrap().as_bytes());
        write("weights.safetensors", &first.to_bytes().unwrap());
        write("trained.safetensors", &outcome.weights.to_bytes().unwrap());
        let labels: Vec<f32> = labels.iter().map(|label| *label as f32).collect();
        let batch = [("images", vec![IMAGES, 3, 8, 8], pixels.clone()), ("labels", vec![IMAGES], labels)];
        write("batch.safetensors", &write_tensors(batch, Default::default()).unwrap());
        let printed = python::run(&python, folder.path(), PROGRAM);

        for (theirs, ours) in python::numbers(&printed["losses"]).iter().zip(&outcome.curve) {
            assert!((theirs - ours.train_loss).abs() < 1e-4, "loss {theirs} in PyTorch, {} here, {backend}", ours.train_loss);
        }
        assert!(printed["moved"].as_f64().unwrap() > 0.01, "the steps are long enough to see");
        for (name, worst) in printed["worst"].as_object().unwrap() {
            assert!(worst.as_f64().unwrap() < 2e-4, "{name} differs by {worst}, {backend}");
        }
    }
}
