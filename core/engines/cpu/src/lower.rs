//! A graph as the CPU engine runs it: only what is asked for, each value computed once.

use assay_core::engine::learner::Mixture;
use assay_core::graph::{Activation, Conv2d, Graph, NodeId, Operator, Pool, Shape};
use assay_core::network::Network;
use assay_kernels::{Function, Window};

use crate::compose::compose;
use crate::geometry::border;
use crate::ops::{Kind, Mixed, Op, Ops};

/// The values to compute, in order.
#[derive(Clone, Debug)]
pub(super) struct Lowered {
    pub(super) ops: Vec<Op>,
    /// The op that computes a node's value, if it is computed.
    pub(super) op_of_node: Vec<Option<usize>>,
    pub(super) output: usize,
    /// The ops that read each op; empty too for ops that nothing reads any more.
    pub(super) consumers: Vec<Vec<usize>>,
    /// Whether a value must exist as it is, because it was asked for.
    pub(super) pinned: Vec<bool>,
    /// Rows and columns of zeros that a reader wants around each value.
    pub(super) pads: Vec<usize>,
    /// The sums whose weights are given, in the order in which they are.
    pub(super) mixed: Vec<Mixed>,
}

impl Lowered {
    /// What has to be computed for the output and these taps.
    pub(super) fn forward(graph: &Graph, taps: &[NodeId]) -> Self {
        Self::place(graph, taps, false, &[], &[], &[])
    }

    /// The same where gradients are wanted, also with respect to the values of `differentiated` nodes, which are taps too:
    /// these keep ops of their own, because the gradient of a shared one is that of all nodes that share it. So do the
    /// graph's blocks, always: what is asked for at them then never changes how the rest is rounded.
    pub(super) fn with_gradients(graph: &Graph, taps: &[NodeId], differentiated: &[NodeId]) -> Self {
        Self::place(graph, taps, true, differentiated, &[], &[])
    }

    /// What has to be computed for the output and these taps, with gradients or without, where the values of some nodes are dropped
    /// for some images, and some sums have weights that are given. These keep ops of their own.
    pub(super) fn to_learn(graph: &Graph, taps: &[NodeId], gradients: bool, dropped: &[NodeId], mixtures: &[Mixture]) -> Self {
        Self::place(graph, taps, gradients, &[], dropped, mixtures)
    }

    fn place(graph: &Graph, taps: &[NodeId], gradients: bool, differentiated: &[NodeId], dropped: &[NodeId], mixtures: &[Mixture]) -> Self {
        let needed = needed(graph, taps);
        let mut ops = Ops::default();
        let mut op_of_node = vec![None; graph.nodes().len()];
        let mut mixed: Vec<Mixed> = mixtures.iter().map(|own| Mixed { op: None, terms: vec![None; own.weights.len()] }).collect();
        for (position, node) in graph.nodes().iter().enumerate().filter(|(position, _)| needed[*position]) {
            // A `Zero` reads nothing: its input may not have been computed.
            let inputs: Vec<usize> = match node.operator {
                Operator::Zero { .. } => Vec::new(),
                _ => node.inputs.iter().filter_map(|input| op_of_node[input.0]).collect(),
            };
            let parameters: Vec<usize> = graph.parameters_of(NodeId(position)).collect();
            let id = NodeId(position);
            let mut op = compose(graph, id, &inputs, &mut ops).unwrap_or_else(|| Op {
                node: id,
                kind: kind(&node.operator, node.inputs.first().map(|input| graph.node(*input).shape)),
                inputs,
                shape: node.shape,
                weight: parameters.first().copied(),
                bias: parameters.get(1).copied(),
            });
            match op.kind {
                Kind::Apply(function) if gradients => {
                    let slope = Op { kind: Kind::Slope(function), inputs: op.inputs.clone(), ..op };
                    op.inputs.push(ops.place(slope, false));
                }
                // A vector comes second.
                Kind::Product if ops.all[op.inputs[0]].shape != node.shape => op.inputs.reverse(),
                _ => {}
            }
            let mixture = mixtures.iter().position(|mixture| mixture.node == id);
            if let Some(mixture) = mixture {
                op.kind = Kind::Sum(mixtures[mixture].weights.clone());
                let value = |input: &usize| (ops.all[*input].kind != Kind::Zero).then_some(*input);
                mixed[mixture].terms = op.inputs.iter().map(value).collect();
            }
            let mut own = ops.place(op, graph.blocks().contains(&id) || differentiated.contains(&id) || mixture.is_some());
            if let Some(mixture) = mixture {
                mixed[mixture].op = Some(own);
            }
            if let Some(place) = dropped.iter().position(|node| *node == id) {
                let scale = Op { node: id, kind: Kind::Scale(place), inputs: vec![own], shape: node.shape, weight: None, bias: None };
                own = ops.place(scale, false);
            }
            op_of_node[position] = Some(own);
        }
        ops.without_borders(&mut op_of_node, &mut mixed);
        let Ops { all: mut ops, own } = ops;
        let output = op_of_node[graph.output().0].unwrap_or(0);
        let mut pinned = vec![false; ops.len()];
        pinned[output] = true;
        for op in taps.iter().filter_map(|tap| op_of_node[tap.0]) {
            pinned[op] = true;
        }
        let mut whole: Vec<bool> = pinned.iter().zip(&own).map(|(pinned, own)| *pinned || *own).collect();
        mixed.iter().flat_map(|mixed| &mixed.terms).flatten().for_each(|term| whole[*term] = true);
        flatten_sums(&mut ops, &whole);
        let consumers = consumers(&ops, &pinned);
        let pads = (0..ops.len())
            .map(|op| {
                let wanted = |reader: &usize| if let Kind::Conv(conv) = &ops[*reader].kind { border(conv) } else { 0 };
                consumers[op].iter().map(wanted).max().unwrap_or(0)
            })
            .collect();
        Self { ops, op_of_node, output, consumers, pinned, pads, mixed }
    }

