//! How much memory a step takes, known before it is made.

use std::sync::Arc;

use assay_core::engine::learner::{Lesson, Part, StepMemory};
use assay_core::graph::Graph;
use assay_kernels::{Element, Map};

use super::chunk::{self, Share};
use super::program::{Program, Purpose};
use crate::memory::{Backward, LISTS};
use crate::plan::Plan;
use crate::workspace::WorkspaceSizes;

/// What the maps of a batch take, on the way forward and back, which a learner keeps for the next one.
pub(super) fn of_maps<E: Element>(program: &Program, shares: &[Share], lanes: usize) -> usize {
    let Program { lowered, schedule, stages, plan, .. } = program;
    let (shared, local) = plan.as_ref().map_or((&[][..], &[][..]), |plan| (plan.shared.as_slice(), plan.local.as_slice()));
    let of_share = |share: &Share| {
        let tiles = chunk::tiles(*share, lanes);
        let order = stages.iter().flat_map(|stage| &stage.ops).copied();
        // Where all tiles are one, the maps of one tile are of the same memory.
        let (later, single) = if tiles.count() == 1 { (local, &[][..]) } else { (&[][..], local) };
        let vectors = schedule.kept_by_layout(lowered, order, shared.iter().chain(later).copied()) * tiles.count();
        (vectors + single.iter().map(Map::vectors).sum::<usize>()) * tiles.lanes * size_of::<E>()
    };
    shares.iter().map(of_share).sum()
}

/// What a way back takes beside maps, in all chunks.
fn beside_maps<E: Element>(plan: &Plan, shares: &[Share], lanes: usize) -> usize {
    shares.iter().map(|share| WorkspaceSizes::beside_maps(plan, &chunk::tiles(*share, lanes)).bytes::<E>()).sum()
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
        totals = plan.most_sums() * size_of::<f64>();
        totals += beside_maps::<E>(plan, &shares, lanes);
    }
    let gradients = graph.parameter_count() * size_of::<f64>();
    // Each chunk has images of its own, and lists.
    let pixels = images * graph.input_shape().elements() * size_of::<f32>();
    let lists = program.lowered.ops.len() * LISTS * shares.len();
    // Weights are arranged for the way forward, and others for the way back.
    let passing = (weights * size_of::<E>()).max(back + totals + gradients) + pixels + lists;
    StepMemory { kept: of_maps::<E>(&program, &shares, lanes), passing }
}
