//! Steps against the engines, and whole trainings of seconds.

use assay_burn::flex;
use assay_core::data::{InMemory, Minibatch, Normalisation};
use assay_core::engine::learner::{Learned, Lesson, Loss, ParameterGradients, Rules, Targets};
use assay_core::engine::{Ask, Engine, Objective, Precision, Wanted};
use assay_core::graph::Shape;
use assay_core::network::{Initialiser, Network};
use assay_core::plugin::{MacroNet, Part, SearchSpace, Settings};
use assay_core::stream::Stream;
use assay_cpu::CpuEngine;
use assay_spaces::darts::Darts;
use rand::RngExt;

use super::*;
use crate::auxiliary::{WithHead, with_head};
use crate::drop_path::dropped;

const CELL: &str = "Genotype(normal=[('sep_conv_3x3', 0), ('skip_connect', 1), ('dil_conv_5x5', 0), ('sep_conv_3x3', 1), \
    ('max_pool_3x3', 1), ('skip_connect', 0), ('avg_pool_3x3', 0), ('dil_conv_3x3', 2)], normal_concat=range(2, 6), \
    reduce=[('max_pool_3x3', 0), ('skip_connect', 1), ('skip_connect', 2), ('sep_conv_3x3', 1), ('dil_conv_3x3', 0), \
    ('avg_pool_3x3', 2), ('skip_connect', 2), ('avg_pool_3x3', 1)], reduce_concat=range(2, 6))";

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
    Arc::new(space.lower(&space.parse(recipe.architecture.as_deref().unwrap()).unwrap(), &net).unwrap())
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

fn engines() -> Vec<Box<dyn Engine>> {
    vec![Box::new(CpuEngine::new()), Box::new(flex())]
}

fn drawn(graph: &Arc<Graph>) -> Network {
    Network::initialise(Arc::clone(graph), Initialiser::UniformFanIn, &Stream::new(1, "parameters"))
}

/// What a step finds.
fn gradients(
    engine: &dyn Engine,
    rules: &Rules,
    network: &Network,
    batch: &Minibatch,
    lesson: &Lesson<'_>,
) -> (Learned, ParameterGradients) {
    engine.learner(network.clone(), rules).unwrap().gradients(batch, lesson).unwrap()
}

fn lesson<'a>(losses: &'a [Loss], smoothing: f64, dropped: &'a [assay_core::engine::learner::Dropped]) -> Lesson<'a> {
    Lesson { targets: Targets::Labels { smoothing }, dropped, ..Lesson::of(losses, 0.1) }
}

#[test]
fn a_step_has_the_gradients_that_the_engine_computes_in_64_bits() {
    let recipe = recipe(&Settings::none().with("cells", 3));
    let graph = graph(&recipe, 16);
    let network = drawn(&graph);
    let batch = batch(&quarters(40, 16, 0), 12);
    let objective = Objective::cross_entropy(&graph);
    let ask = Ask::new().gradients(objective.clone(), Wanted::parameters());
    let answer = flex().pass(&network, &batch, &ask, Precision::F64).unwrap();
    let theirs = answer.gradients(&objective).unwrap().parameters().unwrap();
    let longest = theirs.iter().flatten().fold(0.0_f64, |longest, value| longest.max(value.abs()));
    let losses = [Loss { node: graph.output(), factor: 1.0 }];
    for engine in engines() {
        let (_, found) = gradients(engine.as_ref(), &Rules::default(), &network, &batch, &lesson(&losses, 0.0, &[]));
        assert_eq!(found.len(), theirs.len());
        for ((spec, ours), theirs) in graph.parameters().iter().zip(found).zip(theirs) {
            let ours = ours.unwrap_or_else(|| vec![0.0; theirs.len()]);
            let worst = ours.iter().zip(theirs).map(|(a, b)| (a - b).abs() / longest).fold(0.0, f64::max);
            assert!(worst < 1e-4, "{}: {worst:e}, {}", spec.path, engine.name());
        }
    }
}

