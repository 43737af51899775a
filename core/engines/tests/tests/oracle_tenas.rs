//! The published TE-NAS implementation's own numbers, reproduced by every engine.
//!
//! Each oracle holds a supernet's parameters, real images, and for several pruning states the logits, the tangent Gram
//! matrix, its condition number κ and the number of linear regions (see the oracles' README for the conventions).

#![allow(clippy::unwrap_used)]

use assay_burn as _;
use assay_cpu as _;
use assay_spaces as _;

use assay_core::engine::{ConditionNumber, Engine, Precision};
use assay_engine_tests::engines;
use assay_oracles::tenas::{Case, cases};
use assay_oracles::{OracleFile, folder};

/// Every case of every oracle of either space.
fn subjects() -> Vec<Case> {
    let files = ["tenas_nb201", "tenas_darts"].map(|begin| OracleFile::listed(&folder(), begin).unwrap());
    files.concat().iter().flat_map(|file| cases(file).unwrap()).collect()
}

/// Runs `check` for every engine on every case of every oracle.
fn for_each_case(check: impl Fn(&dyn Engine, &Case)) {
    for subject in subjects() {
        for engine in engines() {
            check(engine.as_ref(), &subject);
        }
    }
}

fn assert_close(ours: f64, theirs: f64, tolerance: f64, scale: f64, what: &str) {
    assert!((ours - theirs).abs() <= tolerance * scale, "{what}: ours {ours}, the oracle's {theirs}");
}

#[test]
fn oracle_logits_are_the_published_implementations() {
    for_each_case(|engine, subject| {
        let forward = engine.forward(&subject.ntk, &subject.images, &[], Precision::F32).unwrap();
        let scale = subject.logits.iter().fold(0.0_f64, |largest, value| largest.max(value.abs()));
        assert_eq!(forward.output.len(), subject.logits.len());
        for (ours, theirs) in forward.output.iter().zip(&subject.logits) {
            assert_close(*ours, *theirs, 1e-4, scale, &format!("{} on {}: a logit", subject.title, engine.name()));
        }
    });
}

#[test]
fn oracle_gram_matrix_and_kappa_are_the_published_implementations() {
    for_each_case(|engine, subject| {
        let title = format!("{} on {}", subject.title, engine.name());
        let (precision, (reference, tolerance)) = (subject.recorded.precision(), subject.recorded.kappa());
        let gram = engine.tangent_gram(&subject.ntk, &subject.images, precision).unwrap();
        let scale = subject.matrix.iter().fold(0.0_f64, |largest, value| largest.max(value.abs()));
        for (ours, theirs) in gram.entries().iter().zip(&subject.matrix) {
            assert_close(*ours, *theirs, 1e-3, scale, &format!("{title}: a Gram entry"));
        }
        match gram.condition_number() {
            ConditionNumber::Defined { kappa, smallest, largest } => {
                assert_close(kappa, reference, tolerance, reference, &format!("{title}: κ"));
                for (ours, theirs) in [(smallest, subject.recorded.lambda_min_f64), (largest, subject.recorded.lambda_max_f64)] {
                    assert_close(ours, theirs, tolerance, theirs, &format!("{title}: λ"));
                }
            }
            ConditionNumber::Undefined { because } => panic!("{title}: κ is undefined, because {because}"),
        }
    });
}

#[test]
fn oracle_linear_regions_are_counted_exactly() {
    for_each_case(|engine, subject| {
        let patterns = subject.patterns(engine).unwrap();
        let title = format!("{} on {}", subject.title, engine.name());
        assert_eq!(patterns.units(), subject.recorded.relu_units, "{title}: ReLU units");
        assert_eq!(patterns.distinct(), subject.recorded.linear_regions_unique_patterns, "{title}: regions");
    });
}

#[test]
fn oracle_counts_the_same_parameters_in_the_gradient() {
    for subject in subjects() {
        let graph = subject.ntk.graph();
        let live = graph.liveness();
        let counted = graph.parameters().iter().filter(|spec| spec.is_named_weight() && live.is_needed(spec.node));
        let elements: usize = counted.map(assay_core::graph::ParameterSpec::elements).sum();
        assert_eq!(elements, subject.recorded.params_in_gradient, "{}", subject.title);
    }
}
