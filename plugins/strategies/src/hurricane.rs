//! `hurricane`: a supernet of layers is trained and searched in two stages, the later layers first, by evolution within a limit of
//! what an architecture may cost (Zhang, Yang, Jiang, Zhu and Liu, "Fast Hardware-Aware Neural Architecture Search", CVPR workshops
//! 2020: HURRICANE).
//!
//! In the first stage the earlier layers have the operator that costs least, and the later ones all operators: weights learn on paths
//! drawn uniformly, and evolution chooses among paths within the limit. In the second stage the later layers keep what was chosen, and
//! the earlier ones are searched in the same way. What the first stage chose is judged again among the others, so that the second
//! stage ends with it where nothing better is found.
//!
//! The paper has no published code. Its abstract tells of two stages and a latency limit; which layers stages have, how they follow one
//! another and the paper's early stop are recalled, not checked, and so is the training of weights, which is that of single path
//! one-shot searches (Guo et al., ECCV 2020). The numbers of the evolution stand in copies of those searches' code. Weights go on from
//! stage to stage, the learning rate begins anew, and it falls from epoch to epoch where that code lets it fall from step to step.
//! Labels are not smoothed. The paper also chooses for each device which operators there are; here they are those of the space. The
//! cost is that of one image in multiply-adds, in the network of as many channels as the supernet has: the paper measured latencies.
//!
//! Layers are chosen each by itself, which fits `nas-bench-macro` and `nats-bench-size`.

use assay_core::graph::{Graph, GraphError, NodeId};
use assay_core::plugin::supernet::{Kept, Passed, SharedNet};
use assay_core::plugin::{MacroNet, Part, SearchError, SearchSpace, SearchStrategy, SettingsError};
use assay_core::score::Reading;
use assay_core::stream::Stream;
use assay_core::subspace::{Layout, OperatorSet, Subspace};
use serde::{Deserialize, Serialize};

use crate::parts::oneshot::evolution::{EvolutionSettings, Field, Judged, best, drawn};
use crate::parts::oneshot::images::Halves;
use crate::parts::oneshot::method::{Candidate, Ending, Late, Method, Moment, StageCell};
use crate::parts::oneshot::rewards::Rewards;
use crate::parts::oneshot::search::OneShot;
use crate::parts::oneshot::settings::{Code, Script, TrainingSettings};
use crate::parts::oneshot::steps::Course;

assay_core::register! {
    dyn SearchStrategy,
    name: "hurricane",
    summary: "later layers, then earlier ones: evolution in a single-path supernet within a limit (Zhang et al., CVPRW 2020)",
    settings: Hurricane,
    build: |method| Ok(Box::new(OneShot::new(method)?)),
}

/// Stages.
const STAGES: usize = 2;
/// What costs are called in the steps of a search.
const COST: &str = "multiply-adds";

assay_core::settings! {
    /// The strategy.
    #[derive(Clone, Debug)]
    pub struct Hurricane {
        with training: TrainingSettings = TrainingSettings { code: Code::Spos, ..TrainingSettings::default() };
        with evolution: EvolutionSettings;
        /// what an architecture may cost at most: multiply-adds of an image, with as many channels as the supernet has
        limit: Option<f64>, otherwise "no limit", in 1.0..=1e18;
        /// layers that are searched first, the last ones of the network
        later: Option<usize>, otherwise "half of them, rounded up", in 1..=1000;
        /// images that a candidate is judged by, the same for each of a stage, in batches of 200
        validation_images: usize = 8_000, in 1..=1_000_000_000;
        /// images by which the running statistics of a candidate are found anew, in batches of 128; 0 leaves those of the training
        recalibration_images: usize = 25_600, in 0..=1_000_000_000;
    }
}

/// Images of a batch of which statistics are found, as the published code of single path one-shot searches has it.
const RECALIBRATED: usize = 128;

