//! Operators that are computed by several ops, or by one beyond those of cells.

use assay_core::graph::{Graph, NodeId, Operator, Shape};
use assay_kernels::Period;

use crate::general::{Dense, General, MatMul, RowsOf, rows_from};
use crate::moves::Move;
use crate::ops::{Kind, Op, Ops};

/// The ops of one node while they are made.
struct Composer<'a> {
    graph: &'a Graph,
    node: NodeId,
    inputs: &'a [usize],
    ops: &'a mut Ops,
}

/// The last op of a node's, whose inputs are values that there are; nothing for operators that are one op as they are.
pub(super) fn compose(graph: &Graph, node: NodeId, inputs: &[usize], ops: &mut Ops) -> Option<Op> {
    Composer { graph, node, inputs, ops }.last()
}

/// Whether a product's inputs are two values of one shape, or maps and a factor a channel.
pub(super) fn is_plain_product(shape: Shape, inputs: &[Shape]) -> bool {
    let [a, b] = inputs else { return false };
    let fits = |one: &Shape| *one == shape || (shape.is_maps() && one.channels == shape.channels && one.area() == 1);
    (*a == shape || *b == shape) && fits(a) && fits(b)
}

impl Composer<'_> {
    fn shape(&self) -> Shape {
        self.graph.node(self.node).shape
    }

    fn shapes(&self) -> Vec<Shape> {
        self.graph.node(self.node).inputs.iter().map(|input| self.graph.node(*input).shape).collect()
    }

    /// An op without parameters.
    fn op(&self, kind: Kind, inputs: Vec<usize>, shape: Shape) -> Op {
        Op { kind, node: self.node, inputs, shape, weight: None, bias: None }
    }

    /// One of the node's shape that reads its inputs.
    fn whole(&self, general: General) -> Op {
        self.op(Kind::General(general), self.inputs.to_vec(), self.shape())
    }

    fn last(&mut self) -> Option<Op> {
        let shapes = self.shapes();
        let shape = self.shape();
        let parameters: Vec<usize> = self.graph.parameters_of(self.node).collect();
        let (weight, bias) = (parameters.first().copied(), parameters.get(1).copied());
        Some(match &self.graph.node(self.node).operator {
            Operator::LayerNorm { axis, scale, epsilon, .. } => {
                let rows = rows_from(shape, *axis, true);
                let parameters = if *scale { [weight, bias] } else { [None, weight] };
                self.norm(rows, *epsilon, Period { inner: 1, count: rows.length }, parameters)
            }
            Operator::RmsNorm { axis, epsilon, .. } => {
                let rows = rows_from(shape, *axis, false);
                self.norm(rows, *epsilon, Period { inner: 1, count: rows.length }, [weight, None])
            }
            Operator::GroupNorm { groups, epsilon, .. } => {
                let rows = RowsOf { count: *groups, length: shape.elements() / groups, centred: true };
                self.norm(rows, *epsilon, Period { inner: shape.area(), count: shape.channels }, [weight, bias])
            }
            Operator::Mean { axes } if *axes != [1, 2] || !shapes[0].is_maps() => {
                self.whole(General::Moves(vec![Move::mean(shapes[0], axes)]))
            }
            Operator::Linear { out_features, axis, .. } if *axis > 0 => {
                let inputs = shapes[0].axis(*axis);
                let dense = Dense { places: shapes[0].elements() / inputs, inputs, outputs: *out_features };
                Op { weight, bias, ..self.whole(General::Dense(dense)) }
            }
            Operator::WeightedSum { weights } if shapes.iter().any(|one| *one != shape) => {
                let terms = self.repeated(&shapes);
                self.op(Kind::Sum(weights.iter().map(|weight| f64::from(*weight)).collect()), terms, shape)
            }
            Operator::Product if !is_plain_product(shape, &shapes) => self.product(&shapes),
            Operator::MatMul { axis } => self.whole(General::MatMul(MatMul::new(shapes[0], shapes[1], shape, *axis))),
            Operator::Softmax { axis } => {
                let axes = shape.axes();
                let (outer, inner) = (axes[..*axis].iter().product(), axes[axis + 1..].iter().product());
                self.whole(General::Softmax { outer, extent: axes[*axis], inner })
            }
            Operator::Concat { axis } if *axis > 0 => {
                let mut to = 0;
                let joined = shapes.iter().enumerate().map(|(input, own)| {
                    to += own.axis(*axis);
                    Move::part(input, *own, *axis, [0, 1, own.axis(*axis)], to - own.axis(*axis))
                });
                self.whole(General::Moves(joined.collect()))
            }
            Operator::Slice { axis, start, step, .. } => {
                self.whole(General::Moves(vec![Move::part(0, shapes[0], *axis, [*start, *step, shape.axis(*axis)], 0)]))
            }
            Operator::Gather { axis, indices } => self.whole(General::Moves(Move::gather(shapes[0], *axis, indices))),
            Operator::Pad { amounts } => {
                let before = |axis: usize| amounts.get(axis).map_or(0, |[before, _]| *before);
                self.whole(General::Moves(vec![Move::into_middle(shapes[0], before)]))
            }
            Operator::Transpose { order } => self.whole(General::Moves(vec![Move::transpose(order, shape)])),
            Operator::Reshape { .. } if shapes[0] != shape => self.whole(General::Moves(vec![Move::order(0)])),
            Operator::Parameter { .. } => Op { weight, ..self.whole(General::Own) },
            Operator::Constant { values, .. } => self.whole(General::Constant(values.clone())),
            _ => return None,
        })
    }

    /// A normalisation of rows, with its factors and summands if it has any.
    fn norm(&mut self, rows: RowsOf, epsilon: f64, period: Period, [weight, bias]: [Option<usize>; 2]) -> Op {
        let deviations = self.op(Kind::General(General::Deviations { rows, epsilon }), self.inputs.to_vec(), Shape::new(rows.count, 2, 1));
        let deviations = self.ops.place(deviations, false);
        let inputs = vec![self.inputs[0], deviations];
        let standardised = self.op(Kind::General(General::Standardise(rows)), inputs, self.shape());
        if weight.is_none() && bias.is_none() {
            return standardised;
        }
        let standardised = self.ops.place(standardised, false);
        Op { weight, bias, ..self.op(Kind::General(General::Weigh(period)), vec![standardised], self.shape()) }
    }

    /// The inputs, repeated to the node's shape.
    fn repeated(&mut self, shapes: &[Shape]) -> Vec<usize> {
        let (inputs, to) = (self.inputs, self.shape());
        let repeat = |(input, shape): (&usize, &Shape)| {
            if *shape == to {
                return *input;
            }
            let op = self.op(Kind::General(General::Moves(vec![Move::repeat(*shape, to)])), vec![*input], to);
            self.ops.place(op, false)
        };
        inputs.iter().zip(shapes).map(repeat).collect()
    }

    /// A product of any number of values, two at a time.
    fn product(&mut self, shapes: &[Shape]) -> Op {
        let factors = self.repeated(shapes);
        let shape = self.shape();
        let [first, rest @ .., last] = factors.as_slice() else { return self.op(Kind::Sum(vec![1.0]), factors, shape) };
        let mut product = *first;
        for factor in rest {
            let inner = self.op(Kind::Product, vec![product, *factor], shape);
            product = self.ops.place(inner, false);
        }
        self.op(Kind::Product, vec![product, *last], shape)
    }
}
