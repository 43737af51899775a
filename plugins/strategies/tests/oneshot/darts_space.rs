//! Steps of DARTS on its own space, against those of its own code.

use assay_spaces::darts::Darts;
use assay_strategies::parts::oneshot::steps::{Images, Unrolling};

use crate::recorded::Recorded;

/// The published notation of a genotype.
fn genotype(of: &serde_json::Value) -> String {
    let cell = |kind: &str| {
        let inputs = of[kind].as_array().unwrap().iter();
        let inputs: Vec<String> = inputs.map(|input| format!("('{}', {})", input[0].as_str().unwrap(), input[1])).collect();
        format!("{kind}=[{}], {kind}_concat=range(2, 6)", inputs.join(", "))
    };
    format!("Genotype({}, {})", cell("normal"), cell("reduce"))
}

#[test]
fn oracle_oneshot_darts_on_its_own_space_takes_the_steps_of_its_own_code() {
    let recorded = Recorded::of("dartsspace", Box::new(Darts::new()));
    for case in recorded.cases() {
        let mut course = case.course();
        for step in 0..3 {
            let images = [recorded.batch(&format!("step{step}.base")), recorded.batch(&format!("step{step}.arch"))];
            let images = Images { base: &images[0], arch: &images[1] };
            let (by, alphas) = (case.weight_step(step), case.alpha_rules());
            let found = if case.name().starts_with("first") {
                course.darts_first(images, true, by, &alphas).unwrap()
            } else {
                let unrolling = Unrolling { rate: by.rate, momentum: 0.9, decay: case.rules().weight_decay, reach: 0.01 };
                let (found, unrolled) = course.darts_second(images, true, by, &unrolling, &alphas).unwrap();
                case.same(&unrolled.inner.output, &format!("step{step}.inner.logits"));
                case.same(&unrolled.plus.output, &format!("step{step}.plus.logits"));
                case.same(&unrolled.minus.output, &format!("step{step}.minus.logits"));
                case.same_choices(&unrolled.implicit, &format!("step{step}.implicit"));
                case.same_number(unrolled.norm, step, "vector_norm");
                case.same_number(unrolled.epsilon, step, "epsilon");
                found
            };
            case.same(&found.base.output, &format!("step{step}.base.logits"));
            case.same_number(found.base.loss, step, "base_loss");
            case.same_number(found.base.norm, step, "gradient_norm");
            case.same_choices(&found.gradient.unwrap(), &format!("step{step}.alpha_gradient"));
            case.same_choices(&course.alphas.values, &format!("step{step}.alpha"));
        }
        case.same_after(&course);
        let strongest = recorded.space.strongest(&course.alphas.probabilities());
        let expected = recorded.space.parse(&genotype(&case.json["genotype"])).unwrap();
        assert_eq!(strongest, expected, "{}", case.name());
    }
}
