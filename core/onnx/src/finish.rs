//! From a draft to a graph: names, what is learned and what is constant, and the weights by their paths.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use assay_core::graph::{GraphBuilder, NodeId, Operator};
use assay_core::network::{RunningStatistics, batch_norms};

use crate::draft::{Draft, Id, Kind, Node};
use crate::error::short;
use crate::names::{self, Names};
use crate::settle::settle;
use crate::tensor::{Origin, Tensor};
use crate::{Imported, Problem, blocks};

/// What is told of a file beside its network.
pub(crate) struct About {
    pub(crate) opset: i64,
    pub(crate) producer: String,
    pub(crate) notes: Vec<String>,
    pub(crate) title: String,
    /// Whether batch normalisations were folded, where that is known.
    pub(crate) folded_norms: Option<bool>,
}

/// Where the graph's blocks end.
pub(crate) enum Blocks {
    /// It is found in the graph.
    Found,
    /// At these nodes, as whoever asks for the network says.
    Told(Vec<(Id, String)>),
    /// At these nodes, as the file says.
    Written(Vec<(Id, String)>),
}

/// The graph of a draft.
pub(crate) fn finish(mut draft: Draft, output: Id, blocks: &Blocks, about: About) -> Result<Imported, Problem> {
    settle(&mut draft, output);
    let needed = needed(&draft, output);
    let mut notes = about.notes;
    let learned = learned(&draft, &needed);
    let names = named(&draft, &needed, &learned, &mut notes);
    let mut building =
        Building { builder: GraphBuilder::new(draft.shape(0))?, parameters: BTreeMap::new(), statistics: RunningStatistics::default() };
    let mut ids: Vec<Option<NodeId>> = vec![None; draft.nodes.len()];
    ids[0] = Some(NodeId(0));
    for (id, node) in draft.nodes.iter().enumerate().skip(1).filter(|(id, _)| needed[*id]) {
        let inputs: Vec<NodeId> = node.inputs.iter().filter_map(|input| ids[*input]).collect();
        ids[id] = Some(building.node(node, &names[id], &inputs, learned[id])?);
    }
    let last = ids[output].ok_or_else(|| Problem::Output("its output is not computed".into()))?;
    let Building { builder, parameters, statistics } = building;
    let graph = builder.finish(last);
    let all = |ends: &[(Id, String)]| -> Result<Vec<NodeId>, Problem> {
        ends.iter().map(|(id, name)| ids[*id].ok_or_else(|| joined(name))).collect()
    };
    let graph = match blocks {
        Blocks::Found => blocks::found(graph)?,
        Blocks::Told(ends) => blocks::marked(graph, &all(ends)?)?,
        Blocks::Written(ends) => match all(ends) {
            Ok(ends) => blocks::marked(graph, &ends)?,
            Err(problem) => {
                notes.push(found_instead(&problem));
                blocks::found(graph)?
            }
        },
    };
    let norms = batch_norms(&graph).count();
    let statistics = if statistics.nodes.len() == norms && norms > 0 { Some(statistics) } else { None };
    let About { opset, producer, title, folded_norms, .. } = about;
    let folded_norms = folded_norms.unwrap_or_else(|| has_folded_norms(&draft, &needed));
    Ok(Imported { graph: Arc::new(graph), parameters: Arc::new(parameters), statistics, folded_norms, opset, producer, notes, title })
}

/// That blocks are not where the file says, which is then as good as any other that says nothing of them.
pub(crate) fn found_instead(problem: &Problem) -> String {
    format!("blocks are found in the graph, not where the file says: {problem}")
}

/// That a value that is to end a block is not one of the graph's.
fn joined(name: &str) -> Problem {
    let name = short(name);
    Problem::Output(format!(
        "`{name}` cannot end a block: the graph joins it with what follows, as a layer with its activation; end it after"
    ))
}

