//! A measurement as a plugin's proxy sees it: before its passes, when it says what it wants of one, and after them.

use std::cell::{Cell, OnceCell, RefCell};

use assay_core::data::Minibatch;
use assay_core::engine::{Ask, Cotangent, Engine, Gradients, Gram, Objective, Precision, Wanted};
use assay_core::graph::{NodeId, ParameterRole};
use assay_core::network::Network;
use assay_core::plugin::Measured;
use assay_core::stream::Stream;
use assay_core::visible::visible;
use assay_plugin_sdk::abi::{
    ASSAY_BIAS, ASSAY_NODE_GRADIENT, ASSAY_NODE_PRODUCTS, ASSAY_NORMAL_DRAWS, ASSAY_OFFSET, ASSAY_OTHER, ASSAY_PARAMETER_GRADIENTS,
    ASSAY_SCALE, ASSAY_UNIFORM_DRAWS, ASSAY_WEIGHT,
};
use elsa::FrozenVec;
use rand::RngExt;
use rand_distr::{Distribution, StandardNormal};

use crate::source::{Lent, Query, Source};

/// What is there before a pass and after it.
struct Subject<'a> {
    network: &'a Network,
    batch: &'a Minibatch,
    graph: OnceCell<String>,
    /// The minor version of the interface that the plugin was built for.
    minor: u32,
}

impl<'a> Subject<'a> {
    fn new(network: &'a Network, batch: &'a Minibatch, minor: u32) -> Self {
        Self { network, batch, graph: OnceCell::new(), minor }
    }

    /// Answers what needs no pass; none if it is something else.
    fn answer(&self, query: &Query) -> Option<Result<Lent<'_>, String>> {
        Some(Ok(match query {
            Query::Graph { .. } => match self.json() {
                Ok(text) => Lent { text, ..Lent::default() },
                Err(problem) => return Some(Err(problem)),
            },
            Query::ParameterCount { .. } => Lent::number(self.network.graph().parameters().len()),
            Query::Parameter { parameter, .. } => return Some(self.parameter(*parameter as usize)),
            Query::Batch { .. } => {
                let shape = self.batch.shape();
                if !shape.is_maps() {
                    return Some(Err(format!("interface 1.x cannot tell inputs of {shape}: they are not channels, rows and columns")));
                }
                let sizes = [self.batch.len(), shape.channels, shape.height, shape.width, 0, 0, 0, 0, 0];
                let numbers = sizes.map(|size| size as u64);
                Lent { numbers, floats: self.batch.pixels(), labels: self.batch.labels(), ..Lent::default() }
            }
            _ => return None,
        }))
    }

    /// The graph, where the plugin knows all of its operators.
    fn json(&self) -> Result<&str, String> {
        let graph = self.network.graph();
        if self.minor == 0
            && let Some(node) = graph.first_not_basic().map(|id| graph.node(id))
        {
            let (kind, name) = (node.operator.kind(), &node.name);
            return Err(format!("interface 1.0 cannot tell `{kind}` of node `{name}`; build the plugin again for interface 1.1"));
        }
        if self.graph.get().is_none() {
            let text = serde_json::to_string(self.network.graph()).map_err(|error| error.to_string())?;
            return Ok(self.graph.get_or_init(|| text));
        }
        Ok(self.graph.get().map_or("", String::as_str))
    }

    fn parameter(&self, position: usize) -> Result<Lent<'_>, String> {
        let parameters = self.network.graph().parameters();
        let spec = parameters.get(position).ok_or_else(|| format!("there is no parameter {position} among {}", parameters.len()))?;
        let role = match spec.role {
            ParameterRole::Weight => ASSAY_WEIGHT,
            ParameterRole::Bias => ASSAY_BIAS,
            ParameterRole::Scale => ASSAY_SCALE,
            ParameterRole::Offset => ASSAY_OFFSET,
            ParameterRole::Other if self.minor > 0 => ASSAY_OTHER,
            ParameterRole::Other => {
                return Err(format!("interface 1.0 has no role for parameter `{}`; build the plugin again for interface 1.1", spec.path));
            }
        };
        if spec.shape.len() > 4 {
            return Err(format!(
                "interface 1.x cannot tell parameter `{}`, which has {} axes: it has words for four",
                spec.path,
                spec.shape.len()
            ));
        }
        let side = |axis: usize| spec.shape.get(axis).copied().unwrap_or(0) as u64;
        let (node, rank) = (spec.node.0 as u64, spec.shape.len() as u64);
        let (fan_in, fan_out) = (spec.fan_in as u64, spec.fan_out as u64);
        let numbers = [node, u64::from(role), rank, side(0), side(1), side(2), side(3), fan_in, fan_out];
        Ok(Lent { text: &spec.path, numbers, floats: self.network.parameter(position), ..Lent::default() })
    }

    fn node(&self, node: u32) -> Result<NodeId, String> {
        let nodes = self.network.graph().nodes().len();
        let known = NodeId(node as usize);
        if known.0 < nodes { Ok(known) } else { Err(format!("there is no node {node} among {nodes}")) }
    }
}

