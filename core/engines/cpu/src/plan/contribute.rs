//! Walking the graph backward: what every op's readers contribute to its gradient, and the steps that add it up.

use assay_core::graph::{Extent, Shape};
use assay_kernels::Map;

use super::{
    CorrelationPlan, Cotangents, Goal, GradientBuffer, KeptPlan, MixturePlan, Part, Place, Plan, Step, SumsPlan, Unit, View, WeighedPlan,
};
use crate::geometry::{gradient_pad, is_pointwise, map};
use crate::lower::Lowered;
use crate::ops::Kind;

/// The most channels for which a matrix times x costs less than reading and writing a scratch map.
const MIXED_CHANNELS: usize = 16;

/// What one reader adds to a value's gradient.
pub(super) enum Contribution {
    View(View),
    Masked(View, usize),
    Transpose(usize),
    MaskedTranspose(Vec<usize>, usize),
    Pool(View, usize),
    Shift(View, usize),
    Norm(usize),
}

/// The plan while it is made.
pub(super) struct Planner<'a> {
    pub(super) lowered: &'a Lowered,
    cotangents: Cotangents,
    pub(super) goal: &'a Goal,
    pub(super) wanted: Vec<bool>,
    pub(super) contributions: Vec<Vec<Contribution>>,
    pub(super) steps: Vec<(usize, Step)>,
    pub(super) finish: Vec<(usize, usize)>,
    pub(super) buffers: Vec<GradientBuffer>,
    pub(super) units: Vec<Unit>,
    pub(super) correlations: Vec<CorrelationPlan>,
    pub(super) sums: Vec<SumsPlan>,
    pub(super) mixtures: Vec<MixturePlan>,
    pub(super) kept: Vec<KeptPlan>,
    pub(super) weighed: Vec<WeighedPlan>,
    /// The level at which each of them is complete.
    pub(super) weighed_at: Vec<(usize, usize)>,
    /// The level from which a unit's factors are known.
    pub(super) known: Vec<usize>,
    /// Sums of views that have a buffer already.
    combined: Vec<(Vec<View>, View)>,
}

impl<'a> Planner<'a> {
    /// The backward pass from one op's value to all that is wanted.
    pub(super) fn plan(lowered: &'a Lowered, cotangents: Cotangents, goal: &'a Goal) -> Plan {
        let count = lowered.ops.len();
        let mut wanted = vec![false; count];
        for (position, op) in lowered.ops.iter().enumerate() {
            let own =
                goal.wants(position) || goal.parameters.want(op.weight) || goal.parameters.want(op.bias) || lowered.is_mixed(position);
            wanted[position] = own || op.inputs.iter().any(|input| wanted[*input]);
        }
        let mut planner = Self {
            lowered,
            cotangents,
            goal,
            wanted,
            contributions: (0..count).map(|_| Vec::new()).collect(),
            steps: Vec::new(),
            finish: Vec::new(),
            buffers: Vec::new(),
            units: Vec::new(),
            correlations: Vec::new(),
            sums: Vec::new(),
            mixtures: Vec::new(),
            kept: Vec::new(),
            weighed: Vec::new(),
            weighed_at: Vec::new(),
            known: Vec::new(),
            combined: Vec::new(),
        };
        let mut seeds = Vec::new();
        for from in &goal.from {
            let seed = planner.buffer(map(lowered.ops[*from].shape, 0));
            let channels = lowered.ops[*from].shape.channels;
            planner.contributions[*from].push(Contribution::View(View { buffer: seed, channel: 0, channels, scale: 1.0 }));
            seeds.push(seed);
        }
        for op in (0..count).rev() {
            planner.visit(op);
        }
        planner.arrange(seeds)
    }

    pub(super) fn buffer(&mut self, map: Map) -> usize {
        self.buffers.push(GradientBuffer { map, place: Place::Local(0), written: 0, first: usize::MAX, last: 0 });
        self.buffers.len() - 1
    }

    /// Appends a step at the first level at which all that it reads is complete.
    pub(super) fn push(&mut self, step: Step, reads: &[View], out: Option<usize>, at_least: usize) -> usize {
        let mut level = at_least;
        for buffer in reads.iter().map(|view| view.buffer).chain(out) {
            level = level.max(self.buffers[buffer].written);
        }
        if let Some(out) = out {
            self.buffers[out].written = level;
        }
        self.steps.push((level, step));
        level
    }

