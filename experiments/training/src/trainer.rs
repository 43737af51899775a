//! The loop: epochs of steps, each epoch followed by a test.

use std::sync::Arc;
use std::time::{Duration, Instant};

use assay_core::engine::Engine;
use assay_core::engine::learner::{Decayed, Dropped, Learner, LearnerState, Lesson, Loss, Optimiser, Part, Rules, Targets};
use assay_core::experiment::{DecayedParameters, Training, TrainingOptimiser};
use assay_core::graph::{Graph, Shape};
use assay_core::network::{Network, RunningStatistics, batch_norms};
use assay_core::objective::{LearningObjective, Varied};
use assay_core::plugin::Words;
use assay_core::stream::Stream;
use assay_weights::Weights;

use crate::auxiliary::{WithHead, with_head};
use crate::drop_path;
use crate::images::Images;
use crate::memory::Needed;
use crate::rates;
use crate::state::{Identity, Progress};
use crate::{EpochRecord, Job, Observer, Outcome, Tested, Tests, TrainingError};

/// Between two checkpoints within an epoch.
const PAUSE: Duration = Duration::from_secs(300);

/// A job on an engine.
pub(crate) struct Trainer<'a> {
    job: &'a Job<'a>,
    engine: Box<dyn Engine>,
    /// What learns: the network and, if there is one, its head.
    graph: Arc<Graph>,
    losses: Vec<Loss>,
    rules: Rules,
    train: Images<'a>,
    test: Images<'a>,
    /// What is tested on after each epoch but the last.
    sample: Images<'a>,
    stream: Stream,
}

/// A training in progress.
struct Course {
    learner: Box<dyn Learner>,
    progress: Progress,
    /// The processor time that the progress has counted until now.
    counted: Option<f64>,
}

impl Course {
    /// Counts the processor time since it was last counted.
    fn count(&mut self, observer: &dyn Observer) {
        let now = observer.cpu_seconds();
        let before = std::mem::replace(&mut self.counted, now);
        let since = now.zip(before).map(|(now, before)| now - before);
        self.progress.cpu_seconds = self.progress.cpu_seconds.zip(since).map(|(spent, since)| spent + since);
    }
}

impl<'a> Trainer<'a> {
    pub(crate) fn new(job: &'a Job<'a>, engine: Box<dyn Engine>) -> Result<Self, TrainingError> {
        let Job { recipe, graph, train, test, .. } = job;
        let objective = recipe.objective;
        let classes = objective.logits().classes(graph.node(graph.output()).shape);
        for (dataset, what) in [(train, "trained"), (test, "tested")] {
            let input = objective.input(dataset.shape()).map_err(|error| TrainingError::Recipe(error.to_string()))?;
            let problem = if input != graph.input_shape() {
                format!("the network takes images of {}, and those that it is {what} on are {input}", graph.input_shape())
            } else if let Some(choices) = objective.choices().filter(|choices| *choices != classes) {
                format!("the network tells {classes} answers apart, and {} has {choices}", objective.word())
            } else if objective == LearningObjective::Classification && dataset.classes() > classes {
                format!("the network has {classes} classes, and the images that it is {what} on have {}", dataset.classes())
            } else if dataset.is_empty() {
                format!("there is no image that it could be {what} on")
            } else {
                continue;
            };
            return Err(TrainingError::Recipe(problem));
        }
        if let Some(setting) = unfit(recipe) {
            let problem = format!("objective = \"{}\" has no {setting}; set {setting} = 0", objective.word());
            return Err(TrainingError::Recipe(problem));
        }
        if recipe.drop_path > 0.0 && graph.paths().is_empty() {
            return Err(TrainingError::Recipe("this network has no operators on edges that could be dropped; set drop_path = 0".into()));
        }
        if recipe.nesterov && (recipe.optimiser == TrainingOptimiser::Adam || recipe.momentum == 0.0) {
            let problem = "nesterov looks ahead along the momentum of stochastic gradient descent; set optimiser = \"sgd\" and a momentum";
            return Err(TrainingError::Recipe(problem.into()));
        }
        let mut losses = vec![Loss { node: graph.output(), factor: 1.0 }];
        let mut learning = Arc::clone(graph);
        if recipe.auxiliary > 0.0 {
            let WithHead { graph, logits } = with_head(graph, classes)?;
            losses.push(Loss { node: logits, factor: recipe.auxiliary });
            learning = Arc::new(graph);
        }
        let stream = Stream::new(job.seed, "training");
        let train = Images::new(*train, objective, recipe.images, &stream.child("images"));
        if let Some(problem) = single_value(&learning, train.len() * objective.inputs(), recipe.batch * objective.inputs()) {
            return Err(TrainingError::Recipe(problem));
        }
        let sample = Images::new(*test, objective, recipe.test_images, &stream.child("test images"));
        let test = Images::new(*test, objective, None, &stream);
        Ok(Self { job, engine, graph: learning, losses, rules: rules(recipe), train, sample, test, stream })
    }