#[test]
fn the_gradients_of_the_whole_loss_are_those_of_finite_differences() {
    let recipe = recipe(&Settings::none().with("cells", 3));
    let plain = graph(&recipe, 32);
    let WithHead { graph, logits } = with_head(&plain, 4).unwrap();
    let graph = Arc::new(graph);
    let network = drawn(&graph);
    let batch = batch(&quarters(40, 32, 0), 8);
    let losses = [Loss { node: graph.output(), factor: 1.0 }, Loss { node: logits, factor: 0.4 }];
    let dropped = dropped(&graph, 8, 0.3, &Stream::new(4, "drop path"));
    let lesson = lesson(&losses, 0.1, &dropped);
    for engine in engines() {
        let rules = Rules { precision: Precision::F64, ..Rules::default() };
        let (learned, found) = gradients(engine.as_ref(), &rules, &network, &batch, &lesson);
        let found: Vec<Vec<f64>> = found.into_iter().map(Option::unwrap).collect();
        let total = |learned: &Learned| learned.losses[0] + 0.4 * learned.losses[1];
        assert!(total(&learned) > learned.losses[0], "the head has a loss of its own");
        let moved = |distance: f64| {
            let step = |(values, gradient): (Vec<f32>, &Vec<f64>)| {
                let moved = |(value, gradient): (f32, &f64)| (f64::from(value) + gradient * distance / learned.norm) as f32;
                values.into_iter().zip(gradient).map(moved).collect()
            };
            let parameters = network.clone().into_parameters().into_iter().zip(&found).map(step).collect();
            let network = Network::of(Arc::clone(&graph), parameters).unwrap();
            total(&gradients(engine.as_ref(), &rules, &network, &batch, &lesson).0)
        };
        // Along its own direction the gradient's slope is its norm.
        let slope = (moved(1e-3) - moved(-1e-3)) / 2e-3;
        assert!((slope / learned.norm - 1.0).abs() < 0.02, "{slope} instead of {}, {}", learned.norm, engine.name());
    }
}

#[test]
fn layers_in_16_bits_give_nearly_the_same_step() {
    let recipe = recipe(&Settings::none().with("cells", 2));
    let graph = graph(&recipe, 8);
    let losses = [Loss { node: graph.output(), factor: 1.0 }];
    let batch = batch(&quarters(40, 8, 0), 16);
    let of = |narrow: bool| {
        let (learned, found) =
            gradients(&flex(), &Rules { narrow, ..Rules::default() }, &drawn(&graph), &batch, &lesson(&losses, 0.0, &[]));
        (learned.losses[0], found[0].clone().unwrap())
    };
    let ((wide, wide_gradient), (narrow, narrow_gradient)) = (of(false), of(true));
    assert!(wide != narrow && (wide - narrow).abs() < 0.02 * wide, "{wide} and {narrow}");
    let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
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
    for backend in [TrainingBackend::Cpu, TrainingBackend::BurnFlex] {
        let recipe = Training { backend, ..recipe.clone() };
        let job = job(&recipe, graph(&recipe, 32), 3, (&images, &test));
        let whole = train(&job, None, &mut Stopper::default()).unwrap();
        assert_eq!((whole.steps, whole.curve.len()), (6, 2));
        for stops in [0, 1, 3, 5] {
            let mut stopper = Stopper { left: Some(stops), ..Stopper::default() };
            assert!(matches!(train(&job, None, &mut stopper), Err(TrainingError::Interrupted)));
            let mut resumed = Stopper::default();
            // On another number of threads.
            let job = Job { threads: NonZeroUsize::new(2).unwrap(), ..job.clone() };
            let outcome = train(&job, stopper.checkpoint.as_deref(), &mut resumed).unwrap();
            assert_eq!(resumed.steps, (6, stops), "nothing is done twice");
            assert!(essence(&outcome) == essence(&whole), "stopped after {stops} steps, {backend}");
        }
        let other = Job { seed: 4, ..job.clone() };
        assert!(essence(&train(&other, None, &mut Stopper::default()).unwrap()) != essence(&whole), "another seed is another training");
    }
}

fn job<'a>(recipe: &'a Training, graph: Arc<Graph>, seed: u64, (train, test): (&'a InMemory, &'a InMemory)) -> Job<'a> {
    Job { recipe, graph, seed, train, test, threads: NonZeroUsize::MIN, memory: None, tests: Tests::Each }
}

#[test]
fn a_training_in_stages_is_tested_where_it_is_judged_and_is_the_whole_training() {
    let recipe = recipe(&Settings::none().with("cells", 2).with("epochs", 4).with("batch", 4).with("test_images", 3));
    let (images, test) = (quarters(12, 8, 0), quarters(9, 8, 1));
    let job = job(&recipe, graph(&recipe, 8), 0, (&images, &test));
    let whole = train(&job, None, &mut Stopper::default()).unwrap();
    let judged = Job { tests: Tests::After(&[1, 3, 4]), ..job };
    let mut stages = Stopper::default();
    let mut curve = Vec::new();
    for (epochs, steps) in [(1, (3, 0)), (3, (9, 3)), (4, (12, 9))] {
        let checkpoint = stages.checkpoint.take();
        curve = train_until(&judged, epochs, checkpoint.as_deref(), &mut stages).unwrap();
        assert_eq!((curve.len(), stages.steps), (epochs, steps), "it goes on from where the stage before ended");
    }
    let trained = |curve: &[EpochRecord]| curve.iter().map(|epoch| (epoch.train_loss, epoch.train_accuracy)).collect::<Vec<_>>();
    assert_eq!(trained(&curve), trained(&whole.curve));
    assert_eq!(curve.iter().map(|epoch| epoch.test.images).collect::<Vec<_>>(), [9, 0, 9, 9]);
    assert_eq!(curve[3].test, whole.test);
    let further = train_until(&judged, 3, stages.checkpoint.as_deref(), &mut Stopper::default()).unwrap();
    assert_eq!(further, curve, "what is further already is not trained again");
}