    pub(super) fn give(&mut self, to: usize, contribution: Contribution) {
        if self.wanted[to] {
            self.contributions[to].push(contribution);
        }
    }

    /// Settles the gradient of an op and passes it on to what the op reads.
    fn visit(&mut self, op: usize) {
        let lowered = self.lowered;
        let this = &lowered.ops[op];
        let mask = lowered.mask(op);
        if mask.is_some() && !self.wanted[op] {
            self.contributions[op].clear();
        }
        if let Some(mask) = mask
            && !self.goal.wants(op)
            && let Some(units) = self.only_transposes(op)
        {
            self.contributions[op].clear();
            self.give(this.inputs[0], Contribution::MaskedTranspose(units, mask));
            return;
        }
        if let Some(unit) = self.through(op) {
            self.give(this.inputs[0], Contribution::Transpose(unit));
            return;
        }
        let Some(gradient) = self.settle(op) else { return };
        self.keep(op, gradient);
        self.weigh(op, gradient);
        let parameters = &self.goal.parameters;
        let goes_on = this.inputs.iter().any(|input| self.wanted[*input]) || parameters.want(this.weight) || parameters.want(this.bias);
        if !goes_on {
            return;
        }
        match &this.kind {
            Kind::Input | Kind::Zero | Kind::Slope(_) => {}
            Kind::Relu | Kind::Apply(_) => match (mask, this.inputs.get(1)) {
                (Some(mask), _) => self.give(this.inputs[0], Contribution::Masked(gradient, mask)),
                (None, Some(slope)) => self.multiply(this.inputs[0], gradient, *slope),
                (None, None) => {}
            },
            Kind::General(general) => self.pull(op, general, gradient),
            Kind::Product => {
                for (input, other) in [(0, 1), (1, 0)] {
                    self.multiply(this.inputs[input], gradient, this.inputs[other]);
                }
            }
            Kind::Pool { .. } => self.give(this.inputs[0], Contribution::Pool(gradient, op)),
            Kind::Shift(offset) => self.give(this.inputs[0], Contribution::Shift(gradient, *offset)),
            Kind::Scale(_) => {
                let to = self.buffer(map(this.shape, 0));
                self.push(Step::Scale { out: to, gradient, op }, &[gradient], Some(to), 0);
                self.give(this.inputs[0], Contribution::View(View { buffer: to, channel: 0, channels: this.shape.channels, scale: 1.0 }));
            }
            Kind::Sum(weights) => {
                for (input, weight) in this.inputs.iter().zip(weights) {
                    self.give(*input, Contribution::View(View { scale: gradient.scale * weight, ..gradient }));
                }
            }
            Kind::Concat => {
                let mut channel = gradient.channel;
                for input in &this.inputs {
                    let channels = lowered.ops[*input].shape.channels;
                    self.give(*input, Contribution::View(View { channel, channels, ..gradient }));
                    channel += channels;
                }
            }
            Kind::Conv(conv) => {
                let unit = self.unit(Some((op, conv)), None, gradient);
                self.give(this.inputs[0], Contribution::Transpose(unit));
            }
            Kind::Norm(_) => {
                let input = this.inputs[0];
                match (&lowered.ops[input].kind, lowered.fused_norm(input)) {
                    (Kind::Conv(conv), Some(_)) if self.cotangents == Cotangents::Many => {
                        let unit = self.unit(Some((input, conv)), Some(op), gradient);
                        self.give(lowered.ops[input].inputs[0], Contribution::Transpose(unit));
                    }
                    _ => {
                        let unit = self.unit(None, Some(op), gradient);
                        self.give(input, Contribution::Norm(unit));
                    }
                }
            }
        }
    }

    /// Gives an op a gradient times the value of another.
    fn multiply(&mut self, to: usize, gradient: View, by: usize) {
        if !self.wanted[to] {
            return;
        }
        let shape = self.lowered.ops[to].shape;
        let out = self.buffer(map(shape, 0));
        self.push(Step::Multiply { out, gradient, by }, &[gradient], Some(out), 0);
        self.give(to, Contribution::View(View { buffer: out, channel: 0, channels: shape.channels, scale: 1.0 }));
    }

