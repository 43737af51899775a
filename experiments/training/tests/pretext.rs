//! Trainings without labels.
#![allow(clippy::unwrap_used)]

use std::num::NonZeroUsize;
use std::sync::Arc;

use assay_core::data::{Dataset, InMemory, Normalisation};
use assay_core::experiment::{Training, TrainingBackend};
use assay_core::graph::{Graph, Shape};
use assay_core::objective::LearningObjective;
use assay_core::plugin::{MacroNet, Part, SearchSpace, Settings, Words};
use assay_core::stream::Stream;
use assay_spaces::nas_bench_201::NasBench201;
use assay_training::{EpochRecord, Job, Observer, Outcome, Tests, TrainingError, check, train};
use rand::RngExt;

const CELL: &str = "|nor_conv_3x3~0|+|skip_connect~0|nor_conv_3x3~1|+|none~0|nor_conv_1x1~1|avg_pool_3x3~2|";

const PRETEXT: [LearningObjective; 3] = [LearningObjective::Rotation, LearningObjective::Colorization, LearningObjective::Jigsaw];

/// What pretext tasks can tell: brighter towards the top, red on the left and blue on the right, and in each quarter other stripes.
fn pictures(count: usize, shape: Shape, seed: u64) -> InMemory {
    let mut rng = Stream::new(seed, "pictures").rng();
    let mut pixels = Vec::new();
    for _ in 0..count {
        for channel in 0..shape.channels {
            for row in 0..shape.height {
                for column in 0..shape.width {
                    let quarter = 2 * (2 * row / shape.height) + 2 * column / shape.width;
                    let stripe = [row, column, row + column, 2][quarter] % 4 < 2;
                    let corner = if stripe { 60 } else { 0 };
                    let side = [shape.width - column, 0, column][channel % 3] * 80 / shape.width;
                    let height = (shape.height - row) * 60 / shape.height;
                    pixels.push((corner + side + height + rng.random_range(0..40_usize)) as u8);
                }
            }
        }
    }
    let normalisation = Normalisation { mean: vec![0.4; shape.channels], deviation: vec![0.2; shape.channels] };
    InMemory::new("pictures", shape, 2, normalisation, pixels, vec![0; count]).unwrap()
}

fn recipe(objective: LearningObjective, settings: Settings) -> Training {
    let small = Settings::none()
        .with("architecture", CELL)
        .with("objective", objective.word())
        .with("channels", 4)
        .with("cells", 1)
        .with("epochs", 4)
        .with("batch", 8)
        .with("learning_rate", 0.1)
        .with("auxiliary", 0.0)
        .with("drop_path", 0.0)
        .with("cutout", 0);
    settings.or(&small).read().unwrap()
}

fn graph(recipe: &Training, images: Shape) -> Arc<Graph> {
    let Training { channels, cells, .. } = *recipe;
    let (space, net) = (NasBench201::new(), MacroNet { input: images, channels, cells, classes: 2, part: Part::Classifier });
    Arc::new(recipe.objective.network(&space, &space.parse(CELL).unwrap(), net).unwrap())
}

fn job<'a>(recipe: &'a Training, images: &'a InMemory, threads: usize) -> Job<'a> {
    let (graph, threads) = (graph(recipe, images.shape()), NonZeroUsize::new(threads).unwrap());
    Job { recipe, graph, seed: 1, train: images, test: images, threads, memory: None, tests: Tests::Each }
}

/// Interrupts after some steps, and keeps the last checkpoint.
#[derive(Default)]
struct Stopper {
    left: Option<usize>,
    checkpoint: Option<Vec<u8>>,
}

impl Observer for Stopper {
    fn is_interrupted(&self) -> bool {
        self.left == Some(0)
    }

    fn expect(&mut self, _: usize, _: usize) {}

