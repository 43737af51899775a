//! What a lowered graph is made of: one op a value, and the ops while they are made.

use assay_core::graph::{Conv2d, NodeId, Shape};
use assay_kernels::{Function, Window};

use crate::general::General;
use crate::geometry::border;
use crate::moves::Move;

/// What an [`Op`] computes; a linear layer is a 1×1 convolution of a 1×1 map.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Kind {
    /// The images.
    Input,
    /// A convolution or linear layer.
    Conv(Conv2d),
    /// Batch normalisation with this ε.
    Norm(f64),
    /// max(0, x).
    Relu,
    /// Another function of each number. Where gradients are wanted, its derivative is the second input.
    Apply(Function),
    /// The derivative of a function.
    Slope(Function),
    /// The product of two values; the second may be a vector, which has a factor a channel.
    Product,
    /// A pool: whether it takes the maximum, and its window.
    Pool { maximum: bool, window: Window },
    /// Σ weight · input.
    Sum(Vec<f64>),
    /// The inputs' channels one after the other.
    Concat,
    /// Moves content up and left, of as many channels as the value has: its input may have more.
    Shift(usize),
    /// Each image times its factor, at this place among those where values are dropped.
    Scale(usize),
    /// Zeros.
    Zero,
    /// What transformers have.
    General(General),
}

/// One value.
#[derive(Clone, Debug)]
pub(super) struct Op {
    pub(super) kind: Kind,
    /// The node whose value it is, or the first of those that share it.
    pub(super) node: NodeId,
    /// Positions among all ops, before this one.
    pub(super) inputs: Vec<usize>,
    pub(super) shape: Shape,
    /// The position of its weight (γ) in the graph's parameters.
    pub(super) weight: Option<usize>,
    /// The position of its bias (β).
    pub(super) bias: Option<usize>,
}

/// A sum whose weights are given, and whose gradients with respect to them may be wanted.
#[derive(Clone, Debug)]
pub(super) struct Mixed {
    /// The sum, if it is computed.
    pub(super) op: Option<usize>,
    /// The value of each of its terms; none where that is zero.
    pub(super) terms: Vec<Option<usize>>,
}

/// The ops while they are made.
#[derive(Default)]
pub(super) struct Ops {
    pub(super) all: Vec<Op>,
    /// Whether an op may stand for its own node only.
    pub(super) own: Vec<bool>,
}

impl Ops {
    /// Adds an op, or finds the value that it would compute again.
    pub(super) fn place(&mut self, mut op: Op, own: bool) -> usize {
        if let Kind::Sum(weights) = &mut op.kind {
            let mut terms: Vec<(usize, f64)> = Vec::new();
            for (input, weight) in op.inputs.iter().zip(weights.iter()) {
                if self.all[*input].kind != Kind::Zero || self.own[*input] {
                    terms.push((*input, *weight));
                }
            }
            match terms.as_slice() {
                [] => (op.kind, op.inputs) = (Kind::Zero, Vec::new()),
                [(input, 1.0)] if !own => return *input,
                _ => (op.inputs, *weights) = terms.into_iter().unzip(),
            }
        }
        if op.kind == Kind::Concat && op.inputs.len() == 1 && !own {
            return op.inputs[0];
        }
        if !own && op.weight.is_none() && op.bias.is_none() && !matches!(op.kind, Kind::Norm(_)) {
            let equal = |other: &Op| other.kind == op.kind && other.inputs == op.inputs && other.shape == op.shape;
            if let Some(same) = (0..self.all.len()).find(|other| !self.own[*other] && equal(&self.all[*other])) {
                return same;
            }
        }
        self.all.push(op);
        self.own.push(own);
        self.all.len() - 1
    }

    /// Puts copies between values with a border and ops that need values without one.
    pub(super) fn without_borders(&mut self, op_of_node: &mut [Option<usize>], mixed: &mut [Mixed]) {
        let is_flat = |op: &Op| matches!(&op.kind, Kind::General(general) if general.is_flat());
        if !self.all.iter().any(is_flat) {
            return;
        }
        let wants_border = |op: &Op| matches!(&op.kind, Kind::Conv(conv) if border(conv) > 0);
        let mut bordered = vec![false; self.all.len()];
        for op in self.all.iter().filter(|op| wants_border(op)) {
            op.inputs.iter().for_each(|input| bordered[*input] = true);
        }
        let (before, before_own) = (std::mem::take(&mut self.all), std::mem::take(&mut self.own));
        let mut moved = Vec::with_capacity(before.len());
        let flat: Vec<bool> = before.iter().map(is_flat).collect();
        for (op, own) in before.into_iter().zip(before_own) {
            let (reader_is_flat, reader_wants) = (is_flat(&op), wants_border(&op));
            let read = |input: &usize| {
                let value: usize = moved[*input];
                if (reader_is_flat && bordered[*input] && !flat[*input]) || (reader_wants && flat[*input]) {
                    let Op { node, shape, .. } = self.all[value];
                    let kind = Kind::General(General::Moves(vec![Move::order(0)]));
                    // Not shared: one copy has a border, another has none.
                    self.all.push(Op { kind, node, inputs: vec![value], shape, weight: None, bias: None });
                    self.own.push(true);
                    return self.all.len() - 1;
                }
                value
            };
            let inputs = op.inputs.iter().map(read).collect();
            self.all.push(Op { inputs, ..op });
            self.own.push(own);
            moved.push(self.all.len() - 1);
        }
        op_of_node.iter_mut().flatten().for_each(|op| *op = moved[*op]);
        for own in mixed {
            own.op.iter_mut().chain(own.terms.iter_mut().flatten()).for_each(|op| *op = moved[*op]);
        }
    }
}
