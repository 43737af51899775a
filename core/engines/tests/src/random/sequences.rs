//! Random networks on sequences of tokens: attention, gates, masks, class tokens and positions.

use assay_core::graph::{Activation, Conv2d, Graph, GraphBuilder, GraphError, NodeId, Operator, Shape};

use super::Draw;
use super::maps::FUNCTIONS;

/// How many vectors an embedding has.
pub(super) const VOCABULARY: usize = 7;

/// Extents of a sequence.
#[derive(Clone, Copy)]
struct Size {
    tokens: usize,
    heads: usize,
    /// Features of a head.
    depth: usize,
}

impl Size {
    fn width(self) -> usize {
        self.heads * self.depth
    }
}

/// A graph on token numbers, on patches of images, or on a sequence of features. Where it begins with an embedding, images must be of
/// whole numbers.
pub(super) fn graph<R: rand::Rng>(draw: &mut Draw<R>) -> Graph {
    let size = Size { tokens: 2 + draw.below(4), heads: 1 + draw.below(3), depth: 2 * (1 + draw.below(2)) };
    let (mut b, mut size, mut x) = match draw.below(3) {
        0 => numbers(size),
        1 => patches(size),
        _ => {
            let b = GraphBuilder::new(Shape::new(size.tokens, size.width(), 1)).unwrap();
            let input = b.input();
            (b, size, input)
        }
    };
    if draw.below(2) == 0 {
        let token = b.add("class", Operator::Parameter { axes: vec![1, size.width()] }, &[]).unwrap();
        x = b.add("with_class", Operator::Concat { axis: 0 }, &[token, x]).unwrap();
        size.tokens += 1;
    }
    if draw.below(2) == 0 {
        let positions = b.add("positions", Operator::Parameter { axes: vec![size.tokens, size.width()] }, &[]).unwrap();
        x = b.weighted_sum("with_positions", &[(1.0, x), (1.0, positions)]).unwrap();
    }
    for block in 0..1 + draw.below(2) {
        let name = format!("blocks.{block}");
        x = attention(&mut b, draw, &format!("{name}.attention"), x, size).unwrap();
        x = feed_forward(&mut b, draw, &format!("{name}.mlp"), x, size).unwrap();
        b.block(x);
    }
    let output = ending(&mut b, draw, x, size).unwrap();
    b.finish(output)
}

fn numbers(size: Size) -> (GraphBuilder, Size, NodeId) {
    let mut b = GraphBuilder::new(Shape::new(size.tokens, 1, 1)).unwrap();
    let input = b.input();
    let embedded = b.add("embedding", Operator::Embedding { count: VOCABULARY, features: size.width(), axis: 1 }, &[input]).unwrap();
    (b, size, embedded)
}

fn patches(size: Size) -> (GraphBuilder, Size, NodeId) {
    let mut b = GraphBuilder::new(Shape::new(2, 4, 6)).unwrap();
    let patches = b.conv("patches", b.input(), Conv2d::new(size.width(), 2).stride(2).bias(true)).unwrap();
    let flat = b.add("flat", Operator::Reshape { axes: vec![size.width(), 6] }, &[patches]).unwrap();
    let tokens = b.add("tokens", Operator::Transpose { order: vec![1, 0] }, &[flat]).unwrap();
    (b, Size { tokens: 6, ..size }, tokens)
}

fn norm<R: rand::Rng>(b: &mut GraphBuilder, draw: &mut Draw<R>, name: &str, x: NodeId) -> Result<NodeId, GraphError> {
    let epsilon = 1e-3;
    let operator = match draw.below(2) {
        0 => Operator::LayerNorm { axis: 1, scale: true, offset: draw.below(2) == 0, epsilon },
        _ => Operator::RmsNorm { axis: 1, scale: true, epsilon },
    };
    b.add(format!("{name}.norm"), operator, &[x])
}

