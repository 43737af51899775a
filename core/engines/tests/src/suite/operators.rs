//! Networks over all operators, of which an engine may run some: against plain loops, as networks of basic ones are.

use std::sync::Arc;

use assay_core::data::Minibatch;
use assay_core::engine::learner::{Lesson, Loss, Rules};
use assay_core::engine::{Ask, Engine, Precision};
use assay_core::graph::{GraphBuilder, Operator, Shape};
use assay_core::network::{Initialiser, Network};
use assay_core::stream::Stream;

use super::inference::in_inference_mode;
use super::jacobians::jacobians;
use super::learning::gradients_of_lessons;
use super::passes::{by_image, from_and_to_every_node};
use super::{Drawn, relu_patterns, values_gradients_and_gram_matrices};
use crate::random;

fn everything(engines: &[Box<dyn Engine>], of: Drawn, cases: u32) {
    values_gradients_and_gram_matrices(engines, of, cases);
    from_and_to_every_node(engines, of, cases);
    by_image(engines, of, cases / 2);
    relu_patterns(engines, of, cases / 2);
    in_inference_mode(engines, of, cases / 2);
    jacobians(engines, of, cases / 2);
}

/// Values, gradients from and to every node, of each image alone, Gram matrices and patterns, on maps.
pub fn every_operator_on_maps_agrees_with_plain_loops(engines: &[Box<dyn Engine>]) {
    everything(engines, random::network_of_any_operator, 96);
}

/// The same on networks as mobile networks are.
pub fn mobile_networks_agree_with_plain_loops(engines: &[Box<dyn Engine>]) {
    everything(engines, random::mobile_network, 96);
}

/// The same on sequences.
pub fn every_operator_on_sequences_agrees_with_plain_loops(engines: &[Box<dyn Engine>]) {
    everything(engines, random::network_on_sequences, 48);
}

/// Losses and gradients of learners, on both.
pub fn lessons_of_every_operator_agree_with_plain_loops(engines: &[Box<dyn Engine>]) {
    gradients_of_lessons(engines, random::mobile_network, 96);
    gradients_of_lessons(engines, random::network_of_any_operator, 96);
    gradients_of_lessons(engines, random::network_on_sequences, 48);
}

/// Images whose numbers are not those of an embedding's vectors.
pub fn what_an_embedding_cannot_read_is_refused_with_a_reason(engines: &[Box<dyn Engine>]) {
    let mut b = GraphBuilder::new(Shape::new(2, 1, 1)).unwrap();
    let tokens = b.add("wte", Operator::Embedding { count: 5, features: 3, axis: 1 }, &[b.input()]).unwrap();
    let first = b.add("first", Operator::Reshape { axes: vec![6] }, &[tokens]).unwrap();
    let output = b.linear("head", first, 4, true).unwrap();
    let graph = Arc::new(b.finish(output));
    let network = Network::initialise(Arc::clone(&graph), Initialiser::UniformFanIn, &Stream::new(1, "parameters"));
    for engine in super::able(engines, &network) {
        let mut learner = engine.learner(network.clone(), &Rules::default()).unwrap();
        for (wrong, said) in [(0.5, "0.5"), (5.0, "5"), (-1.0, "-1"), (f32::NAN, "NaN")] {
            let batch = Minibatch::new(graph.input_shape(), vec![4.0, wrong], vec![0]);
            let expected = format!("node `wte` has 5 vectors, whose numbers are 0 to 4, and reads {said}; give it images of whole numbers");
            let refused = engine.pass(&network, &batch, &Ask::new(), Precision::F32).unwrap_err().to_string();
            assert_eq!(refused, expected, "{}", engine.name());
            let losses = [Loss { node: output, factor: 1.0 }];
            let refused = learner.step(&batch, &Lesson::of(&losses, 0.1)).unwrap_err().to_string();
            assert_eq!(refused, expected, "{}", engine.name());
        }
        let batch = Minibatch::new(graph.input_shape(), vec![4.0, 0.0], vec![0]);
        assert!(engine.pass(&network, &batch, &Ask::new(), Precision::F32).is_ok());
    }
}
