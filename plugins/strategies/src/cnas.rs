//! `cnas`: a curriculum, in which operators join a supernet's search stage by stage (Guo et al., "Breaking the Curse of Space
//! Explosion: Towards Efficient NAS with Curriculum Search", ICML 2020), as its published code does it on the space of DARTS.
//!
//! Weights learn on cells that an LSTM controller draws: for each node the earlier nodes that it reads, by attention, and the
//! operators that it reads them through. Each stage begins with epochs in which all cells are equally likely. The controller learns by
//! REINFORCE from the accuracies of its cells on other images, by the batch's own statistics. At the end of a stage the supernet
//! ranks some cells of the controller; those of the last stage decide.
//!
//! Each input of a node is chosen by itself, so the space is `darts` with `inputs = "free"`. NAS-Bench-201, which the paper does not
//! search, is searched by the same controller without sources. The published code's head tells as many operators apart as there
//! are nodes, which are four, and the code ranks cells by test images; here the head tells all apart unless `variant` says
//! otherwise, and cells are ranked by images that the controller learns from, so that test images stay unseen.
//!
//! With `oracle` or `budget` the strategy is [`cnas-by-oracle`](#cnas-by-oracle).

use assay_core::plugin::supernet::{Kept, Passed, SharedNet};
use assay_core::plugin::{SearchError, SearchSpace, SearchStrategy, SettingsError, suggestion};
use assay_core::stream::Stream;
use assay_core::subspace::Subspace;
use rand::seq::SliceRandom;

use crate::parts::oneshot::cell_controller::{CellSaid, CellShape, drawn};
use crate::parts::oneshot::cell_policy::{CellPolicy, CellPolicyRules};
use crate::parts::oneshot::curriculum::{Cells, Curriculum, Stage};
use crate::parts::oneshot::images::Halves;
use crate::parts::oneshot::learnt::LearntRules;
use crate::parts::oneshot::method::{Ending, Late, Method, Moment, StageCell, an_operator_on_every_edge, operators_of_edges};
use crate::parts::oneshot::rewards::Rewards;
use crate::parts::oneshot::search::OneShot;
use crate::parts::oneshot::settings::{Code, Script, TrainingSettings};
use crate::parts::oneshot::steps::Course;

assay_core::register! {
    dyn SearchStrategy,
    name: "cnas",
    summary: "operators join a supernet stage by stage, an LSTM controller learns by REINFORCE (Guo et al., ICML 2020)",
    settings: Cnas,
    build: |method| Ok(Box::new(OneShot::new(method)?)),
}

assay_core::forward! { dyn SearchStrategy, from: "cnas", given: ["oracle", "budget"], to: "cnas-by-oracle" }

/// The operators that the published code begins with, and what takes its place on NAS-Bench-201.
const FIRST: [&str; 2] = ["sep_conv_3x3", "nor_conv_3x3"];
/// The norm that the controllers' gradient is cut to.
const CLIP: f64 = 5.0;

assay_core::words! {
    /// What the controller's head tells apart.
    #[derive(Default)]
    pub enum Variant {
        /// All operators.
        #[default]
        Paper = "paper" as "a head for all operators",
        /// As many operators as a cell has nodes: the others are chosen in warm-up alone.
        Code = "code" as "a head for as many operators as nodes, as the published code has it",
    }
}