/// How far the evolution is.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Stages {
    /// The architecture that costs least; none before the first step.
    cheapest: Option<Subspace>,
    /// What was judged in each stage.
    judged: Vec<Vec<Judged>>,
    /// The generation that is being judged.
    waiting: Vec<(Subspace, f64)>,
}

impl Hurricane {
    fn place(&self, epoch: usize) -> (usize, usize) {
        let epochs = self.training.epochs(&self.script());
        (epoch / epochs, epoch % epochs)
    }

    fn later(&self, layout: &Layout) -> usize {
        self.later.unwrap_or_else(|| layers(layout).div_ceil(2))
    }

    /// The network of as many channels and classes, and for such images, as this supernet has.
    fn net(&self, supernet: &Graph) -> MacroNet {
        let classes = supernet.node(supernet.output()).shape.channels;
        let input = supernet.node(NodeId(0)).shape;
        MacroNet { input, channels: self.training.channels, cells: 1, classes, part: Part::Classifier }
    }

    /// What there is to choose in a stage, and what its first generation begins with.
    fn open(&self, layout: &Layout, stages: &Stages, stage: usize) -> Option<(Subspace, Subspace)> {
        let known = match stage.checked_sub(1) {
            None => stages.cheapest.clone()?,
            Some(before) => best(stages.judged.get(before)?)?.architecture.clone(),
        };
        let earlier = layers(layout) - self.later(layout);
        let is_open = |layer: usize| (layer >= earlier) == (stage == 0);
        let whole = Subspace::whole(layout);
        let layer = |(layer, fixed): (usize, &OperatorSet)| if is_open(layer) { whole.kept(0, layer) } else { *fixed };
        let open = known.cells()[0].iter().enumerate().map(layer).collect();
        Some((Subspace::new(layout, vec![open]), known))
    }

    /// How right the supernet is as this architecture.
    fn judge(&self, course: &mut Course<'_>, architecture: &Subspace, rewards: &Rewards<'_>) -> Result<f64, SearchError> {
        let path = course.supernet.path(Kept::Shared(architecture))?;
        if self.recalibration_images > 0 {
            let batches = rewards.recalibration(self.recalibration_images, RECALIBRATED, self.training.augmentation)?;
            course.supernet.recalibrate(&batches, &path)?;
        }
        let images = self.validation_images.min(rewards.halves.arch.len());
        let mut right = 0.0;
        for number in 0..images.div_ceil(rewards.batch) {
            let batch = rewards.ranking(number, images)?;
            let output = course.supernet.test(&batch, &path)?;
            // Of images, of which a pretext task may make several.
            let count = rewards.batch.min(images - number * rewards.batch);
            right += course.supernet.accuracy(&output, &batch) * count as f64;
        }
        Ok(right / images as f64)
    }
}

/// Layers of a space of one kind of cell, each an edge.
fn layers(layout: &Layout) -> usize {
    layout.cells[0].edges.len()
}

/// What an architecture costs.
fn cost(space: &dyn SearchSpace, architecture: &Subspace, net: &MacroNet) -> Result<f64, GraphError> {
    Ok(space.lower(architecture, net)?.multiply_adds() as f64)
}

/// The architecture that costs least, and what it costs: layer after layer takes the operator with which the network costs least,
/// until none changes.
fn cheapest(space: &dyn SearchSpace, net: &MacroNet) -> Result<(Subspace, f64), GraphError> {
    let layout = space.layout();
    let whole = Subspace::whole(layout);
    let mut chosen: Vec<OperatorSet> = whole.cells()[0].iter().map(|kept| kept.iter().take(1).collect()).collect();
    let architecture = |chosen: &[OperatorSet]| Subspace::new(layout, vec![chosen.to_vec()]);
    let mut least = cost(space, &architecture(&chosen), net)?;
    loop {
        let before = least;
        for layer in 0..chosen.len() {
            for operator in whole.kept(0, layer).iter() {
                let kept = std::mem::replace(&mut chosen[layer], OperatorSet::EMPTY.with(operator));
                let own = cost(space, &architecture(&chosen), net)?;
                if own < least {
                    least = own;
                } else {
                    chosen[layer] = kept;
                }
            }
        }
        if least >= before {
            return Ok((architecture(&chosen), least));
        }
    }
}