    /// Whether anything reads the value.
    pub(super) fn is_live(&self, op: usize) -> bool {
        self.pinned[op] || !self.consumers[op].is_empty()
    }

    /// Whether it is a sum whose weights are given.
    pub(super) fn is_mixed(&self, op: usize) -> bool {
        self.mixed.iter().any(|mixed| mixed.op == Some(op))
    }

    /// Which ops are batch normalisations by running statistics.
    pub(super) fn fixed(&self, network: &Network) -> Vec<bool> {
        self.ops.iter().map(|op| matches!(op.kind, Kind::Norm(_)) && network.running(op.node).is_some()).collect()
    }

    /// The op whose value is positive where a ReLU or one with bounds lets its gradient through.
    pub(super) fn mask(&self, op: usize) -> Option<usize> {
        match self.ops[op].kind {
            Kind::Relu => Some(op),
            Kind::Apply(Function::Clip { .. }) => self.ops[op].inputs.get(1).copied(),
            _ => None,
        }
    }

    /// The batch normalisation that alone reads this convolution.
    pub(super) fn fused_norm(&self, op: usize) -> Option<usize> {
        match (&self.ops[op].kind, self.consumers[op].as_slice()) {
            (Kind::Conv(_), [reader]) if !self.pinned[op] && matches!(self.ops[*reader].kind, Kind::Norm(_)) => Some(*reader),
            _ => None,
        }
    }
}

fn needed(graph: &Graph, taps: &[NodeId]) -> Vec<bool> {
    let live = graph.liveness();
    let mut needed: Vec<bool> = (0..graph.nodes().len()).map(|position| live.is_needed(NodeId(position))).collect();
    for tap in taps {
        needed[tap.0] = true;
    }
    for (position, node) in graph.nodes().iter().enumerate().rev() {
        if needed[position] && !matches!(node.operator, Operator::Zero { .. }) {
            for input in &node.inputs {
                needed[input.0] = true;
            }
        }
    }
    needed
}