fn attention<R: rand::Rng>(b: &mut GraphBuilder, draw: &mut Draw<R>, name: &str, x: NodeId, size: Size) -> Result<NodeId, GraphError> {
    let Size { tokens, heads, depth } = size;
    let inner = norm(b, draw, name, x)?;
    // Keys and values of one head for all, or of each head.
    let shared = if draw.below(2) == 0 { 1 } else { heads };
    let of = |b: &mut GraphBuilder, what: &str, heads: usize, order: [usize; 3]| {
        let linear = Operator::Linear { out_features: heads * depth, bias: what != "key", axis: 1 };
        let all = b.add(format!("{name}.{what}"), linear, &[inner])?;
        let split = b.add(format!("{name}.{what}.split"), Operator::Reshape { axes: vec![tokens, heads, depth] }, &[all])?;
        b.add(format!("{name}.{what}.heads"), Operator::Transpose { order: order.to_vec() }, &[split])
    };
    let mut query = of(b, "query", heads, [1, 0, 2])?;
    let key = of(b, "key", shared, [1, 2, 0])?;
    let value = of(b, "value", shared, [1, 0, 2])?;
    if draw.below(2) == 0 {
        query = rotated(b, name, query, size)?;
    }
    let scores = b.add(format!("{name}.scores"), Operator::MatMul { axis: 1 }, &[query, key])?;
    let values = (0..tokens * tokens).map(|at| if at % tokens > at / tokens { -30.0 } else { 0.0 }).collect();
    let mask = b.add(format!("{name}.mask"), Operator::Constant { axes: vec![1, tokens, tokens], values }, &[])?;
    let scores = b.weighted_sum(format!("{name}.scaled"), &[(1.0 / (depth as f32).sqrt(), scores), (1.0, mask)])?;
    let shares = b.add(format!("{name}.shares"), Operator::Softmax { axis: 2 }, &[scores])?;
    let mixed = b.add(format!("{name}.mixed"), Operator::MatMul { axis: 1 }, &[shares, value])?;
    let back = b.add(format!("{name}.back"), Operator::Transpose { order: vec![1, 0, 2] }, &[mixed])?;
    let joined = b.add(format!("{name}.joined"), Operator::Reshape { axes: vec![tokens, size.width()] }, &[back])?;
    let out = b.add(format!("{name}.out"), Operator::Linear { out_features: size.width(), bias: true, axis: 1 }, &[joined])?;
    b.weighted_sum(name, &[(1.0, x), (1.0, out)])
}

/// Halves of the features turned by angles of positions, as rotary embeddings turn them.
fn rotated(b: &mut GraphBuilder, name: &str, x: NodeId, size: Size) -> Result<NodeId, GraphError> {
    let half = size.depth / 2;
    let slice = |start, end| Operator::Slice { axis: 2, start, end, step: 1 };
    let first = b.add(format!("{name}.first"), slice(0, half), &[x])?;
    let second = b.add(format!("{name}.second"), slice(half, size.depth), &[x])?;
    let second = b.weighted_sum(format!("{name}.negative"), &[(-1.0, second)])?;
    let turned = b.add(format!("{name}.turned"), Operator::Concat { axis: 2 }, &[second, first])?;
    let table = |of: fn(f32) -> f32| (0..size.tokens).map(|token| of(0.3 * token as f32)).collect();
    let axes = vec![1, size.tokens, 1];
    let cosine = b.add(format!("{name}.cosine"), Operator::Constant { axes: axes.clone(), values: table(f32::cos) }, &[])?;
    let sine = b.add(format!("{name}.sine"), Operator::Constant { axes, values: table(f32::sin) }, &[])?;
    let straight = b.add(format!("{name}.straight"), Operator::Product, &[x, cosine])?;
    let across = b.add(format!("{name}.across"), Operator::Product, &[sine, turned])?;
    b.weighted_sum(format!("{name}.rotated"), &[(1.0, straight), (1.0, across)])
}

fn feed_forward<R: rand::Rng>(b: &mut GraphBuilder, draw: &mut Draw<R>, name: &str, x: NodeId, size: Size) -> Result<NodeId, GraphError> {
    let inner = norm(b, draw, name, x)?;
    let linear = |out_features| Operator::Linear { out_features, bias: true, axis: 1 };
    let wide = b.add(format!("{name}.up"), linear(5), &[inner])?;
    let mut wide = b.add(format!("{name}.act"), Operator::Activation(draw.of(&FUNCTIONS)), &[wide])?;
    if draw.below(2) == 0 {
        let gate = b.add(format!("{name}.gate"), linear(5), &[inner])?;
        wide = b.add(format!("{name}.gated"), Operator::Product, &[wide, gate])?;
    }
    let out = b.add(format!("{name}.down"), linear(size.width()), &[wide])?;
    let scale = b.add(format!("{name}.scale"), Operator::Parameter { axes: vec![1, size.width()] }, &[])?;
    let scaled = b.add(format!("{name}.scaled"), Operator::Product, &[scale, out])?;
    b.weighted_sum(name, &[(1.0, x), (1.0, scaled)])
}

/// The first token, the mean of all, or logits of each.
fn ending<R: rand::Rng>(b: &mut GraphBuilder, draw: &mut Draw<R>, x: NodeId, size: Size) -> Result<NodeId, GraphError> {
    let one = match draw.below(3) {
        0 => b.add("first", Operator::Slice { axis: 0, start: 0, end: 1, step: 1 }, &[x])?,
        1 => b.add("mean", Operator::Mean { axes: vec![0] }, &[x])?,
        _ => return b.add("head", Operator::Linear { out_features: 4, bias: false, axis: 1 }, &[x]),
    };
    let vector = b.add("vector", Operator::Reshape { axes: vec![size.width()] }, &[one])?;
    let vector = b.add("vector.act", Operator::Activation(Activation::Tanh), &[vector])?;
    b.linear("head", vector, 4, true)
}
