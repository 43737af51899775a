//! What one pass is asked for at inner nodes, against plain loops; and that asking for more changes nothing.

use assay_core::data::Minibatch;
use assay_core::engine::{Ask, Cotangent, Engine, EngineError, Objective, Precision, Wanted};
use assay_core::graph::{Graph, NodeId};
use assay_core::network::Network;
use proptest::prelude::*;

use super::{Drawn, able, difference, is_delicate};
use crate::{random, reference};

/// A cotangent for a node: small numbers of both signs.
fn cotangent(graph: &Graph, node: NodeId, images: usize) -> Vec<f64> {
    (0..images * graph.node(node).shape.elements()).map(|index| ((index * 31 % 17) as f64 - 8.0) / 5.0).collect()
}

/// The batch with labels that differ.
fn labelled(network: &Network, batch: &Minibatch) -> Minibatch {
    let classes = network.graph().node(network.graph().output()).shape.elements() as u32;
    Minibatch::new(batch.shape(), batch.pixels().to_vec(), (0..batch.len() as u32).map(|image| image * 7 % classes).collect())
}

/// ∂(mean cross-entropy)/∂logits, as softmax − target, over the batch.
fn loss_gradient(logits: &[f64], batch: &Minibatch) -> Vec<f64> {
    let classes = logits.len() / batch.len();
    let rows = logits.chunks(classes).zip(batch.labels());
    rows.flat_map(|(row, label)| {
        let total: f64 = row.iter().map(|logit| logit.exp()).sum();
        let of = |(class, logit): (usize, &f64)| (logit.exp() / total - f64::from(u8::from(class == *label as usize))) / batch.len() as f64;
        row.iter().enumerate().map(of).collect::<Vec<_>>()
    })
    .collect()
}

/// Everything that can be asked of a network: gradients from this node and from the output, at all nodes.
fn everything(graph: &Graph, from: &Objective) -> Ask {
    let nodes: Vec<NodeId> = (0..graph.nodes().len()).map(NodeId).collect();
    let all = Wanted { parameters: true, nodes: nodes.clone(), products: nodes.clone() };
    let loss = Objective::cross_entropy(graph);
    Ask::new().values(&nodes).moments(&nodes).patterns().gradients(from.clone(), all.clone()).gradients(loss, all)
}

/// Gradients from any node and from the output, at every node and parameter, and the values and moments beside them.
pub fn gradients_from_and_to_every_node_agree_with_plain_loops(engines: &[Box<dyn Engine>]) {
    from_and_to_every_node(engines, random::network, 64);
}

pub(super) fn from_and_to_every_node(engines: &[Box<dyn Engine>], of: Drawn, cases: u32) {
    proptest!(ProptestConfig::with_cases(cases), |(seed: u64, place: proptest::sample::Index)| {
        let (network, batch) = of(seed);
        let batch = labelled(&network, &batch);
        let graph = network.graph();
        let values = reference::forward(&network, &batch);
        prop_assume!(!is_delicate(&network, &values));
        let start = NodeId(place.index(graph.nodes().len()));
        let given = cotangent(graph, start, batch.len());
        let from = Objective { node: start, cotangent: Cotangent::Given(given.clone().into()) };
        let loss = Objective::cross_entropy(graph);
        let logits = &values[graph.output().0].data;
        let objectives = [(&from, start, given), (&loss, graph.output(), loss_gradient(logits, &batch))];
        for engine in able(engines, &network) {
            let name = engine.name();
            let answer = engine.pass(&network, &batch, &everything(graph, &from), Precision::F64).unwrap();
            for (objective, node, cotangent) in &objectives {
                let (parameters, sensitivities) = reference::pull_back(&network, &values, *node, cotangent);
                let found = answer.gradients(objective).unwrap();
                let largest = parameters.iter().flatten().fold(1e-3, |most: f64, value| most.max(value.abs()));
                for (spec, (found, expected)) in graph.parameters().iter().zip(found.parameters().unwrap().iter().zip(&parameters)) {
                    let error = found.iter().zip(expected).map(|(a, b)| (a - b).abs() / largest).fold(0.0, f64::max);
                    prop_assert!(error < 1e-7, "{}: {error:.1e}, {name}", spec.path);
                }
                for (position, (value, sensitivity)) in values.iter().zip(&sensitivities).enumerate() {
                    let (id, called) = (NodeId(position), &graph.nodes()[position].name);
                    let error = difference(found.node(id).unwrap(), &sensitivity.data);
                    prop_assert!(error < 1e-7, "gradient at {called} from {}: {error:.1e}, {name}", graph.node(*node).name);
                    let area = value.shape.area();
                    let products: Vec<f64> = value
                        .data
                        .chunks(area)
                        .zip(sensitivity.data.chunks(area))
                        .map(|(a, b)| a.iter().zip(b).map(|(a, b)| a * b).sum())
                        .collect();
                    let error = difference(found.products(id).unwrap(), &products);
                    prop_assert!(error < 1e-7, "product at {called}: {error:.1e}, {name}");
                }
            }
            for (position, value) in values.iter().enumerate() {
                prop_assert!(difference(answer.value(NodeId(position)).unwrap(), &value.data) < 1e-9);
                let moments = answer.moments(NodeId(position)).unwrap();
                let channel = |channel: usize| value.data.chunks(value.shape.area()).skip(channel).step_by(value.shape.channels).flatten();
                let count = (value.batch * value.shape.area()) as f64;
                for index in 0..value.shape.channels {
                    let mean = channel(index).sum::<f64>() / count;
                    let variance = channel(index).map(|value| (value - mean).powi(2)).sum::<f64>() / count;
                    prop_assert!(difference(&[moments.mean[index], moments.variance[index]], &[mean, variance]) < 1e-9);
                }
            }
        }
    });
}