assay_core::settings! {
    /// The strategy.
    #[derive(Clone, Debug)]
    pub struct Cnas {
        with training: TrainingSettings = TrainingSettings { code: Code::Cnas, ..TrainingSettings::default() };
        /// whether the controller's head tells all operators apart, or only as many as a cell has nodes, as the published code does
        variant: Variant = Variant::Paper;
        /// what joins from stage to stage: an operator, a node of each cell, or nothing
        curriculum: Curriculum = Curriculum::Operators;
        /// stages
        stages: Option<usize>, otherwise "until all have joined", in 1..=64;
        /// operators, or nodes, in the first stage
        first: usize = 1, in 1..=64;
        /// operators in the order in which they join; those not named join after them, in an order that is drawn
        order: Option<Vec<String>>, otherwise "a 3×3 convolution first";
        /// epochs at the beginning of each stage in which all cells are equally likely, and the controller does not learn
        warm_up: usize = 20, in 0..=100_000;
        // What is kept of a search has the controllers in the header of a file, of which 100 MB can be read.
        /// units of the controller's LSTM
        units: usize = 128, in 1..=200;
        /// Adam's step of the controller
        controller_rate: f64 = 3e-4, in 1e-9..=1e3;
        /// λ of λ·w in the controller's gradient
        controller_decay: f64 = 5e-4, in 0.0..=1e3;
        /// what entropies count in the controller's objective
        entropy: f64 = 0.005, in 0.0..=1e6;
        /// share of the baseline that stays
        baseline_share: f64 = 0.99, in 0.0..=1.0;
        /// cells of the controller that are ranked at the end of each stage
        candidates: usize = 30, in 1..=100_000;
        /// images that they are ranked by, the same for each, in batches of `batch`
        validation_images: usize = 10_000, in 1..=1_000_000_000;
    }
}

/// Where an epoch is.
struct Place {
    stage: usize,
    /// From 0, warm-up among them.
    epoch: usize,
    warm: bool,
    last: bool,
}

impl Cnas {
    fn place(&self, epoch: usize) -> Place {
        let epochs = self.warm_up + self.training.epochs(&self.script());
        let (stage, epoch) = (epoch / epochs, epoch % epochs);
        Place { stage, epoch, warm: epoch < self.warm_up, last: epoch + 1 == epochs }
    }

    fn stages(&self, whole: Stage) -> usize {
        let all = self.curriculum.joining(whole).map_or(1, |(_, all)| (all + 1).saturating_sub(self.first));
        self.stages.unwrap_or(all)
    }

    /// The decisions that there are in a stage.
    fn stage(&self, space: &dyn SearchSpace, stage: usize) -> Stage {
        self.curriculum.stage(Cells::of(space).whole(space), self.first, stage)
    }

    fn rules(&self) -> CellPolicyRules {
        let learnt =
            LearntRules { rate: self.controller_rate, betas: [0.9, 0.999], epsilon: 1e-8, decay: self.controller_decay, clip: CLIP };
        CellPolicyRules { learnt, entropy: self.entropy, keep: self.baseline_share }
    }

    /// The operators that are named, then the others: a 3×3 convolution, unless it was named, and the rest as they are drawn.
    fn order(&self, space: &dyn SearchSpace, stream: &Stream) -> Result<Vec<usize>, SettingsError> {
        let operators = &space.layout().operators[..Cells::of(space).whole(space).operators];
        let place = |name: &str| operators.iter().position(|operator| operator == name);
        let unknown =
            |name: &str| SettingsError::new("order", format!("the space has no operator `{name}`; {}", suggestion(name, operators)));
        let named = self.order.iter().flatten().map(|name| place(name).ok_or_else(|| unknown(name)));
        let mut order: Vec<usize> = named.collect::<Result<_, _>>()?;
        if let Some(twice) = (1..order.len()).find(|at| order[..*at].contains(&order[*at])) {
            return Err(SettingsError::new("order", format!("`{}` joins twice", operators[order[twice]])));
        }
        if self.order.is_none() {
            order.extend(FIRST.iter().find_map(|name| place(name)));
        }
        let mut rest: Vec<usize> = (0..operators.len()).filter(|operator| !order.contains(operator)).collect();
        rest.shuffle(&mut stream.rng());
        order.extend(rest);
        Ok(order)
    }

