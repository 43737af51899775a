//! Steps of CNAS and of its controllers, against those of the published code.

use assay_core::plugin::supernet::Kept;
use assay_core::plugin::{Read, SearchSpace};
use assay_core::subspace::Subspace;
use assay_cpu::CpuEngine;
use assay_spaces::darts::{Darts, Inputs};
use assay_strategies::parts::oneshot::cell_controller::{CellSaid, CellShape, Parameter};
use assay_strategies::parts::oneshot::cell_policy::{CellPolicy, CellPolicyRules};
use assay_strategies::parts::oneshot::choice::accuracy;
use assay_strategies::parts::oneshot::curriculum::{Cells, Stage};
use assay_strategies::parts::oneshot::learnt::LearntRules;
use assay_strategies::parts::oneshot::steps::WeightStep;
use serde_json::Value;

use crate::recorded::{Case, Recorded, close, within};

const KINDS: [&str; 2] = ["normal", "reduce"];
/// As many rows of the head as there are nodes.
const SHAPE: CellShape = CellShape { units: 16, sources: 5, operators: 8, head: 4 };

/// A parameter's name in the file.
fn name(parameter: Parameter) -> &'static str {
    match parameter {
        Parameter::Embedding => "embedding",
        Parameter::Queried => "attention.embedding",
        Parameter::Asked => "attention.hidden",
        Parameter::Vector => "attention.vector",
        Parameter::Input => "lstm.weight_ih",
        Parameter::Hidden => "lstm.weight_hh",
        Parameter::InputBias => "lstm.bias_ih",
        Parameter::HiddenBias => "lstm.bias_hh",
        Parameter::Weight => "operators.weight",
        Parameter::Bias => "operators.bias",
    }
}

fn number(of: &Value, key: &str) -> f64 {
    of[key].as_f64().unwrap_or_else(|| panic!("{key} is {}", of[key]))
}

fn whole(of: &Value, key: &str) -> usize {
    of[key].as_u64().unwrap_or_else(|| panic!("{key} is {}", of[key])) as usize
}

fn operator(space: &dyn SearchSpace, name: &Value) -> usize {
    space.layout().operator(name.as_str().unwrap()).unwrap()
}

/// Compares parameters, or their gradients, of both controllers.
fn same_parameters(case: &Case<'_>, values: &[f64], prefix: &str) {
    for (kind, values) in KINDS.iter().zip(values.chunks(SHAPE.values())) {
        for parameter in Parameter::ALL {
            case.same(&values[parameter.range(SHAPE)], &format!("{prefix}.{kind}.{}", name(parameter)));
        }
    }
}

/// What the controllers say of the recorded choices, compared with what was recorded, and its architecture.
fn said(case: &Case<'_>, policy: &CellPolicy, sampled: &Value, is_uniform: bool) -> (Vec<CellSaid>, Subspace) {
    let space = case.recorded.space.as_ref();
    let cells = Cells::of(space);
    let stage = Stage { nodes: whole(case.json, "cur_nodes"), operators: whole(case.json, "cur_ops") };
    let decisions = cells.decisions(space, stage);
    let choices: Vec<Vec<usize>> = KINDS
        .iter()
        .zip(sampled.as_array().unwrap())
        .map(|(kind, sampled)| {
            assert_eq!(sampled["kind"], *kind);
            serde_json::from_value(sampled["choices"].clone()).unwrap()
        })
        .collect();
    let mut given = choices.concat().into_iter();
    let mut choose = |_: &[f64]| given.next().unwrap();
    let said = match is_uniform {
        true => decisions.iter().map(|decisions| CellSaid::uniform(decisions, &mut choose)).collect(),
        false => policy.say(&decisions, &mut choose),
    };
    for (said, sampled) in said.iter().zip(sampled.as_array().unwrap()) {
        let alternatives: Vec<usize> = serde_json::from_value(sampled["alternatives"].clone()).unwrap();
        assert!(said.probabilities.iter().map(Vec::len).eq(alternatives), "{}", case.name());
        let found = [said.log_probability, said.entropies[0], said.entropies[1]];
        for (found, key) in found.into_iter().zip(["log_probability", "node_entropy", "operator_entropy"]) {
            close(&[found], &[number(sampled, key)], &format!("{} {key}", case.name()));
        }
    }
    let read = |of: &Value| -> (usize, Read) {
        let (node, source) = of[0].as_str().unwrap().split_once("<-").unwrap();
        (node.parse().unwrap(), Read { source: source.parse().unwrap(), operator: operator(space, &of[1]) })
    };
    let cell = |sampled: &Value| -> Vec<[Read; 2]> {
        let inputs: Vec<(usize, Read)> = sampled["cell"].as_array().unwrap().iter().map(read).collect();
        assert!(inputs.iter().enumerate().all(|(position, (node, _))| *node == position / 2));
        inputs.chunks(2).map(|pair| [pair[0].1, pair[1].1]).collect()
    };
    let expected = space.of_reads(&sampled.as_array().unwrap().iter().map(cell).collect::<Vec<_>>()).unwrap();
    let found = cells.architecture(space, &policy.order, &choices).unwrap();
    assert_eq!(found, expected, "{}", case.name());
    (said, found)
}

