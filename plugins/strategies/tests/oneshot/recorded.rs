//! What the published code recorded of its steps: the files `oneshot_*` among the oracles.

use std::collections::BTreeMap;
use std::sync::Arc;

use assay_core::data::Minibatch;
use assay_core::engine::Engine;
use assay_core::engine::learner::{Decayed, Learner, Optimiser, Rules};
use assay_core::graph::{Graph, Shape};
use assay_core::network::Network;
use assay_core::objective::LearningObjective;
use assay_core::plugin::supernet::{Conditions, Idle, PerChoice, SharedForm, Statistics, Supernet};
use assay_core::plugin::{MacroNet, Part, SearchSpace};
use assay_core::subspace::Subspace;
use assay_engine_tests::plain::PlainLearner;
use assay_oracles::{OracleFile, folder};
use assay_spaces::nas_bench_201::NasBench201;
use assay_strategies::parts::oneshot::alphas::{AlphaRules, Alphas};
use assay_strategies::parts::oneshot::steps::{Course, WeightStep};
use serde_json::Value;

/// One file.
pub(crate) struct Recorded {
    pub(crate) json: Value,
    file: OracleFile,
    pub(crate) space: Box<dyn SearchSpace>,
}

impl Recorded {
    pub(crate) fn read(method: &str) -> Self {
        Self::of(method, Box::new(NasBench201::new()))
    }

    /// Of a method on this space.
    pub(crate) fn of(method: &str, space: Box<dyn SearchSpace>) -> Self {
        let file = OracleFile::read(&folder().join(format!("oneshot_{method}_a.json"))).unwrap();
        Self { json: file.json().clone(), file, space }
    }

    /// A tensor's numbers, if there is one of this name.
    pub(crate) fn find(&self, name: &str) -> Option<Vec<f64>> {
        self.file.f64(name).ok()
    }

    pub(crate) fn tensor(&self, name: &str) -> Vec<f64> {
        self.file.f64(name).unwrap()
    }

    /// The names that begin so, without the beginning.
    pub(crate) fn names(&self, prefix: &str) -> Vec<String> {
        self.file.names(prefix)
    }

    /// Numbers of edges and operators.
    pub(crate) fn per_choice(&self, name: &str) -> PerChoice {
        self.find_choices(name).unwrap_or_else(|| panic!("there is no tensor {name}"))
    }

    /// The same, one tensor a kind of cell where there are several, with the operators in the order of the space.
    pub(crate) fn find_choices(&self, name: &str) -> Option<PerChoice> {
        let layout = self.space.layout();
        let order: Vec<String> = serde_json::from_value(self.json["operators"].clone()).ok()?;
        let place = |operator: &String| order.iter().position(|other| other == operator).unwrap();
        let places: Vec<usize> = layout.operators.iter().map(place).collect();
        let cell = |kind: &str| -> Option<Vec<Vec<f64>>> {
            let name = if layout.cells.len() > 1 { format!("{name}.{kind}") } else { name.to_owned() };
            let edge = |edge: &[f64]| places.iter().map(|place| edge[*place]).collect();
            Some(self.find(&name)?.chunks(order.len()).map(edge).collect())
        };
        layout.cells.iter().map(|own| cell(&own.kind)).collect::<Option<Vec<_>>>().map(PerChoice)
    }

    /// A minibatch, with its targets.
    pub(crate) fn batch(&self, name: &str) -> Minibatch {
        let pixels: Vec<f32> = self.tensor(&format!("{name}.input")).into_iter().map(|value| value as f32).collect();
        let labels: Vec<u32> = serde_json::from_value(self.json["targets"][name].clone()).unwrap();
        Minibatch::new(Shape::new(3, 8, 8), pixels, labels)
    }

    pub(crate) fn cases(&self) -> Vec<Case<'_>> {
        let cases = self.json["cases"].as_array().unwrap();
        cases.iter().enumerate().map(|(number, json)| Case { recorded: self, number, json }).collect()
    }

    /// The architecture of these operators.
    pub(crate) fn path(&self, operators: &Value) -> Subspace {
        let layout = self.space.layout();
        let names = operators.as_array().unwrap().iter().map(|name| layout.operator(name.as_str().unwrap()).unwrap());
        Subspace::new(layout, vec![names.map(|operator| std::iter::once(operator).collect()).collect()])
    }
}

