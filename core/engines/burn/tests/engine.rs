//! The suite of all engines, on burn's CPU backend.
#![allow(clippy::unwrap_used)]

use assay_core::engine::Engine;
use assay_engine_tests::random;

fn engines() -> Vec<Box<dyn Engine>> {
    vec![Box::new(assay_burn::flex())]
}

assay_engine_tests::engine_suite!(&engines());
assay_engine_tests::learner_suite!(&engines());
assay_engine_tests::operator_suite!(&engines());

#[test]
fn the_engine_supports_every_operator() {
    for engine in engines() {
        for seed in 0..200 {
            for (network, _) in [random::network_of_any_operator(seed), random::network_on_sequences(seed)] {
                engine.supports(network.graph()).unwrap();
            }
        }
    }
}