/// Asks that are merged have the answers of each ask alone, to the last bit.
pub fn what_is_asked_for_beside_it_does_not_change_a_bit_of_an_answer(engines: &[Box<dyn Engine>]) {
    proptest!(ProptestConfig::with_cases(64), |(seed: u64)| {
        let (network, batch) = random::network(seed);
        let batch = labelled(&network, &batch);
        let graph = network.graph();
        // Where asking promises to change nothing: blocks, images, and what has parameters.
        let keeps = |id: &NodeId| {
            let own = id.0 == 0 || graph.blocks().contains(id) || !graph.parameters_of(*id).is_empty();
            own && graph.liveness().is_needed(*id)
        };
        let nodes: Vec<NodeId> = (0..graph.nodes().len()).map(NodeId).filter(keeps).collect();
        let loss = Objective::cross_entropy(graph);
        let alone = Ask::new().patterns().gradients(loss.clone(), Wanted::parameters());
        let wanted = Wanted { parameters: false, nodes: nodes.clone(), products: nodes.clone() };
        let inner = Ask::new().values(&nodes).gradients(Objective::output_sum(graph), wanted);
        let mut both = alone.clone();
        both.merge(&inner);
        for engine in engines {
            for precision in [Precision::F32, Precision::F64] {
                let one = engine.pass(&network, &batch, &alone, precision).unwrap();
                let all = engine.pass(&network, &batch, &both, precision).unwrap();
                let name = engine.name();
                prop_assert_eq!(one.output(), all.output(), "{}", name);
                prop_assert_eq!(one.patterns().unwrap(), all.patterns().unwrap(), "{}", name);
                let of = |answer: &assay_core::engine::Answer| answer.gradients(&loss).unwrap().parameters().unwrap().to_vec();
                prop_assert_eq!(of(&one), of(&all), "{} {:?}", name, precision);
            }
        }
    });
}

/// What was not asked for, and what does not exist, is refused in the same words by every engine.
pub fn what_was_not_asked_for_or_does_not_exist_is_an_error_that_says_so(engines: &[Box<dyn Engine>]) {
    let (network, batch) = random::constant_batch(2);
    let graph = network.graph();
    for engine in engines {
        let refused = |ask: &Ask, batch: &Minibatch| engine.pass(&network, batch, ask, Precision::F32).unwrap_err().to_string();
        let loss = Objective::cross_entropy(graph);
        let answer = engine.pass(&network, &batch, &Ask::new().gradients(loss.clone(), Wanted::default()), Precision::F32).unwrap();
        let unasked: EngineError = answer.value(NodeId(0)).unwrap_err();
        let gradients = answer.gradients(&loss).unwrap();
        let wrong = Minibatch::new(batch.shape(), batch.pixels().to_vec(), vec![99; batch.len()]);
        let said = [
            unasked.to_string(),
            answer.patterns().unwrap_err().to_string(),
            gradients.parameters().unwrap_err().to_string(),
            gradients.node(NodeId(1)).unwrap_err().to_string(),
            refused(&Ask::new().values(&[NodeId(999)]), &batch),
            refused(&Ask::new().gradients(loss, Wanted::parameters()), &wrong),
            engine.gradients(&network, &batch, &[1.0], Precision::F32).unwrap_err().to_string(),
        ];
        let expected = [
            "the value of node 0 cannot be read: the ask did not name it",
            "activation patterns cannot be read: the ask did not name it",
            "the gradients of the parameters cannot be read: the ask did not name it",
            "the gradient of node 1 cannot be read: the ask did not name it",
            "the ask names node 999, but the network has 8 nodes",
            "an image has label 99, but node `out` has 10 classes (labels count from 0)",
            "a cotangent needs 20 values (as many as its node has over the batch), was given 1",
        ];
        assert_eq!(said, expected, "{}", engine.name());
    }
}

/// Gradients of each image alone.
pub fn gradients_by_image_are_those_of_batches_of_one(engines: &[Box<dyn Engine>]) {
    by_image(engines, random::network, 48);
}

pub(super) fn by_image(engines: &[Box<dyn Engine>], of: Drawn, cases: u32) {
    proptest!(ProptestConfig::with_cases(cases), |(seed: u64)| {
        let (network, batch) = of(seed);
        let batch = labelled(&network, &batch);
        let loss = Objective::cross_entropy(network.graph());
        let mut expected: Vec<Vec<Vec<f64>>> = Vec::new();
        for image in 0..batch.len() {
            let alone = batch.part(image, 1);
            let values = reference::forward(&network, &alone);
            prop_assume!(!is_delicate(&network, &values));
            let cotangent = loss_gradient(&values[network.graph().output().0].data, &alone);
            expected.push(reference::gradients(&network, &values, &cotangent));
        }
        for engine in able(engines, &network) {
            let mut found: Vec<Vec<Vec<f64>>> = Vec::new();
            engine.gradients_by_image(&network, &batch, &loss, Precision::F64, &mut |one| found.push(one.to_vec())).unwrap();
            prop_assert_eq!(found.len(), batch.len());
            for (image, (found, expected)) in found.iter().zip(&expected).enumerate() {
                let largest = expected.iter().flatten().fold(1e-3, |most: f64, value| most.max(value.abs()));
                for (spec, (found, expected)) in network.graph().parameters().iter().zip(found.iter().zip(expected)) {
                    prop_assert_eq!(found.len(), expected.len());
                    let error = found.iter().zip(expected).map(|(a, b)| (a - b).abs() / largest).fold(0.0, f64::max);
                    prop_assert!(error < 1e-7, "{} of image {image}: {error:.1e}, {}", spec.path, engine.name());
                }
            }
        }
    });
}