    /// Has the gradient of an op read out, if it is wanted for itself.
    fn keep(&mut self, op: usize, gradient: View) {
        let goal = self.goal;
        for (ops, product) in [(&goal.values, false), (&goal.products, true)] {
            if ops.contains(&op) {
                self.kept.push(KeptPlan { op, gradient, product });
                self.push(Step::Keep(self.kept.len() - 1), &[gradient], None, 0);
            }
        }
    }

    /// The units whose data gradients are all that an op receives, so that the registers that add them up can mask them.
    fn only_transposes(&self, op: usize) -> Option<Vec<usize>> {
        let unit = |contribution: &Contribution| if let Contribution::Transpose(unit) = contribution { Some(*unit) } else { None };
        let units: Option<Vec<usize>> = self.contributions[op].iter().map(unit).collect();
        units.filter(|units| !units.is_empty())
    }

    /// Adds up what the readers of an op contribute, or passes a lone view through.
    fn settle(&mut self, op: usize) -> Option<View> {
        let mut contributions = std::mem::take(&mut self.contributions[op]);
        self.reuse_sums(&mut contributions);
        match contributions.as_slice() {
            [] => return None,
            [Contribution::View(view)] => return Some(*view),
            _ => {}
        }
        let shape = self.lowered.ops[op].shape;
        let out = self.buffer(map(shape, self.own_pad(op)));
        let whole = View { buffer: out, channel: 0, channels: shape.channels, scale: 1.0 };
        let mut begun = false;
        let direct = |contribution: &Contribution| if let Contribution::Transpose(unit) = contribution { Some(*unit) } else { None };
        let units: Vec<usize> = contributions.iter().filter_map(direct).collect();
        self.transpose(out, &units, None, &mut begun);

        let mut terms = Vec::new();
        for contribution in &contributions {
            match contribution {
                Contribution::View(view) => terms.push((*view, None)),
                Contribution::Masked(view, relu) => terms.push((*view, Some(*relu))),
                Contribution::Norm(unit) => {
                    let alone = contributions.len() == 1;
                    let to = if alone { out } else { self.buffer(self.buffers[out].map) };
                    let gradient = self.units[*unit].gradient;
                    self.push(Step::Blend { out: to, unit: *unit }, &[gradient], Some(to), self.known[*unit]);
                    if alone {
                        begun = true;
                    } else {
                        terms.push((View { buffer: to, ..whole }, None));
                    }
                }
                _ => {}
            }
        }
        let shifted = contributions.iter().any(|contribution| matches!(contribution, Contribution::Shift(..)));
        if !terms.is_empty() || (shifted && !begun) {
            let reads: Vec<View> = terms.iter().map(|(view, _)| *view).collect();
            if reads.len() == contributions.len() && terms.iter().all(|(_, mask)| mask.is_none()) {
                self.combined.push((reads.clone(), whole));
            }
            self.push(Step::Combine { out, terms, accumulate: begun }, &reads, Some(out), 0);
            begun = true;
        }
        for contribution in &contributions {
            match contribution {
                Contribution::Pool(gradient, pool) => {
                    let step = Step::Pool { out, gradient: *gradient, pool: *pool, accumulate: begun };
                    self.push(step, &[*gradient], Some(out), 0);
                    begun = true;
                }
                Contribution::Shift(gradient, offset) => {
                    self.push(Step::Shift { out, gradient: *gradient, offset: *offset }, &[*gradient], Some(out), 0);
                }
                _ => {}
            }
        }
        for contribution in &contributions {
            if let Contribution::MaskedTranspose(units, relu) = contribution {
                self.transpose(out, units, Some(*relu), &mut begun);
            }
        }
        Some(whole)
    }

    /// The border that a convolution's own data gradient wants around its output's gradient.
    pub(super) fn own_pad(&self, op: usize) -> usize {
        let this = &self.lowered.ops[op];
        match &this.kind {
            Kind::Conv(conv) if self.wanted[this.inputs[0]] => gradient_pad(conv, self.lowered.ops[this.inputs[0]].shape, this.shape),
            _ => 0,
        }
    }

