//! Graphs of networks that are not made of cells: shapes of up to five axes, windows that are not square, values of their own.

#![allow(clippy::unwrap_used)]

use assay_structure::graph::{Activation, Conv2d, Extent, Graph, GraphBuilder, NodeId, Operator, Pool, Shape, Sides};
use proptest::prelude::*;

/// A vision transformer's first block: patches, class token, positions, attention of two heads, a layer that is scaled.
fn transformer() -> Graph {
    let mut b = GraphBuilder::new(Shape::new(3, 16, 16)).unwrap();
    let patches = b.conv("patches", b.input(), Conv2d::new(8, 4).stride(4).bias(true)).unwrap();
    let flat = b.add("flat", Operator::Reshape { axes: vec![8, 16] }, &[patches]).unwrap();
    let tokens = b.add("tokens", Operator::Transpose { order: vec![1, 0] }, &[flat]).unwrap();
    let class = b.add("class", Operator::Parameter { axes: vec![1, 8] }, &[]).unwrap();
    let joined = b.add("joined", Operator::Concat { axis: 0 }, &[class, tokens]).unwrap();
    let positions = b.add("positions", Operator::Parameter { axes: vec![17, 8] }, &[]).unwrap();
    let placed = b.weighted_sum("placed", &[(1.0, joined), (1.0, positions)]).unwrap();
    let norm = b.add("norm", Operator::LayerNorm { axis: 1, scale: true, offset: true, epsilon: 1e-6 }, &[placed]).unwrap();
    let mut heads = |name: &str, order: Vec<usize>| {
        let all = b.add(name, Operator::Linear { out_features: 8, bias: true, axis: 1 }, &[norm]).unwrap();
        let split = b.add(format!("{name}.split"), Operator::Reshape { axes: vec![17, 2, 4] }, &[all]).unwrap();
        b.add(format!("{name}.heads"), Operator::Transpose { order }, &[split]).unwrap()
    };
    let (query, key, value) = (heads("query", vec![1, 0, 2]), heads("key", vec![1, 2, 0]), heads("value", vec![1, 0, 2]));
    let products = b.add("products", Operator::MatMul { axis: 1 }, &[query, key]).unwrap();
    let weights = b.add("weights", Operator::Softmax { axis: 2 }, &[products]).unwrap();
    let mixed = b.add("mixed", Operator::MatMul { axis: 1 }, &[weights, value]).unwrap();
    let back = b.add("back", Operator::Transpose { order: vec![1, 0, 2] }, &[mixed]).unwrap();
    let merged = b.add("merged", Operator::Reshape { axes: vec![17, 8] }, &[back]).unwrap();
    let scale = b.add("scale", Operator::Parameter { axes: vec![1, 8] }, &[]).unwrap();
    let scaled = b.add("scaled", Operator::Product, &[merged, scale]).unwrap();
    let first = b.add("first", Operator::Gather { axis: 0, indices: vec![0] }, &[scaled]).unwrap();
    let vector = b.add("vector", Operator::Reshape { axes: vec![8] }, &[first]).unwrap();
    let logits = b.linear("head", vector, 10, true).unwrap();
    b.finish(logits)
}

#[test]
fn a_transformers_shapes_parameters_and_multiply_adds_are_those_counted_by_hand() {
    let graph = transformer();
    let shape = |name: &str| graph.node(graph.find(name).unwrap()).shape;
    assert_eq!(shape("joined"), Shape::of_axes(&[17, 8]).unwrap());
    assert_eq!(shape("products"), Shape::of_axes(&[2, 17, 17]).unwrap());
    assert_eq!(shape("vector"), Shape::vector(8));
    let (patches, own, norm, linear, head) = (8 * 3 * 16 + 8, 8 + 17 * 8 + 8, 16, 3 * (64 + 8), 80 + 10);
    assert_eq!(graph.parameter_count(), patches + own + norm + linear + head);
    // Patches at 16 places, three layers of 17 tokens, two products of two heads, the head.
    let products = 2 * 17 * 17 * 4 * 2;
    assert_eq!(graph.multiply_adds(), (16 * 8 * 48 + 3 * 17 * 64 + products + 80) as u64);
}

#[test]
fn what_a_network_adds_of_its_own_is_live_where_it_meets_the_signal() {
    let graph = transformer();
    assert_eq!(graph.live_parameter_count(), graph.parameter_count());
    let mut b = GraphBuilder::new(Shape::vector(4)).unwrap();
    let zero = b.add("zero", Operator::Zero { stride: 1 }, &[b.input()]).unwrap();
    let own = b.add("own", Operator::Parameter { axes: vec![4] }, &[]).unwrap();
    let turned = b.add("turned", Operator::Activation(Activation::Tanh), &[own]).unwrap();
    let sum = b.weighted_sum("sum", &[(1.0, zero), (1.0, turned)]).unwrap();
    let other = b.add("other", Operator::Parameter { axes: vec![4] }, &[]).unwrap();
    b.weighted_sum("unread", &[(1.0, other), (1.0, sum)]).unwrap();
    assert_eq!(b.finish(sum).live_parameter_count(), 0, "no signal comes from the input");
}

