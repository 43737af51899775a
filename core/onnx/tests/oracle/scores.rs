//! Logits, tangent kernels and scores of the files' networks, against PyTorch's in 64-bit floats.

use assay_burn::flex;
use assay_core::data::Minibatch;
use assay_core::engine::{Answer, Ask, ConditionNumber, Engine, Precision};
use assay_core::network::Network;
use assay_core::plugin::{Measured, PassProxy};
use assay_core::stream::Stream;
use assay_cpu::CpuEngine;
use assay_proxies::grad_norm::GradNorm;
use assay_proxies::jacob_cov::JacobCov;
use assay_proxies::naswot::Naswot;
use assay_proxies::parts::positive_network::Norms;
use assay_proxies::plain::Plain;
use assay_proxies::snip::Snip;
use assay_proxies::swap::Swap;
use assay_proxies::synflow;
use assay_proxies::zico::Zico;

use crate::files::{ALL, DYNAMO, SCRIPT, Truth, imported};

/// What the README of the oracles allows, as a part of the value.
const DOUBLE: f64 = 1e-6;
const SINGLE: f64 = 1e-3;

/// Both precisions on the engine that runs everything, and one on the other for what it runs.
fn for_each_engine(network: &Network, mut check: impl FnMut(&dyn Engine, Precision, f64)) {
    check(&flex(), Precision::F64, DOUBLE);
    check(&flex(), Precision::F32, SINGLE);
    let cpu = CpuEngine::new();
    if cpu.supports(network.graph()).is_ok() {
        check(&cpu, Precision::F32, SINGLE);
    }
}

fn batches(truth: &Truth, network: &Network) -> [Minibatch; 2] {
    let shape = network.graph().input_shape();
    let targets = |name: &str| -> Vec<u32> {
        truth.told[name].as_array().unwrap().iter().map(|label| u32::try_from(label.as_u64().unwrap()).unwrap()).collect()
    };
    [("input0", "targets0"), ("input1", "targets1")].map(|(images, labels)| Minibatch::new(shape, truth.floats(images), targets(labels)))
}

/// In inference mode: by the file's running statistics, where it has such.
fn in_evaluation(name: &str, end: &str) -> Network {
    let net = imported(name, end);
    let network = net.network().unwrap();
    match net.statistics {
        Some(statistics) => network.by_running(statistics),
        None => network,
    }
}

#[track_caller]
fn assert_near(ours: f64, theirs: f64, part: f64, what: &str) {
    assert!((ours - theirs).abs() <= part * theirs.abs(), "{what}: {ours}, the oracle's {theirs}");
}

fn assert_logits(network: &Network, truth: &Truth, tensor: &str, double: f64, what: &str) {
    let theirs = truth.doubles(tensor);
    let largest = theirs.iter().fold(0.0_f64, |largest, value| largest.max(value.abs()));
    for_each_engine(network, |engine, precision, _| {
        let ours = engine.pass(network, &batches(truth, network)[0], &Ask::new(), precision).unwrap();
        let most = if precision == Precision::F64 { double * largest } else { 1e-4 };
        for (ours, theirs) in ours.output().iter().zip(&theirs) {
            assert!((ours - theirs).abs() <= most, "{what} on {} in {precision}: a logit is {ours}, not {theirs}", engine.name());
        }
    });
}

#[test]
fn oracle_onnx_logits_are_pytorchs() {
    for name in ALL {
        let truth = Truth::of(name);
        for end in [SCRIPT, DYNAMO] {
            // What was folded into a convolution was rounded to 32 bits.
            let double = if imported(name, end).folded_norms { 1e-4 } else { DOUBLE };
            assert_logits(&in_evaluation(name, end), &truth, "logits_eval", double, &format!("{name}.{end}"));
        }
        if truth.told["has_batch_norm"].as_bool().unwrap() {
            assert_logits(&imported(name, SCRIPT).network().unwrap(), &truth, "logits_train", DOUBLE, &format!("{name}, by the batch"));
        }
    }
}

/// The files that have every parameter: all by TorchScript, and those of networks that had no batch normalisation to fold.
fn whole(truth: &Truth) -> Vec<&'static str> {
    if truth.told["has_batch_norm"].as_bool().unwrap() { vec![SCRIPT] } else { vec![SCRIPT, DYNAMO] }
}

