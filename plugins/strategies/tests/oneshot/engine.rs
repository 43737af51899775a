//! The same steps on the CPU's engine in 32 bits, within what PyTorch's own 32 bits stray: 1e-3 of the largest entry of gradients and
//! logits, 1e-5 of weights.

use assay_cpu::CpuEngine;
use assay_strategies::parts::oneshot::steps::{Course, Drawn, Images};

use crate::recorded::{Case, Recorded, within};

/// Compares all steps of a case; `step` takes one, and gives what it found.
fn same(case: &Case<'_>, mut step: impl FnMut(&mut Course<'_>, usize, Images<'_>) -> crate::Found) {
    let recorded = case.recorded;
    let mut course = case.course_on(&CpuEngine::new());
    let tensor = |name: &str| recorded.tensor(&format!("case{}.{name}", case.number));
    for number in 0..3 {
        let images = [recorded.batch(&format!("step{number}.base")), recorded.batch(&format!("step{number}.arch"))];
        let found = step(&mut course, number, Images { base: &images[0], arch: &images[1] });
        let title = |what: &str| format!("{} step {number} {what}", case.name());
        within(1e-3, &found.base.output, &tensor(&format!("step{number}.base.logits")), &title("logits"));
        within(1e-3, &found.arch.unwrap().output, &tensor(&format!("step{number}.arch.logits")), &title("second logits"));
        let gradient: Vec<f64> = found.gradient.unwrap().numbers().collect();
        within(1e-3, &gradient, &tensor(&format!("step{number}.alpha_gradient")), &title("gradient"));
    }
    for (spec, values) in course.supernet.learner().graph().parameters().iter().zip(course.supernet.learner().values()) {
        for (found, expected) in values.iter().zip(&tensor(&format!("after.param.{}", spec.path))) {
            assert!((found - expected).abs() < 1e-5, "{} {}: {found} instead of {expected}", case.name(), spec.path);
        }
    }
}

#[test]
fn oracle_oneshot_gdas_on_the_cpu_engine_stays_with_the_published_code_in_32_bits() {
    for case in Recorded::read("gdas").cases() {
        let temperature = case.json["tau"].as_f64().unwrap();
        same(&case, |course, step, images| {
            let noise = |which: &str| case.recorded.per_choice(&format!("case{}.step{step}.{which}.gumbel", case.number));
            let [base, arch] = ["base", "arch"].map(|which| Drawn::by(course, &noise(which), temperature));
            course.gdas(images, [&base, &arch], case.weight_step(step), &case.alpha_rules()).unwrap()
        });
    }
}

#[test]
fn oracle_oneshot_darts_on_the_cpu_engine_stays_with_the_published_code_in_32_bits() {
    for case in Recorded::read("darts").cases().into_iter().filter(|case| case.name().starts_with("darts-v1")) {
        same(&case, |course, step, images| course.darts_first(images, false, case.weight_step(step), &case.alpha_rules()).unwrap());
    }
}
