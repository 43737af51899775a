//! What the steps of a backward pass count as in a profile: the kind of work, and its operations.

use assay_core::engine::profile::Work;
use assay_kernels::Element;

use super::{Position, Prepared};
use crate::geometry::weight_gradient_work;
use crate::lower::Kind;
use crate::plan::{Step, Times, View};

impl<E: Element> Prepared<'_, E> {
    /// What a step other than a transposition is, for profiles.
    pub(super) fn work(&self, step: &Step, at: Position) -> (Work, u64) {
        let elements = |buffer: usize| self.plan.buffers[buffer].map.channels * self.plan.buffers[buffer].map.area();
        let of_view = |view: &View| view.channels * self.plan.buffers[view.buffer].map.area();
        let (work, each) = match step {
            Step::Combine { out, terms, .. } => {
                let masked = terms.iter().any(|(_, mask)| mask.is_some());
                (if masked { Work::Relu } else { Work::Sum }, 2 * terms.len() * elements(*out))
            }
            Step::Blend { out, .. } => (Work::BatchNormGradient, 4 * elements(*out)),
            Step::Pool { gradient, pool, .. } => {
                let Kind::Pool { kernel, .. } = &self.lowered.ops[*pool].kind else { return (Work::PoolGradient, 0) };
                (Work::PoolGradient, kernel[0] * kernel[1] * of_view(gradient))
            }
            Step::Shift { gradient, .. } | Step::Scale { gradient, .. } => (Work::Sum, 2 * of_view(gradient)),
            Step::Correlate(id) => {
                let plan = &self.plan.correlations[*id];
                let channels = self.lowered.ops[plan.input].shape.channels;
                return weight_gradient_work(&plan.conv, of_view(&plan.gradient), channels, at.images);
            }
            Step::Sum(id) => {
                let plan = &self.plan.sums[*id];
                let work = if matches!(plan.times, Times::Value(_)) { Work::Sum } else { Work::BatchNormGradient };
                (work, if plan.times == Times::One { 1 } else { 2 } * of_view(&plan.gradient))
            }
            Step::Transpose { .. } | Step::Keep(_) => (Work::Sum, 0),
        };
        (work, (each * at.images) as u64)
    }
}