impl Method for Hurricane {
    const NAME: &'static str = "hurricane";
    const CODES: &'static [Code] = &[Code::Spos];

    type Policy = Stages;

    fn training(&self) -> &TrainingSettings {
        &self.training
    }

    fn script(&self) -> Script {
        Script::of_spos()
    }

    fn protocol(&self) -> String {
        let Self { limit, later, validation_images, recalibration_images, evolution, .. } = self;
        let EvolutionSettings { population, generations, parents, crossovers, mutations, mutation } = evolution;
        let limit = limit.map_or("without a limit".to_owned(), |limit| format!("at most {limit} {COST}"));
        let later = later.map_or("later half of the layers".to_owned(), |later| format!("last {later} layers"));
        format!(
            "the {later} first, {limit}; evolution of {generations} generations of {population}, {parents} parents, {mutations} mutations \
             with probability {mutation}, {crossovers} crossovers, judged by {validation_images} images at the most, statistics of \
             {recalibration_images}"
        )
    }

    fn schedule(&self) -> String {
        format!("in {STAGES} stages of {} epochs", self.training.epochs(&self.script()))
    }

    fn check(&self, space: &dyn SearchSpace, net: &SharedNet) -> Result<(), SettingsError> {
        let layout = space.layout();
        if layout.cells.len() != 1 || net.cells != 1 {
            let problem = "hurricane chooses the operators of layers, each by itself, and cells of this space have theirs in common; use \
                           nas-bench-macro or nats-bench-size";
            return Err(SettingsError::new("name", problem));
        }
        let most = layers(layout) - 1;
        if self.later(layout) > most {
            let problem = format!("must be {most} at the most, so that a layer is left for the second stage, is {}", self.later(layout));
            return Err(SettingsError::new("later", problem));
        }
        let EvolutionSettings { population, crossovers, mutations, .. } = self.evolution;
        if crossovers + mutations > population {
            let problem = format!(
                "a generation of {population} has no place for {mutations} mutations and {crossovers} crossovers; give as many together at \
                 the most, or a larger `population`"
            );
            return Err(SettingsError::new("crossovers", problem));
        }
        let found = cheapest(space, &self.net(&net.graph));
        let (architecture, least) = found.map_err(|error| SettingsError::new("name", error.to_string()))?;
        match self.limit {
            Some(limit) if limit < least => {
                let text = space.write(&architecture).unwrap_or_else(|_| architecture.to_string());
                let problem = format!(
                    "no architecture is within it: the cheapest, {text}, costs {least} {COST} in a network of {} channels; give as much, \
                     or fewer `channels`",
                    self.training.channels
                );
                Err(SettingsError::new("limit", problem))
            }
            _ => Ok(()),
        }
    }

    fn epochs(&self, _: &dyn SearchSpace) -> usize {
        STAGES * self.training.epochs(&self.script())
    }

    fn epoch_of_schedule(&self, epoch: usize) -> usize {
        self.place(epoch).1
    }

    fn title(&self, epoch: usize) -> String {
        let (stage, epoch) = self.place(epoch);
        format!("stage {}, epoch {}", stage + 1, epoch + 1)
    }

    fn has_second(&self) -> bool {
        false
    }

    fn policy(&self, _: &dyn SearchSpace, _: &Stream) -> Result<Stages, SearchError> {
        Ok(Stages::default())
    }

    fn step(&self, course: &mut Course<'_>, policy: &mut Stages, moment: &Moment<'_>) -> Result<Passed, SearchError> {
        let space = course.supernet.space();
        if policy.cheapest.is_none() {
            let net = self.net(&course.supernet.whole().graph);
            policy.cheapest = Some(cheapest(space, &net).map_err(unsupported)?.0);
        }
        let (open, _) = self.open(space.layout(), policy, self.place(moment.epoch).0).ok_or_else(nothing_judged)?;
        let path = drawn(space.layout(), &open, &mut moment.stream.child("architecture").rng());
        Ok(course.single(moment.base, Kept::Shared(&path), moment.by)?)
    }