/// Random numbers that are lent during one call, at most.
const MOST_DRAWN: usize = 1 << 26;
/// Objectives beside the two that there always are.
const MOST_OBJECTIVES: usize = 4096;

/// What was drawn during one call, which stays until it ends.
#[derive(Default)]
struct Drawn {
    numbers: FrozenVec<Box<[f64]>>,
    count: Cell<usize>,
}

impl Drawn {
    fn draw(&self, stream: &Stream, purpose: &str, distribution: u32, count: usize) -> Result<Lent<'_>, String> {
        let all = self.count.get().checked_add(count).filter(|all| *all <= MOST_DRAWN);
        let all = all.ok_or_else(|| format!("more than {MOST_DRAWN} random numbers in one call cannot be had"))?;
        let drawn = draw(stream, purpose, distribution, count)?;
        self.count.set(all);
        Ok(Lent::doubles(self.numbers.push_get(drawn)))
    }
}

fn draw(stream: &Stream, purpose: &str, distribution: u32, count: usize) -> Result<Box<[f64]>, String> {
    let mut rng = stream.child("plugin").child(purpose).rng();
    match distribution {
        ASSAY_UNIFORM_DRAWS => Ok((0..count).map(|_| rng.random()).collect()),
        ASSAY_NORMAL_DRAWS => Ok((0..count).map(|_| StandardNormal.sample(&mut rng)).collect()),
        other => Err(format!("there is no distribution {other}")),
    }
}

pub(crate) fn log(level: u32, line: &str) {
    let line = visible(line);
    match level {
        1 => tracing::error!(target: "plugin", "{line}"),
        2 => tracing::warn!(target: "plugin", "{line}"),
        3 => tracing::info!(target: "plugin", "{line}"),
        _ => tracing::debug!(target: "plugin", "{line}"),
    }
}

/// Before a pass.
pub(crate) struct Asking<'a> {
    pass: u32,
    subject: Subject<'a>,
    stream: &'a Stream,
    drawn: Drawn,
    asked: RefCell<Asked>,
}

/// What was asked of a pass so far.
struct Asked {
    ask: Ask,
    /// By their numbers.
    objectives: Vec<Objective>,
}

impl<'a> Asking<'a> {
    pub(crate) fn new(pass: u32, (network, batch): (&'a Network, &'a Minibatch), stream: &'a Stream, minor: u32) -> Self {
        let objectives = vec![Objective::cross_entropy(network.graph()), Objective::output_sum(network.graph())];
        let asked = RefCell::new(Asked { ask: Ask::new(), objectives });
        Self { pass, subject: Subject::new(network, batch, minor), stream, drawn: Drawn::default(), asked }
    }

    /// What was asked, with the objectives by their numbers.
    pub(crate) fn asked(self) -> Ask {
        let Asked { ask, objectives } = self.asked.into_inner();
        ask.numbered(objectives)
    }

    fn add(&self, more: impl FnOnce(Ask) -> Ask) {
        let asked = &mut *self.asked.borrow_mut();
        asked.ask = more(std::mem::take(&mut asked.ask));
    }

