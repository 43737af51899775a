//! Graphs check themselves: shapes, names, counts and liveness.

#![allow(clippy::unwrap_used)]

use assay_structure::graph::{Conv2d, Graph, GraphBuilder, GraphError, NodeId, Operator, Pool, Shape};
use proptest::prelude::*;

/// stem → (a: conv, b: conv on a zero) → sum → pool → classifier, and an operator whose result nobody reads.
fn small() -> Graph {
    let mut graph = GraphBuilder::new(Shape::new(3, 8, 8)).unwrap();
    let stem = graph.conv("stem", graph.input(), Conv2d::new(4, 3).padding(1)).unwrap();
    let a = graph.conv("a", stem, Conv2d::new(4, 1)).unwrap();
    let zero = graph.add("zero", Operator::Zero { stride: 1 }, &[stem]).unwrap();
    let b = graph.conv("b", zero, Conv2d::new(4, 3).padding(1)).unwrap();
    graph.conv("unread", stem, Conv2d::new(4, 3)).unwrap();
    let sum = graph.weighted_sum("sum", &[(0.5, a), (0.5, b)]).unwrap();
    let pooled = graph.add("pool", Operator::GlobalAvgPool, &[sum]).unwrap();
    let logits = graph.linear("classifier", pooled, 10, true).unwrap();
    graph.finish(logits)
}