    /// Whether the memory for the network and its steps is there, before any of it is taken.
    pub(crate) fn check_memory(&self) -> Result<(), TrainingError> {
        let Some(available) = self.job.memory else { return Ok(()) };
        self.needed().check(available)
    }

    /// What it takes of memory at the least.
    pub(crate) fn needed(&self) -> Needed {
        let images = self.job.recipe.batch.min(self.train.len()) * self.job.recipe.objective.inputs();
        let drop_path = rates::drop_path(self.job.recipe, self.job.recipe.epochs.saturating_sub(1));
        let dropped = drop_path::dropped(&self.graph, images, drop_path, &self.stream);
        let step = self.engine.step_memory(&self.graph, &self.lesson(&dropped, 0.0), images, &self.rules);
        Needed::of(&self.graph, &self.rules, images, step)
    }

    fn lesson<'l>(&'l self, dropped: &'l [Dropped], rate: f64) -> Lesson<'l> {
        let Training { label_smoothing: smoothing, clip, objective, .. } = *self.job.recipe;
        let (targets, clip) = (Targets::Labels { smoothing }, (clip > 0.0).then_some(clip));
        Lesson { targets, dropped, clip, logits: objective.logits(), ..Lesson::of(&self.losses, rate) }
    }

    fn identity(&self) -> Identity<'_> {
        Identity { recipe: self.job.recipe, seed: self.job.seed, graph: &self.graph, rules: &self.rules }
    }

    /// The learner at the start of the training.
    pub(crate) fn learner(&self) -> Result<Box<dyn Learner>, TrainingError> {
        let stream = Stream::new(self.job.seed, "parameters");
        let Training { objective, initialiser, .. } = *self.job.recipe;
        let network = objective.initialise(Arc::clone(&self.graph), initialiser, &stream);
        Ok(self.engine.learner(network, &self.rules)?)
    }

    /// Trains to the end.
    pub(crate) fn run(&self, checkpoint: Option<&[u8]>, observer: &mut dyn Observer) -> Result<Outcome, TrainingError> {
        let Course { learner, progress: Progress { curve, .. }, .. } = self.course_until(self.job.recipe.epochs, checkpoint, observer)?;
        let Some(last) = curve.last() else { return Err(TrainingError::Recipe("a training needs at least one epoch".into())) };
        Ok(Outcome {
            weights: self.weights(learner.state())?,
            test: last.test,
            steps: self.job.recipe.epochs * self.steps(),
            seconds: curve.iter().map(|epoch| epoch.seconds).sum(),
            cpu_seconds: curve.iter().map(|epoch| epoch.cpu_seconds).sum(),
            curve,
        })
    }

    /// Trains until so many epochs are over; gives all epochs so far.
    pub(crate) fn run_until(
        &self,
        epochs: usize,
        checkpoint: Option<&[u8]>,
        observer: &mut dyn Observer,
    ) -> Result<Vec<EpochRecord>, TrainingError> {
        Ok(self.course_until(epochs, checkpoint, observer)?.progress.curve)
    }

    /// Steps of an epoch.
    fn steps(&self) -> usize {
        self.train.len().div_ceil(self.job.recipe.batch)
    }

    fn course_until(&self, epochs: usize, checkpoint: Option<&[u8]>, observer: &mut dyn Observer) -> Result<Course, TrainingError> {
        let mut course = Course { learner: self.learner()?, progress: Progress::default(), counted: observer.cpu_seconds() };
        if let Some(bytes) = checkpoint {
            let (state, progress) = self.identity().read(bytes)?;
            course.learner.restore(state).map_err(|error| TrainingError::Checkpoint(error.to_string()))?;
            course.progress = progress;
        }
        let steps = self.steps();
        if course.progress.step > steps {
            let problem = format!("it is {} of {steps} steps on in an epoch", course.progress.step);
            return Err(TrainingError::Checkpoint(problem));
        }
        observer.expect(epochs * steps, course.progress.epoch * steps + course.progress.step);
        while course.progress.epoch < epochs {
            self.epoch(&mut course, steps, observer)?;
        }
        Ok(course)
    }

    /// The network without its head.
    fn weights(&self, mut state: LearnerState) -> Result<Weights, TrainingError> {
        let part = Part::of(&self.graph, Arc::clone(&self.job.graph)).map_err(|error| TrainingError::Recipe(error.to_string()))?;
        let values = part.parameters().iter().map(|position| std::mem::take(&mut state.parameters[*position])).collect();
        let network = Network::of(Arc::clone(&self.job.graph), values).map_err(assay_weights::WeightsError::from)?;
        let moments = |(own, whole): &(_, _)| Some((*own, state.statistics.nodes.remove(whole)?));
        let nodes = part.norms().iter().filter_map(moments).collect();
        Ok(Weights { network, statistics: Some(RunningStatistics { nodes }) })
    }

    /// The rest of an epoch, its test, and a checkpoint.
    fn epoch(&self, course: &mut Course, steps: usize, observer: &mut dyn Observer) -> Result<(), TrainingError> {
        let recipe = self.job.recipe;
        let epoch = course.progress.epoch;
        let (rate, drop_path) = (rates::learning_rate(recipe, epoch), rates::drop_path(recipe, epoch));
        if course.progress.step == 0 {
            course.progress.cpu_seconds = Some(0.0);
        }
        let order = self.train.order(&self.stream.child("order").child(epoch));
        let mut clock = Instant::now();
        let mut saved = Instant::now();
        while course.progress.step < steps {
            if observer.is_interrupted() {
                self.save(course, observer)?;
                return Err(TrainingError::Interrupted);
            }
            let step = course.progress.step;
            let positions = &order[step * recipe.batch..order.len().min((step + 1) * recipe.batch)];
            let losses = self.step(course, positions, rate, drop_path)?;
            course.progress.step += 1;
            if losses.iter().any(|loss| !loss.is_finite()) {
                return Err(TrainingError::Diverged { epoch: epoch + 1, step: step + 1 });
            }
            observer.step();
            course.progress.seconds += clock.elapsed().as_secs_f64();
            clock = Instant::now();
            if saved.elapsed() >= PAUSE {
                self.save(course, observer)?;
                saved = Instant::now();
            }
        }
        let images = match self.job.tests {
            Tests::Each if epoch + 1 == recipe.epochs => Some(&self.test),
            Tests::Each => Some(&self.sample),
            Tests::After(epochs) => epochs.contains(&(epoch + 1)).then_some(&self.test),
        };
        let untested = Tested { images: 0, correct: 0, answers: None, loss: 0.0 };
        let test = images.map_or(Ok(untested), |images| self.tested(course, images, observer))?;
        course.count(observer);
        let Progress { loss, correct, seconds, cpu_seconds, .. } = course.progress;
        course.progress.curve.push(EpochRecord {
            epoch: epoch + 1,
            learning_rate: rate,
            drop_path,
            train_loss: loss / self.train.len() as f64,
            train_accuracy: correct as f64 / self.train.answers() as f64,
            test,
            seconds: seconds + clock.elapsed().as_secs_f64(),
            cpu_seconds,
        });
        let curve = std::mem::take(&mut course.progress.curve);
        course.progress = Progress { epoch: epoch + 1, curve, ..Progress::default() };
        observer.epoch(&course.progress.curve).map_err(TrainingError::Observer)?;
        self.save(course, observer)
    }

    /// One step on the images at these positions; gives the losses.
    fn step(&self, course: &mut Course, positions: &[usize], rate: f64, drop_path: f64) -> Result<Vec<f64>, TrainingError> {
        let recipe = self.job.recipe;
        let Progress { epoch, step, .. } = course.progress;
        let varied = Varied { augmentation: recipe.augmentation, cutout: recipe.cutout };
        let batch = self.train.batch(positions, varied, &self.stream.child("variation").child(epoch))?;
        let dropped = drop_path::dropped(&self.graph, batch.len(), drop_path, &self.stream.child("drop path").child(epoch).child(step));
        let learned = course.learner.step(&batch, &self.lesson(&dropped, rate))?;
        course.progress.loss += learned.losses[0] * positions.len() as f64;
        course.progress.correct += recipe.objective.logits().correct(&learned.output, self.output(), &batch);
        Ok(learned.losses)
    }

    /// The test by running statistics. An interruption is obeyed; the epoch is then tested again.
    fn tested(&self, course: &mut Course, images: &Images<'_>, observer: &mut dyn Observer) -> Result<Tested, TrainingError> {
        let logits = self.job.recipe.objective.logits();
        let answers = Some(images.answers()).filter(|answers| *answers != images.len());
        let mut tested = Tested { images: images.len(), correct: 0, answers, loss: 0.0 };
        let positions: Vec<usize> = (0..images.len()).collect();
        // The draws that a task is made of are the same in every test.
        let stream = self.stream.child("tests");
        for positions in positions.chunks(self.job.recipe.batch) {
            if observer.is_interrupted() {
                self.save(course, observer)?;
                return Err(TrainingError::Interrupted);
            }
            let batch = images.batch(positions, Varied::NOT, &stream)?;
            let output = course.learner.evaluate(&batch, None)?;
            let (loss, _) = logits.cross_entropy(&output, self.output(), &batch, &Targets::Labels { smoothing: 0.0 });
            tested.loss += loss * positions.len() as f64 / images.len() as f64;
            tested.correct += logits.correct(&output, self.output(), &batch);
        }
        Ok(tested)
    }

    /// The shape of what the network puts out.
    fn output(&self) -> Shape {
        self.graph.node(self.graph.output()).shape
    }

    fn save(&self, course: &mut Course, observer: &mut dyn Observer) -> Result<(), TrainingError> {
        course.count(observer);
        let bytes = self.identity().write(&course.learner.state(), &course.progress)?;
        observer.checkpoint(&bytes).map_err(TrainingError::Observer)
    }
}