    /// Replaces views whose sum is in a buffer already: a pool and a skip connection beside it receive the same.
    fn reuse_sums(&self, contributions: &mut Vec<Contribution>) {
        let view = |contribution: &Contribution| if let Contribution::View(view) = contribution { Some(*view) } else { None };
        let views: Vec<View> = contributions.iter().filter_map(view).collect();
        if let Some((_, sum)) = self.combined.iter().find(|(terms, _)| *terms == views) {
            contributions.retain(|contribution| view(contribution).is_none());
            contributions.push(Contribution::View(*sum));
        }
    }

    /// Steps that add the data gradients of units. Those of one stride share their output pixels, so registers add them up.
    fn transpose(&mut self, out: usize, units: &[usize], mask: Option<usize>, begun: &mut bool) {
        let mut by_stride: Vec<((Extent, usize), Vec<usize>)> = Vec::new();
        for unit in units {
            let Some(conv) = self.conv_of(*unit) else { continue };
            let key = (conv.stride, conv.groups);
            match by_stride.iter_mut().find(|(other, _)| *other == key) {
                Some((_, units)) => units.push(*unit),
                None => by_stride.push((key, vec![*unit])),
            }
        }
        for (_, units) in by_stride {
            // Not before all of them can be added up: until then only the small factors wait, not whole maps.
            let at_least = units.iter().map(|unit| self.level_of_factors(*unit)).max().unwrap_or(0);
            let mixture = self.mix(&units);
            let to = self.buffers[out].map;
            let parts: Vec<Part> = units.iter().map(|unit| self.transposed(*unit, &to, at_least)).collect();
            let reads: Vec<View> = parts.iter().map(|part| part.blended.map_or(part.view, |unit| self.units[unit].gradient)).collect();
            let step = Step::Transpose { out, accumulate: *begun, parts, mixture, mask };
            self.push(step, &reads, Some(out), at_least);
            *begun = true;
        }
    }

    /// Gives the pointwise units among these a mixture.
    fn mix(&mut self, units: &[usize]) -> Option<usize> {
        let lowered = self.lowered;
        let pointwise = |unit: &usize| {
            let Unit { conv: Some(op), norm: Some(_), .. } = self.units[*unit] else { return None };
            let Kind::Conv(conv) = &lowered.ops[op].kind else { return None };
            let input = lowered.ops[op].inputs[0];
            let channels = lowered.ops[input].shape.channels;
            (is_pointwise(conv) && conv.stride == Extent::square(1) && channels <= MIXED_CHANNELS)
                .then_some((*unit, MixturePlan { input, channels }))
        };
        let pointwise: Vec<(usize, MixturePlan)> = units.iter().filter_map(pointwise).collect();
        let (_, plan) = pointwise.first()?;
        self.mixtures.push(*plan);
        for (unit, _) in &pointwise {
            self.units[*unit].mixture = Some(self.mixtures.len() - 1);
        }
        Some(self.mixtures.len() - 1)
    }

    /// Where the data gradient of a unit reads the gradient of its convolution's output.
    fn transposed(&mut self, unit: usize, to: &Map, at_least: usize) -> Part {
        let Unit { conv: op, norm, gradient, mixture, through, correlation, .. } = self.units[unit];
        if through.is_some() {
            return Part { unit, view: gradient, blended: through, correlation };
        }
        let direct = Part { unit, view: gradient, blended: None, correlation: None };
        let (Some(op), Some(conv)) = (op, self.conv_of(unit)) else { return direct };
        let shape = self.lowered.ops[op].shape;
        let pad = gradient_pad(&conv, Shape::new(to.channels, to.height, to.width), shape);
        if mixture.is_some() || (norm.is_none() && self.buffers[gradient.buffer].map.pad >= pad) {
            return direct;
        }
        let scratch = self.buffer(map(shape, pad));
        if norm.is_none() {
            let terms = vec![(gradient, None)];
            self.push(Step::Combine { out: scratch, terms, accumulate: false }, &[gradient], Some(scratch), at_least);
        }
        let view = View { buffer: scratch, channel: 0, channels: shape.channels, scale: 1.0 };
        Part { unit, view, blended: norm.map(|_| unit), correlation: None }
    }
}
