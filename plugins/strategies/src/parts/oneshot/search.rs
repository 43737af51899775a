//! The search itself: epochs of steps, a state that is kept, and the choice at the end.

use std::time::{Duration, Instant};

use assay_core::data::{Augmentation, DataError, Dataset, Minibatch};
use assay_core::network::{Initialiser, Network};
use assay_core::plugin::supernet::{Kept, Passed, Supernet, SupernetState};
use assay_core::plugin::{Bookmark, Declared, Laboratory, ProxyUse, SearchError, SearchSpace, SearchStrategy, SettingsError, Step, Words};
use assay_core::score::Reading;
use assay_core::stream::Stream;
use assay_core::subspace::{Layout, Subspace};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::alphas::Alphas;
use super::choice::{accuracy, uniform};
use super::images::Halves;
use super::policy::Policy;
use super::rewards::Rewards;
use super::settings::{ChoiceSettings, Code, Script, TrainingSettings};
use super::steps::{Course, WeightStep};

/// Between two states that are kept within an epoch.
const PAUSE: Duration = Duration::from_secs(300);

/// One way of searching in a supernet.
pub trait Method: Declared + Send + Sync {
    /// Its name.
    const NAME: &'static str;

    /// The published codes that do it.
    const CODES: &'static [Code] = &[Code::Nats, Code::Nb201];

    /// How weights are trained.
    fn training(&self) -> &TrainingSettings;

    /// What its published code does where the settings do not say otherwise.
    fn script(&self) -> Script;

    /// What is to be said of it in protocols, beside the training of weights.
    fn protocol(&self) -> String;

    /// Whether a step has images of the other half.
    fn has_second(&self) -> bool;

    /// One step.
    ///
    /// # Errors
    /// If the images do not fit the network.
    fn step(&self, course: &mut Course<'_>, moment: &Moment<'_>) -> Result<Passed, SearchError>;

    /// What chooses architectures by what it learns from rewards, in methods that have it.
    fn policy(&self, layout: &Layout, stream: &Stream) -> Option<Policy> {
        let _ = (layout, stream);
        None
    }

    /// Steps at the end of each epoch in which no weights learn.
    fn late_steps(&self) -> usize {
        0
    }

    /// One of them, by its number in the epoch.
    ///
    /// # Errors
    /// If the images do not fit the network.
    fn late_step(&self, course: &mut Course<'_>, step: usize, rewards: &Rewards<'_>) -> Result<(), SearchError> {
        let _ = (course, step, rewards);
        Ok(())
    }

    /// How it ends.
    fn ending(&self) -> Ending<'_>;
}

/// How a search comes to its architecture.
pub enum Ending<'a> {
    /// On each edge the operator of the largest α.
    Largest,
    /// The best of some candidates by the supernet's own accuracy.
    Judged {
        /// How they are judged.
        by: &'a ChoiceSettings,
        /// The candidates.
        candidates: Box<Candidates<'a>>,
    },
}

/// Makes the candidates of a trained supernet, by draws of a stream.
pub type Candidates<'a> = dyn Fn(&Course<'_>, &Stream) -> Vec<Subspace> + 'a;

/// Where a step is, and what it is about.
pub struct Moment<'a> {
    /// The epoch, from 0.
    pub epoch: usize,
    /// How many there are.
    pub epochs: usize,
    /// How weights move.
    pub by: WeightStep,
    /// Images of the first half.
    pub base: &'a Minibatch,
    /// Images of the other, where the method has them.
    pub arch: Option<&'a Minibatch>,
    /// The step's own draws.
    pub stream: Stream,
}

/// What an epoch left.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct EpochLeft {
    /// The mean loss of weight steps.
    loss: f64,
    /// The share of images that were classified correctly in them.
    accuracy: f64,
    /// What mixes operators, where the method learns it.
    alphas: Option<Alphas>,
}

/// How far a search is.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
struct Progress {
    epochs: Vec<EpochLeft>,
    /// Steps made in the next epoch.
    step: usize,
    loss: f64,
    correct: f64,
}