#[test]
fn a_checkpoint_of_another_training_is_refused_by_what_differs() {
    let recipe = recipe(&Settings::none().with("cells", 2).with("epochs", 2).with("batch", 4));
    let images = quarters(8, 8, 0);
    let own = job(&recipe, graph(&recipe, 8), 0, (&images, &images));
    let mut stopper = Stopper { left: Some(1), ..Stopper::default() };
    assert!(matches!(train(&own, None, &mut stopper), Err(TrainingError::Interrupted)));
    let checkpoint = stopper.checkpoint.unwrap();
    let refused = |job: &Job<'_>| train(job, Some(&checkpoint), &mut Stopper::default()).unwrap_err().to_string();
    let (faster, deeper) = (Training { learning_rate: 0.5, ..recipe.clone() }, Training { cells: 3, ..recipe.clone() });
    let fewer = Training { images: Some(4), ..recipe.clone() };
    let said = [
        refused(&Job { seed: 1, ..own.clone() }),
        refused(&Job { recipe: &faster, ..own.clone() }),
        refused(&Job { recipe: &fewer, ..own.clone() }),
        refused(&Job { recipe: &deeper, graph: graph(&deeper, 8), ..own.clone() }),
        refused(&Job { graph: graph(&deeper, 8), ..own.clone() }),
    ];
    let earlier = assay_weights::write_tensors(
        Vec::<(String, Vec<usize>, Vec<f32>)>::new(),
        [("assay.training".to_owned(), r#"{"epoch":1,"step":0,"loss":0.0,"correct":0,"seconds":0.0,"curve":[]}"#.to_owned())].into(),
    );
    let earlier = train(&own, Some(&earlier.unwrap()), &mut Stopper::default()).unwrap_err().to_string();
    insta::assert_snapshot!([&said[..], &[earlier]].concat().join("\n"), @"
    the checkpoint cannot be continued: it is of seed 0, this training of 1
    the checkpoint cannot be continued: its `learning_rate` is 0.025, that of this training 0.5
    the checkpoint cannot be continued: its `images` is not set, that of this training 4
    the checkpoint cannot be continued: its `cells` is 2, that of this training 3
    the checkpoint cannot be continued: there is no tensor `cells.2.preprocess0.even.weight`, which the network has: the file is of another architecture or size of network
    the checkpoint cannot be continued: an earlier version of Assay wrote it; continue with that one, or begin anew
    ");
}

#[test]
fn a_training_learns() {
    let settings = Settings::none().with("cells", 2).with("epochs", 6).with("batch", 16).with("learning_rate", 0.1);
    let recipe = recipe(&settings);
    let (images, test) = (quarters(160, 8, 0), quarters(100, 8, 1));
    let job = job(&recipe, graph(&recipe, 8), 0, (&images, &test));
    let outcome = train(&job, None, &mut Stopper::default()).unwrap();
    let losses: Vec<f64> = outcome.curve.iter().map(|epoch| epoch.train_loss).collect();
    assert!(losses[5] < 0.5 * losses[0], "{losses:?}");
    assert!(outcome.test.images == 100 && outcome.test.accuracy() > 0.8, "{:?}, where chance is 0.25", outcome.test);
    assert!(outcome.weights.statistics.is_some());
}

#[test]
fn every_optimiser_and_schedule_learns_and_takes_steps_of_its_own() {
    let (images, test) = (quarters(160, 8, 0), quarters(100, 8, 1));
    let base = Settings::none().with("cells", 2).with("epochs", 6).with("batch", 16);
    let sgd = base.clone().with("learning_rate", 0.1);
    let ways = [
        sgd.clone().with("nesterov", true),
        sgd.clone().with("schedule", "linear").with("decayed", "weights").with("weight_decay", 0.01),
        sgd.with("schedule", "steps").with("step_factor", 0.7),
        base.with("learning_rate", 0.01).with("optimiser", "adam"),
    ];
    let mut all = Vec::new();
    for way in ways {
        let recipe = recipe(&way);
        let outcome = train(&job(&recipe, graph(&recipe, 8), 0, (&images, &test)), None, &mut Stopper::default()).unwrap();
        let losses: Vec<f64> = outcome.curve.iter().map(|epoch| epoch.train_loss).collect();
        assert!(losses[5] < 0.6 * losses[0], "{losses:?} by {recipe:?}");
        all.push(losses[5].to_bits());
    }
    all.sort_unstable();
    all.dedup();
    assert_eq!(all.len(), 4);
}

#[test]
fn what_does_not_fit_is_refused_before_anything_is_trained() {
    let (small, large) = (quarters(8, 8, 0), quarters(8, 16, 0));
    let message = |settings: &Settings, test: &InMemory| {
        let recipe = recipe(settings);
        let job = job(&recipe, graph(&recipe, 8), 0, (&small, test));
        check(&job).unwrap_err().to_string()
    };
    let two = Settings::none().with("cells", 2);
    insta::assert_snapshot!(message(&two, &large), @"the network takes images of 3×8×8, and those that it is tested on are 3×16×16");
    insta::assert_snapshot!(message(&two.clone().with("auxiliary", 0.4), &small), @"the auxiliary head does not fit 32×4×4 behind `cells.1.concat` (node `auxiliary.pool` (avg_pool): a window of 5×5 does not fit 32×4×4 with padding 0); set auxiliary = 0");
    insta::assert_snapshot!(message(&two.clone().with("backend", "burn-cuda"), &small), @r#"this build has no `burn-cuda`; build it with --features cuda, or set backend = "cpu""#);
    insta::assert_snapshot!(message(&two.clone().with("nesterov", true).with("momentum", 0.0), &small), @r#"nesterov looks ahead along the momentum of stochastic gradient descent; set optimiser = "sgd" and a momentum"#);
    insta::assert_snapshot!(message(&two.clone().with("mixed_precision", true), &small), @r#"mixed_precision needs a backend of burn's; set backend = "burn-flex" or "burn-cuda", or leave it out"#);
    let recipe = recipe(&two.with("learning_rate", 99.0).with("epochs", 3).with("batch", 4).with("clip", 0.0));
    let job = job(&recipe, graph(&recipe, 8), 0, (&small, &small));
    let garbage = train(&job, Some(b"{}"), &mut Stopper::default()).unwrap_err().to_string();
    assert!(garbage.starts_with("the checkpoint cannot be continued: it is not a safetensors file"), "{garbage}");
    let weights =
        train(&Job { recipe: &Training { epochs: 1, learning_rate: 0.0, ..recipe.clone() }, ..job.clone() }, None, &mut Stopper::default());
    let weights = weights.unwrap().weights.to_bytes().unwrap();
    let no_checkpoint = train(&job, Some(&weights), &mut Stopper::default()).unwrap_err();
    insta::assert_snapshot!(no_checkpoint, @"the checkpoint cannot be continued: its header has no `assay.training`");
}

#[test]
fn damaged_checkpoints() {
    let recipe = recipe(&Settings::none().with("cells", 1).with("channels", 2).with("epochs", 3).with("batch", 4));
    let images = quarters(8, 8, 0);
    let own = job(&recipe, graph(&recipe, 8), 0, (&images, &images));
    let mut stopper = Stopper { left: Some(3), ..Stopper::default() };
    assert!(matches!(train(&own, None, &mut stopper), Err(TrainingError::Interrupted)));
    let sealed = stopper.checkpoint.unwrap();
    // Without its checksum, or all that is damaged would be refused before it is looked at.
    let (_, header) = safetensors::SafeTensors::read_metadata(&sealed).unwrap();
    let text = header.metadata().as_ref().unwrap()["assay.training"].clone();
    let file = safetensors::SafeTensors::deserialize(&sealed).unwrap();
    let floats = |view: &safetensors::tensor::TensorView<'_>| -> Vec<f32> {
        view.data().as_chunks::<4>().0.iter().map(|bytes| f32::from_le_bytes(*bytes)).collect()
    };
    let tensors: Vec<_> = file.iter().map(|(name, view)| (name.to_owned(), view.shape().to_vec(), floats(&view))).collect();
    let bare = assay_weights::write_tensors(tensors, [("assay.training".to_owned(), text)].into()).unwrap();
    let stopped = || Stopper { left: Some(0), ..Stopper::default() };
    for whole in [&sealed, &bare] {
        assert!(matches!(train(&own, Some(whole), &mut stopped()), Err(TrainingError::Interrupted)));
    }
    let words = [
        "{",
        "}",
        "[",
        "\\\"",
        "\\\"epoch\\\":",
        "\\\"curve\\\":[]",
        "\\\"updates\\\":[",
        "18446744073709551615",
        "-1",
        "1e308",
        "\"F64\"",
        "\"shape\":",
        "\"data_offsets\":",
    ];
    let fuzz = assay_fuzz::Fuzz::of("tests::damaged_checkpoints").seed(bare).seed(sealed).words(&words).costly(4);
    fuzz.run(|bytes| drop(train(&own, Some(bytes), &mut stopped())));
}