/// The setting of a recipe that pretext tasks do not have.
fn unfit(recipe: &Training) -> Option<&'static str> {
    let is_pretext = recipe.objective != LearningObjective::Classification;
    let settings = [("cutout", recipe.cutout > 0), ("auxiliary", recipe.auxiliary > 0.0)];
    settings.into_iter().find(|(_, is_set)| is_pretext && *is_set).map(|(name, _)| name)
}

/// What is wrong where the last batch of an epoch is one image and a batch normalisation sees one pixel of it: the variance of one
/// value is none, and dividing by it teaches nothing.
fn single_value(graph: &Graph, images: usize, batch: usize) -> Option<String> {
    let norm = batch_norms(graph).map(|id| graph.node(id)).find(|node| node.shape.area() == 1).filter(|_| images % batch == 1)?;
    Some(format!(
        "{images} images in batches of {batch} leave one image for the last batch, of which `{}` normalises a single pixel: set another \
         batch or another number of images",
        norm.name
    ))
}

/// How a recipe's steps follow from gradients.
fn rules(recipe: &Training) -> Rules {
    let optimiser = match recipe.optimiser {
        TrainingOptimiser::Sgd => Optimiser::Sgd { momentum: recipe.momentum, nesterov: recipe.nesterov },
        TrainingOptimiser::Adam => Optimiser::Adam { betas: [recipe.momentum, 0.999], epsilon: 1e-8 },
    };
    let decayed = match recipe.decayed {
        DecayedParameters::All => Decayed::All,
        DecayedParameters::Weights => Decayed::Weights,
    };
    Rules { optimiser, weight_decay: recipe.weight_decay, decayed, narrow: recipe.mixed_precision, ..Rules::default() }
}
