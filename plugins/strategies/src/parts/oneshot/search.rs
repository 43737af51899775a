//! The search itself: epochs of steps, a state that is kept, and the choice at the end.

use std::time::{Duration, Instant};

use assay_core::data::{Augmentation, DataError, Dataset};
use assay_core::network::Initialiser;
use assay_core::objective::LearningObjective;
use assay_core::plugin::supernet::{Kept, Supernet, SupernetState};
use assay_core::plugin::{
    Bookmark, Laboratory, ProxyUse, SearchError, SearchSpace, SearchStrategy, SettingsError, Step, SupernetDescription, Words,
};
use assay_core::score::Reading;
use assay_core::stream::Stream;
use assay_core::subspace::Subspace;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::alphas::Alphas;
use super::images::Halves;
use super::method::{Candidate, Ending, Late, Method, Moment, StageCell};
use super::rewards::Rewards;
use super::settings::TrainingSettings;
use super::steps::Course;

/// Between two states that are kept within an epoch.
const PAUSE: Duration = Duration::from_secs(300);

/// What an epoch left.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct EpochLeft {
    /// The mean loss of weight steps.
    loss: f64,
    /// The share of images that were classified correctly in them.
    accuracy: f64,
    /// What mixes operators, where the method learns it.
    alphas: Option<Alphas>,
    /// The architecture that it ended with, in methods that come to several.
    #[serde(default)]
    cell: Option<StageCell>,
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
struct State<P> {
    progress: Progress,
    alphas: Alphas,
    policy: P,
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

    /// What a state belongs to, as earlier versions wrote it where they could search so.
    fn identity(&self, images: &str) -> Value {
        let mut settings: Map<String, Value> = self.0.values().iter().map(|(key, value)| (key.clone(), value.clone())).collect();
        if self.training().objective == LearningObjective::Classification {
            settings.remove("objective");
        }
        if let Some(alpha) = self.0.alpha() {
            settings.insert("alpha_rate".into(), json!(alpha.rate(&self.0.script())));
        }
        json!({ "strategy": M::NAME, "settings": settings, "images": images })
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
        if images.tokens().is_some() {
            return Err(SettingsError::new(
                "name",
                "a network is trained on images, and the dataset holds tokens: name a dataset of images",
            ));
        }
        let (training, script) = (self.training(), self.0.script());
        let conditions = training.conditions(&script, images.shape(), images.classes());
        let conditions = conditions.map_err(|error| SettingsError::new("objective", error.to_string()))?;
        let net = Supernet::net(space, &conditions).map_err(|error| SettingsError::new("name", error.to_string()))?;
        self.0.check(space, &net)?;
        let percent = self.0.script().percent;
        let smaller = percent.min(100 - percent);
        let most = Halves::most(images.len(), smaller);
        if most == 0 {
            let problem = format!("a search needs an image for weights and another for choices, and the dataset has {}", images.len());
            return Err(SettingsError::new("images", problem));
        }
        let divided = self.training().divided(images.len())?;
        let (most, which) = match &divided {
            Some(split) => (split.positions(true).len().min(split.positions(false).len()), "the smaller of its `halves`".to_owned()),
            None if percent == 50 => (most, "half of the dataset".to_owned()),
            None => (most, format!("{smaller} % of the dataset")),
        };
        if let Some(wanted) = training.images.filter(|wanted| *wanted > most) {
            let problem = format!("must be {most} at the most, which is {which}, is {wanted}");
            return Err(SettingsError::new("images", problem));
        }
        let used = training.images.unwrap_or(most);
        if training.weight_steps(&script, used) == 0 {
            let problem = format!("must be {used} at the most, because an epoch leaves out the images that do not fill a batch");
            return Err(SettingsError::new("batch", problem));
        }
        Ok(())
    }

