//! The backward pass as a list of steps, made once for a network and a batch and run for every cotangent.
//!
//! The gradient of a sum's term is a scaled view of the sum's gradient, never a copy. A convolution followed by batch
//! normalisation is one unit: with G = Σ dy ⊗ x (the correlation that the weight gradient needs anyway), everything
//! that batch normalisation's backward sums over the batch follows from G and Σ dy, because x̂ is linear in x:
//! Σ dy·x̂ = (W·G − mean Σ dy) / deviation. So the gradient and x̂ are each read once, not twice.

use crate::chosen::{Chosen, Parameters};
use crate::general::Dense;
use assay_core::graph::Conv2d;
use assay_kernels::{Map, Period};

mod arrange;
mod contribute;
mod general;
mod units;
mod weigh;

use super::lower::Lowered;

/// A gradient that is `scale` times some channels of a buffer.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct View {
    pub(super) buffer: usize,
    pub(super) channel: usize,
    pub(super) channels: usize,
    pub(super) scale: f64,
}

/// Where a [`Step`] finds a buffer's memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// Lives through several levels: a slot with room for all tiles.
    Shared(usize),
    /// Lives within one level, so one tile of room is enough.
    Local(usize),
}

/// A gradient buffer.
#[derive(Clone, Debug)]
pub(super) struct GradientBuffer {
    pub(super) map: Map,
    pub(super) place: Place,
    /// The level at which it is complete.
    written: usize,
    /// The first and the last level at which it is used.
    first: usize,
    last: usize,
}

/// What a parameterised op (or a convolution with its batch normalisation) needs for its gradients.
#[derive(Clone, Copy, Debug)]
pub(super) struct Unit {
    pub(super) conv: Option<usize>,
    pub(super) norm: Option<usize>,
    /// The gradient of its output.
    pub(super) gradient: View,
    /// Its correlation, for a convolution.
    pub(super) correlation: Option<usize>,
    /// For a convolution whose output's gradient is computed by the step that reads it, row by row: the unit of the batch
    /// normalisation behind it.
    pub(super) through: Option<usize>,
    /// Σ dy, and Σ dy·x̂ for a batch normalisation without a convolution.
    pub(super) sums: Option<usize>,
    pub(super) products: Option<usize>,
    /// The op whose parameters these are, if it is none of those.
    pub(super) own: Option<usize>,
    /// The mixture that its batch normalisation's part of the data gradient is in, if it is pointwise.
    pub(super) mixture: Option<usize>,
    /// Whether it is a batch normalisation by running statistics: nothing of its gradient is summed over the batch.
    pub(super) fixed: bool,
}

/// What batch normalisation adds to the data gradients of pointwise units that read one value x. Because x̂ is linear
/// in x, that is one matrix times x and a constant, whatever the number of units.
#[derive(Clone, Copy, Debug)]
pub(super) struct MixturePlan {
    /// The op whose value is x.
    pub(super) input: usize,
    pub(super) channels: usize,
}

/// Where sums are among those of their level.
#[derive(Clone, Copy, Debug)]
pub(super) struct Room {
    /// How many lists of sums come before.
    pub(super) list: usize,
    /// Where the sums are in the level's arena, in vectors for one cotangent.
    pub(super) offset: usize,
    pub(super) vectors: usize,
    /// Whether several units read them.
    pub(super) shared: bool,
}

impl Room {
    /// For so many sums, of a step that no level has yet.
    fn of(vectors: usize) -> Self {
        Self { list: 0, offset: 0, vectors, shared: false }
    }
}

/// G = Σ dy ⊗ x of one convolution, or of several that read the same.
#[derive(Clone, Debug)]
pub(super) struct CorrelationPlan {
    pub(super) gradient: View,
    pub(super) input: usize,
    pub(super) conv: Conv2d,
    /// The parameter whose chosen elements alone have sums.
    pub(super) chosen: Option<usize>,
    pub(super) room: Room,
}

/// What a gradient is multiplied by before it is summed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Times {
    One,
    /// x̂ of a batch normalisation (an op).
    Normalised(usize),
    /// The value of an op.
    Value(usize),
}

/// Which elements a sum adds up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// Those of a channel.
    Channels,
    /// Those that have a weight.
    Periods(Period),
    /// Products of each output with each input at all places.
    Matrix(Dense),
    /// Those products for the chosen elements of a parameter.
    Elements(Dense, usize),
}

/// Sums of a gradient, or of its products.
#[derive(Clone, Debug)]
pub(super) struct SumsPlan {
    pub(super) gradient: View,
    pub(super) times: Times,
    pub(super) form: Form,
    pub(super) room: Room,
}