    fn late_steps(&self, epoch: usize, _: &Halves<'_>) -> usize {
        let is_last = self.place(epoch).1 + 1 == self.training.epochs(&self.script());
        if is_last { self.evolution.population * self.evolution.generations } else { 0 }
    }

    fn late_step(&self, course: &mut Course<'_>, policy: &mut Stages, late: &Late<'_>) -> Result<(), SearchError> {
        let (space, stage) = (course.supernet.space(), self.place(late.epoch).0);
        let (generation, position) = (late.step / self.evolution.population, late.step % self.evolution.population);
        if late.step == 0 {
            policy.judged.push(Vec::new());
        }
        if position == 0 {
            let (open, first) = self.open(space.layout(), policy, stage).ok_or_else(nothing_judged)?;
            let (net, limit) = (self.net(&course.supernet.whole().graph), self.limit.unwrap_or(f64::INFINITY));
            let mut within = |architecture: &Subspace| cost(space, architecture, &net).map(|cost| (cost <= limit).then_some(cost));
            let field = Field { layout: space.layout(), open: &open, first: &first };
            let mut rng = late.rewards.stream.child("generation").child(generation).rng();
            let bred = self.evolution.generation(&field, &policy.judged[stage], &mut rng, &mut within);
            policy.waiting = bred.map_err(unsupported)?;
        }
        // A generation is smaller where there are no more architectures.
        if let Some((architecture, cost)) = policy.waiting.get(position).cloned() {
            let accuracy = self.judge(course, &architecture, late.rewards)?;
            policy.judged[stage].push(Judged { architecture, accuracy, cost });
        }
        Ok(())
    }

    fn reward_batch(&self) -> usize {
        self.script().judged
    }

    fn cell(&self, policy: &Stages, epoch: usize) -> Option<StageCell> {
        let (stage, epoch) = self.place(epoch);
        let is_last = epoch + 1 == self.training.epochs(&self.script());
        let found = best(policy.judged.get(stage)?).filter(|_| is_last)?;
        Some(StageCell { title: format!("stage {}", stage + 1), cell: found.architecture.clone(), accuracy: found.accuracy })
    }

    fn ending(&self) -> Ending<'_> {
        Ending::Known
    }

    fn known(&self, policy: &Stages) -> Vec<Candidate> {
        let readings = |cost: f64| vec![(COST.to_owned(), Reading::finite(cost))];
        let judged =
            |one: &Judged| Candidate { architecture: one.architecture.clone(), judged: Some(one.accuracy), readings: readings(one.cost) };
        let chosen = policy.judged.last().and_then(|last| best(last));
        let chosen = chosen.map(|one| Candidate { judged: None, ..judged(one) });
        policy.judged.iter().flatten().map(judged).chain(chosen).collect()
    }
}

fn unsupported(error: GraphError) -> SearchError {
    SearchError::Impossible(error.to_string())
}

fn nothing_judged() -> SearchError {
    SearchError::Impossible("nothing was judged in the stage before".into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_learning_rate_falls_in_a_line_and_begins_anew_in_the_second_stage() {
        let training = TrainingSettings { code: Code::Spos, epochs: Some(2), ..TrainingSettings::default() };
        let method = Hurricane { training, ..Hurricane::default() };
        let rate = |epoch: usize| method.training.weight_step(&method.script(), method.epoch_of_schedule(epoch)).rate;
        assert_eq!([0, 1, 2, 3].map(rate), [0.5, 0.25, 0.5, 0.25]);
        assert_eq!([0, 1, 2, 3].map(|epoch| method.title(epoch)).last().unwrap(), "stage 2, epoch 2");
    }
}
