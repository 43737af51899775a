//! What a proxy may ask before a pass.

use std::sync::Arc;

use assay_core::graph::{Conv2d, GraphBuilder, Operator, Shape};
use assay_core::network::Initialiser;
use assay_plugin_sdk::abi::{ASSAY_ABI_MINOR, ASSAY_CROSS_ENTROPY, ASSAY_OUTPUT_SUM};

use super::*;

/// A network of a convolution, a pool and a classifier of two classes, and three images.
fn subject() -> (Network, Minibatch, Stream) {
    let shape = Shape::new(1, 4, 4);
    let mut graph = GraphBuilder::new(shape).unwrap();
    let features = graph.conv("conv", graph.input(), Conv2d::new(2, 3).padding(1)).unwrap();
    let pooled = graph.add("pool", Operator::GlobalAvgPool, &[features]).unwrap();
    let logits = graph.linear("classifier", pooled, 2, true).unwrap();
    let stream = Stream::new(7, "test");
    let network = Network::initialise(Arc::new(graph.finish(logits)), Initialiser::UniformFanIn, &stream);
    (network, Minibatch::new(shape, (0..48).map(|pixel| pixel as f32).collect(), vec![0, 1, 1]), stream)
}

/// Answers before pass 2, and what was asked of it in the end.
fn asking(test: impl FnOnce(&Asking<'_>)) -> Ask {
    let (network, batch, stream) = subject();
    let asking = Asking::new(2, (&network, &batch), &stream, ASSAY_ABI_MINOR);
    test(&asking);
    asking.asked()
}

const PASS: u32 = 2;

#[test]
fn network_and_images_are_there_before_a_pass() {
    asking(|asking| {
        let graph = asking.answer(&Query::Graph { pass: PASS }).unwrap();
        let read: assay_core::graph::Graph = serde_json::from_str(graph.text).unwrap();
        assert_eq!(&read, asking.subject.network.graph());
        assert_eq!(asking.answer(&Query::ParameterCount { pass: PASS }).unwrap().numbers[0], 3);
        let weight = asking.answer(&Query::Parameter { pass: PASS, parameter: 0 }).unwrap();
        assert_eq!((weight.text, weight.numbers), ("conv.weight", [1, u64::from(ASSAY_WEIGHT), 4, 2, 1, 3, 3, 9, 18]));
        assert_eq!(weight.floats, asking.subject.network.parameter(0));
        let bias = asking.answer(&Query::Parameter { pass: PASS, parameter: 2 }).unwrap();
        assert_eq!((bias.text, bias.numbers), ("classifier.bias", [3, u64::from(ASSAY_BIAS), 1, 2, 0, 0, 0, 2, 2]));
        let batch = asking.answer(&Query::Batch { pass: PASS }).unwrap();
        assert_eq!((&batch.numbers[..4], batch.floats.len(), batch.labels), (&[3, 1, 4, 4][..], 48, &[0, 1, 1][..]));
    });
}

#[test]
fn a_plugin_of_an_earlier_interface_is_told_what_that_cannot_tell() {
    let shape = Shape::new(1, 4, 4);
    let mut graph = GraphBuilder::new(shape).unwrap();
    let features = graph.add("act", Operator::Activation(assay_core::graph::Activation::Gelu), &[graph.input()]).unwrap();
    let scale = graph.add("scale", Operator::Parameter { axes: vec![1] }, &[]).unwrap();
    let scaled = graph.add("scaled", Operator::Product, &[features, scale]).unwrap();
    let stream = Stream::new(7, "test");
    let network = Network::initialise(Arc::new(graph.finish(scaled)), Initialiser::UniformFanIn, &stream);
    let batch = Minibatch::new(shape, vec![0.5; 16], vec![0]);
    let answers = |minor: u32| {
        let asking = Asking::new(PASS, (&network, &batch), &stream, minor);
        let graph = asking.answer(&Query::Graph { pass: PASS }).map(|lent| lent.text.to_owned());
        let parameter = asking.answer(&Query::Parameter { pass: PASS, parameter: 0 }).map(|lent| lent.numbers[1]);
        (graph, parameter)
    };
    let (graph, parameter) = answers(0);
    assert_eq!(graph.unwrap_err(), "interface 1.0 cannot tell `gelu` of node `act`; build the plugin again for interface 1.1");
    assert!(parameter.unwrap_err().starts_with("interface 1.0 has no role for parameter `scale.value`"));
    let (graph, parameter) = answers(1);
    assert_eq!(&serde_json::from_str::<assay_core::graph::Graph>(&graph.unwrap()).unwrap(), network.graph());
    assert_eq!(parameter, Ok(u64::from(ASSAY_OTHER)));
}

#[test]
fn what_was_asked_is_told_the_engine() {
    let (value, moments) = (NodeId(1), NodeId(2));
    let ask = asking(|asking| {
        asking.answer(&Query::AskValue { pass: PASS, node: 1 }).unwrap();
        asking.answer(&Query::AskMoments { pass: PASS, node: 2 }).unwrap();
        let named = asking.answer(&Query::Objective { pass: PASS, node: 1, cotangent: Vec::new() }).unwrap().numbers[0];
        assert_eq!(named, 2, "after the two objectives that are always there");
        for (objective, wanted) in
            [(ASSAY_CROSS_ENTROPY, ASSAY_PARAMETER_GRADIENTS), (ASSAY_OUTPUT_SUM, ASSAY_NODE_GRADIENT), (2, ASSAY_NODE_PRODUCTS)]
        {
            asking.answer(&Query::AskGradients { pass: PASS, objective, wanted, node: 1 }).unwrap();
        }
    });
    let (network, ..) = subject();
    let named = Objective { node: NodeId(1), cotangent: Cotangent::Ones };
    let (entropy, sum) = (Objective::cross_entropy(network.graph()), Objective::output_sum(network.graph()));
    let expected = Ask::new()
        .values(&[value])
        .moments(&[moments])
        .gradients(entropy.clone(), Wanted::parameters())
        .gradients(sum.clone(), Wanted::node(NodeId(1)))
        .gradients(named.clone(), Wanted::products(vec![NodeId(1)]))
        .numbered(vec![entropy, sum, named]);
    assert_eq!(format!("{ask:?}"), format!("{expected:?}"));
}

#[test]
fn what_cannot_be_asked_is_refused_with_the_reason() {
    asking(|asking| {
        let refused = |query: Query| asking.answer(&query).unwrap_err();
        let refusals = [
            refused(Query::Graph { pass: 0 }),
            refused(Query::Parameter { pass: PASS, parameter: 3 }),
            refused(Query::AskValue { pass: PASS, node: 4 }),
            refused(Query::AskMoments { pass: PASS, node: u32::MAX }),
            refused(Query::Objective { pass: PASS, node: 4, cotangent: Vec::new() }),
            refused(Query::Objective { pass: PASS, node: 3, cotangent: vec![1.0; 5] }),
            refused(Query::AskGradients { pass: PASS, objective: 2, wanted: ASSAY_PARAMETER_GRADIENTS, node: 0 }),
            refused(Query::AskGradients { pass: PASS, objective: 0, wanted: 9, node: 0 }),
            refused(Query::AskGradients { pass: PASS, objective: 0, wanted: ASSAY_NODE_GRADIENT, node: 4 }),
            refused(Query::Draw { purpose: "weights".into(), distribution: 9, count: 1 }),
            refused(Query::Output { pass: PASS }),
            refused(Query::Gram { pass: PASS }),
        ];
        insta::assert_snapshot!(refusals.join("\n"), @"
        pass 0 cannot be looked at while pass 2 is asked about
        there is no parameter 3 among 3
        there is no node 4 among 4
        there is no node 4294967295 among 4
        there is no node 4 among 4
        a cotangent of node 3 has 6 numbers (3 images of 2×1×1), not 5
        there is no objective 2
        of an objective there is no 9 to be wanted
        there is no node 4 among 4
        there is no distribution 9
        what a pass computes is there in `score`, not in `ask`
        what a pass computes is there in `score`, not in `ask`
        ");
        // A whole cotangent is taken.
        assert!(asking.answer(&Query::Objective { pass: PASS, node: 3, cotangent: vec![1.0; 6] }).is_ok());
    });
}

#[test]
fn draws_depend_on_seed_purpose_and_distribution_only() {
    let drawn = |purpose: &str, distribution: u32, count: usize| {
        let mut numbers = Vec::new();
        asking(|asking| {
            let query = Query::Draw { purpose: purpose.into(), distribution, count };
            numbers = asking.answer(&query).unwrap().doubles[0].to_vec();
        });
        numbers
    };
    let whole = drawn("weights", ASSAY_UNIFORM_DRAWS, 50);
    assert!(whole.iter().all(|number| (0.0..1.0).contains(number)));
    assert_eq!(drawn("weights", ASSAY_UNIFORM_DRAWS, 20), whole[..20], "a longer draw begins with a shorter one");
    assert_ne!(drawn("noise", ASSAY_UNIFORM_DRAWS, 50), whole);
    assert!(drawn("weights", ASSAY_NORMAL_DRAWS, 50).iter().any(|number| *number < 0.0));
    assert_eq!(drawn("weights", ASSAY_NORMAL_DRAWS, 0), [0.0; 0]);
}