/// One unit of a data gradient.
#[derive(Clone, Copy, Debug)]
pub(super) struct Part {
    pub(super) unit: usize,
    /// Where the gradient of the convolution's output is.
    pub(super) view: View,
    /// The unit through whose batch normalisation the step itself computes that, row by row ahead of its use.
    pub(super) blended: Option<usize>,
    /// The correlation that the step adds to with the rows that it computed.
    pub(super) correlation: Option<usize>,
}

/// Work on one tile.
#[derive(Clone, Debug)]
pub(super) enum Step {
    /// out = [out +] Σ view, each where its mask (an op's value) is positive.
    Combine { out: usize, terms: Vec<(View, Option<usize>)>, accumulate: bool },
    /// out = gradient at a unit's batch normalisation's input.
    Blend { out: usize, unit: usize },
    /// out = [out +] Σ data gradients of units, each from its scratch buffer or directly from its gradient's buffer,
    /// with the mixture of pointwise units, and only where the mask (an op's value) is positive.
    Transpose { out: usize, accumulate: bool, parts: Vec<Part>, mixture: Option<usize>, mask: Option<usize> },
    /// out = [out +] the gradient of a pool (an op).
    Pool { out: usize, gradient: View, pool: usize, accumulate: bool },
    /// out = the gradient of images that have a factor each (an op).
    Scale { out: usize, gradient: View, op: usize },
    /// out = a gradient times the value of an op. Where that is a vector, it has a factor a channel; where out is one, products are
    /// added up over each map.
    Multiply { out: usize, gradient: View, by: usize },
    /// out += the gradient of a shift.
    Shift { out: usize, gradient: View, offset: usize },
    /// out = the gradient at an input of an op.
    Pull { out: usize, gradient: View, op: usize, input: usize },
    /// Adds to a correlation's sums.
    Correlate(usize),
    /// Adds to channel sums, all of one gradient.
    Sum(Vec<usize>),
    /// Adds to sums of another form.
    Fold(usize),
    /// Reads a gradient out.
    Keep(usize),
}

/// A gradient that is wanted for itself.
#[derive(Clone, Copy, Debug)]
pub(super) struct KeptPlan {
    /// The op whose value's gradient it is.
    pub(super) op: usize,
    pub(super) gradient: View,
    /// Whether Σ value · gradient over each map is wanted in its place.
    pub(super) product: bool,
}

/// A gradient with respect to one weight of a sum: channel sums, added up.
#[derive(Clone, Copy, Debug)]
pub(super) struct WeighedPlan {
    /// The position among the sums whose weights are given.
    pub(super) mixture: usize,
    /// The term; none for a number that would be added to every element.
    pub(super) term: Option<usize>,
    pub(super) sums: usize,
    pub(super) scale: f64,
}

/// Where a backward pass begins and what it is for.
#[derive(Clone, Debug)]
pub(super) struct Goal {
    /// The ops whose values' cotangents enter.
    pub(super) from: Vec<usize>,
    /// Which gradients of parameters are wanted.
    pub(super) parameters: Parameters,
    /// Which ops are batch normalisations by running statistics; those after the last of the list are not taken for such.
    pub(super) fixed: Vec<bool>,
    /// The ops whose gradients are wanted.
    pub(super) values: Vec<usize>,
    /// The ops whose products with their gradients are wanted.
    pub(super) products: Vec<usize>,
}

impl Goal {
    /// The gradients of all parameters of the network's output.
    pub(super) fn parameters(lowered: &Lowered) -> Self {
        Self { parameters: Parameters::All, ..Self::values(vec![lowered.output]) }
    }

    /// Nothing yet, from these ops.
    pub(super) fn values(from: Vec<usize>) -> Self {
        Self { from, parameters: Parameters::None, fixed: Vec::new(), values: Vec::new(), products: Vec::new() }
    }

    pub(super) fn is_fixed(&self, op: usize) -> bool {
        self.fixed.get(op) == Some(&true)
    }

    fn wants(&self, op: usize) -> bool {
        self.values.contains(&op) || self.products.contains(&op)
    }
}

/// Steps between two points at which sums over the whole batch must be complete.
#[derive(Clone, Debug, Default)]
pub(super) struct Level {
    pub(super) steps: Vec<Step>,
    /// Units whose sums are complete after these steps.
    pub(super) finish: Vec<usize>,
    /// Weights of sums whose gradients are complete after these steps.
    pub(super) weighed: Vec<usize>,
    /// Room for the level's sums, in vectors for one cotangent.
    pub(super) arena: usize,
    /// How many sums each of its lists has, one after the other.
    pub(super) lists: Vec<usize>,
    /// Sums of lists that several units read, each a copy.
    shared: usize,
}

