//! Steps against the engines, and whole trainings of seconds.

use assay_burn::flex;
use assay_core::data::{InMemory, Minibatch, Normalisation};
use assay_core::engine::{Ask, Engine, Objective, Precision, Wanted};
use assay_core::graph::{NodeId, Shape};
use assay_core::network::Network;
use assay_core::plugin::{MacroNet, Part, SearchSpace, Settings};
use assay_core::stream::Stream;
use assay_spaces::darts::Darts;
use assay_weights::batch_norms;
use rand::RngExt;

use super::*;
use crate::model::{Model, Step};
use crate::norm::Moments;
use crate::state::State;

const CELL: &str = "Genotype(normal=[('sep_conv_3x3', 0), ('skip_connect', 1), ('dil_conv_5x5', 0), ('sep_conv_3x3', 1), \
    ('max_pool_3x3', 1), ('skip_connect', 0), ('avg_pool_3x3', 0), ('dil_conv_3x3', 2)], normal_concat=range(2, 6), \
    reduce=[('max_pool_3x3', 0), ('skip_connect', 1), ('skip_connect', 2), ('sep_conv_3x3', 1), ('dil_conv_3x3', 0), \
    ('avg_pool_3x3', 2), ('skip_connect', 2), ('avg_pool_3x3', 1)], reduce_concat=range(2, 6))";
type Tracked = Autodiff<Flex>;

/// A recipe for what is at hand: without what big networks need, but for these settings.
fn recipe(settings: &Settings) -> Training {
    let small = Settings::none()
        .with("architecture", CELL)
        .with("channels", 4)
        .with("auxiliary", 0.0)
        .with("drop_path", 0.0)
        .with("cutout", 0)
        .with("augmentation", "none");
    settings.clone().or(&small).read().unwrap()
}

fn graph(recipe: &Training, size: usize) -> Arc<Graph> {
    let net =
        MacroNet { input: Shape::new(3, size, size), channels: recipe.channels, cells: recipe.cells, classes: 4, part: Part::Classifier };
    let space = Darts::new();
    Arc::new(space.lower(&space.parse(&recipe.architecture).unwrap(), &net).unwrap())
}

/// Noise with a bright quarter, which is the class.
fn quarters(count: usize, size: usize, seed: u64) -> InMemory {
    let mut rng = Stream::new(seed, "quarters").rng();
    let labels: Vec<u32> = (0..count).map(|index| index as u32 % 4).collect();
    let mut pixels = Vec::new();
    for label in &labels {
        for _ in 0..3 {
            for position in 0..size * size {
                let quarter = 2 * (position / size * 2 / size) + position % size * 2 / size;
                let bright = if quarter == *label as usize { 90 } else { 0 };
                pixels.push(rng.random_range(0..120_u8) + bright);
            }
        }
    }
    let normalisation = Normalisation { mean: vec![0.3; 3], deviation: vec![0.2; 3] };
    InMemory::new("quarters", Shape::new(3, size, size), 4, normalisation, pixels, labels).unwrap()
}

fn batch(dataset: &InMemory, count: usize) -> Minibatch {
    Minibatch::sample(dataset, count, assay_core::data::Augmentation::None, &Stream::new(2, "batch")).unwrap()
}

fn step(model: &Model, state: &State<Flex>, batch: &Minibatch, drop_path: f64) -> Step<Flex> {
    model.step::<Tracked>(&state.values, batch, drop_path, &Stream::new(4, "drop path"), &Default::default())
}

fn initial(model: &Model) -> State<Flex> {
    State::initial(model, &Stream::new(1, "parameters"), assay_core::network::Initialiser::UniformFanIn, &Default::default())
}

fn network(state: &State<Flex>, graph: &Arc<Graph>) -> Network {
    state.weights(Arc::clone(graph)).unwrap().network
}

fn worst(ours: &[f32], theirs: &[f64], scale: f64) -> f64 {
    ours.iter().zip(theirs).map(|(a, b)| (f64::from(*a) - b).abs()).fold(0.0, f64::max) / scale
}

#[test]
fn a_step_has_the_gradients_that_the_engine_computes_in_64_bits() {
    let recipe = recipe(&Settings::none().with("cells", 3));
    let graph = graph(&recipe, 16);
    let model = Model::new(&recipe, Arc::clone(&graph)).unwrap();
    let state = initial(&model);
    let batch = batch(&quarters(40, 16, 0), 12);
    let found = step(&model, &state, &batch, 0.0);
    let objective = Objective::cross_entropy(&graph);
    let ask = Ask::new().gradients(objective.clone(), Wanted::parameters());
    let answer = flex().pass(&network(&state, &graph), &batch, &ask, Precision::F64).unwrap();
    let theirs = answer.gradients(&objective).unwrap().parameters().unwrap();
    assert_eq!(found.gradients.len(), theirs.len());
    let longest = theirs.iter().flatten().fold(0.0_f64, |longest, value| longest.max(value.abs()));
    for ((spec, ours), theirs) in graph.parameters().iter().zip(found.gradients).zip(theirs) {
        let ours: Vec<f32> = ours.map_or(vec![0.0; theirs.len()], |ours| ours.into_data().to_vec().unwrap());
        let worst = worst(&ours, theirs, longest);
        assert!(worst < 1e-4, "{}: {worst:e}", spec.path);
    }
}