/// One script's run.
#[derive(Clone, Copy)]
pub(crate) struct Case<'a> {
    pub(crate) recorded: &'a Recorded,
    pub(crate) number: usize,
    pub(crate) json: &'a Value,
}

impl<'a> Case<'a> {
    pub(crate) fn name(&self) -> &'a str {
        self.json["name"].as_str().unwrap()
    }

    pub(crate) fn step(&self, step: usize) -> &'a Value {
        &self.json["steps"][step]
    }

    /// A key of the case, or of the whole file.
    fn of(&self, key: &str) -> &'a Value {
        if self.json[key].is_null() { &self.recorded.json[key] } else { &self.json[key] }
    }

    fn number_of(json: &Value, key: &str) -> f64 {
        json[key].as_f64().unwrap_or_else(|| panic!("{key} is {}", json[key]))
    }

    /// Where it starts, in plain loops of 64 bits.
    pub(crate) fn course(&self) -> Course<'a> {
        self.course_of(|network, rules| Box::new(PlainLearner::new(network, rules)))
    }

    /// Where it starts, on an engine in 32 bits.
    pub(crate) fn course_on(&self, engine: &dyn Engine) -> Course<'a> {
        self.course_of(|network, rules| engine.learner(network.clone(), rules).unwrap())
    }

    fn course_of(&self, learner: impl Fn(&Network, &Rules) -> Box<dyn Learner>) -> Course<'a> {
        let network = &self.recorded.json["network"];
        let cells = network["cells_per_stage"].as_u64().or(network["cells"].as_u64()).unwrap() as usize;
        let net = MacroNet { input: Shape::new(3, 8, 8), channels: 4, cells, classes: 10, part: Part::Classifier };
        let form = SharedForm { net, last_affine: self.json["lastact_affine"].as_bool().unwrap_or(false) };
        let conditions =
            Conditions { form, objective: LearningObjective::Classification, idle: Idle::Decay, statistics: Statistics::Batch };
        let space = self.recorded.space.as_ref();
        let whole = Supernet::net(space, &conditions).unwrap();
        let learner = learner(&self.network(&whole.graph), &self.rules());
        let layout = space.layout();
        let alphas = self.recorded.find_choices("alpha").unwrap_or_else(|| PerChoice::filled(layout, 0.0));
        Course { supernet: Supernet::new(space, conditions, whole, learner), alphas: Alphas::new(layout, alphas) }
    }

    fn network(&self, graph: &Arc<Graph>) -> Network {
        let narrow = |name: String| {
            let values = self.recorded.tensor(&format!("param.{name}"));
            (name, values.into_iter().map(|value| value as f32).collect())
        };
        let values: BTreeMap<String, Vec<f32>> = self.recorded.names("param.").into_iter().map(narrow).collect();
        Network::with_parameters(Arc::clone(graph), &values).unwrap()
    }

    pub(crate) fn rules(&self) -> Rules {
        let weights = self.of("weights");
        assert_eq!(weights["optimiser"], "sgd");
        let optimiser = Optimiser::Sgd { momentum: Self::number_of(weights, "momentum"), nesterov: weights["nesterov"].as_bool().unwrap() };
        let weight_decay = Self::number_of(weights, "weight_decay");
        Rules { optimiser, weight_decay, decayed: Decayed::All, ..Rules::default() }
    }

    pub(crate) fn weight_step(&self, step: usize) -> WeightStep {
        let clip = self.of("clip").as_f64();
        // DARTS's own code cuts weights alone.
        WeightStep { rate: Self::number_of(self.step(step), "lr"), clip, joint: clip.is_some() && !self.json["clip"].is_null() }
    }

    pub(crate) fn alpha_rules(&self) -> AlphaRules {
        let rules = self.of("alphas");
        let betas: [f64; 2] = serde_json::from_value(rules["betas"].clone()).unwrap();
        let of = |key: &str| Self::number_of(rules, key);
        AlphaRules { rate: of("lr"), betas, epsilon: of("eps"), decay: of("weight_decay") }
    }

    /// Compares with a tensor of this case.
    pub(crate) fn same(&self, found: &[f64], name: &str) {
        let name = format!("case{}.{name}", self.number);
        close(found, &self.recorded.tensor(&name), &format!("{} {name}", self.name()));
    }

    pub(crate) fn same_choices(&self, found: &PerChoice, name: &str) {
        let name = format!("case{}.{name}", self.number);
        let expected: Vec<f64> = self.recorded.per_choice(&name).numbers().collect();
        close(&found.numbers().collect::<Vec<_>>(), &expected, &format!("{} {name}", self.name()));
    }

    pub(crate) fn same_number(&self, found: f64, step: usize, key: &str) {
        close(&[found], &[Self::number_of(self.step(step), key)], &format!("{} step {step} {key}", self.name()));
    }

    /// Compares weights and running statistics with those after the last step.
    pub(crate) fn same_after(&self, course: &Course<'_>) {
        let learner = course.supernet.learner();
        let names = self.recorded.names(&format!("case{}.after.param.", self.number));
        assert_eq!(names.len(), learner.graph().parameters().len(), "{}", self.name());
        for (spec, values) in learner.graph().parameters().iter().zip(learner.values()) {
            self.same(&values, &format!("after.param.{}", spec.path));
        }
        let buffers = self.recorded.names(&format!("case{}.after.buffer.", self.number));
        assert!(!buffers.is_empty());
        let moments = learner.moments();
        for buffer in buffers {
            let (node, which) = buffer.rsplit_once('.').unwrap();
            let own = &moments[&learner.graph().find(node).unwrap()];
            self.same(&own[usize::from(which == "running_var")], &format!("after.buffer.{buffer}"));
        }
    }

    /// Compares the weights that the next step leaves alone with those that had no gradient yet.
    pub(crate) fn same_absent(&self, course: &Course<'_>, step: usize) {
        let absent: Vec<String> = serde_json::from_value(self.step(step)["absent"].clone()).unwrap();
        for (spec, was_run) in course.supernet.learner().graph().parameters().iter().zip(course.supernet.was_run()) {
            let is_absent = absent.iter().any(|operator| spec.path.starts_with(&format!("{operator}.")));
            assert_eq!(*was_run, !is_absent, "{} step {step}: {}", self.name(), spec.path);
        }
    }

    /// Compares the tests of candidates and the choice among them.
    pub(crate) fn same_choice(&self, course: &mut Course<'_>) {
        if let Some(genotype) = self.json["genotype"].as_str() {
            let strongest = self.recorded.space.strongest(&course.alphas.probabilities());
            assert_eq!(self.recorded.space.write(&strongest).unwrap(), genotype, "{}", self.name());
            return;
        }
        let choice = &self.json["choice"];
        let (mut best, mut best_accuracy) = (None, f64::NEG_INFINITY);
        for (number, candidate) in choice["candidates"].as_array().unwrap().iter().enumerate() {
            let architecture = self.recorded.path(&candidate["path"]);
            let batch = self.recorded.batch(&format!("valid{}", candidate["valid"]));
            let path = course.supernet.path(assay_core::plugin::supernet::Kept::Shared(&architecture)).unwrap();
            let output = course.supernet.test(&batch, &path).unwrap();
            if let Some(recorded) = self.recorded.find(&format!("case{}.choice{number}.logits", self.number)) {
                close(&output, &recorded, &format!("{} choice {number}", self.name()));
            }
            let accuracy = 100.0 * assay_strategies::parts::oneshot::choice::accuracy(&output, batch.labels());
            assert!((accuracy - candidate["accuracy"].as_f64().unwrap()).abs() < 1e-9, "{} choice {number}: {accuracy}", self.name());
            if accuracy > best_accuracy {
                (best, best_accuracy) = (Some(self.recorded.space.write(&architecture).unwrap()), accuracy);
            }
        }
        assert_eq!(best.as_deref(), choice["best"].as_str(), "{}", self.name());
    }
}

/// Within 1e-8 of the largest entry.
pub(crate) fn close(found: &[f64], expected: &[f64], what: &str) {
    within(1e-8, found, expected, what);
}

/// Within this share of the largest entry.
pub(crate) fn within(tolerance: f64, found: &[f64], expected: &[f64], what: &str) {
    assert_eq!(found.len(), expected.len(), "{what}");
    let largest = expected.iter().fold(1e-12, |most: f64, value| most.max(value.abs()));
    for (position, (found, expected)) in found.iter().zip(expected).enumerate() {
        let error = (found - expected).abs() / largest;
        assert!(error <= tolerance, "{what}[{position}]: {found} instead of {expected}, {error:.1e} of the largest");
    }
}