#[test]
fn an_operator_that_does_not_fit_is_an_error_that_names_the_node() {
    let mut graph = GraphBuilder::new(Shape::new(3, 8, 8)).unwrap();
    let input = graph.input();
    let narrow = graph.conv("narrow", input, Conv2d::new(4, 3)).unwrap();
    let messages = [
        graph.weighted_sum("cells.0.node", &[(1.0, input), (1.0, narrow)]),
        graph.conv("huge", input, Conv2d::new(4, 9)),
        graph.conv("grouped", input, Conv2d::new(4, 3).groups(2)),
        graph.linear("classifier", input, 10, true),
        graph.add("pair", Operator::Relu, &[input, narrow]),
        graph.avg_pool("pool", input, Pool::new(2, 2, 2)),
        graph.add("shift", Operator::Shift { offset: 8 }, &[input]),
        graph.add("first", Operator::Truncate { channels: 4 }, &[input]),
        graph.conv("narrow", input, Conv2d::new(4, 3)),
        graph.relu("early", NodeId(99)),
    ]
    .map(|added| added.unwrap_err().to_string())
    .join("\n");
    insta::assert_snapshot!(messages, @"
    node `cells.0.node` (weighted_sum): cannot add 4×6×6 to 3×8×8
    node `huge` (conv2d): a 9×9 kernel of dilation 1 does not fit 3×8×8 with padding 0
    node `grouped` (conv2d): 3 input and 4 output channels do not split into 2 groups
    node `classifier` (linear): takes a vector, was given 3×8×8; pool it first
    node `pair` (relu): takes one input, was given 2
    node `pool` (avg_pool): padding 2 is more than half the window of 2: a window could lie outside the image
    node `shift` (shift): a shift by 8 moves all of 3×8×8 out of sight
    node `first` (truncate): cannot keep 4 of 3 channels
    two nodes are named `narrow`; every node needs a name of its own
    node `early` reads node 99, which does not come before it
    ");
}

#[test]
fn parameters_and_multiply_adds_are_counted_from_the_structure() {
    let graph = small();
    // stem 3·4·9, a 4·4, b and unread 4·4·9 each, classifier 4·10 + 10
    assert_eq!(graph.parameter_count(), 108 + 16 + 144 + 144 + 50);
    assert_eq!(graph.live_parameter_count(), 108 + 16 + 50);
    let positions = 8 * 8;
    assert_eq!(graph.multiply_adds(), (positions * (108 + 16 + 144) + 36 * 144 + 40) as u64);
}

#[test]
fn liveness_tells_what_is_needed_from_what_carries_signal() {
    let graph = small();
    let live = graph.liveness();
    let id = |name: &str| graph.find(name).unwrap();
    assert!(live.carries_signal(id("a")));
    assert!(live.is_needed(id("b")) && !live.carries_signal(id("b")), "b is computed, but only from zeros");
    assert!(!live.is_needed(id("unread")) && !live.carries_signal(id("unread")));
}

#[test]
fn blocks_and_paths_are_written_and_must_be_nodes() {
    let mut graph = GraphBuilder::new(Shape::new(1, 4, 4)).unwrap();
    let input = graph.input();
    let narrow = graph.conv("cells.0.edges.1<-0.conv", input, Conv2d::new(1, 1)).unwrap();
    graph.path(narrow);
    let sum = graph.weighted_sum("cells.0.nodes.1", &[(1.0, narrow), (1.0, input)]).unwrap();
    graph.block(sum);
    let graph = graph.finish(sum);
    assert_eq!((graph.paths(), graph.blocks()), (&[narrow][..], &[sum][..]));
    let text = serde_json::to_string(&graph).unwrap();
    assert_eq!(serde_json::from_str::<Graph>(&text).unwrap(), graph);
    let broken = text.replace(r#""paths":[1]"#, r#""paths":[7]"#);
    let message = serde_json::from_str::<Graph>(&broken).unwrap_err().to_string();
    assert_eq!(message, "node `path` reads node 7, which does not come before it");
    assert!(!serde_json::to_string(&small()).unwrap().contains("paths"));
}

#[test]
fn a_graph_read_from_text_is_checked_again() {
    let graph = small();
    let text = serde_json::to_string(&graph).unwrap();
    assert_eq!(serde_json::from_str::<Graph>(&text).unwrap(), graph);
    let broken = text.replace(r#""out_channels":4,"kernel":1"#, r#""out_channels":5,"kernel":1"#);
    assert_ne!(broken, text);
    let message = serde_json::from_str::<Graph>(&broken).unwrap_err().to_string();
    assert!(message.contains("node `sum` (weighted_sum)"), "{message}");
}

#[test]
fn a_weight_that_is_no_longer_a_number_in_32_bits_is_refused() {
    let mut graph = GraphBuilder::new(Shape::new(3, 8, 8)).unwrap();
    let input = graph.input();
    let message = graph.weighted_sum("sum", &[(0.5, input), (f32::INFINITY, input)]).unwrap_err().to_string();
    assert_eq!(message, "node `sum` (weighted_sum): a weight must be a number in 32 bits, is inf");
}

#[test]
fn sizes_that_no_machine_holds_are_refused_and_do_not_wrap_around() {
    let half = usize::MAX / 2 + 1;
    let image = |shape| GraphBuilder::new(shape).map(drop).map_err(|error| error.to_string());
    // The product of the extents is 0 in the arithmetic of a machine, and the sum of the last below the kernel.
    let refused = [image(Shape::new(half, half, 1)), image(Shape::new(1 << 14, 1 << 13, 1 << 13))];
    for message in refused.map(Result::unwrap_err) {
        assert!(message.contains("numbers are more than any machine holds"), "{message}");
    }
    assert!(image(Shape::new(1 << 13, 1 << 13, 1 << 13)).is_ok());
    let conv = Conv2d::new(1, 3);
    for (channels, operator) in [
        (4, Operator::Conv2d(Conv2d::new(half, 1))),
        (4, Operator::Conv2d(Conv2d::new(1, 1 << 20))),
        (4, Operator::Conv2d(conv.dilation(half))),
        (4, Operator::Conv2d(conv.padding(half))),
        (4, Operator::MaxPool(Pool::new(usize::MAX, 1, half))),
        (1 << 20, Operator::linear(1 << 20, true)),
    ] {
        let mut graph = GraphBuilder::new(Shape::new(channels, 1, 1)).unwrap();
        let input = graph.input();
        assert!(graph.add("node", operator.clone(), &[input]).is_err(), "{operator:?}");
    }
    // A node that is joined with itself 41 times.
    let mut graph = GraphBuilder::new(Shape::new(1, 1, 1)).unwrap();
    let mut last = graph.input();
    let joined = (0..41).find_map(|node| match graph.add(format!("{node}"), Operator::CONCAT, &[last, last]) {
        Ok(joined) => {
            last = joined;
            None
        }
        Err(error) => Some(error.to_string()),
    });
    assert!(joined.is_some_and(|message| message.contains("1099511627776×1×1 numbers")));
}

proptest! {
    #[test]
    fn a_convolution_has_as_many_outputs_as_positions_counted_one_by_one(
        size in 1usize..20, kernel in 1usize..6, stride in 1usize..4, padding in 0usize..4, dilation in 1usize..4,
    ) {
        let extent = dilation * (kernel - 1) + 1;
        let positions = (0..size + 2 * padding).step_by(stride).filter(|start| start + extent <= size + 2 * padding).count();
        let mut graph = GraphBuilder::new(Shape::new(1, size, size)).unwrap();
        let conv = Conv2d::new(1, kernel).stride(stride).padding(padding).dilation(dilation);
        match graph.conv("conv", graph.input(), conv) {
            Ok(id) => prop_assert_eq!(graph.shape(id), Shape::new(1, positions, positions)),
            Err(error) => {
                prop_assert_eq!(positions, 0);
                prop_assert!(matches!(error, GraphError::Shape { .. }), "a shape error");
            }
        }
    }
}
