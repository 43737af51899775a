//! How much memory a step takes, known before it is made.

use std::sync::Arc;

use assay_core::engine::learner::{Lesson, Part, StepMemory};
use assay_core::graph::Graph;
use assay_kernels::Element;

use super::chunk::{self, Share};
use super::program::{Program, Purpose};
use crate::memory::{Backward, LISTS};
use crate::workspace::WorkspaceSizes;

/// What the values of a batch and the way back take, which a learner keeps for the next one.
pub(super) fn of_chunks<E: Element>(program: &Program, shares: &[Share], lanes: usize) -> usize {
    let of_share = |share: &Share| {
        let tiles = chunk::tiles(*share, lanes);
        let order = program.stages.iter().flat_map(|stage| &stage.ops).copied();
        let values = program.schedule.kept_by_layout(&program.lowered, order, tiles.count() * tiles.lanes) * size_of::<E>();
        values + program.plan.as_ref().map_or(0, |plan| WorkspaceSizes::added_up(plan, &tiles).bytes::<E>())
    };
    shares.iter().map(of_share).sum()
}

/// What a step of this lesson takes, on so many images.
pub(crate) fn of_step<E: Element>(graph: &Arc<Graph>, lesson: &Lesson<'_>, images: usize, lanes: usize) -> StepMemory {
    let part = Part::chosen(lesson.part, &Part::whole(Arc::clone(graph))).into_owned();
    let program = Program::new(&Purpose::learn(&part, lesson));
    let shares = chunk::divide(images, lanes);
    let parameters = part.graph().parameters();
    let weights: usize = program.lowered.ops.iter().filter_map(|op| op.weight).map(|weight| parameters[weight].elements()).sum();
    let (mut back, mut totals) = (0, 0);
    if let (Some(plan), Some(first)) = (&program.plan, shares.first()) {
        let backward = Backward::new::<E>(parameters, &program.lowered, plan, &chunk::tiles(*first, lanes));
        back = backward.prepared + backward.preparing;
        totals = plan.levels.iter().map(|level| level.arena).max().unwrap_or(0) * size_of::<f64>();
    }
    let gradients = graph.parameter_count() * size_of::<f64>();
    // Each chunk has images of its own, and lists.
    let pixels = images * graph.input_shape().elements() * size_of::<f32>();
    let lists = program.lowered.ops.len() * LISTS * shares.len();
    // Weights are arranged for the way forward, and others for the way back.
    let passing = (weights * size_of::<E>()).max(back + totals + gradients) + pixels + lists;
    StepMemory { kept: of_chunks::<E>(&program, &shares, lanes), passing }
}