/// Everything beside the weights.
#[derive(Serialize, Deserialize)]
struct State {
    progress: Progress,
    alphas: Alphas,
    policy: Option<Policy>,
    run: Vec<bool>,
}

/// A method as a strategy.
pub struct OneShot<M>(M);

impl<M: Method> OneShot<M> {
    /// The strategy of this method.
    ///
    /// # Errors
    /// If no published code does this method as its setting `code` says.
    pub fn new(method: M) -> Result<Self, SettingsError> {
        let code = method.training().code;
        if M::CODES.contains(&code) {
            return Ok(Self(method));
        }
        let known: Vec<String> = M::CODES.iter().map(|code| format!("\"{}\"", code.word())).collect();
        Err(SettingsError::new("code", format!("{} is done by {}, not by \"{}\"", M::NAME, known.join(" and "), code.word())))
    }

    fn training(&self) -> &TrainingSettings {
        self.0.training()
    }

    fn epochs(&self) -> usize {
        self.training().epochs(&self.0.script())
    }
}

fn unreadable(error: DataError) -> SearchError {
    SearchError::Impossible(error.to_string())
}

fn unwritable(error: serde_json::Error) -> SearchError {
    SearchError::Storage(error.to_string())
}

impl<M: Method> SearchStrategy for OneShot<M> {
    fn proxies(&self) -> Vec<ProxyUse> {
        Vec::new()
    }

    fn check(&self, space: &dyn SearchSpace, images: &dyn Dataset) -> Result<(), SettingsError> {
        let conditions = self.training().conditions(&self.0.script(), images.shape(), images.classes());
        Supernet::net(space, &conditions).map_err(|error| SettingsError::new("name", error.to_string()))?;
        let any = uniform(space.layout(), &mut Stream::new(0, "any").rng());
        if matches!(self.0.ending(), Ending::Judged { .. }) && !space.is_architecture(&any) {
            let problem =
                format!("{} judges one operator on every edge, which no architecture of this space has; use darts or gdas", M::NAME);
            return Err(SettingsError::new("name", problem));
        }
        if images.len() < 2 {
            let problem = format!("a search needs an image for weights and another for choices, and the dataset has {}", images.len());
            return Err(SettingsError::new("images", problem));
        }
        let divided = self.training().divided(images.len())?;
        let (half, which) = match &divided {
            Some(split) => (split.positions(true).len().min(split.positions(false).len()), "the smaller of its `halves`"),
            None => (images.len() / 2, "half of the dataset"),
        };
        match self.training().images {
            Some(wanted) if wanted > half => {
                let problem = format!("must be {half} at the most, which is {which}, is {wanted}");
                Err(SettingsError::new("images", problem))
            }
            _ => Ok(()),
        }
    }

    fn protocol(&self) -> String {
        format!("{} ({}; {})", M::NAME, self.0.protocol(), self.training().protocol(&self.0.script()))
    }

    fn search(&self, laboratory: &mut dyn Laboratory) -> Result<Subspace, SearchError> {
        let stream = laboratory.stream("shared weights");
        // Recorded from the state, so that a continued search has the steps of earlier sessions too.
        let (left, found) = self.trained(laboratory, &stream)?;
        let layout = laboratory.space().layout().clone();
        let mut before = Subspace::whole(&layout);
        for (number, epoch) in left.iter().enumerate() {
            let space = laboratory.space();
            let mut readings = vec![
                ("training loss".to_owned(), Reading::finite(epoch.loss)),
                ("training accuracy".to_owned(), Reading::finite(100.0 * epoch.accuracy)),
            ];
            let mut after = before.clone();
            if let Some(alphas) = &epoch.alphas {
                after = space.strongest(&alphas.probabilities());
                let probabilities = alphas.probabilities();
                for choice in Subspace::whole(&layout).choices() {
                    readings.push((layout.describe(choice), Reading::finite(probabilities.at(choice))));
                }
            }
            let title = format!("epoch {}", number + 1);
            laboratory.record_of(Step { title, before, after: after.clone(), candidates: Vec::new(), readings }, &after)?;
            before = after;
        }
        let mut best: Option<(Subspace, f64)> = None;
        for (number, (candidate, judged)) in found.iter().enumerate() {
            if best.as_ref().is_none_or(|(_, most)| judged.is_none_or(|judged| judged > *most)) {
                best = Some((candidate.clone(), judged.unwrap_or_default()));
            }
            if let (Some(judged), Some((after, _))) = (judged, &best) {
                let (title, readings) =
                    (format!("candidate {}", number + 1), vec![("one-shot accuracy".to_owned(), Reading::finite(100.0 * judged))]);
                let step = Step { title, before: candidate.clone(), after: after.clone(), candidates: Vec::new(), readings };
                laboratory.record_of(step, candidate)?;
            }
        }
        best.map(|(found, _)| found).ok_or_else(|| SearchError::Impossible("there was no candidate to choose".into()))
    }
}