fn needed(draft: &Draft, output: Id) -> Vec<bool> {
    let mut needed = vec![false; draft.nodes.len()];
    needed[output] = true;
    for id in (0..draft.nodes.len()).rev().filter(|id| *id != 0) {
        if needed[id] {
            draft.nodes[id].inputs.iter().for_each(|input| needed[*input] = true);
        }
    }
    needed
}

/// Which tensors are learned: those that are known to be or, in a file, named as parameters are; there also those joined with the
/// signal, as a class token, whatever they are named. A table of which all numbers are the same is not.
fn learned(draft: &Draft, needed: &[bool]) -> Vec<bool> {
    let mut learned = vec![false; draft.nodes.len()];
    for (id, node) in draft.nodes.iter().enumerate() {
        if let Kind::Held(Tensor { origin, .. }) = &node.kind {
            learned[id] = origin.parameter().is_some();
        }
    }
    for (_, node) in draft.nodes.iter().enumerate().filter(|(id, _)| needed[*id]) {
        if matches!(node.kind, Kind::Operator(Operator::Concat { .. })) {
            for input in &node.inputs {
                if let Kind::Held(Tensor { origin: Origin::Whole(named), data: crate::tensor::Data::Float(values), .. }) =
                    &draft.nodes[*input].kind
                    && named.is_told_by_its_name()
                {
                    learned[*input] |= values.iter().any(|value| *value != values[0]);
                }
            }
        }
    }
    learned
}

/// A name for each node: first those of weights, so that no other node takes one.
fn named(draft: &Draft, needed: &[bool], learned: &[bool], notes: &mut Vec<String>) -> Vec<String> {
    let mut names = Names::beside(&["input"]);
    let mut all = vec![String::new(); draft.nodes.len()];
    let mut owners: BTreeSet<&str> = BTreeSet::new();
    let (mut shared, mut parts): (BTreeSet<&str>, BTreeSet<&str>) = (BTreeSet::new(), BTreeSet::new());
    let nodes = || draft.nodes.iter().enumerate().skip(1).filter(|(id, _)| needed[*id]);
    for (id, node) in nodes() {
        let tensor = match &node.kind {
            Kind::Held(tensor) if learned[id] => Some(tensor),
            _ => node.weight.as_ref(),
        };
        if let Some(name) = tensor.and_then(|tensor| tensor.origin.name())
            && !owners.insert(name)
        {
            shared.insert(name);
        }
        if let Some(Tensor { origin: origin @ Origin::Part(_), .. }) = tensor {
            parts.extend(origin.name());
        }
        if let Some(wanted) = name_by_weights(node, learned[id]) {
            all[id] = names.take(&wanted);
        }
    }
    if !shared.is_empty() {
        notes.push(format!(
            "{}: used by more than one layer; the graph has a copy for each, and counts and varies them apart",
            listed(&shared)
        ));
    }
    if !parts.is_empty() {
        notes.push(format!("{}: only a part is used, which the graph has", listed(&parts)));
    }
    for (id, node) in nodes() {
        if all[id].is_empty() {
            let of_tensor = match &node.kind {
                Kind::Held(tensor) => tensor.origin.name().map(names::path_of),
                _ => None,
            };
            all[id] = names.take(&of_tensor.unwrap_or_else(|| node.name.clone()));
        }
    }
    all
}

/// Some names, and how many more there are.
fn listed(names: &BTreeSet<&str>) -> String {
    const SHOWN: usize = 4;
    let shown: Vec<String> = names.iter().take(SHOWN).map(|name| format!("`{}`", short(name))).collect();
    let more = names.len().saturating_sub(SHOWN);
    if more == 0 { shown.join(", ") } else { format!("{} and {more} more", shown.join(", ")) }
}

fn name_by_weights(node: &Node, is_learned: bool) -> Option<String> {
    if let Kind::Held(tensor) = &node.kind {
        return tensor.origin.name().filter(|_| is_learned).map(names::path_of);
    }
    let of_weight = node.weight.as_ref().and_then(|weight| weight.origin.parameter()).map(names::layer_of_weight);
    let of_bias = || node.bias.as_ref().and_then(|bias| bias.origin.parameter()).map(names::layer_of_bias);
    of_weight.or_else(of_bias).map(ToOwned::to_owned)
}

