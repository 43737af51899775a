//! The loop: epochs of steps, each epoch followed by a test.

use std::sync::Arc;
use std::time::{Duration, Instant};

use assay_core::stream::Stream;
use burn::tensor::backend::{AutodiffBackend, Backend};

use crate::images::{Images, Recipe};
use crate::model::Model;
use crate::optimiser;
use crate::state::{Progress, State};
use crate::{EpochRecord, Tested};
use crate::{Job, Observer, Outcome, TrainingError};

/// Between two checkpoints within an epoch.
const PAUSE: Duration = Duration::from_secs(300);

/// A job on one backend.
pub(crate) struct Trainer<'a, B: AutodiffBackend> {
    job: &'a Job<'a>,
    model: Model,
    train: Images<'a>,
    test: Images<'a>,
    /// What is tested on after each epoch but the last.
    sample: Images<'a>,
    stream: Stream,
    device: B::Device,
}

impl<'a, B: AutodiffBackend> Trainer<'a, B> {
    pub(crate) fn new(job: &'a Job<'a>, device: B::Device) -> Result<Self, TrainingError> {
        let Job { recipe, graph, train, test, .. } = job;
        let outputs = graph.node(graph.output()).shape.elements();
        for (dataset, what) in [(train, "trained"), (test, "tested")] {
            let problem = if dataset.shape() != graph.input_shape() {
                format!("the network takes images of {}, and those that it is {what} on are {}", graph.input_shape(), dataset.shape())
            } else if dataset.classes() > outputs {
                format!("the network has {outputs} classes, and the images that it is {what} on have {}", dataset.classes())
            } else if dataset.is_empty() {
                format!("there is no image that it could be {what} on")
            } else {
                continue;
            };
            return Err(TrainingError::Recipe(problem));
        }
        let stream = Stream::new(job.seed, "training");
        let model = Model::new(recipe, Arc::clone(graph))?;
        let train = Images::new(*train, recipe.images, &stream.child("images"));
        let sample = Images::new(*test, recipe.test_images, &stream.child("test images"));
        Ok(Self { job, model, train, sample, test: Images::new(*test, None, &stream), stream, device })
    }

    /// Trains to the end.
    pub(crate) fn run(&self, checkpoint: Option<&[u8]>, observer: &mut dyn Observer) -> Result<Outcome, TrainingError> {
        let recipe = self.job.recipe;
        let mut state = match checkpoint {
            Some(bytes) => State::read(&self.model, bytes, &self.device)?,
            None => State::initial(&self.model, &Stream::new(self.job.seed, "parameters"), recipe.initialiser, &self.device),
        };
        let steps = self.train.len().div_ceil(recipe.batch);
        observer.expect(recipe.epochs * steps, state.progress.epoch * steps + state.progress.step);
        while state.progress.epoch < recipe.epochs {
            self.epoch(&mut state, steps, observer)?;
        }
        let curve = state.progress.curve.clone();
        let Some(last) = curve.last() else { return Err(TrainingError::Recipe("a training needs at least one epoch".into())) };
        Ok(Outcome {
            weights: state.weights(Arc::clone(&self.job.graph))?,
            test: last.test,
            steps: recipe.epochs * steps,
            seconds: curve.iter().map(|epoch| epoch.seconds).sum(),
            curve,
        })
    }

