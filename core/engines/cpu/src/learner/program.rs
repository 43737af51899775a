//! What a learner runs of a graph: its ops in stages, between which statistics over the batch are exchanged, and the way back.

use std::sync::Arc;

use assay_core::engine::learner::{Lesson, Mixture, Part, Test};
use assay_core::graph::{Graph, NodeId};
use assay_core::network::batch_norms;

use crate::chosen::Parameters;
use crate::fold::Folds;
use crate::lower::Lowered;
use crate::ops::Kind;
use crate::plan::{Cotangents, Goal, Plan};
use crate::schedule::Schedule;

/// What a graph is run for. Equal purposes have equal programs.
#[derive(Clone, Debug)]
pub(super) struct Purpose {
    pub(super) graph: Arc<Graph>,
    pub(super) mode: Mode,
}

/// How a graph is run.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Mode {
    /// Forward and backward, from the values of these nodes, where those of the others are dropped for some images.
    Learn { losses: Vec<NodeId>, dropped: Vec<NodeId>, mixtures: Vec<Mixture> },
    /// Forward by the batch's statistics, for their sake.
    Measure,
    /// Forward by running statistics, but for these batch normalisations.
    Infer { mixtures: Vec<Mixture>, by_batch: Vec<NodeId> },
}

impl Purpose {
    pub(super) fn learn(part: &Part, lesson: &Lesson<'_>) -> Self {
        let losses = lesson.losses.iter().map(|loss| loss.node).collect();
        let dropped = lesson.dropped.iter().map(|dropped| dropped.node).collect();
        Self { graph: Arc::clone(part.graph()), mode: Mode::Learn { losses, dropped, mixtures: lesson.mixtures.to_vec() } }
    }

    pub(super) fn test(part: &Part, test: &Test<'_>) -> Self {
        let mode = Mode::Infer { mixtures: test.mixtures.to_vec(), by_batch: test.by_batch.to_vec() };
        Self { graph: Arc::clone(part.graph()), mode }
    }

    pub(super) fn is(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.graph, &other.graph) && self.mode == other.mode
    }
}

/// Ops between two exchanges of statistics.
#[derive(Clone, Debug, Default)]
pub(super) struct Stage {
    /// What is computed, in order.
    pub(super) ops: Vec<usize>,
    /// The batch normalisations whose inputs are complete then.
    pub(super) norms: Vec<usize>,
}

/// A graph as it is run.
pub(super) struct Program {
    pub(super) lowered: Lowered,
    pub(super) folds: Folds,
    /// The values whose statistics batch normalisations need.
    pub(super) is_measured: Vec<bool>,
    pub(super) schedule: Schedule,
    pub(super) stages: Vec<Stage>,
    /// The way back from the losses, in their order.
    pub(super) plan: Option<Plan>,
    /// Where the losses are read.
    pub(super) losses: Vec<usize>,
    /// The batch normalisations that are computed, and their nodes.
    pub(super) norms: Vec<(usize, NodeId)>,
}

impl Program {
    pub(super) fn new(purpose: &Purpose) -> Self {
        let graph = &purpose.graph;
        let (taps, dropped, mixtures) = match &purpose.mode {
            Mode::Learn { losses, dropped, mixtures } => (losses.as_slice(), dropped.as_slice(), mixtures.as_slice()),
            Mode::Infer { mixtures, .. } => (&[][..], &[][..], mixtures.as_slice()),
            Mode::Measure => (&[][..], &[][..], &[][..]),
        };
        let keep = matches!(purpose.mode, Mode::Learn { .. });
        let lowered = Lowered::to_learn(graph, taps, keep, dropped, mixtures);
        let losses: Vec<usize> = taps.iter().filter_map(|tap| lowered.op_of_node[tap.0]).collect();
        // A value that is dropped has an op of its own behind the batch normalisation's.
        let own = |op: usize| if matches!(lowered.ops[op].kind, Kind::Scale(_)) { lowered.ops[op].inputs[0] } else { op };
        let norm = |id: NodeId| lowered.op_of_node[id.0].map(own).filter(|op| lowered.is_live(*op)).map(|op| (op, id));
        let norms: Vec<(usize, NodeId)> = batch_norms(graph).filter_map(norm).collect();
        let waits = |op: usize| match &purpose.mode {
            Mode::Infer { by_batch, .. } => norms.iter().any(|(norm, id)| *norm == op && by_batch.contains(id)),
            Mode::Learn { .. } | Mode::Measure => true,
        };
        let folds = Folds::new(&lowered);
        let stages = stages(&lowered, &folds, waits);
        let order: Vec<usize> = stages.iter().flat_map(|stage| &stage.ops).copied().collect();
        let mut is_measured = vec![false; lowered.ops.len()];
        for norm in stages.iter().flat_map(|stage| &stage.norms) {
            is_measured[lowered.ops[*norm].inputs[0]] = true;
        }
        let schedule = Schedule::in_order(&lowered, &folds, keep, order);
        let goal = Goal { parameters: Parameters::All, ..Goal::values(losses.clone()) };
        let plan = keep.then(|| Plan::new(&lowered, Cotangents::One, &goal));
        Self { folds, is_measured, schedule, stages, plan, losses, norms, lowered }
    }
}

/// The ops that are computed, by how many batch normalisations stand before them that wait for statistics, so that as few exchanges
/// as possible are needed.
fn stages(lowered: &Lowered, folds: &Folds, waits: impl Fn(usize) -> bool) -> Vec<Stage> {
    let mut level = vec![0; lowered.ops.len()];
    let mut stages: Vec<Stage> = Vec::new();
    for op in (0..lowered.ops.len()).filter(|op| lowered.is_live(*op)) {
        let waits = matches!(lowered.ops[op].kind, Kind::Norm(_)) && waits(op);
        level[op] = lowered.ops[op].inputs.iter().map(|input| level[*input]).max().unwrap_or(0) + usize::from(waits);
        if stages.len() <= level[op] {
            stages.resize_with(level[op] + 1, Stage::default);
        }
        if !folds.skipped[op] {
            stages[level[op]].ops.push(op);
        }
        if waits {
            stages[level[op] - 1].norms.push(op);
        }
    }
    stages
}
