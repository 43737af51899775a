//! What the steps of a backward pass count as in a profile: the kind of work, and its operations.

use assay_core::engine::profile::{ConvolutionPass, Kernel, Work};
use assay_kernels::Element;

use super::{Position, Prepared};
use crate::general::General;
use crate::ops::Kind;
use crate::plan::{Form, Step, Times, View};

impl<E: Element> Prepared<'_, E> {
    /// What a step other than a transposition or a correlation is, for profiles.
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
                let Kind::Pool { window, .. } = &self.lowered.ops[*pool].kind else { return (Work::PoolGradient, 0) };
                (Work::PoolGradient, window.kernel[0] * window.kernel[1] * of_view(gradient))
            }
            Step::Shift { gradient, .. } | Step::Scale { gradient, .. } | Step::Multiply { gradient, .. } => {
                (Work::Sum, 2 * of_view(gradient))
            }
            Step::Sum(ids) => {
                let plans = || ids.iter().map(|id| &self.plan.sums[*id]);
                let work = if plans().any(|plan| matches!(plan.times, Times::Normalised(_))) { Work::BatchNormGradient } else { Work::Sum };
                (work, plans().map(|plan| if plan.times == Times::One { 1 } else { 2 } * of_view(&plan.gradient)).sum())
            }
            Step::Pull { op, .. } => {
                let Kind::General(general) = &self.lowered.ops[*op].kind else { return (Work::Sum, 0) };
                let work = match general {
                    General::Dense(_) | General::MatMul(_) => Work::Convolution(ConvolutionPass::DataGradient, Kernel::of(1)),
                    _ => Work::Sum,
                };
                // The product of matrices goes back to each of two.
                (work, general.operations(self.lowered.ops[*op].shape.elements()))
            }
            Step::Fold(id) => {
                let plan = &self.plan.sums[*id];
                match plan.form {
                    Form::Matrix(dense) => {
                        let work = Work::Convolution(ConvolutionPass::WeightGradient, Kernel::of(1));
                        (work, 2 * dense.places * dense.inputs * dense.outputs)
                    }
                    Form::Elements(dense, _) => (Work::Collect, 2 * dense.places * plan.room.vectors),
                    _ => (Work::Sum, 2 * of_view(&plan.gradient)),
                }
            }
            Step::Transpose { .. } | Step::Correlate(_) | Step::Keep(_) => (Work::Sum, 0),
        };
        (work, (each * at.images) as u64)
    }
}