#[test]
fn the_gradients_of_the_whole_loss_are_those_of_finite_differences() {
    let settings = Settings::none().with("cells", 3).with("auxiliary", 0.4).with("label_smoothing", 0.1);
    let recipe = recipe(&settings);
    let graph = graph(&recipe, 32);
    let model = Model::new(&recipe, graph).unwrap();
    let mut state = initial(&model);
    let batch = batch(&quarters(40, 32, 0), 8);
    let found = step(&model, &state, &batch, 0.3);
    assert!(found.total > found.loss, "the head has a loss of its own");
    let gradients: Vec<_> = found.gradients.into_iter().map(Option::unwrap).collect();
    let norm: f64 = gradients.iter().map(|g| (g.clone() * g.clone()).sum().into_data().iter::<f64>().sum::<f64>()).sum::<f64>().sqrt();
    let mut move_by = |distance: f64| {
        let values = &mut state.values;
        for (parameter, gradient) in values.network.parameters.iter_mut().chain(&mut values.head.parameters).zip(&gradients) {
            *parameter = parameter.clone() + gradient.clone() * (distance / norm);
        }
        step(&model, &state, &batch, 0.3).total
    };
    // Along its own direction the gradient's slope is its norm.
    let step = 2e-3;
    let slope = (move_by(step) - move_by(-2.0 * step)) / (2.0 * step);
    assert!((slope / norm - 1.0).abs() < 0.02, "{slope} instead of {norm}");
}

#[test]
fn inference_normalises_by_running_statistics() {
    let recipe = recipe(&Settings::none().with("cells", 2));
    let graph = graph(&recipe, 8);
    let model = Model::new(&recipe, Arc::clone(&graph)).unwrap();
    let mut state = initial(&model);
    let batch = batch(&quarters(40, 8, 0), 10);
    let network = network(&state, &graph);
    // With the batch's own moments for running ones, inference gives what the engine gives on that batch.
    let inputs: Vec<NodeId> = batch_norms(&graph).map(|id| graph.node(id).inputs[0]).collect();
    let answer = flex().pass(&network, &batch, &Ask::new().moments(&inputs), Precision::F64).unwrap();
    let narrow = |values: &[f64]| {
        let values: Vec<f32> = values.iter().map(|value| *value as f32).collect();
        burn::tensor::Tensor::<Flex, 1>::from_floats(values.as_slice(), &Default::default())
    };
    let of = |input: &NodeId| answer.moments(*input).unwrap();
    state.values.network.statistics =
        inputs.iter().map(|input| Moments { mean: narrow(&of(input).mean), variance: narrow(&of(input).variance) }).collect();
    let loss = |row: &[f64], label: u32| row.iter().map(|v| v.exp()).sum::<f64>().ln() - row[label as usize];
    let expected: f64 = answer.output().chunks(4).zip(batch.labels()).map(|(row, label)| loss(row, *label)).sum::<f64>() / 10.0;
    let (ours, _) = model.test(&state.values, &batch, &Default::default());
    assert!((ours - expected).abs() < 1e-5, "{ours} instead of {expected}");
}

#[test]
fn layers_in_16_bits_give_nearly_the_same_step() {
    let of = |mixed: bool| {
        let recipe = recipe(&Settings::none().with("cells", 2).with("mixed_precision", mixed));
        let model = Model::new(&recipe, graph(&recipe, 8)).unwrap();
        let found = step(&model, &initial(&model), &batch(&quarters(40, 8, 0), 16), 0.0);
        let gradient: Vec<f32> = found.gradients[0].clone().unwrap().into_data().to_vec().unwrap();
        (found.loss, gradient)
    };
    let ((wide, wide_gradient), (narrow, narrow_gradient)) = (of(false), of(true));
    assert!(wide != narrow && (wide - narrow).abs() < 0.02 * wide, "{wide} and {narrow}");
    let dot = |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(a, b)| f64::from(a * b)).sum::<f64>();
    let cosine =
        dot(&wide_gradient, &narrow_gradient) / (dot(&wide_gradient, &wide_gradient) * dot(&narrow_gradient, &narrow_gradient)).sqrt();
    assert!(cosine > 0.95, "{cosine}");
}

/// Stops after some steps, and keeps the last checkpoint.
#[derive(Default)]
struct Stopper {
    left: Option<usize>,
    checkpoint: Option<Vec<u8>>,
    steps: (usize, usize),
}

impl Observer for Stopper {
    fn is_interrupted(&self) -> bool {
        self.left == Some(0)
    }
    fn expect(&mut self, steps: usize, done: usize) {
        self.steps = (steps, done);
    }
    fn step(&mut self) {
        self.left = self.left.map(|left| left - 1);
    }
    fn epoch(&mut self, _: &[EpochRecord]) -> Result<(), String> {
        Ok(())
    }
    fn checkpoint(&mut self, bytes: &[u8]) -> Result<(), String> {
        self.checkpoint = Some(bytes.to_vec());
        Ok(())
    }
}