    fn step(&mut self) {
        self.left = self.left.map(|left| left.saturating_sub(1));
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
fn essence(outcome: &Outcome) -> (Vec<u8>, Vec<String>) {
    let curve = outcome.curve.iter().map(|epoch| format!("{} {} {:?}", epoch.train_loss, epoch.train_accuracy, epoch.test));
    (outcome.weights.to_bytes().unwrap(), curve.collect())
}

#[test]
fn every_pretext_task_is_learned_on_every_engine_without_a_label() {
    let images = pictures(16, Shape::new(3, 32, 32), 0);
    for objective in PRETEXT {
        let mut accuracies = Vec::new();
        for backend in [TrainingBackend::Cpu, TrainingBackend::BurnFlex] {
            let recipe = Training { backend, epochs: 12, batch: 4, ..recipe(objective, Settings::none()) };
            let outcome = train(&job(&recipe, &images, 1), None, &mut Stopper::default()).unwrap();
            let [first, .., last] = &outcome.curve[..] else { panic!("{objective} has no curve") };
            assert!(last.train_loss < 0.9 * first.train_loss, "{objective} on {backend}: {} to {}", first.train_loss, last.train_loss);
            let answers = 16 * objective.answers(images.shape());
            assert_eq!(outcome.test.answers.unwrap_or(outcome.test.images), answers, "{objective}");
            let chance = 1.0 / objective.choices().unwrap() as f64;
            assert!(
                outcome.test.accuracy() > 1.5 * chance && outcome.test.accuracy() <= 1.0,
                "{objective} on {backend}: {:?}",
                outcome.test
            );
            accuracies.push(first.train_loss);
        }
        assert!((accuracies[0] - accuracies[1]).abs() < 1e-3 * accuracies[0], "{objective}: {accuracies:?}");
    }
}

#[test]
fn a_training_without_labels_is_the_same_on_any_number_of_threads_and_resumed_anywhere() {
    let images = pictures(20, Shape::new(3, 32, 32), 0);
    for objective in PRETEXT {
        let recipe = recipe(objective, Settings::none().with("epochs", 2));
        let whole = train(&job(&recipe, &images, 1), None, &mut Stopper::default()).unwrap();
        for stops in [1, 4] {
            let mut stopper = Stopper { left: Some(stops), ..Stopper::default() };
            assert!(matches!(train(&job(&recipe, &images, 1), None, &mut stopper), Err(TrainingError::Interrupted)));
            let outcome = train(&job(&recipe, &images, 2), stopper.checkpoint.as_deref(), &mut Stopper::default()).unwrap();
            assert!(essence(&outcome) == essence(&whole), "{objective} stopped after {stops} steps");
        }
    }
}

#[test]
fn the_layer_that_reads_all_tiles_is_drawn_as_wide_as_it_is() {
    let images = Shape::new(3, 32, 32);
    let recipe = recipe(LearningObjective::Jigsaw, Settings::none());
    let graph = graph(&recipe, images);
    let network = recipe.objective.initialise(Arc::clone(&graph), recipe.initialiser, &Stream::new(0, "parameters"));
    let (mut places, mut biases) = (0, 0);
    for (position, spec) in graph.parameters().iter().enumerate().filter(|(_, spec)| spec.path.starts_with("classifier.")) {
        // U(−1/√n, 1/√n) of n = 4 · 16 features.
        let most = network.parameter(position).iter().fold(0.0, |most: f32, value| most.max(value.abs()));
        assert!(most <= 0.125 && most > 0.1, "{}: {most}", spec.path);
        places += usize::from(spec.shape == [24, 16]);
        biases += usize::from(spec.shape == [24]);
    }
    assert_eq!((places, biases), (4, 1));
}

#[test]
fn what_a_pretext_task_cannot_be_made_of_is_refused_before_anything_is_trained() {
    let refused = |objective: LearningObjective, settings: Settings, shape: Shape| {
        let (recipe, images) = (recipe(objective, settings), pictures(8, shape, 0));
        // The network of images that it could be made of.
        let (graph, threads) = (graph(&recipe, Shape::new(3, 32, 32)), NonZeroUsize::MIN);
        let (recipe, train, test) = (&recipe, &images, &images);
        check(&Job { recipe, graph, seed: 1, train, test, threads, memory: None, tests: Tests::Each }).unwrap_err().to_string()
    };
    let (none, whole) = (Settings::none, Shape::new(3, 32, 32));
    let said = [
        refused(LearningObjective::Colorization, none(), Shape::new(1, 32, 32)),
        refused(LearningObjective::Jigsaw, none(), Shape::new(3, 6, 6)),
        refused(LearningObjective::Rotation, none(), Shape::new(3, 16, 12)),
        refused(LearningObjective::Rotation, none().with("cutout", 4), whole),
        refused(LearningObjective::Jigsaw, none().with("auxiliary", 0.4), whole),
        refused(LearningObjective::Rotation, none(), Shape::new(3, 8, 8)),
    ];
    let expected = [
        "colorization needs red, green and blue, and the images are 1×32×32",
        "jigsaw needs squares of an even number of pixels a side, 8 or more, and the images are 3×6×6",
        "rotation needs squares of 2 pixels a side or more, and the images are 3×16×12",
        "objective = \"rotation\" has no cutout; set cutout = 0",
        "objective = \"jigsaw\" has no auxiliary; set auxiliary = 0",
        "the network takes images of 3×32×32, and those that it is trained on are 3×8×8",
    ];
    assert_eq!(said, expected);
}