/// Whether batch normalisations were folded into convolutions: the names of weights tell it, or every convolution has a bias and
/// nothing normalises, with weights that are not named as in training.
fn has_folded_norms(draft: &Draft, needed: &[bool]) -> bool {
    let nodes = || draft.nodes.iter().enumerate().filter(|(id, _)| needed[*id]).map(|(_, node)| node);
    let convs: Vec<&Node> = nodes().filter(|node| matches!(node.kind, Kind::Operator(Operator::Conv2d(_)))).collect();
    let tensors = |node: &&Node| [node.weight.clone(), node.bias.clone()];
    let tells = |tensor: &Tensor| tensor.origin.name().is_some_and(names::tells_of_folding);
    let with_bias: Vec<&&Node> = convs.iter().filter(|node| node.bias.is_some()).collect();
    if with_bias.iter().any(|node| tensors(node).iter().flatten().any(tells)) {
        return true;
    }
    let normalises = nodes().any(|node| {
        matches!(
            &node.kind,
            Kind::Operator(Operator::BatchNorm { .. } | Operator::LayerNorm { .. } | Operator::GroupNorm { .. } | Operator::RmsNorm { .. })
        )
    });
    let is_named = |node: &&Node| tensors(node).iter().flatten().any(|tensor| tensor.origin.parameter().is_some());
    !normalises && convs.len() > 1 && with_bias.len() == convs.len() && !convs.iter().any(is_named)
}

struct Building {
    builder: GraphBuilder,
    parameters: BTreeMap<String, Vec<f32>>,
    statistics: RunningStatistics,
}

impl Building {
    /// Adds a node with its weights.
    fn node(&mut self, node: &Node, name: &str, inputs: &[NodeId], is_learned: bool) -> Result<NodeId, Problem> {
        match &node.kind {
            Kind::Operator(operator) => {
                let id = self.builder.add(name, operator.clone(), inputs)?;
                for (tensor, part) in [(&node.weight, "weight"), (&node.bias, "bias")] {
                    if let Some(tensor) = tensor {
                        self.parameter(name, part, tensor)?;
                    }
                }
                if let Some(moments) = &node.moments {
                    self.statistics.nodes.insert(id, moments.clone());
                }
                Ok(id)
            }
            Kind::Held(tensor) => {
                let axes = if tensor.dims.is_empty() { vec![1] } else { tensor.dims.clone() };
                if is_learned {
                    self.parameter(name, "value", tensor)?;
                    return Ok(self.builder.add(name, Operator::Parameter { axes }, &[])?);
                }
                tensor.check_finite(tensor.origin.name().unwrap_or(name))?;
                Ok(self.builder.add(name, Operator::Constant { axes, values: tensor.to_floats().to_vec() }, &[])?)
            }
            Kind::Affine { scale, offset } => {
                let mut terms = vec![(*scale as f32, inputs[0])];
                if *offset != 0.0 {
                    let axes = vec![1];
                    let shift =
                        self.builder.add(format!("{name}.offset"), Operator::Constant { axes, values: vec![*offset as f32] }, &[])?;
                    terms.push((1.0, shift));
                }
                Ok(self.builder.weighted_sum(name, &terms)?)
            }
            Kind::BatchMean { .. } => {
                let problem = "averages over the batch, and not in a batch normalisation: what it makes of an image depends on the others";
                Err(Problem::Node { node: short(name), operator: "ReduceMean".into(), problem: problem.into() })
            }
        }
    }

    fn parameter(&mut self, name: &str, part: &str, tensor: &Tensor) -> Result<(), Problem> {
        let path = format!("{name}.{part}");
        tensor.check_finite(tensor.origin.name().unwrap_or(&path))?;
        self.parameters.insert(path, tensor.to_floats().to_vec());
        Ok(())
    }
}