    fn objective(&self, node: u32, cotangent: &[f64]) -> Result<Lent<'_>, String> {
        let node = self.subject.node(node)?;
        let shape = self.subject.network.graph().node(node).shape;
        let expected = self.subject.batch.len() * shape.elements();
        let cotangent = match cotangent.len() {
            0 => Cotangent::Ones,
            given if given == expected => Cotangent::Given(cotangent.into()),
            given => {
                return Err(format!(
                    "a cotangent of node {} has {expected} numbers ({} images of {shape}), not {given}",
                    node.0,
                    self.subject.batch.len()
                ));
            }
        };
        let objectives = &mut self.asked.borrow_mut().objectives;
        if objectives.len() >= MOST_OBJECTIVES {
            return Err(format!("more than {MOST_OBJECTIVES} objectives of a pass cannot be had"));
        }
        objectives.push(Objective { node, cotangent });
        Ok(Lent::number(objectives.len() - 1))
    }

    fn gradients(&self, objective: u32, wanted: u32, node: u32) -> Result<(), String> {
        let wanted = match wanted {
            ASSAY_PARAMETER_GRADIENTS => Wanted::parameters(),
            ASSAY_NODE_GRADIENT => Wanted::node(self.subject.node(node)?),
            ASSAY_NODE_PRODUCTS => Wanted::products(vec![self.subject.node(node)?]),
            other => return Err(format!("of an objective there is no {other} to be wanted")),
        };
        let found = self.asked.borrow().objectives.get(objective as usize).cloned();
        let objective = found.ok_or_else(|| format!("there is no objective {objective}"))?;
        self.add(|ask| ask.gradients(objective, wanted));
        Ok(())
    }
}

impl Source for Asking<'_> {
    fn answer(&self, query: &Query) -> Result<Lent<'_>, String> {
        if let Some(other) = pass_of(query).filter(|pass| *pass != self.pass) {
            return Err(format!("pass {other} cannot be looked at while pass {} is asked about", self.pass));
        }
        if let Some(answer) = self.subject.answer(query) {
            return answer;
        }
        match query {
            Query::Log { level, line } => log(*level, line),
            Query::Draw { purpose, distribution, count } => {
                return self.drawn.draw(self.stream, purpose, *distribution, *count);
            }
            Query::AskValue { node, .. } => {
                let node = self.subject.node(*node)?;
                self.add(|ask| ask.values(&[node]));
            }
            Query::AskMoments { node, .. } => {
                let node = self.subject.node(*node)?;
                self.add(|ask| ask.moments(&[node]));
            }
            Query::AskPatterns { .. } => self.add(Ask::patterns),
            Query::Objective { node, cotangent, .. } => return self.objective(*node, cotangent),
            Query::AskGradients { objective, wanted, node, .. } => self.gradients(*objective, *wanted, *node)?,
            _ => return Err("what a pass computes is there in `score`, not in `ask`".into()),
        }
        Ok(Lent::default())
    }
}

/// After the passes.
pub(crate) struct Scoring<'a> {
    passes: Vec<Scored<'a>>,
    stream: &'a Stream,
    engine: &'a dyn Engine,
    drawn: Drawn,
}

struct Scored<'a> {
    measured: &'a Measured<'a>,
    subject: Subject<'a>,
    precision: Precision,
    gram: OnceCell<Gram>,
}

impl<'a> Scoring<'a> {
    pub(crate) fn new(
        passes: impl IntoIterator<Item = (&'a Measured<'a>, Precision)>,
        stream: &'a Stream,
        engine: &'a dyn Engine,
        minor: u32,
    ) -> Self {
        let scored = |(measured, precision): (&'a Measured<'a>, Precision)| {
            let subject = Subject::new(measured.network, measured.batch, minor);
            Scored { measured, subject, precision, gram: OnceCell::new() }
        };
        Self { passes: passes.into_iter().map(scored).collect(), stream, engine, drawn: Drawn::default() }
    }

    fn pass(&self, query: &Query) -> Result<&Scored<'a>, String> {
        let number = pass_of(query).unwrap_or_default();
        self.passes.get(number as usize).ok_or_else(|| format!("there is no pass {number} among {}", self.passes.len()))
    }
}

