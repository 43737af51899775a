//! Steps of searches that share weights, against those of the published codes: losses, logits, gradients, what is learnt, weights
//! and running statistics after three steps, and the choice at the end, in 64 bits.
#![allow(clippy::unwrap_used)]

mod cnas;
mod darts_space;
mod enas;
mod engine;
mod layers;
mod pretext;
mod recorded;
mod unnas;

use assay_core::engine::learner::Rules;
use assay_core::plugin::supernet::Kept;
use assay_core::subspace::Subspace;
use assay_strategies::parts::oneshot::choice::most_probable;
use assay_strategies::parts::oneshot::steps::{Drawn, Found, Images, Unrolling};

use self::recorded::{Case, Recorded, close};

/// Compares what a step found.
fn same_step(case: &Case<'_>, step: usize, found: &Found) {
    let tensor = |name: &str| format!("step{step}.{name}");
    case.same_number(found.base.loss, step, "base_loss");
    case.same(&found.base.output, &tensor("base.logits"));
    if let Some(arch) = &found.arch {
        // The second order has this loss at weights that are moved.
        let loss = if case.step(step)["unrolled_loss"].is_null() { "arch_loss" } else { "unrolled_loss" };
        case.same_number(arch.loss, step, loss);
        if case.recorded.find(&format!("case{}.{}", case.number, tensor("arch.logits"))).is_some() {
            case.same(&arch.output, &tensor("arch.logits"));
        }
    }
    if let Some(gradient) = &found.gradient {
        case.same_choices(gradient, &tensor("alpha_gradient"));
    }
    let name = tensor("alpha_gradient_at_weight_step");
    if let (Some(at_weights), Some(recorded)) = (&found.at_weights, case.recorded.find(&format!("case{}.{name}", case.number))) {
        // Recorded after the clip.
        let squares: f64 = at_weights.numbers().map(|value| value * value).sum();
        let cut = Rules::cut((found.base.norm.powi(2) + squares).sqrt(), case.json["clip"].as_f64());
        let cut: Vec<f64> = at_weights.numbers().map(|value| value * cut).collect();
        close(&cut, &recorded, &format!("{} {name}", case.name()));
    }
}

#[test]
fn oracle_oneshot_gdas_steps_are_those_of_the_published_code() {
    let recorded = Recorded::read("gdas");
    for case in recorded.cases() {
        let mut course = case.course();
        let temperature = case.json["tau"].as_f64().unwrap();
        for step in 0..3 {
            let images = [recorded.batch(&format!("step{step}.base")), recorded.batch(&format!("step{step}.arch"))];
            let noise = |which: &str| recorded.per_choice(&format!("case{}.step{step}.{which}.gumbel", case.number));
            // The second noise comes when α is as it was: weights learn first, α last.
            let [base, arch] = ["base", "arch"].map(|which| Drawn::by(&course, &noise(which), temperature));
            assert_eq!(base.architecture, recorded.path(&case.step(step)["base_path"]), "{}", case.name());
            assert_eq!(arch.architecture, recorded.path(&case.step(step)["arch_path"]), "{}", case.name());
            let found =
                course.gdas(Images { base: &images[0], arch: &images[1] }, [&base, &arch], case.weight_step(step), &case.alpha_rules());
            same_step(&case, step, &found.unwrap());
            case.same_choices(&course.alphas.values, &format!("step{step}.alpha"));
        }
        case.same_after(&course);
        case.same_choice(&mut course);
    }
}

