//! Steps of DARTS that learn pretext tasks, with their heads, against those of the published code of UnNAS.

use std::collections::BTreeMap;
use std::sync::Arc;

use assay_core::data::Minibatch;
use assay_core::engine::learner::{Learner, Optimiser, Rules};
use assay_core::graph::{Graph, Shape};
use assay_core::network::Network;
use assay_core::objective::LearningObjective;
use assay_core::plugin::supernet::{Conditions, Idle, PerChoice, SharedForm, Statistics, Supernet};
use assay_core::plugin::{MacroNet, Part};
use assay_cpu::CpuEngine;
use assay_engine_tests::plain::PlainLearner;
use assay_spaces::darts::Darts;
use assay_strategies::parts::oneshot::alphas::{AlphaRules, Alphas, squares};
use assay_strategies::parts::oneshot::steps::{Course, Found, Images, WeightStep};
use serde_json::Value;

use crate::recorded::{Recorded, close, within};

/// Features of a tile.
const FEATURES: usize = 64;

/// One task of the recording.
struct Task<'a> {
    recorded: &'a Recorded,
    json: &'a Value,
    name: &'a str,
    objective: LearningObjective,
}

/// Calls `check` with each task.
fn for_each_task(check: impl Fn(&Task<'_>)) {
    let recorded = Recorded::of("unnas", Box::new(Darts::new()));
    let tasks = recorded.json["tasks"].as_array().unwrap();
    assert_eq!(tasks.len(), 3);
    for json in tasks {
        let name = json["task"].as_str().unwrap();
        let objective = match name {
            "rot" => LearningObjective::Rotation,
            "col" => LearningObjective::Colorization,
            "jig" => LearningObjective::Jigsaw,
            _ => panic!("{name}"),
        };
        check(&Task { recorded: &recorded, json, name, objective });
    }
}

fn number(json: &Value, key: &str) -> f64 {
    json[key].as_f64().unwrap_or_else(|| panic!("{key} is {}", json[key]))
}

impl<'a> Task<'a> {
    fn tensor(&self, name: &str) -> Vec<f64> {
        self.recorded.tensor(&format!("{}.{name}", self.name))
    }

    /// A parameter as the graph has it, where it was recorded: of two tasks those of one cell are after the steps. The published layer
    /// that reads all tiles is one; here the part of each place is a layer.
    fn parameter(&self, which: &str, path: &str) -> Option<Vec<f64>> {
        let published = |path: &str| self.recorded.find(&format!("{}.{which}.{path}", self.name));
        match (self.objective, path.strip_prefix("classifier.").and_then(|rest| rest.split_once('.'))) {
            (LearningObjective::Jigsaw, Some((place, "weight"))) => {
                let place: usize = place.parse().unwrap();
                let rows = published("classifier.weight")?;
                Some(rows.chunks(4 * FEATURES).flat_map(|row| row[place * FEATURES..][..FEATURES].to_vec()).collect())
            }
            (LearningObjective::Jigsaw, Some((_, "bias"))) => published("classifier.bias"),
            _ => published(path),
        }
    }

    fn network(&self, graph: &Arc<Graph>) -> Network {
        let value = |path: &str| self.parameter("param", path).unwrap().into_iter().map(|value| value as f32).collect();
        let values: BTreeMap<String, Vec<f32>> = graph.parameters().iter().map(|spec| (spec.path.clone(), value(&spec.path))).collect();
        Network::with_parameters(Arc::clone(graph), &values).unwrap()
    }

    fn rules(&self) -> Rules {
        let weights = &self.json["weights"];
        assert_eq!(weights["optimiser"], "sgd");
        let optimiser = Optimiser::Sgd { momentum: number(weights, "momentum"), nesterov: weights["nesterov"].as_bool().unwrap() };
        Rules { optimiser, weight_decay: number(weights, "weight_decay"), ..Rules::default() }
    }

    fn alpha_rules(&self) -> AlphaRules {
        let alphas = &self.json["alphas"];
        let betas = serde_json::from_value(alphas["betas"].clone()).unwrap();
        AlphaRules { rate: number(alphas, "lr"), betas, epsilon: number(alphas, "eps"), decay: number(alphas, "weight_decay") }
    }

    fn weight_step(&self, step: usize) -> WeightStep {
        WeightStep { rate: number(&self.json["steps"][step], "lr"), clip: self.json["weights"]["clip"].as_f64(), joint: true }
    }

    /// Where it starts.
    fn course(&self, learner: impl FnOnce(&Network, &Rules) -> Box<dyn Learner>) -> Course<'a> {
        let channels = self.json["channels"].as_u64().unwrap() as usize;
        let classes = self.json["classes"].as_u64().unwrap() as usize;
        assert_eq!(self.objective.choices(), Some(classes));
        let net = MacroNet { input: Shape::new(channels, 12, 12), channels: 4, cells: 4, classes, part: Part::Classifier };
        let (form, statistics) = (SharedForm { net, last_affine: true }, Statistics::Running);
        let conditions = Conditions { form, objective: self.objective, idle: Idle::Decay, statistics };
        let space = self.recorded.space.as_ref();
        let whole = Supernet::net(space, &conditions).unwrap();
        let learner = learner(&self.network(&whole.graph), &self.rules());
        let alphas = Alphas::new(space.layout(), self.recorded.per_choice(&format!("{}.alpha", self.name)));
        Course { supernet: Supernet::new(space, conditions, whole, learner), alphas }
    }

    fn batch(&self, name: &str) -> Minibatch {
        let pixels: Vec<f32> = self.tensor(&format!("{name}.input")).into_iter().map(|value| value as f32).collect();
        let labels: Vec<u32> = self.tensor(&format!("{name}.target")).into_iter().map(|value| value as u32).collect();
        match self.objective {
            LearningObjective::Colorization => Minibatch::of_pixels(Shape::new(1, 12, 12), pixels, labels),
            LearningObjective::Jigsaw => {
                Minibatch::new(Shape::new(3, 12, 12), pixels, labels.into_iter().flat_map(|label| [label; 4]).collect())
            }
            _ => Minibatch::new(Shape::new(3, 12, 12), pixels, labels),
        }
    }

    /// What was recorded of the logits of an output: of colours those of a corner.
    fn logits(&self, course: &Course<'_>, output: &[f64], batch: &Minibatch) -> Vec<f64> {
        let rows = course.supernet.logits(output, batch);
        if self.objective != LearningObjective::Colorization {
            return rows;
        }
        let (classes, images) = (self.objective.choices().unwrap(), batch.len());
        let mut corner = Vec::new();
        for image in 0..images {
            for class in 0..classes {
                for y in 0..4 {
                    for x in 0..4 {
                        corner.push(rows[((image * 12 + y) * 12 + x) * classes + class]);
                    }
                }
            }
        }
        corner
    }

    fn same_choices(&self, tolerance: f64, found: &PerChoice, name: &str) {
        let expected: Vec<f64> = self.recorded.per_choice(name).numbers().collect();
        within(tolerance, &found.numbers().collect::<Vec<_>>(), &expected, name);
    }
}