#[test]
fn a_graph_of_cells_is_written_as_before_and_any_graph_is_read_back() {
    let mut b = GraphBuilder::new(Shape::new(3, 8, 8)).unwrap();
    let conv = b.conv("conv", b.input(), Conv2d::new(4, 3).stride(2).padding(1)).unwrap();
    let pool = b.avg_pool("pool", conv, Pool::new(3, 1, 1)).unwrap();
    let both = b.add("both", Operator::CONCAT, &[conv, pool]).unwrap();
    let vector = b.add("vector", Operator::GlobalAvgPool, &[both]).unwrap();
    let linear = b.linear("linear", vector, 2, false).unwrap();
    let graph = b.finish(linear);
    assert_eq!(graph.first_not_basic(), None);
    insta::assert_snapshot!(serde_json::to_string(&graph).unwrap(), @r#"{"input":{"channels":3,"height":8,"width":8},"nodes":[{"name":"conv","operator":{"type":"conv2d","out_channels":4,"kernel":3,"stride":2,"padding":1,"dilation":1,"groups":1,"bias":false},"inputs":[0]},{"name":"pool","operator":{"type":"avg_pool","kernel":3,"stride":1,"padding":1},"inputs":[1]},{"name":"both","operator":{"type":"concat"},"inputs":[1,2]},{"name":"vector","operator":{"type":"global_avg_pool"},"inputs":[3]},{"name":"linear","operator":{"type":"linear","out_features":2,"bias":false},"inputs":[4]}],"output":5}"#);
    let graphs = [graph, transformer(), rectangles()];
    for graph in graphs {
        let text = serde_json::to_string(&graph).unwrap();
        assert_eq!(serde_json::from_str::<Graph>(&text).unwrap(), graph);
    }
}

fn rectangles() -> Graph {
    let mut b = GraphBuilder::new(Shape::new(3, 9, 7)).unwrap();
    let conv = Conv2d::new(4, [1, 7]).padding([0, 3, 0, 2]).stride([2, 1]).dilation([1, 1]);
    let conv = b.conv("conv", b.input(), conv).unwrap();
    let pool = Pool { kernel: Extent::square(3), stride: [2, 3].into(), padding: Sides::all(1), counts_padding: true, ceil: true };
    let pool = b.avg_pool("pool", conv, pool).unwrap();
    let clip = b.add("clip", Operator::Activation(Activation::RELU6), &[pool]).unwrap();
    let constant = b.add("table", Operator::Constant { axes: vec![4, 1, 1], values: vec![0.5, 1.0, 2.0, -1.0] }, &[]).unwrap();
    let product = b.add("product", Operator::Product, &[clip, constant]).unwrap();
    let slice = b.add("slice", Operator::Slice { axis: 1, start: 0, end: 2, step: 1 }, &[product]).unwrap();
    let pad = b.add("pad", Operator::Pad { amounts: vec![[0, 0], [1, 0]] }, &[slice]).unwrap();
    let mean = b.add("mean", Operator::Mean { axes: vec![1, 2] }, &[pad]).unwrap();
    b.finish(mean)
}

#[test]
fn the_first_node_beyond_those_of_cells_is_found() {
    let graph = rectangles();
    assert_eq!(graph.first_not_basic(), Some(NodeId(1)));
    assert_eq!(transformer().node(transformer().first_not_basic().unwrap()).name, "flat");
}

#[test]
fn what_does_not_fit_is_told_with_the_node_and_the_extents() {
    let mut b = GraphBuilder::new(Shape::of_axes(&[5, 4]).unwrap()).unwrap();
    let input = b.input();
    let turned = b.add("turned", Operator::Transpose { order: vec![1, 0] }, &[input]).unwrap();
    let messages = [
        b.conv("conv", turned, Conv2d::new(4, [9, 1])),
        b.add("product", Operator::MatMul { axis: 0 }, &[input, input]),
        b.add("high", Operator::MatMul { axis: 4 }, &[input, input]),
        b.add("sum", Operator::Product, &[input, turned]),
        b.add("linear", Operator::Linear { out_features: 3, bias: true, axis: 0 }, &[input]),
        b.add("wide", Operator::Linear { out_features: 3, bias: true, axis: 7 }, &[input]),
        b.add("words", Operator::Embedding { count: 10, features: 3, axis: 1 }, &[input]),
        b.add("slice", Operator::Slice { axis: 0, start: 2, end: 6, step: 1 }, &[input]),
        b.add("none", Operator::Gather { axis: 0, indices: vec![] }, &[input]),
        b.add("gather", Operator::Gather { axis: 1, indices: vec![4] }, &[input]),
        b.add("order", Operator::Transpose { order: vec![0, 0] }, &[input]),
        b.add("layout", Operator::Reshape { axes: vec![3, 7] }, &[input]),
        b.add("six", Operator::Reshape { axes: vec![1, 1, 1, 1, 1, 20] }, &[input]),
        b.add("mean", Operator::Mean { axes: vec![] }, &[input]),
        b.add("groups", Operator::GroupNorm { groups: 2, affine: true, epsilon: 1e-5 }, &[input]),
        b.add("clip", Operator::Activation(Activation::Clip { low: 1.0, high: 1.0 }), &[input]),
        b.add("leaky", Operator::Activation(Activation::LeakyRelu { slope: f32::NAN }), &[input]),
        b.add("table", Operator::Constant { axes: vec![2, 2], values: vec![1.0; 3] }, &[]),
        b.add("own", Operator::Parameter { axes: vec![2] }, &[input]),
    ]
    .map(|added| added.unwrap_err().to_string())
    .join("\n");
    insta::assert_snapshot!(messages, @"
    node `conv` (conv2d): a 9×1 kernel of dilation 1 does not fit 4×5×1 with padding 0
    node `product` (mat_mul): cannot multiply matrices of 4 columns by matrices of 5 rows
    node `high` (mat_mul): has no axis 5: a value of one image has 5, counted from 0
    node `sum` (product): cannot multiply 4×5×1 by 5×4×1
    node `linear` (linear): takes a vector, was given 5×4×1; pool it first
    node `wide` (linear): has no axis 7: a value of one image has 5, counted from 0
    node `words` (embedding): adds axis 1, which 5×4×1 has
    node `slice` (slice): cannot keep 2 to before 6 by steps of 1 of the 5 along axis 0
    node `none` (gather): would compute 0×4×1, which holds nothing
    node `gather` (gather): cannot take number 4 of the 4 along axis 1, which are counted from 0
    node `order` (transpose): [0, 0] is not an order of the first 2 axes
    node `layout` (reshape): cannot lay out the elements of 5×4×1 as 3×7×1
    node `six` (reshape): has 6 axes; a value of one image has at most 5
    node `mean` (mean): averages over axes [], which must be some, ascending
    node `groups` (group_norm): 5 channels do not split into 2 groups
    node `clip` (clip): clips to an interval from 1 to 1, which holds nothing
    node `leaky` (leaky_relu): its numbers must be finite, one is NaN
    node `table` (constant): has 3 numbers for 2×2×1
    node `own` (parameter): takes no input, was given 1
    ");
}

/// How many windows there are along an axis, one after the other.
fn windows(size: usize, kernel: usize, stride: usize, [before, after]: [usize; 2], ceil: bool) -> usize {
    let end = before + size + after;
    let is_whole = |start: usize| start + kernel <= end;
    // The last window of ceil mode begins within the image or the padding before it.
    let is_begun = |start: usize| ceil && start < before + size;
    let mut count = 0;
    while is_whole(count * stride) || (count > 0 && is_begun(count * stride) && (count - 1) * stride + kernel < end) {
        count += 1;
    }
    count
}

proptest! {
    #[test]
    fn a_pools_extents_are_as_many_as_there_are_windows(
        size in 1..12_usize, kernel in 1..6_usize, stride in 1..5_usize, sides in (0..3_usize, 0..3_usize), ceil: bool,
    ) {
        let sides = [sides.0.min(kernel / 2), sides.1.min(kernel / 2)];
        let padding = Sides { top: sides[0], bottom: sides[1], left: 0, right: 0 };
        let pool = Pool { kernel: [kernel, 1].into(), stride: [stride, 1].into(), padding, counts_padding: false, ceil };
        let mut b = GraphBuilder::new(Shape::new(2, size, 3)).unwrap();
        let built = b.add("pool", Operator::MaxPool(pool), &[NodeId(0)]);
        match windows(size, kernel, stride, sides, ceil) {
            0 => prop_assert!(built.is_err()),
            count => prop_assert_eq!(b.shape(built.unwrap()), Shape::new(2, count, 3)),
        }
    }

    #[test]
    fn shapes_are_repeated_along_axes_of_one_and_nowhere_else(a in prop::array::uniform5(1..4_usize), b in prop::array::uniform5(1..4_usize)) {
        let (left, right) = (Shape::of_axes(&a).unwrap(), Shape::of_axes(&b).unwrap());
        let fits = a.iter().zip(&b).all(|(a, b)| a == b || *a == 1 || *b == 1);
        let both: Vec<usize> = a.iter().zip(&b).map(|(a, b)| *a.max(b)).collect();
        prop_assert_eq!(left.broadcast(&right), fits.then(|| Shape::of_axes(&both).unwrap()));
        prop_assert_eq!(left.broadcast(&right), right.broadcast(&left));
        prop_assert_eq!(left.elements(), a.iter().product::<usize>());
    }
}