#[test]
fn oracle_onnx_tangent_kernels_and_their_condition_are_pytorchs() {
    for name in ALL {
        let truth = Truth::of(name);
        for end in whole(&truth) {
            for (mode, network) in [("eval", in_evaluation(name, end)), ("train", imported(name, end).network().unwrap())] {
                // Without batch normalisation both are one.
                let mode = if mode == "train" && !truth.told["has_batch_norm"].as_bool().unwrap() { "eval" } else { mode };
                let theirs = truth.doubles(&format!("gram_{mode}"));
                let largest = theirs.iter().fold(0.0_f64, |largest, value| largest.max(value.abs()));
                for_each_engine(&network, |engine, precision, part| {
                    let what = format!("{name}.{end}, {mode}, {} in {precision}", engine.name());
                    let gram = engine.tangent_gram(&network, &batches(&truth, &network)[0], precision).unwrap();
                    for (ours, theirs) in gram.entries().iter().zip(&theirs) {
                        assert!((ours - theirs).abs() <= part * largest, "{what}: an entry is {ours}, not {theirs}");
                    }
                    let ConditionNumber::Defined { kappa, .. } = gram.condition_number() else { panic!("{what}: κ is undefined") };
                    assert_near(kappa, truth.score(&format!("kappa_{mode}")), part, &what);
                });
            }
        }
    }
}

fn reading(proxy: &dyn PassProxy, network: &Network, batches: &[Minibatch], engine: &dyn Engine, precision: Precision) -> f64 {
    let stream = Stream::new(0, "unused");
    let asks: Vec<Ask> = batches.iter().enumerate().map(|(place, batch)| proxy.ask(place, network, batch, &stream).unwrap()).collect();
    let answers: Vec<Answer> = batches.iter().zip(&asks).map(|(batch, ask)| engine.pass(network, batch, ask, precision).unwrap()).collect();
    let measured = batches.iter().zip(&asks).zip(&answers);
    let measured: Vec<Measured<'_>> = measured.map(|((batch, ask), answer)| Measured { network, batch, ask, answer }).collect();
    let reading = proxy.read(&measured, &stream, engine).unwrap();
    reading.value().unwrap_or_else(|| panic!("{reading}"))
}

#[test]
fn oracle_onnx_scores_are_those_of_the_published_code() {
    let mut compared = 0;
    for name in ALL {
        let truth = Truth::of(name);
        for end in whole(&truth) {
            let network = imported(name, end).network().unwrap();
            let both = batches(&truth, &network);
            for_each_engine(&network, |engine, precision, part| {
                let proxies: [(&str, &dyn PassProxy, usize); 7] = [
                    ("snip", &Snip::default(), 1),
                    ("plain", &Plain::default(), 1),
                    ("grad_norm", &GradNorm::default(), 1),
                    ("jacob_cov", &JacobCov::default(), 1),
                    ("zico", &Zico::default(), 2),
                    ("naswot", &Naswot::default(), 1),
                    ("swap", &Swap::default(), 1),
                ];
                for (score, proxy, count) in proxies {
                    // Networks without a ReLU have neither `naswot` nor `swap`.
                    let Some(theirs) = truth.told["scores"].get(score).and_then(serde_json::Value::as_f64) else { continue };
                    let ours = reading(proxy, &network, &both[..count], engine, precision);
                    let part = match score {
                        // A sum of terms of both signs is small beside them.
                        "plain" => part * truth.score("snip") / theirs.abs(),
                        // It divides by differences between nearly equal gradients, which every rounding changes: to 32 bits, and
                        // of constants that the file holds in 32 bits, as the 1/6 of a hard sigmoid and attention's 1/√12.
                        "zico" if precision == Precision::F64 => 10.0 * part,
                        "zico" => 5.0 * part,
                        _ => part,
                    };
                    assert_near(ours, theirs, part, &format!("{name}.{end}: {score}, {} in {precision}", engine.name()));
                    compared += 1;
                }
                let flow = synflow::score(&network, Norms::None, engine).unwrap().value().unwrap();
                assert_near(flow, truth.score("synflow"), SINGLE, &format!("{name}.{end}: synflow, {}", engine.name()));
            });
        }
    }
    assert!(compared > 60, "only {compared} scores were compared");
}