#[test]
fn oracle_oneshot_unnas_steps_are_those_of_the_published_code() {
    for_each_task(|task| {
        let mut course = task.course(|network, rules| Box::new(PlainLearner::new(network, rules)));
        for step in 0..2 {
            let title = |what: &str| format!("{} step {step} {what}", task.name);
            let [base, arch] = ["base", "arch"].map(|which| task.batch(&format!("step{step}.{which}")));
            let by = task.weight_step(step);
            let found = course.darts_first(Images { base: &base, arch: &arch }, true, by, &task.alpha_rules()).unwrap();
            let Found { base: own, arch: Some(second), gradient: Some(gradient), at_weights: Some(at_weights) } = found else {
                panic!("a step of both has all of it");
            };
            let recorded = &task.json["steps"][step];
            close(&[second.loss, own.loss], &[number(recorded, "arch_loss"), number(recorded, "base_loss")], &title("losses"));
            for (which, passed, batch) in [("base", &own, &base), ("arch", &second, &arch)] {
                let logits = task.logits(&course, &passed.output, batch);
                close(&logits, &task.tensor(&format!("step{step}.{which}.logits")), &title(which));
            }
            let norm = (own.norm.powi(2) + squares(&at_weights)).sqrt();
            close(&[norm], &[number(recorded, "gradient_norm")], &title("norm"));
            task.same_choices(1e-8, &gradient, &format!("{}.step{step}.alpha_gradient", task.name));
            // Recorded before the clip.
            task.same_choices(1e-8, &at_weights, &format!("{}.step{step}.alpha_gradient_at_weight_step", task.name));
            task.same_choices(1e-8, &course.alphas.values, &format!("{}.step{step}.alpha", task.name));
        }
        let learner = course.supernet.learner();
        let mut numbers = 0;
        for (spec, values) in learner.graph().parameters().iter().zip(learner.values()) {
            if let Some(expected) = task.parameter("after.param", &spec.path) {
                close(&values, &expected, &format!("{} {}", task.name, spec.path));
                numbers += values.len();
            }
        }
        let names = task.recorded.names(&format!("{}.after.param.", task.name));
        let all: usize = names.iter().map(|name| task.tensor(&format!("after.param.{name}")).len()).sum();
        assert_eq!(numbers, all, "{}: every weight that was recorded", task.name);
    });
}

#[test]
fn oracle_oneshot_unnas_on_the_cpu_engine_stays_with_the_published_code_in_32_bits() {
    for_each_task(|task| {
        use assay_core::engine::Engine;

        let mut course = task.course(|network, rules| CpuEngine::new().learner(network.clone(), rules).unwrap());
        for step in 0..2 {
            let [base, arch] = ["base", "arch"].map(|which| task.batch(&format!("step{step}.{which}")));
            let images = Images { base: &base, arch: &arch };
            let found = course.darts_first(images, true, task.weight_step(step), &task.alpha_rules()).unwrap();
            let logits = task.logits(&course, &found.base.output, &base);
            within(1e-3, &logits, &task.tensor(&format!("step{step}.base.logits")), &format!("{} step {step}", task.name));
            task.same_choices(1e-3, &found.gradient.unwrap(), &format!("{}.step{step}.alpha_gradient", task.name));
        }
        for (spec, values) in course.supernet.learner().graph().parameters().iter().zip(course.supernet.learner().values()) {
            for (found, expected) in values.iter().zip(&task.parameter("after.param", &spec.path).unwrap_or_default()) {
                assert!((found - expected).abs() < 1e-5, "{} {}: {found} instead of {expected}", task.name, spec.path);
            }
        }
    });
}