/// The policy that all cases begin with.
fn start_of(recorded: &Recorded) -> CellPolicy {
    let order = recorded.json["order_of_joining"].as_array().unwrap().iter();
    let of_kind = |kind: &&str| {
        Parameter::ALL
            .iter()
            .flat_map(|parameter| recorded.tensor(&format!("controller.{kind}.{}", name(*parameter))))
            .collect::<Vec<f64>>()
    };
    let values = KINDS.iter().flat_map(of_kind).collect();
    CellPolicy::new(SHAPE, values, order.map(|name| operator(recorded.space.as_ref(), name)).collect())
}

#[test]
fn oracle_oneshot_cnas_on_the_cpu_engine_stays_with_the_published_code_in_32_bits() {
    let recorded = Recorded::of("cnas", Box::new(Darts::new().inputs(Inputs::Free)));
    let by = WeightStep { rate: number(&recorded.json["weights"], "lr"), clip: None, joint: false };
    for case in recorded.cases() {
        let (policy, mut course) = (start_of(&recorded), case.course_on(&CpuEngine::new()));
        for (step, own) in case.json["weight_steps"].as_array().unwrap().iter().enumerate() {
            let (_, drawn) = said(&case, &policy, &own["sampled"], case.json["force_uniform"].as_bool().unwrap());
            let found = course.single(&recorded.batch(&format!("step{step}.base")), Kept::Shared(&drawn), by).unwrap();
            let expected = recorded.tensor(&format!("case{}.weight{step}.logits", case.number));
            within(1e-3, &found.output, &expected, &format!("{} logits of step {step}", case.name()));
        }
        let learner = course.supernet.learner();
        for (spec, values) in learner.graph().parameters().iter().zip(learner.values()) {
            let Some(expected) = recorded.find(&format!("case{}.after.param.{}", case.number, spec.path)) else { continue };
            for (found, expected) in values.iter().zip(&expected) {
                assert!((found - expected).abs() < 1e-5, "{} {}: {found} instead of {expected}", case.name(), spec.path);
            }
        }
    }
}

#[test]
fn oracle_oneshot_cnas_steps_and_controllers_are_those_of_the_published_code() {
    let recorded = Recorded::of("cnas", Box::new(Darts::new().inputs(Inputs::Free)));
    let (weights, rules) = (&recorded.json["weights"], &recorded.json["policy"]);
    let by = WeightStep { rate: number(weights, "lr"), clip: None, joint: false };
    let (rate, epsilon, decay, clip) = (number(rules, "lr"), number(rules, "eps"), number(rules, "weight_decay"), number(rules, "clip"));
    let learnt = LearntRules { rate, betas: serde_json::from_value(rules["betas"].clone()).unwrap(), epsilon, decay, clip };
    let rules = CellPolicyRules { learnt, entropy: number(rules, "entropy"), keep: number(rules, "baseline_momentum") };
    let cases = recorded.cases();
    assert_eq!(cases.len(), 4);
    for case in cases {
        let mut policy = start_of(&recorded);
        let mut course = case.course();
        let start = course.supernet.learner().values();
        for (step, own) in case.json["weight_steps"].as_array().unwrap().iter().enumerate() {
            let (_, drawn) = said(&case, &policy, &own["sampled"], case.json["force_uniform"].as_bool().unwrap());
            let found = course.single(&recorded.batch(&format!("step{step}.base")), Kept::Shared(&drawn), by).unwrap();
            close(&[found.loss], &[number(own, "loss")], &format!("{} loss of step {step}", case.name()));
            case.same(&found.output, &format!("weight{step}.logits"));
            let absent = course.supernet.was_run().iter().filter(|was_run| !**was_run).count();
            assert_eq!(absent, whole(own, "absent"), "{} step {step}", case.name());
        }
        for (step, own) in case.json["policy_steps"].as_array().unwrap().iter().enumerate() {
            // The controllers choose for themselves where they learn.
            let (said, drawn) = said(&case, &policy, &own["sampled"], false);
            for (kind, said) in KINDS.iter().zip(&said) {
                case.same(&said.probabilities.concat(), &format!("policy{step}.probabilities.{kind}"));
            }
            let batch = recorded.batch(&format!("step{step}.arch"));
            let output = course.look(&batch, Kept::Shared(&drawn)).unwrap();
            case.same(&output, &format!("policy{step}.logits"));
            let accuracy = accuracy(&output, batch.labels());
            let found = policy.learn(&said, accuracy, &rules);
            let numbers = [accuracy, policy.baseline.unwrap(), found.reward, found.norm];
            for (found, key) in numbers.into_iter().zip(["accuracy", "baseline", "reward", "gradient_norm"]) {
                close(&[1.0 + found], &[1.0 + number(own, key)], &format!("{} {key} of step {step}", case.name()));
            }
            same_parameters(&case, &found.gradient, &format!("policy{step}.gradient"));
        }
        close(&[policy.baseline.unwrap()], &[number(case.json, "baseline_after")], case.name());
        same_parameters(&case, &policy.learnt.values, "after.controller");
        let names = recorded.names(&format!("case{}.after.param.", case.number));
        let learner = course.supernet.learner();
        assert_eq!(names.len(), course.supernet.was_run().iter().filter(|was_run| **was_run).count(), "{}", case.name());
        for ((spec, values), start) in learner.graph().parameters().iter().zip(learner.values()).zip(start) {
            match names.contains(&spec.path) {
                true => case.same(&values, &format!("after.param.{}", spec.path)),
                false => assert_eq!(values, start, "{} {}: not run, and moved", case.name(), spec.path),
            }
        }
    }
}