    /// The rest of an epoch, its test, and a checkpoint.
    fn epoch(&self, state: &mut State<B::InnerBackend>, steps: usize, observer: &mut dyn Observer) -> Result<(), TrainingError> {
        let recipe = self.job.recipe;
        let epoch = state.progress.epoch;
        let (rate, drop_path) = (optimiser::learning_rate(recipe, epoch), optimiser::drop_path(recipe, epoch));
        let order = self.train.order(&self.stream.child("order").child(epoch));
        let mut clock = Instant::now();
        let mut saved = Instant::now();
        while state.progress.step < steps {
            if observer.is_interrupted() {
                self.save(state, observer)?;
                return Err(TrainingError::Interrupted);
            }
            let step = state.progress.step;
            let positions = &order[step * recipe.batch..order.len().min((step + 1) * recipe.batch)];
            let loss = self.step(state, positions, rate, drop_path)?;
            state.progress.step += 1;
            if !loss.is_finite() {
                return Err(TrainingError::Diverged { epoch: epoch + 1, step: step + 1 });
            }
            observer.step();
            state.progress.seconds += clock.elapsed().as_secs_f64();
            clock = Instant::now();
            if saved.elapsed() >= PAUSE {
                self.save(state, observer)?;
                saved = Instant::now();
            }
        }
        let is_last = epoch + 1 == recipe.epochs;
        let test = self.tested(state, if is_last { &self.test } else { &self.sample }, observer)?;
        let Progress { loss, correct, seconds, .. } = state.progress;
        let images = self.train.len() as f64;
        state.progress.curve.push(EpochRecord {
            epoch: epoch + 1,
            learning_rate: rate,
            drop_path,
            train_loss: loss / images,
            train_accuracy: correct as f64 / images,
            test,
            seconds: seconds + clock.elapsed().as_secs_f64(),
        });
        let curve = std::mem::take(&mut state.progress.curve);
        state.progress = Progress { epoch: epoch + 1, curve, ..Progress::default() };
        observer.epoch(&state.progress.curve).map_err(TrainingError::Observer)?;
        self.save(state, observer)
    }

    /// One step on the images at these positions; gives the loss.
    fn step(&self, state: &mut State<B::InnerBackend>, positions: &[usize], rate: f64, drop_path: f64) -> Result<f64, TrainingError> {
        let recipe = self.job.recipe;
        let Progress { epoch, step, .. } = state.progress;
        let variation = Recipe { augmentation: recipe.augmentation, cutout: recipe.cutout };
        let varied = self.stream.child("variation").child(epoch);
        let batch = self.train.batch(positions, Some((variation, &varied)))?;
        let dropped = self.stream.child("drop path").child(epoch).child(step);
        let found = self.model.step::<B>(&state.values, &batch, drop_path, &dropped, &self.device);
        state.values = found.values;
        let gradients = optimiser::clip(found.gradients, recipe.clip);
        let values = &mut state.values;
        let parameters = values.network.parameters.iter_mut().chain(&mut values.head.parameters);
        for ((parameter, velocity), gradient) in parameters.zip(&mut state.velocities).zip(gradients) {
            if let Some(gradient) = gradient {
                optimiser::step(recipe, rate, parameter, velocity, gradient);
            }
        }
        state.progress.loss += found.loss * positions.len() as f64;
        state.progress.correct += found.correct;
        Ok(found.total)
    }

    /// The test by running statistics. An interruption is obeyed; the epoch is then tested again.
    fn tested(&self, state: &State<B::InnerBackend>, images: &Images<'_>, observer: &mut dyn Observer) -> Result<Tested, TrainingError> {
        let mut tested = Tested { images: images.len(), correct: 0, loss: 0.0 };
        let positions: Vec<usize> = (0..images.len()).collect();
        for positions in positions.chunks(self.job.recipe.batch) {
            if observer.is_interrupted() {
                self.save(state, observer)?;
                return Err(TrainingError::Interrupted);
            }
            let batch = images.batch(positions, None)?;
            let (loss, correct) = self.model.test(&state.values, &batch, &self.device);
            tested.loss += loss * positions.len() as f64 / images.len() as f64;
            tested.correct += correct;
        }
        Ok(tested)
    }

    fn save(&self, state: &State<impl Backend>, observer: &mut dyn Observer) -> Result<(), TrainingError> {
        observer.checkpoint(&state.to_bytes(&self.model)?).map_err(TrainingError::Observer)
    }
}