    fn protocol(&self) -> String {
        format!("{} ({}; {})", M::NAME, self.0.protocol(), self.training().protocol(&self.0.script(), &self.0.schedule()))
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
            let title = self.0.title(number);
            laboratory.record_of(Step { title, before, after: after.clone(), candidates: Vec::new(), readings }, &after)?;
            before = after;
            if let Some(StageCell { title, cell, accuracy }) = &epoch.cell {
                let readings = vec![("one-shot accuracy".to_owned(), Reading::finite(100.0 * accuracy))];
                let step = Step { title: title.clone(), before, after: cell.clone(), candidates: Vec::new(), readings };
                laboratory.record_of(step, cell)?;
                before = cell.clone();
            }
        }
        let mut best: Option<(Subspace, f64)> = None;
        for (number, Candidate { architecture, judged, readings: others }) in found.iter().enumerate() {
            if best.as_ref().is_none_or(|(_, most)| judged.is_none_or(|judged| judged > *most)) {
                best = Some((architecture.clone(), judged.unwrap_or_default()));
            }
            if let (Some(judged), Some((after, _))) = (judged, &best) {
                let mut readings = vec![("one-shot accuracy".to_owned(), Reading::finite(100.0 * judged))];
                readings.extend(others.iter().cloned());
                let (title, before, after) = (format!("candidate {}", number + 1), architecture.clone(), after.clone());
                laboratory.record_of(Step { title, before, after, candidates: Vec::new(), readings }, architecture)?;
            }
        }
        best.map(|(found, _)| found).ok_or_else(|| SearchError::Impossible("there was no candidate to choose".into()))
    }
}

/// What a training left: its epochs, and the candidates, each with its accuracy where they were judged.
type Left = (Vec<EpochLeft>, Vec<Candidate>);