impl Scored<'_> {
    fn gradients(&self, objective: u32) -> Result<&Gradients, String> {
        let found = self.measured.ask.objective(objective as usize).ok_or_else(|| format!("there is no objective {objective}"))?;
        self.measured.answer.gradients(found).map_err(|error| error.to_string())
    }

    fn gram(&self, engine: &dyn Engine) -> Result<&Gram, String> {
        if let Some(gram) = self.gram.get() {
            return Ok(gram);
        }
        let Measured { network, batch, .. } = *self.measured;
        let gram = engine.tangent_gram(network, batch, self.precision).map_err(|error| error.to_string())?;
        Ok(self.gram.get_or_init(|| gram))
    }
}

impl Source for Scoring<'_> {
    fn answer(&self, query: &Query) -> Result<Lent<'_>, String> {
        match query {
            Query::Log { level, line } => {
                log(*level, line);
                return Ok(Lent::default());
            }
            Query::Draw { purpose, distribution, count } => {
                return self.drawn.draw(self.stream, purpose, *distribution, *count);
            }
            _ => {}
        }
        let pass = self.pass(query)?;
        if let Some(answer) = pass.subject.answer(query) {
            return answer;
        }
        let text = |error: assay_core::engine::EngineError| error.to_string();
        let answer = pass.measured.answer;
        Ok(match query {
            Query::Output { .. } => Lent::doubles(answer.output()),
            Query::Value { node, .. } => Lent::doubles(answer.value(pass.subject.node(*node)?).map_err(text)?),
            Query::Moments { node, .. } => {
                let moments = answer.moments(pass.subject.node(*node)?).map_err(text)?;
                Lent { doubles: [&moments.mean, &moments.variance], ..Lent::default() }
            }
            Query::Patterns { .. } => {
                let patterns = answer.patterns().map_err(text)?;
                let sizes = [patterns.samples(), patterns.units(), patterns.units().div_ceil(64), 0, 0, 0, 0, 0, 0];
                Lent { numbers: sizes.map(|size| size as u64), words: patterns.words(), ..Lent::default() }
            }
            Query::ParameterGradient { objective, parameter, .. } => {
                let all = pass.gradients(*objective)?.parameters().map_err(text)?;
                let found = all.get(*parameter as usize).ok_or_else(|| format!("there is no parameter {parameter} among {}", all.len()))?;
                Lent::doubles(found)
            }
            Query::NodeGradient { objective, node, .. } => {
                Lent::doubles(pass.gradients(*objective)?.node(pass.subject.node(*node)?).map_err(text)?)
            }
            Query::NodeProducts { objective, node, .. } => {
                Lent::doubles(pass.gradients(*objective)?.products(pass.subject.node(*node)?).map_err(text)?)
            }
            Query::Gram { .. } => {
                let gram = pass.gram(self.engine)?;
                let numbers = Lent::number(gram.order()).numbers;
                Lent { numbers, real: gram.resolution_of_entries(), doubles: [gram.entries(), &[]], ..Lent::default() }
            }
            _ => return Err("what a pass is to compute is said in `ask`, not in `score`".into()),
        })
    }
}

/// The pass that a query is about, if it is about one.
fn pass_of(query: &Query) -> Option<u32> {
    Some(match query {
        Query::Log { .. } | Query::Draw { .. } => return None,
        Query::Graph { pass }
        | Query::ParameterCount { pass }
        | Query::Parameter { pass, .. }
        | Query::Batch { pass }
        | Query::AskValue { pass, .. }
        | Query::AskMoments { pass, .. }
        | Query::AskPatterns { pass }
        | Query::Objective { pass, .. }
        | Query::AskGradients { pass, .. }
        | Query::Output { pass }
        | Query::Value { pass, .. }
        | Query::Moments { pass, .. }
        | Query::Patterns { pass }
        | Query::ParameterGradient { pass, .. }
        | Query::NodeGradient { pass, .. }
        | Query::NodeProducts { pass, .. }
        | Query::Gram { pass } => *pass,
    })
}

#[cfg(test)]
mod tests;