fn kind(operator: &Operator, input: Option<Shape>) -> Kind {
    match operator {
        Operator::Input => Kind::Input,
        Operator::Conv2d(conv) => Kind::Conv(*conv),
        Operator::Linear { out_features, bias, .. } => Kind::Conv(Conv2d::new(*out_features, 1).bias(*bias)),
        Operator::BatchNorm { epsilon, .. } => Kind::Norm(*epsilon),
        Operator::Relu => Kind::Relu,
        Operator::Activation(activation) => Kind::Apply(function(*activation)),
        Operator::Product => Kind::Product,
        // The same elements in the same shape.
        Operator::Reshape { .. } => Kind::Sum(vec![1.0]),
        Operator::AvgPool(pool) => Kind::Pool { maximum: false, window: window(pool, input) },
        Operator::MaxPool(pool) => Kind::Pool { maximum: true, window: window(pool, input) },
        // Over whole maps.
        Operator::GlobalAvgPool | Operator::Mean { .. } => {
            let kernel = input.map_or([1, 1], plane);
            Kind::Pool { maximum: false, window: Window::new(kernel, 1, 0) }
        }
        Operator::WeightedSum { weights } => Kind::Sum(weights.iter().map(|weight| f64::from(*weight)).collect()),
        Operator::Concat { .. } => Kind::Concat,
        Operator::Shift { offset } => Kind::Shift(*offset),
        // Only as many channels as the value has are moved.
        Operator::Truncate { .. } => Kind::Shift(0),
        Operator::Zero { .. } => Kind::Zero,
        other => unreachable!("`{}` is not run here, which the engine checks first", other.kind()),
    }
}

/// The kernel of a function.
fn function(activation: Activation) -> Function {
    match activation {
        Activation::Clip { low, high } => Function::Clip { low: low.into(), high: high.into() },
        Activation::Sigmoid => Function::Sigmoid,
        Activation::HardSigmoid { slope, offset } => Function::HardSigmoid { slope: slope.into(), offset: offset.into() },
        Activation::HardSwish => Function::HardSwish,
        Activation::Silu => Function::Silu,
        Activation::GeluTanh => Function::GeluTanh,
        Activation::Tanh => Function::Tanh,
        Activation::LeakyRelu { slope } => Function::LeakyRelu { slope: slope.into() },
        Activation::Elu { alpha } => Function::Elu { alpha: alpha.into() },
        Activation::Softplus => Function::Softplus,
        Activation::Exp => Function::Exp,
        Activation::Sqrt => Function::Sqrt,
        Activation::Reciprocal => Function::Reciprocal,
        Activation::Gelu => Function::Gelu,
        Activation::Erf => Function::Erf,
    }
}

/// Rows and columns of a value's map. Axes after the third lie in its columns.
pub(super) fn plane(shape: Shape) -> [usize; 2] {
    [shape.height, shape.area() / shape.height]
}

/// A pool's window. What lies behind the image follows from the size of the result.
fn window(pool: &Pool, input: Option<Shape>) -> Window {
    let [[above, below], [left, right]] = pool.padding.pairs();
    let counted = input.filter(|_| pool.counts_padding).map(|shape| [above + shape.height + below, left + shape.width + right]);
    Window { kernel: pool.kernel.both(), stride: pool.stride.both(), padding: [above, left], counted }
}

/// Replaces a sum that only another sum reads by its terms, unless it must stay whole.
fn flatten_sums(ops: &mut [Op], whole: &[bool]) {
    let mut readers = vec![0; ops.len()];
    for op in ops.iter() {
        for input in &op.inputs {
            readers[*input] += 1;
        }
    }
    for position in 0..ops.len() {
        let Kind::Sum(weights) = &ops[position].kind else { continue };
        let mut terms = Vec::new();
        for (input, weight) in ops[position].inputs.iter().zip(weights) {
            match &ops[*input].kind {
                Kind::Sum(inner) if readers[*input] == 1 && !whole[*input] => {
                    terms.extend(ops[*input].inputs.iter().copied().zip(inner.iter().map(|factor| weight * factor)));
                }
                _ => terms.push((*input, *weight)),
            }
        }
        let (inputs, weights) = terms.into_iter().unzip();
        ops[position].inputs = inputs;
        ops[position].kind = Kind::Sum(weights);
    }
}

/// Who reads what, counting only readers that are read themselves.
fn consumers(ops: &[Op], pinned: &[bool]) -> Vec<Vec<usize>> {
    let mut consumers = vec![Vec::new(); ops.len()];
    for (position, op) in ops.iter().enumerate().rev() {
        if pinned[position] || !consumers[position].is_empty() {
            for input in &op.inputs {
                if !consumers[*input].contains(&position) {
                    consumers[*input].push(position);
                }
            }
        }
    }
    consumers
}
