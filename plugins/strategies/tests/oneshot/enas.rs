//! Steps of ENAS and of its controller, against those of the published code.

use assay_core::plugin::supernet::Kept;
use assay_strategies::parts::oneshot::controller::{Controller, Parameter};
use assay_strategies::parts::oneshot::learnt::LearntRules;
use assay_strategies::parts::oneshot::policy::{RewardRules, Sampled};
use assay_strategies::parts::oneshot::steps::Found;
use serde_json::Value;

use crate::recorded::{Recorded, close};
use crate::same_step;

#[test]
fn oracle_oneshot_enas_steps_are_those_of_the_published_code() {
    let recorded = Recorded::read("enas");
    for case in recorded.cases() {
        let mut course = case.course();
        for step in 0..3 {
            let [base, arch] = ["base", "arch"].map(|which| recorded.batch(&format!("step{step}.{which}")));
            let path = recorded.path(&case.step(step)["base_path"]);
            let base = course.single(&base, Kept::Shared(&path), case.weight_step(step)).unwrap();
            case.same_absent(&course, step);
            let second = &case.step(step)["arch_path"];
            same_step(&case, step, &Found { base, arch: None, gradient: None, at_weights: None });
            if !second.is_null() {
                let output = course.look(&arch, Kept::Shared(&recorded.path(second))).unwrap();
                case.same(&output, &format!("step{step}.arch.logits"));
            }
        }
        case.same_after(&course);
        case.same_choice(&mut course);
    }
}

/// A parameter's name in the file.
fn name(parameter: Parameter) -> String {
    match parameter {
        Parameter::Start => "input".into(),
        Parameter::Input(layer) => format!("lstm.{layer}.weight_ih"),
        Parameter::Hidden(layer) => format!("lstm.{layer}.weight_hh"),
        Parameter::InputBias(layer) => format!("lstm.{layer}.bias_ih"),
        Parameter::HiddenBias(layer) => format!("lstm.{layer}.bias_hh"),
        Parameter::Embedding => "embedding".into(),
        Parameter::Weight => "predict.weight".into(),
        Parameter::Bias => "predict.bias".into(),
    }
}

fn number(of: &Value, key: &str) -> f64 {
    of[key].as_f64().unwrap_or_else(|| panic!("{key} is {}", of[key]))
}

#[test]
fn oracle_oneshot_enas_controller_learns_as_that_of_the_published_code() {
    let recorded = Recorded::read("enas");
    let (edges, operators) = (6, recorded.space.layout().operators.len());
    let cases = recorded.json["controller"]["cases"].as_array().unwrap();
    assert!(!cases.is_empty());
    for (case_number, case) in cases.iter().enumerate() {
        let title = |what: &str| format!("{} of case {case_number}: {what}", case["name"]);
        let start = Parameter::ALL.iter().flat_map(|parameter| recorded.tensor(&format!("controller.{}", name(*parameter))));
        let mut controller = Controller::of(edges, operators, start.collect());
        let optimiser = &case["optimiser"];
        assert_eq!((optimiser["name"].as_str(), number(optimiser, "weight_decay")), (Some("adam"), 0.0));
        let betas: [f64; 2] = serde_json::from_value(optimiser["betas"].clone()).unwrap();
        let (rate, epsilon, clip) = (number(optimiser, "lr"), number(optimiser, "eps"), number(case, "clip"));
        let rules = LearntRules { rate, betas, epsilon, decay: 0.0, clip };
        let count = case["aggregate"].as_u64().unwrap() as usize;
        let rewards = RewardRules { entropy: number(case, "entropy_weight"), keep: number(case, "baseline_decay"), samples: count };
        let before = case["baseline_before"].as_f64();
        for (update, samples) in case["samples"].as_array().unwrap().chunks(count).enumerate() {
            let mut gradient = vec![0.0; controller.learnt.values.len()];
            for (position, sample) in samples.iter().enumerate() {
                let layout = recorded.space.layout();
                let operators = sample["path"].as_array().unwrap().iter().map(|own| layout.operator(own.as_str().unwrap()).unwrap());
                let said = controller.of_architecture(&operators.collect::<Vec<_>>());
                if update == 0 && position == 0 {
                    let expected = recorded.tensor(&format!("controller.case{case_number}.sample0.predictions"));
                    close(&said.predictions.concat(), &expected, &title("predictions"));
                }
                let sampled = Sampled::new(&said, number(sample, "accuracy"), before, &rewards);
                // The loss is recorded before it is divided by the samples.
                let found = [said.log_probability, said.entropy, sampled.reward, sampled.baseline, sampled.loss * count as f64];
                for (found, key) in found.into_iter().zip(["log_probability", "entropy", "reward", "baseline", "loss"]) {
                    close(&[found], &[number(sample, key)], &title(&format!("{key} of sample {position} of update {update}")));
                }
                controller.add_gradient(&said, sampled.by[0], sampled.by[1], &mut gradient);
            }
            for parameter in Parameter::ALL {
                let key = format!("controller.case{case_number}.update{update}.gradient.{}", name(parameter));
                close(&gradient[parameter.range(operators)], &recorded.tensor(&key), &title(&key));
            }
            let norm = controller.learnt.step(&gradient, &rules);
            close(&[norm], &[case["gradient_norms"][update].as_f64().unwrap()], &title("norm"));
        }
        for parameter in Parameter::ALL {
            let key = format!("controller.case{case_number}.after.{}", name(parameter));
            close(&controller.learnt.values[parameter.range(operators)], &recorded.tensor(&key), &title(&key));
        }
    }
}