/// What a training left: its epochs, and the candidates, each with its accuracy where they were judged.
type Left = (Vec<EpochLeft>, Vec<(Subspace, Option<f64>)>);

impl<M: Method> OneShot<M> {
    /// Trains, from where an earlier session left off, and judges the candidates.
    fn trained(&self, laboratory: &dyn Laboratory, stream: &Stream) -> Result<Left, SearchError> {
        let (space, workshop) = (laboratory.space(), laboratory.workshop()?);
        let images = workshop.images();
        let (training, script) = (self.training(), self.0.script());
        let conditions = training.conditions(&script, images.shape(), images.classes());
        let whole = Supernet::net(space, &conditions)?;
        let network = Network::initialise(whole.graph.clone(), Initialiser::UniformFanIn, &stream.child("parameters"));
        let (graph, rules) = (whole.graph.clone(), training.rules(&script));
        let supernet = Supernet::new(space, conditions, whole, workshop.learner(network, &rules)?);
        let (alphas, policy) =
            (Alphas::draw(space.layout(), &stream.child("alphas")), self.0.policy(space.layout(), &stream.child("policy")));
        let mut course = Course { supernet, alphas, policy };
        let mut progress = Progress::default();
        let divided = training.divided(images.len()).map_err(|error| SearchError::Impossible(error.to_string()))?;
        let mut of = json!({ "strategy": M::NAME, "settings": self.0.values(), "images": images.describe() });
        if let Some(split) = &divided {
            // The file may be another one by now.
            of["split"] = split.digest().into();
        }
        if let Some((bookmark, learner)) = workshop.kept(&of, &graph, &rules)? {
            let state: State = serde_json::from_value(bookmark.state).map_err(unwritable)?;
            course.supernet.restore(SupernetState { learner, run: state.run })?;
            (course.alphas, course.policy, progress) = (state.alphas, state.policy, state.progress);
        }
        let keep = |course: &Course<'_>, progress: &Progress| {
            let SupernetState { learner, run } = course.supernet.state();
            let state = State { progress: progress.clone(), alphas: course.alphas.clone(), policy: course.policy.clone(), run };
            let state = serde_json::to_value(state).map_err(unwritable)?;
            workshop.keep(&Bookmark { of: of.clone(), state }, &graph, &learner)
        };
        let halves = match &divided {
            Some(split) => Halves::of(images, split, training.images, &stream.child("halves")),
            None => Halves::new(images, training.images, script.in_order, &stream.child("halves")),
        };
        let batch = training.batch(&script);
        let weight_steps = halves.base.len().div_ceil(batch);
        let steps = weight_steps + self.0.late_steps();
        let epochs = self.epochs();
        workshop.expect(epochs * steps, progress.epochs.len() * steps + progress.step);
        let mut saved = Instant::now();
        while progress.epochs.len() < epochs {
            let epoch = progress.epochs.len();
            let stream = stream.child("epoch").child(epoch);
            let order = halves.order(&stream.child("order"));
            let by = training.weight_step(&script, epoch);
            while progress.step < steps {
                if workshop.is_interrupted() {
                    keep(&course, &progress)?;
                    return Err(SearchError::Interrupted);
                }
                if let Some(late) = progress.step.checked_sub(weight_steps) {
                    let rewards = Rewards {
                        halves: &halves,
                        batch: script.judged,
                        augmentation: if script.judged_varied { training.augmentation } else { Augmentation::None },
                        stream: stream.clone(),
                    };
                    self.0.late_step(&mut course, late, &rewards)?;
                    progress.step += 1;
                    workshop.advance(1);
                    continue;
                }
                let stream = stream.child(progress.step);
                let first = progress.step * batch;
                let chosen = &order[first..order.len().min(first + batch)];
                let base = halves.batch(chosen, training.augmentation, &stream.child("base")).map_err(unreadable)?;
                let arch = self.0.has_second().then(|| {
                    let drawn = halves.drawn(chosen.len(), script.in_order, &stream.child("drawn"));
                    halves.batch(&drawn, training.augmentation, &stream.child("arch")).map_err(unreadable)
                });
                let arch = arch.transpose()?;
                let moment = Moment { epoch, epochs, by, base: &base, arch: arch.as_ref(), stream };
                let passed = self.0.step(&mut course, &moment)?;
                if !passed.loss.is_finite() {
                    let (epoch, step) = (epoch + 1, progress.step + 1);
                    let problem = format!("the loss of step {step} of epoch {epoch} is not a number; use a lower learning_rate");
                    return Err(SearchError::Impossible(problem));
                }
                progress.loss += passed.loss * chosen.len() as f64;
                progress.correct += accuracy(&passed.output, base.labels()) * chosen.len() as f64;
                progress.step += 1;
                workshop.advance(1);
                if saved.elapsed() >= PAUSE {
                    keep(&course, &progress)?;
                    saved = Instant::now();
                }
            }
            let count = halves.base.len() as f64;
            let alphas = matches!(self.0.ending(), Ending::Largest).then(|| course.alphas.clone());
            let left = EpochLeft { loss: progress.loss / count, accuracy: progress.correct / count, alphas };
            workshop.say(&said(space, epoch + 1, epochs, &left));
            progress.epochs.push(left);
            (progress.step, progress.loss, progress.correct) = (0, 0.0, 0.0);
            keep(&course, &progress)?;
            saved = Instant::now();
        }
        let found = match self.0.ending() {
            Ending::Largest => vec![(space.strongest(&course.alphas.probabilities()), None)],
            Ending::Judged { by, candidates } => {
                let candidates = candidates(&course, &stream.child("candidates"));
                workshop.expect(candidates.len(), 0);
                let mut found = Vec::new();
                for (number, candidate) in candidates.into_iter().enumerate() {
                    if workshop.is_interrupted() {
                        return Err(SearchError::Interrupted);
                    }
                    let number = if by.same_images { 0 } else { number };
                    let chosen = halves.judging(number, by.validation_batch(&script), &stream.child("judging"));
                    let batch = halves.batch(&chosen, Augmentation::None, stream).map_err(unreadable)?;
                    let path = course.supernet.path(Kept::Shared(&candidate))?;
                    let judged = accuracy(&course.supernet.test(&batch, &path)?, batch.labels());
                    workshop.advance(1);
                    found.push((candidate, Some(judged)));
                }
                found
            }
        };
        Ok((progress.epochs, found))
    }
}

/// The line of an epoch.
fn said(space: &dyn SearchSpace, epoch: usize, epochs: usize, left: &EpochLeft) -> String {
    let EpochLeft { loss, accuracy, alphas } = left;
    let chosen = alphas.as_ref().map(|alphas| space.strongest(&alphas.probabilities()));
    let chosen = chosen.and_then(|chosen| space.write(&chosen).ok()).map_or_else(String::new, |chosen| format!(", {chosen}"));
    format!("epoch {epoch} of {epochs}: loss {loss:.4}, accuracy {:.2} %{chosen}", 100.0 * accuracy)
}
