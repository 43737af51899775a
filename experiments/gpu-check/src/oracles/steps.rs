//! Three steps of a search that trains one path of NAS-Bench-201's supernet at a time (RSPS): logits, gradients, weights and running
//! statistics, as the published code recorded them.

use std::collections::BTreeMap;

use assay_core::data::Minibatch;
use assay_core::engine::Engine;
use assay_core::engine::learner::{Optimiser, Rules};
use assay_core::graph::Shape;
use assay_core::network::Network;
use assay_core::objective::LearningObjective;
use assay_core::plugin::supernet::{Conditions, Idle, Kept, Run, SharedForm, Statistics, Supernet};
use assay_core::plugin::{MacroNet, Part, SearchSpace, Settings};
use assay_core::subspace::Subspace;
use assay_oracles::{OracleFile, deviation};
use miette::IntoDiagnostic;
use serde::Deserialize;

use crate::bench::{Bench, Problem};
use crate::subjects;

/// How far float32 may stray, by the oracles' own notes: of the largest entry, and of weights absolutely.
const SINGLE: f64 = 1e-3;
const WEIGHTS: f64 = 1e-5;

#[derive(Deserialize)]
struct Oracle {
    network: Built,
    targets: BTreeMap<String, Vec<u32>>,
    cases: Vec<Recorded>,
}

#[derive(Deserialize)]
struct Built {
    channels: usize,
    cells_per_stage: usize,
    classes: usize,
    input: [usize; 3],
}

#[derive(Deserialize)]
struct Recorded {
    name: String,
    steps: Vec<Step>,
    lastact_affine: bool,
    clip: Option<f64>,
    weights: Weights,
}

#[derive(Deserialize)]
struct Step {
    lr: f64,
    base_path: Paths,
    /// That of a second pass, which moves running statistics alone.
    arch_path: Option<Paths>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Paths {
    /// The operators of all cells.
    Shared(Vec<String>),
    /// Those of each.
    ByCell(Vec<Vec<String>>),
}

#[derive(Deserialize)]
struct Weights {
    momentum: f64,
    nesterov: bool,
    weight_decay: f64,
}

/// A case of the oracle with what all cases share.
struct Course<'a> {
    file: &'a OracleFile,
    oracle: &'a Oracle,
    space: &'a dyn SearchSpace,
    number: usize,
    recorded: &'a Recorded,
}

/// Compares all cases.
pub(crate) fn check(bench: &mut Bench, file: &OracleFile) -> miette::Result<()> {
    let oracle: Oracle = file.scalars().into_diagnostic()?;
    let space = subjects::space("nas-bench-201", &Settings::none())?;
    for (number, recorded) in oracle.cases.iter().enumerate() {
        let course = Course { file, oracle: &oracle, space: space.as_ref(), number, recorded };
        bench.compare(&format!("{} {}", file.name(), recorded.name), |engine| course.run(engine))?;
    }
    Ok(())
}