/// What does not depend on the clock.
fn essence(outcome: &Outcome) -> (Vec<u8>, Vec<(f64, f64, Tested)>) {
    let curve = outcome.curve.iter().map(|epoch| (epoch.train_loss, epoch.train_accuracy, epoch.test)).collect();
    (outcome.weights.to_bytes().unwrap(), curve)
}

#[test]
fn a_training_stopped_anywhere_and_resumed_ends_with_the_same_weights() {
    let settings = Settings::none()
        .with("cells", 3)
        .with("epochs", 2)
        .with("batch", 7)
        .with("auxiliary", 0.4)
        .with("drop_path", 0.5)
        .with("cutout", 8)
        .with("augmentation", "flip-and-crop");
    let recipe = recipe(&settings);
    let (images, test) = (quarters(20, 32, 0), quarters(9, 32, 1));
    let job = Job { recipe: &recipe, graph: graph(&recipe, 32), seed: 3, train: &images, test: &test };
    let whole = train(&job, None, &mut Stopper::default()).unwrap();
    assert_eq!((whole.steps, whole.curve.len()), (6, 2));
    for stops in [0, 1, 3, 5] {
        let mut stopper = Stopper { left: Some(stops), ..Stopper::default() };
        assert!(matches!(train(&job, None, &mut stopper), Err(TrainingError::Interrupted)));
        let mut resumed = Stopper::default();
        let outcome = train(&job, stopper.checkpoint.as_deref(), &mut resumed).unwrap();
        assert_eq!(resumed.steps, (6, stops), "nothing is done twice");
        assert!(essence(&outcome) == essence(&whole), "stopped after {stops} steps");
    }
    let other = Job { seed: 4, ..job.clone() };
    assert!(essence(&train(&other, None, &mut Stopper::default()).unwrap()) != essence(&whole), "another seed is another training");
}

#[test]
fn a_training_learns() {
    let settings = Settings::none().with("cells", 2).with("epochs", 6).with("batch", 16).with("learning_rate", 0.1);
    let recipe = recipe(&settings);
    let (images, test) = (quarters(160, 8, 0), quarters(100, 8, 1));
    let job = Job { recipe: &recipe, graph: graph(&recipe, 8), seed: 0, train: &images, test: &test };
    let outcome = train(&job, None, &mut Stopper::default()).unwrap();
    let losses: Vec<f64> = outcome.curve.iter().map(|epoch| epoch.train_loss).collect();
    assert!(losses[5] < 0.5 * losses[0], "{losses:?}");
    assert!(outcome.test.images == 100 && outcome.test.accuracy() > 0.8, "{:?}, where chance is 0.25", outcome.test);
    assert!(outcome.weights.statistics.is_some());
}

#[test]
fn what_does_not_fit_is_refused_before_anything_is_trained() {
    let (small, large) = (quarters(8, 8, 0), quarters(8, 16, 0));
    let message = |settings: &Settings, test: &InMemory| {
        let recipe = recipe(settings);
        let job = Job { recipe: &recipe, graph: graph(&recipe, 8), seed: 0, train: &small, test };
        check(&job).unwrap_err().to_string()
    };
    let two = Settings::none().with("cells", 2);
    insta::assert_snapshot!(message(&two, &large), @"the network takes images of 3×8×8, and those that it is tested on are 3×16×16");
    insta::assert_snapshot!(message(&two.clone().with("auxiliary", 0.4), &small), @"the auxiliary head does not fit 32×4×4 behind `cells.1.concat` (node `auxiliary.pool` (avg_pool): a window of 5×5 does not fit 32×4×4 with padding 0); set auxiliary = 0");
    insta::assert_snapshot!(message(&two.clone().with("backend", "burn-cuda"), &small), @r#"this build has no `burn-cuda`; build it with --features cuda, or set backend = "burn-flex""#);
    let recipe = recipe(&two.with("learning_rate", 99.0).with("epochs", 3).with("batch", 4).with("clip", 0.0));
    let job = Job { recipe: &recipe, graph: graph(&recipe, 8), seed: 0, train: &small, test: &small };
    let garbage = train(&job, Some(b"{}"), &mut Stopper::default()).unwrap_err().to_string();
    assert!(garbage.starts_with("the checkpoint cannot be continued: it is not a safetensors file"), "{garbage}");
    let weights =
        train(&Job { recipe: &Training { epochs: 1, learning_rate: 0.0, ..recipe.clone() }, ..job.clone() }, None, &mut Stopper::default());
    let weights = weights.unwrap().weights.to_bytes().unwrap();
    let no_checkpoint = train(&job, Some(&weights), &mut Stopper::default()).unwrap_err();
    insta::assert_snapshot!(no_checkpoint, @"the checkpoint cannot be continued: its header has no `assay.training`");
}