    /// Cells of each kind that are equally likely, or that the controller draws.
    fn cells(&self, space: &dyn SearchSpace, policy: &CellPolicy, place: &Place, stream: &Stream) -> Vec<CellSaid> {
        let decisions = Cells::of(space).decisions(space, self.stage(space, place.stage));
        let mut rng = stream.rng();
        let mut choose = drawn(&mut rng);
        match place.warm {
            true => decisions.iter().map(|decisions| CellSaid::uniform(decisions, &mut choose)).collect(),
            false => policy.say(&decisions, &mut choose),
        }
    }

    /// Ranks one cell of the controller.
    fn rank(&self, course: &mut Course<'_>, policy: &mut CellPolicy, cell: Subspace, rewards: &Rewards<'_>) -> Result<(), SearchError> {
        let images = self.validation_images.min(rewards.halves.arch.len());
        let mut right = 0.0;
        for number in 0..images.div_ceil(rewards.batch) {
            let batch = rewards.ranking(number, images)?;
            let output = course.look(&batch, Kept::Shared(&cell))?;
            right += course.supernet.accuracy(&output, &batch) * rewards.batch.min(images - number * rewards.batch) as f64;
        }
        let own = right / images as f64;
        if policy.best.as_ref().is_none_or(|(_, best)| own > *best) {
            policy.best = Some((cell, own));
        }
        Ok(())
    }
}

/// The architecture of these cells.
fn architecture(space: &dyn SearchSpace, policy: &CellPolicy, said: &[CellSaid]) -> Result<Subspace, SearchError> {
    let chosen: Vec<Vec<usize>> = said.iter().map(|said| said.chosen.clone()).collect();
    let made = Cells::of(space).architecture(space, &policy.order, &chosen);
    made.ok_or_else(|| SearchError::Impossible("the space has no cell as the controller chose it".into()))
}

impl Method for Cnas {
    const NAME: &'static str = "cnas";
    const CODES: &'static [Code] = &[Code::Cnas];

    type Policy = CellPolicy;

    fn training(&self) -> &TrainingSettings {
        &self.training
    }

    fn script(&self) -> Script {
        Script::of_cnas()
    }

    fn protocol(&self) -> String {
        let Self { curriculum, first, variant, units, controller_rate, candidates, validation_images, .. } = self;
        format!(
            "{curriculum}, {first} at first; {variant}, {units} units, rate {controller_rate}; {candidates} candidates a stage by \
             {validation_images} images at the most"
        )
    }

    fn schedule(&self) -> String {
        let stages = self.stages.map_or_else(String::new, |stages| format!("{stages} "));
        format!("in {stages}stages of {} epochs of warm-up and {} more", self.warm_up, self.training.epochs(&self.script()))
    }

    fn check(&self, space: &dyn SearchSpace, net: &SharedNet) -> Result<(), SettingsError> {
        let cells = Cells::of(space);
        if cells == Cells::Edges {
            operators_of_edges(Self::NAME, space, net)?;
            an_operator_on_every_edge(Self::NAME, space, "nas-bench-201, or darts with space.inputs = \"free\"")?;
            if self.variant == Variant::Code {
                let problem = "the published code has no controller for spaces of edges; use \"paper\"";
                return Err(SettingsError::new("variant", problem));
            }
            if self.curriculum == Curriculum::Nodes {
                let problem = "nodes join where each node chooses what it reads: on darts with space.inputs = \"free\"";
                return Err(SettingsError::new("curriculum", problem));
            }
        }
        self.order(space, &Stream::new(0, "any"))?;
        let whole = cells.whole(space);
        let (stages, last) = match self.curriculum.joining(whole) {
            None => (1, 1),
            Some((what, all)) if self.first > all => {
                return Err(SettingsError::new("first", format!("the space has {all} {what}, so {} cannot be there at first", self.first)));
            }
            Some((_, all)) => (all + 1 - self.first, all),
        };
        match self.stages {
            Some(wanted) if wanted > stages => {
                let what = self.curriculum.joining(whole).map_or_else(
                    || "a fixed space has one stage".to_owned(),
                    |(what, _)| format!("the space has {last} {what}, of which {} are there at first", self.first),
                );
                Err(SettingsError::new("stages", format!("must be {stages} at the most, is {wanted}: {what}")))
            }
            _ => Ok(()),
        }
    }