impl Course<'_> {
    fn expected(&self, name: &str) -> Result<Vec<f64>, Problem> {
        Ok(self.file.f64(&format!("case{}.{name}", self.number))?)
    }

    fn paths(&self, paths: &Paths, cells: usize) -> Result<Vec<Subspace>, Problem> {
        let layout = self.space.layout();
        let path = |names: &Vec<String>| -> Result<Subspace, Problem> {
            let operator = |name: &String| layout.operator(name).ok_or_else(|| format!("the space has no operator `{name}`"));
            let kept = names.iter().map(|name| Ok(std::iter::once(operator(name)?).collect())).collect::<Result<Vec<_>, String>>()?;
            Ok(Subspace::new(layout, vec![kept]))
        };
        match paths {
            Paths::Shared(names) => Ok(vec![path(names)?; cells]),
            Paths::ByCell(own) => own.iter().map(path).collect(),
        }
    }

    fn batch(&self, name: &str) -> Result<Minibatch, Problem> {
        let [channels, height, width] = self.oracle.network.input;
        let labels = self.oracle.targets.get(name).ok_or_else(|| format!("the oracle has no targets `{name}`"))?;
        Ok(Minibatch::new(Shape::new(channels, height, width), self.file.f32(&format!("{name}.input"))?, labels.clone()))
    }

    fn supernet(&self, engine: &dyn Engine) -> Result<(Supernet<'_>, SharedForm), Problem> {
        let Built { channels, cells_per_stage, classes, input } = self.oracle.network;
        let net =
            MacroNet { input: Shape::new(input[0], input[1], input[2]), channels, cells: cells_per_stage, classes, part: Part::Classifier };
        let form = SharedForm { net, last_affine: self.recorded.lastact_affine };
        let (objective, statistics) = (LearningObjective::Classification, Statistics::Batch);
        let conditions = Conditions { form, objective, idle: Idle::Decay, statistics };
        let whole = Supernet::net(self.space, &conditions)?;
        let named = |name: String| Ok((name.clone(), self.file.f32(&format!("param.{name}"))?));
        let parameters = self.file.names("param.").into_iter().map(named).collect::<Result<BTreeMap<_, _>, Problem>>()?;
        let network = Network::with_parameters(whole.graph.clone(), &parameters)?;
        let Weights { momentum, nesterov, weight_decay } = self.recorded.weights;
        let rules = Rules { optimiser: Optimiser::Sgd { momentum, nesterov }, weight_decay, ..Rules::default() };
        Ok((Supernet::new(self.space, conditions, whole, engine.learner(network, &rules)?), form))
    }

    fn run(&self, engine: &dyn Engine) -> Result<Vec<(&'static str, f64, f64)>, Problem> {
        let (mut supernet, form) = self.supernet(engine)?;
        let (mut logits, mut gradient) = (0.0_f64, [Vec::new(), Vec::new()]);
        for (number, step) in self.recorded.steps.iter().enumerate() {
            let kept = self.paths(&step.base_path, supernet.cells())?;
            let path = supernet.path(Kept::ByCell(&kept))?;
            let passed = supernet.pass(&self.batch(&format!("step{number}.base"))?, Run::path(&path))?;
            logits = logits.max(deviation(&passed.output, &self.expected(&format!("step{number}.base.logits"))?));
            if number == 0 {
                let cut = Rules::cut(passed.norm, self.recorded.clip);
                let graph = self.space.shared_net(Kept::ByCell(&kept), &form)?.graph;
                for (spec, found) in graph.parameters().iter().zip(supernet.learner().passed()) {
                    let Some(found) = found else { continue };
                    gradient[0].extend(found.into_iter().map(|value| value * cut));
                    gradient[1].extend(self.expected(&format!("step0.gradient.{}", spec.path))?);
                }
            }
            supernet.move_on(step.lr, passed.norm, self.recorded.clip, 0.0)?;
            if let Some(paths) = &step.arch_path {
                let kept = self.paths(paths, supernet.cells())?;
                let path = supernet.path(Kept::ByCell(&kept))?;
                supernet.look(&self.batch(&format!("step{number}.arch"))?, &path)?;
            }
        }
        let (mut weights, mut statistics) = (0.0_f64, 0.0_f64);
        let graph = supernet.learner().graph();
        for (spec, found) in graph.parameters().iter().zip(supernet.learner().values()) {
            let expected = self.expected(&format!("after.param.{}", spec.path))?;
            // A deviation is a part of the largest: this makes it absolute.
            let largest = expected.iter().fold(f64::MIN_POSITIVE, |largest, value| value.abs().max(largest));
            weights = weights.max(deviation(&found, &expected) * largest);
        }
        let moments = supernet.learner().moments();
        for buffer in self.file.names(&format!("case{}.after.buffer.", self.number)) {
            let (node, which) = buffer.rsplit_once('.').ok_or_else(|| format!("`{buffer}` is not a running statistic"))?;
            let own = graph.find(node).and_then(|node| moments.get(&node)).ok_or_else(|| format!("`{node}` keeps no statistics"))?;
            let expected = self.expected(&format!("after.buffer.{buffer}"))?;
            statistics = statistics.max(deviation(&own[usize::from(which == "running_var")], &expected));
        }
        let [found, expected] = gradient;
        Ok(vec![
            ("logits of three steps", logits, SINGLE),
            ("gradient of a step", deviation(&found, &expected), SINGLE),
            ("weights after three steps, absolute", weights, WEIGHTS),
            ("running statistics after three steps", statistics, SINGLE),
        ])
    }
}
