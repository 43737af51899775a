//! The scores of Zero-Cost NAS's published implementation, reproduced on every engine.

#![allow(clippy::unwrap_used)]

mod zerocost_network;

use assay_burn as _;
use assay_core::engine::{Ask, Engine, Precision};
use assay_core::plugin::{Measured, PassProxy};
use assay_core::score::Reading;
use assay_core::stream::Stream;
use assay_cpu as _;
use assay_engine_tests::engines;
use assay_proxies::fisher::Fisher;
use assay_proxies::grad_norm::GradNorm;
use assay_proxies::jacob_cov::JacobCov;
use assay_proxies::parts::positive_network::Norms;
use assay_proxies::plain::Plain;
use assay_proxies::snip::Snip;
use assay_proxies::{grasp, l2_norm, synflow};
use zerocost_network::{Case, cases};

/// A proxy's score of a network that no space here has.
fn read(proxy: &dyn PassProxy, case: &Case, engine: &dyn Engine) -> Reading {
    let stream = Stream::new(0, "unused");
    let ask = proxy.ask(0, &case.network, &case.batch, &stream).unwrap();
    let answer = engine.pass(&case.network, &case.batch, &ask, Precision::F32).unwrap();
    proxy.read(&[Measured { network: &case.network, batch: &case.batch, ask: &ask, answer: &answer }], &stream, engine).unwrap()
}

/// Our score under the name that the implementation gives it.
fn score(name: &str, case: &Case, engine: &dyn Engine) -> Reading {
    match name {
        "grad_norm" => read(&GradNorm::default(), case, engine),
        "snip" => read(&Snip::default(), case, engine),
        "plain" => read(&Plain::default(), case, engine),
        "fisher" => read(&Fisher::default(), case, engine),
        "jacob_cov" => read(&JacobCov::default(), case, engine),
        "grasp" => grasp::score(&case.network, &case.batch, engine, &grasp::EPSILONS).unwrap(),
        "synflow" => synflow::score(&case.network, Norms::Reductions, engine).unwrap(),
        "synflow_bn" => synflow::score(&case.network, Norms::All, engine).unwrap(),
        "l2_norm" => l2_norm::score(&case.network),
        other => panic!("{}: the oracle has a score `{other}` that no proxy here computes", case.title),
    }
}

#[test]
fn oracle_logits_are_the_published_implementations() {
    for case in cases() {
        for engine in engines() {
            let answer = engine.pass(&case.network, &case.batch, &Ask::new(), Precision::F32).unwrap();
            let scale = case.logits.iter().fold(0.0_f64, |most, logit| most.max(logit.abs()));
            assert_eq!(answer.output().len(), case.logits.len());
            for (ours, theirs) in answer.output().iter().zip(&case.logits) {
                assert!((ours - theirs).abs() <= 1e-4 * scale, "{} on {}: a logit is {ours}, not {theirs}", case.title, engine.name());
            }
        }
    }
}

#[test]
fn oracle_scores_are_the_published_implementations() {
    let mut compared = 0;
    for case in cases() {
        // `naswot` has a test of its own.
        let scores = case.scores.iter().filter(|(name, _)| *name != "naswot");
        for (name, theirs) in scores.filter_map(|(name, score)| Some((name, (*score)?))) {
            for engine in engines() {
                let title = format!("{}, {name} on {}", case.title, engine.name());
                let ours = score(name, &case, engine.as_ref());
                let ours = ours.value().unwrap_or_else(|| panic!("{title}: {ours}"));
                assert!((ours - theirs).abs() <= 1e-3 * theirs.abs(), "{title}: ours {ours}, the oracle's {theirs}");
                compared += 1;
            }
        }
    }
    assert!(compared > 0, "the oracles hold no score");
}

#[test]
fn oracle_grasp_does_not_depend_on_the_step() {
    for case in cases() {
        let theirs = case.scores["grasp"].unwrap();
        for exponent in [24, 28, 32] {
            let reading = grasp::score(&case.network, &case.batch, &assay_cpu::CpuEngine::new(), &[2.0_f32.powi(-exponent)]).unwrap();
            let ours = reading.value().unwrap();
            assert!((ours - theirs).abs() <= 1e-3 * theirs.abs(), "{}: ε = 2^-{exponent} gives {ours}, not {theirs}", case.title);
        }
    }
}