    fn epochs(&self, space: &dyn SearchSpace) -> usize {
        let epochs = self.warm_up + self.training.epochs(&self.script());
        self.stages(Cells::of(space).whole(space)) * epochs
    }

    fn title(&self, epoch: usize) -> String {
        match self.place(epoch) {
            Place { stage, epoch, warm: true, .. } => format!("stage {}, warm-up epoch {}", stage + 1, epoch + 1),
            Place { stage, epoch, .. } => format!("stage {}, epoch {}", stage + 1, epoch + 1 - self.warm_up),
        }
    }

    fn has_second(&self) -> bool {
        false
    }

    fn policy(&self, space: &dyn SearchSpace, stream: &Stream) -> Result<CellPolicy, SearchError> {
        let Stage { nodes, operators } = Cells::of(space).whole(space);
        let sources = if nodes == 0 { 0 } else { nodes + 1 };
        let head = if self.variant == Variant::Code { nodes } else { operators };
        let shape = CellShape { units: self.units, sources, operators, head };
        let order = self.order(space, &stream.child("order")).map_err(|error| SearchError::Impossible(error.to_string()))?;
        Ok(CellPolicy::draw(space.layout().cells.len(), shape, order, &stream.child("controllers")))
    }

    fn step(&self, course: &mut Course<'_>, policy: &mut CellPolicy, moment: &Moment<'_>) -> Result<Passed, SearchError> {
        let space = course.supernet.space();
        let said = self.cells(space, policy, &self.place(moment.epoch), &moment.stream.child("cells"));
        let drawn = architecture(space, policy, &said)?;
        Ok(course.single(moment.base, Kept::Shared(&drawn), moment.by)?)
    }

    fn late_steps(&self, epoch: usize, halves: &Halves<'_>) -> usize {
        match self.place(epoch) {
            Place { warm: false, last, .. } => halves.arch.len().div_ceil(self.reward_batch()) + if last { self.candidates } else { 0 },
            // A stage without epochs of the controller cannot be: there is one at least.
            Place { warm: true, .. } => 0,
        }
    }

    fn late_step(&self, course: &mut Course<'_>, policy: &mut CellPolicy, late: &Late<'_>) -> Result<(), SearchError> {
        let (space, place) = (course.supernet.space(), self.place(late.epoch));
        let said = self.cells(space, policy, &place, &late.rewards.stream.child("late cells").child(late.step));
        let drawn = architecture(space, policy, &said)?;
        match late.step.checked_sub(late.rewards.halves.arch.len().div_ceil(self.reward_batch())) {
            None => {
                let batch = late.rewards.images(late.step)?;
                let output = course.look(&batch, Kept::Shared(&drawn))?;
                let found = course.supernet.accuracy(&output, &batch);
                policy.learn(&said, found, &self.rules());
                Ok(())
            }
            Some(candidate) => {
                if candidate == 0 {
                    policy.best = None;
                }
                self.rank(course, policy, drawn, late.rewards)
            }
        }
    }

    fn reward_batch(&self) -> usize {
        self.training.batch(&self.script())
    }

    fn cell(&self, policy: &CellPolicy, epoch: usize) -> Option<StageCell> {
        let Place { stage, last, .. } = self.place(epoch);
        let (cell, accuracy) = policy.best.clone().filter(|_| last)?;
        Some(StageCell { title: format!("stage {}", stage + 1), cell, accuracy })
    }

    fn ending(&self) -> Ending<'_> {
        Ending::Given
    }

    fn candidates(&self, _: &Course<'_>, policy: &CellPolicy, _: &Stream) -> Vec<Subspace> {
        policy.best.iter().map(|(cell, _)| cell.clone()).collect()
    }
}