/// How many cotangents a plan is made for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cotangents {
    /// One: a convolution and its batch normalisation are units of their own, because what makes one unit of them,
    /// correlations of x̂ with x, costs as much as a weight gradient.
    One,
    /// Enough of them that correlations computed once for all of them pay.
    Many,
}

/// Weights of a layer that are many, and pixels of a map that are few.
const MANY: usize = 1 << 19;
const SMALL: usize = 16;

/// The whole backward pass.
#[derive(Clone, Debug)]
pub(super) struct Plan {
    pub(super) levels: Vec<Level>,
    pub(super) buffers: Vec<GradientBuffer>,
    pub(super) units: Vec<Unit>,
    pub(super) correlations: Vec<CorrelationPlan>,
    pub(super) sums: Vec<SumsPlan>,
    pub(super) mixtures: Vec<MixturePlan>,
    pub(super) kept: Vec<KeptPlan>,
    pub(super) weighed: Vec<WeighedPlan>,
    /// Slots for all tiles, and for one tile.
    pub(super) shared: Vec<Map>,
    pub(super) local: Vec<Map>,
    /// The buffers that hold the cotangents, in the order of the goal.
    pub(super) seeds: Vec<usize>,
    /// The elements of parameters whose gradients are wanted, if that is not all.
    pub(super) chosen: Option<Chosen>,
}

impl Plan {
    pub(super) fn new(lowered: &Lowered, cotangents: Cotangents, goal: &Goal) -> Self {
        contribute::Planner::plan(lowered, cotangents, goal)
    }

    /// Whether a unit's sums for a parameter are those of its chosen elements alone.
    pub(super) fn has_chosen_sums(&self, unit: usize, parameter: usize) -> bool {
        let Unit { correlation, products, .. } = self.units[unit];
        correlation.is_some_and(|id| self.correlations[id].chosen == Some(parameter))
            || products.is_some_and(|id| matches!(self.sums[id].form, Form::Elements(_, of) if of == parameter))
    }

    /// Whether a convolution has so many weights, for maps so small, that its sums take longer than its products. No network of a
    /// benchmark's space has one.
    pub(super) fn is_wide(&self, plan: &CorrelationPlan) -> bool {
        plan.room.vectors >= MANY && self.buffers[plan.gradient.buffer].map.area() <= SMALL
    }

    /// The sums of the level that has most.
    pub(super) fn most_sums(&self) -> usize {
        self.levels.iter().map(|level| level.arena).max().unwrap_or(0)
    }

    /// The most sums and gradients of so many parameters that there are at once, where sums become gradients as they are.
    pub(super) fn most_held(&self, parameters: usize) -> usize {
        let mut before = 0;
        let of_level = |level: &Level| {
            let held = level.arena + level.shared + before.min(parameters);
            before += level.arena + level.shared;
            held
        };
        self.levels.iter().map(of_level).max().unwrap_or(0)
    }

    /// Whether there is such a convolution, or a linear layer along an axis, which is one at few places.
    pub(super) fn has_many_sums(&self) -> bool {
        self.correlations.iter().any(|plan| self.is_wide(plan)) || self.sums.iter().any(|sums| matches!(sums.form, Form::Matrix(_)))
    }
}

/// The buffer that a step writes, and those it reads.
fn accesses(
    step: &Step,
    units: &[Unit],
    correlations: &[CorrelationPlan],
    sums: &[SumsPlan],
    kept: &[KeptPlan],
) -> (Option<usize>, Vec<usize>) {
    match step {
        Step::Combine { out, terms, .. } => (Some(*out), terms.iter().map(|(view, _)| view.buffer).collect()),
        Step::Blend { out, unit } => (Some(*out), vec![units[*unit].gradient.buffer]),
        Step::Transpose { out, parts, .. } => {
            let of_part = |part: &Part| {
                let gradient = part.blended.map(|unit| units[unit].gradient.buffer);
                gradient.into_iter().chain([part.view.buffer])
            };
            (Some(*out), parts.iter().flat_map(of_part).collect())
        }
        Step::Pool { out, gradient, .. }
        | Step::Shift { out, gradient, .. }
        | Step::Scale { out, gradient, .. }
        | Step::Pull { out, gradient, .. }
        | Step::Multiply { out, gradient, .. } => (Some(*out), vec![gradient.buffer]),
        Step::Correlate(id) => (None, vec![correlations[*id].gradient.buffer]),
        Step::Sum(ids) => (None, ids.iter().map(|id| sums[*id].gradient.buffer).collect()),
        Step::Fold(id) => (None, vec![sums[*id].gradient.buffer]),
        Step::Keep(id) => (None, vec![kept[*id].gradient.buffer]),
    }
}