impl<M: Method> OneShot<M> {
    /// Trains, from where an earlier session left off, and judges the candidates.
    fn trained(&self, laboratory: &dyn Laboratory, stream: &Stream) -> Result<Left, SearchError> {
        let (space, workshop) = (laboratory.space(), laboratory.workshop()?);
        let images = workshop.images();
        let (training, script) = (self.training(), self.0.script());
        let conditions = training.conditions(&script, images.shape(), images.classes());
        let conditions = conditions.map_err(|error| SearchError::Impossible(error.to_string()))?;
        let whole = Supernet::net(space, &conditions)?;
        let network = training.objective.initialise(whole.graph.clone(), Initialiser::UniformFanIn, &stream.child("parameters"));
        let (graph, rules) = (whole.graph.clone(), training.rules(&script));
        let supernet = Supernet::new(space, conditions, whole, workshop.learner(network, &rules)?);
        let mut policy = self.0.policy(space, &stream.child("policy"))?;
        let mut course = Course { supernet, alphas: Alphas::draw(space.layout(), &stream.child("alphas")) };
        let mut progress = Progress::default();
        let divided = training.divided(images.len()).map_err(|error| SearchError::Impossible(error.to_string()))?;
        let mut of = self.identity(&images.describe());
        if let Some(split) = &divided {
            // The file may be another one by now.
            of["split"] = split.digest().into();
        }
        if let Some((bookmark, learner)) = workshop.kept(&of, &graph, &rules)? {
            let state: State<M::Policy> = serde_json::from_value(bookmark.state).map_err(unwritable)?;
            course.supernet.restore(SupernetState { learner, run: state.run })?;
            (course.alphas, policy, progress) = (state.alphas, state.policy, state.progress);
        }
        let halves = match &divided {
            Some(split) => Halves::of(images, split, training.images, &stream.child("halves")),
            None => Halves::new(images, script.percent, training.images, script.in_order, &stream.child("halves")),
        };
        let halves = halves.to_learn(training.objective);
        let described = SupernetDescription {
            space: SupernetDescription::space_of(space.layout()),
            conditions,
            protocol: self.protocol(),
            images: images.describe(),
            base: halves.base.clone(),
            other: halves.arch.clone(),
        };
        let keep = |course: &Course<'_>, policy: &M::Policy, progress: &Progress| {
            let SupernetState { learner, run } = course.supernet.state();
            let state = State { progress: progress.clone(), alphas: course.alphas.clone(), policy: policy.clone(), run };
            let state = serde_json::to_value(state).map_err(unwritable)?;
            workshop.keep(&Bookmark { of: of.clone(), supernet: Some(described.clone()), state }, &graph, &learner)
        };
        let batch = training.batch(&script);
        let weight_steps = training.weight_steps(&script, halves.base.len());
        let steps_of = |epoch: usize| weight_steps + self.0.late_steps(epoch, &halves);
        let epochs = self.0.epochs(space);
        let done: usize = (0..progress.epochs.len()).map(steps_of).sum();
        workshop.expect((0..epochs).map(steps_of).sum(), done + progress.step);
        let mut saved = Instant::now();
        while progress.epochs.len() < epochs {
            let epoch = progress.epochs.len();
            let steps = steps_of(epoch);
            let stream = stream.child("epoch").child(epoch);
            let order = halves.order(&stream.child("order"));
            let by = training.weight_step(&script, self.0.epoch_of_schedule(epoch));
            while progress.step < steps {
                if workshop.is_interrupted() {
                    keep(&course, &policy, &progress)?;
                    return Err(SearchError::Interrupted);
                }
                if let Some(step) = progress.step.checked_sub(weight_steps) {
                    let rewards = Rewards {
                        halves: &halves,
                        batch: self.0.reward_batch(),
                        augmentation: if script.judged_varied { training.augmentation } else { Augmentation::None },
                        stream: stream.clone(),
                    };
                    self.0.late_step(&mut course, &mut policy, &Late { epoch, step, rewards: &rewards })?;
                    progress.step += 1;
                    workshop.advance(1);
                    if saved.elapsed() >= PAUSE {
                        keep(&course, &policy, &progress)?;
                        saved = Instant::now();
                    }
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
                let moment = Moment { epoch, epochs, steps: weight_steps, by, base: &base, arch: arch.as_ref(), stream };
                let passed = self.0.step(&mut course, &mut policy, &moment)?;
                if !passed.loss.is_finite() {
                    let (epoch, step) = (epoch + 1, progress.step + 1);
                    let problem = format!("the loss of step {step} of epoch {epoch} is not a number; use a lower learning_rate");
                    return Err(SearchError::Impossible(problem));
                }
                progress.loss += passed.loss * chosen.len() as f64;
                progress.correct += course.supernet.accuracy(&passed.output, &base) * chosen.len() as f64;
                progress.step += 1;
                workshop.advance(1);
                if saved.elapsed() >= PAUSE {
                    keep(&course, &policy, &progress)?;
                    saved = Instant::now();
                }
            }
            let count = halves.base.len().min(weight_steps * batch) as f64;
            let alphas = self.0.left(&course, &policy);
            let cell = self.0.cell(&policy, epoch);
            let left = EpochLeft { loss: progress.loss / count, accuracy: progress.correct / count, alphas, cell };
            workshop.say(&said(space, epoch + 1, epochs, &left));
            progress.epochs.push(left);
            (progress.step, progress.loss, progress.correct) = (0, 0.0, 0.0);
            keep(&course, &policy, &progress)?;
            saved = Instant::now();
        }
        let found = match self.0.ending() {
            Ending::Largest => vec![Candidate::new(space.strongest(&course.alphas.probabilities()), None)],
            Ending::Given => {
                let candidates = self.0.candidates(&course, &policy, &stream.child("candidates"));
                candidates.into_iter().map(|candidate| Candidate::new(candidate, None)).collect()
            }
            Ending::Known => self.0.known(&policy),
            Ending::Judged(by) => {
                let candidates = self.0.candidates(&course, &policy, &stream.child("candidates"));
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
                    let output = course.supernet.test(&batch, &path)?;
                    let judged = course.supernet.accuracy(&output, &batch);
                    workshop.advance(1);
                    found.push(Candidate::new(candidate, Some(judged)));
                }
                found
            }
        };
        Ok((progress.epochs, found))
    }
}

/// The line of an epoch.
fn said(space: &dyn SearchSpace, epoch: usize, epochs: usize, left: &EpochLeft) -> String {
    let EpochLeft { loss, accuracy, alphas, cell } = left;
    let chosen = alphas.as_ref().map(|alphas| space.strongest(&alphas.probabilities()));
    let chosen = chosen.or_else(|| cell.as_ref().map(|left| left.cell.clone()));
    let chosen = chosen.and_then(|chosen| space.write(&chosen).ok()).map_or_else(String::new, |chosen| format!(", {chosen}"));
    format!("epoch {epoch} of {epochs}: loss {loss:.4}, accuracy {:.2} %{chosen}", 100.0 * accuracy)
}
