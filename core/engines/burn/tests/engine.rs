//! The suite of all engines, on burn's CPU backend.

use assay_core::engine::Engine;

fn engines() -> Vec<Box<dyn Engine>> {
    vec![Box::new(assay_burn::flex())]
}

assay_engine_tests::engine_suite!(&engines());
assay_engine_tests::learner_suite!(&engines());