#[test]
fn oracle_oneshot_darts_steps_are_those_of_the_published_code() {
    let recorded = Recorded::read("darts");
    for case in recorded.cases() {
        let mut course = case.course();
        for step in 0..3 {
            let images = [recorded.batch(&format!("step{step}.base")), recorded.batch(&format!("step{step}.arch"))];
            let images = Images { base: &images[0], arch: &images[1] };
            let (by, alphas) = (case.weight_step(step), case.alpha_rules());
            if case.name().starts_with("darts-v1") {
                same_step(&case, step, &course.darts_first(images, false, by, &alphas).unwrap());
            } else {
                let rules = case.rules();
                let unrolling = Unrolling { rate: by.rate, momentum: 0.9, decay: rules.weight_decay, reach: 0.01 };
                let alphas_first = case.name().ends_with("nb201");
                let (found, unrolled) = course.darts_second(images, alphas_first, by, &unrolling, &alphas).unwrap();
                case.same(&unrolled.inner.output, &format!("step{step}.inner.logits"));
                case.same(&unrolled.arch.output, &format!("step{step}.unrolled.logits"));
                case.same(&unrolled.plus.output, &format!("step{step}.plus.logits"));
                case.same(&unrolled.minus.output, &format!("step{step}.minus.logits"));
                case.same_choices(&unrolled.implicit, &format!("step{step}.implicit"));
                case.same_number(unrolled.inner.loss, step, "inner_loss");
                case.same_number(unrolled.plus.loss, step, "plus_loss");
                case.same_number(unrolled.minus.loss, step, "minus_loss");
                case.same_number(unrolled.norm, step, "vector_norm");
                case.same_number(unrolled.epsilon, step, "epsilon");
                same_step(&case, step, &found);
            }
            case.same_choices(&course.alphas.values, &format!("step{step}.alpha"));
        }
        case.same_after(&course);
        case.same_choice(&mut course);
    }
}

#[test]
fn oracle_oneshot_setn_steps_and_candidates_are_those_of_the_published_code() {
    let recorded = Recorded::read("setn");
    for case in recorded.cases() {
        let mut course = case.course();
        for step in 0..3 {
            let [base, arch] = ["base", "arch"].map(|which| recorded.batch(&format!("step{step}.{which}")));
            let path = recorded.path(&case.step(step)["base_path"]);
            let base = course.single(&base, Kept::Shared(&path), case.weight_step(step)).unwrap();
            case.same_absent(&course, step);
            let (arch, gradient) = course.mixed_alphas(&arch, &case.alpha_rules()).unwrap();
            same_step(&case, step, &Found { base, arch: Some(arch), gradient: Some(gradient), at_weights: None });
            case.same_choices(&course.alphas.values, &format!("step{step}.alpha"));
        }
        case.same_after(&course);
        let top = case.json["top"].as_array().unwrap();
        let found = most_probable(recorded.space.as_ref(), &course.alphas.values, top.len());
        for ((architecture, log_probability), expected) in found.iter().zip(top) {
            assert_eq!(recorded.space.write(architecture).unwrap(), expected["arch"].as_str().unwrap(), "{}", case.name());
            close(&[*log_probability], &[expected["log_probability"].as_f64().unwrap()], case.name());
        }
        assert_eq!(found.len(), top.len());
        case.same_choice(&mut course);
    }
}

#[test]
fn oracle_oneshot_rsps_steps_are_those_of_the_published_code() {
    let recorded = Recorded::read("rsps");
    for case in recorded.cases() {
        let mut course = case.course();
        for step in 0..3 {
            let [base, arch] = ["base", "arch"].map(|which| recorded.batch(&format!("step{step}.{which}")));
            let paths = |key: &str| -> Vec<Subspace> {
                let listed = case.step(step)[key].as_array().unwrap();
                // Three lists where each searched cell has its own.
                if listed[0].is_array() {
                    listed.iter().map(|own| recorded.path(own)).collect()
                } else {
                    vec![recorded.path(&case.step(step)[key]); 3]
                }
            };
            let by_cell = paths("base_path");
            let base = course.single(&base, Kept::ByCell(&by_cell), case.weight_step(step)).unwrap();
            case.same_absent(&course, step);
            same_step(&case, step, &Found { base, arch: None, gradient: None, at_weights: None });
            if !case.step(step)["arch_path"].is_null() {
                let output = course.look(&arch, Kept::ByCell(&paths("arch_path"))).unwrap();
                case.same(&output, &format!("step{step}.arch.logits"));
            }
        }
        case.same_after(&course);
        case.same_choice(&mut course);
    }
}
