//! Random networks, which have every operator between them.

use std::collections::BTreeSet;

use assay_core::data::Minibatch;
use assay_core::graph::KNOWN;
use assay_core::network::{Network, RunningMoments, RunningStatistics, batch_norms};
use assay_engine_tests::random;
use assay_export::{Model, to_onnx};
use assay_weights::Weights;

use crate::{assert_same, logits, read_back, weights};

const SEEDS: u64 = 60;

/// Networks over basic operators, over others on maps, as mobile networks are, and on sequences.
fn networks() -> impl Iterator<Item = (String, Network, Minibatch)> {
    type Make = fn(u64) -> (Network, Minibatch);
    let kinds: [(&str, Make); 4] = [
        ("basic", random::network),
        ("any", random::network_of_any_operator),
        ("mobile", random::mobile_network),
        ("sequences", random::network_on_sequences),
    ];
    kinds.into_iter().flat_map(|(kind, make)| {
        (0..SEEDS).map(move |seed| {
            let (network, images) = make(seed);
            (format!("{kind} {seed}"), network, images)
        })
    })
}

/// Statistics that differ from channel to channel.
fn statistics(network: &Network) -> RunningStatistics {
    let graph = network.graph();
    let moments = |channels: usize| RunningMoments {
        mean: (0..channels).map(|channel| 0.25 * (channel % 3) as f32 - 0.25).collect(),
        variance: (0..channels).map(|channel| 0.5 + 0.5 * (channel % 4) as f32).collect(),
    };
    RunningStatistics { nodes: batch_norms(graph).map(|id| (id, moments(graph.node(id).shape.channels))).collect() }
}

#[test]
fn an_exported_random_network_reads_back_to_the_same_outputs() {
    for (title, network, images) in networks() {
        let net = read_back(&title, &Weights::untrained(network.clone()));
        assert_same(&logits(&net.network().unwrap(), &images), &logits(&network, &images), &title);
        let running = statistics(&network);
        let net = read_back(&title, &Weights { network: network.clone(), statistics: Some(running.clone()) });
        let back = net.network().unwrap().by_running(net.statistics.unwrap_or_default());
        assert_same(&logits(&back, &images), &logits(&network.by_running(running), &images), &title);
    }
}

/// The reader makes the operators that it knows of what is written, which may be others of the same value; then it stays so.
#[test]
fn an_export_of_what_was_read_back_is_the_same_file() {
    for (title, network, _) in networks() {
        let first = weights(&read_back(&title, &Weights::untrained(network)));
        let bytes = to_onnx(&Model::new(&title, &first)).unwrap();
        let second = weights(&read_back(&title, &first));
        assert!(to_onnx(&Model::new(&title, &second)).unwrap() == bytes, "{title}");
        let names = |weights: &Weights| weights.tensors().into_iter().map(|(name, ..)| name).collect::<Vec<_>>();
        assert_eq!(names(&second), names(&first), "{title}");
    }
}

#[test]
fn the_networks_have_every_operator() {
    let mut kinds = BTreeSet::new();
    for (_, network, _) in networks() {
        let graph = network.graph();
        let needed = graph.needed_by(&[]);
        kinds.extend(graph.nodes().iter().zip(needed).filter(|(_, needed)| *needed).map(|(node, _)| node.operator.kind()));
    }
    assert_eq!(kinds, KNOWN.iter().map(|known| known.kind).collect());
}
