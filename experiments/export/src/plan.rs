//! A graph cut into the parts that a reader would cut it into: stem, cells, classifier.
//!
//! Nodes whose names begin alike (`cells.3.…`, `stem.…`) and stand together are a [`Group`]; groups of one structure share a
//! [`Class`], so that five equal cells are written once.

use std::collections::HashMap;
use std::ops::Range;

use assay_core::graph::{Graph, NodeId, Operator, Shape};

use crate::names::{camel_case, identifier, path_identifier};

/// The parts of a graph, in order.
pub(crate) struct Plan {
    pub(crate) parts: Vec<Part>,
    pub(crate) classes: Vec<Class>,
    needed: Vec<bool>,
}

/// A group, or a node by itself.
pub(crate) enum Part {
    Group(Group),
    Node(NodeId),
}

/// Nodes that belong together.
pub(crate) struct Group {
    /// How all their names begin: `cells.3`.
    pub(crate) prefix: String,
    /// Where they are in the graph.
    pub(crate) nodes: Range<usize>,
    /// The values from outside that they read, in the order in which they do.
    pub(crate) inputs: Vec<NodeId>,
    /// The values of theirs that others read.
    pub(crate) outputs: Vec<NodeId>,
    /// The structure that they have, by its position in [`Plan::classes`].
    pub(crate) class: usize,
}

/// A structure that one or several groups have.
pub(crate) struct Class {
    /// `Cell0`, `Stem`.
    pub(crate) name: String,
    /// The first group that has it, by its position in [`Plan::parts`].
    pub(crate) example: usize,
}

/// What makes two groups equal: names, operators, the shapes of what they read, and who reads what.
type Signature = (Vec<(String, String, Vec<Source>, Shape, bool)>, Vec<usize>);

#[derive(PartialEq, Eq, Hash)]
enum Source {
    Inside(usize),
    Outside(usize, Shape),
}

impl Plan {
    pub(crate) fn new(graph: &Graph) -> Self {
        let mut plan = Self { parts: Vec::new(), classes: Vec::new(), needed: graph.needed_by(&[]) };
        let mut readers: Vec<usize> = vec![0; graph.nodes().len()];
        for position in 1..graph.nodes().len() {
            for input in plan.reads(graph, NodeId(position)) {
                readers[input.0] = readers[input.0].max(position);
            }
        }
        readers[graph.output().0] = usize::MAX;
        let mut known: HashMap<Signature, usize> = HashMap::new();
        for (prefix, nodes) in runs(graph) {
            let part = match prefix {
                None => Part::Node(NodeId(nodes.start)),
                Some(prefix) => {
                    let mut inputs = Vec::new();
                    for input in nodes.clone().flat_map(|position| plan.reads(graph, NodeId(position))) {
                        if !nodes.contains(&input.0) && !inputs.contains(&input) {
                            inputs.push(input);
                        }
                    }
                    let outputs = nodes.clone().filter(|position| readers[*position] >= nodes.end).map(NodeId).collect();
                    let mut group = Group { prefix, nodes, inputs, outputs, class: plan.classes.len() };
                    group.class = *known.entry(plan.signature(graph, &group)).or_insert(group.class);
                    if group.class == plan.classes.len() {
                        plan.classes.push(Class { name: String::new(), example: plan.parts.len() });
                    }
                    Part::Group(group)
                }
            };
            plan.parts.push(part);
        }
        plan.name_classes();
        plan
    }

    /// Whether the output depends on the node.
    pub(crate) fn is_needed(&self, id: NodeId) -> bool {
        self.needed[id.0]
    }

    /// The values that computing a node takes. Zeros take only the number of images, from whatever is there.
    pub(crate) fn reads(&self, graph: &Graph, id: NodeId) -> Vec<NodeId> {
        let node = graph.node(id);
        match &node.operator {
            _ if !self.needed[id.0] => Vec::new(),
            Operator::Zero { .. } => node.inputs.iter().map(|input| if self.needed[input.0] { *input } else { NodeId(0) }).collect(),
            _ => node.inputs.clone(),
        }
    }

    /// The group that shows what a class is made of.
    pub(crate) fn example(&self, class: &Class) -> &Group {
        match &self.parts[class.example] {
            Part::Group(group) => group,
            Part::Node(_) => unreachable!("a class is of groups"),
        }
    }

    /// All groups of a class.
    pub(crate) fn members(&self, class: usize) -> impl Iterator<Item = &Group> {
        let groups = self.parts.iter().filter_map(|part| match part {
            Part::Group(group) => Some(group),
            Part::Node(_) => None,
        });
        groups.filter(move |group| group.class == class)
    }

    fn signature(&self, graph: &Graph, group: &Group) -> Signature {
        let node = |position: usize| {
            let node = graph.node(NodeId(position));
            let source = |input: &NodeId| match group.inputs.iter().position(|outside| outside == input) {
                Some(number) => Source::Outside(number, graph.node(*input).shape),
                // What is not computed is read by its shape only.
                None if !group.nodes.contains(&input.0) => Source::Outside(usize::MAX, graph.node(*input).shape),
                None => Source::Inside(input.0 - group.nodes.start),
            };
            let sources = node.inputs.iter().map(source).collect();
            (group.inner(&node.name).to_owned(), format!("{:?}", node.operator), sources, node.shape, self.needed[position])
        };
        let outputs = group.outputs.iter().map(|output| output.0 - group.nodes.start).collect();
        (group.nodes.clone().map(node).collect(), outputs)
    }

    /// `Stem` where there is one, `Cell0`, `Cell1`, … where there are several.
    fn name_classes(&mut self) {
        let word = |group: &Group| {
            let word = group.prefix.split('.').next().unwrap_or(&group.prefix);
            let numbered = group.prefix.contains('.');
            let singular = if numbered { word.strip_suffix('s').unwrap_or(word) } else { word };
            camel_case(singular)
        };
        let words: Vec<String> = self.classes.iter().map(|class| word(self.example(class))).collect();
        let numbered: Vec<bool> = self.classes.iter().map(|class| self.example(class).prefix.contains('.')).collect();
        for position in 0..self.classes.len() {
            let number = words[..position].iter().filter(|word| **word == words[position]).count();
            let alone = !numbered[position] && words.iter().filter(|word| **word == words[position]).count() == 1;
            self.classes[position].name = if alone { words[position].clone() } else { format!("{}{number}", words[position]) };
        }
    }
}

impl Group {
    /// A node's name without the group's prefix.
    pub(crate) fn inner<'a>(&self, name: &'a str) -> &'a str {
        name.strip_prefix(self.prefix.as_str()).and_then(|rest| rest.strip_prefix('.')).unwrap_or(name)
    }
}

/// The runs of nodes with one prefix, in order; nodes without one come alone. Where a prefix comes twice, there are no groups.
fn runs(graph: &Graph) -> Vec<(Option<String>, Range<usize>)> {
    let mut runs: Vec<(Option<String>, Range<usize>)> = Vec::new();
    for (position, node) in graph.nodes().iter().enumerate().skip(1) {
        let prefix = prefix(&node.name);
        match runs.last_mut() {
            Some((last, range)) if prefix.is_some() && *last == prefix => range.end = position + 1,
            _ => runs.push((prefix, position..position + 1)),
        }
    }
    let mut prefixes: Vec<&String> = runs.iter().filter_map(|(prefix, _)| prefix.as_ref()).collect();
    prefixes.sort();
    if prefixes.windows(2).any(|pair| pair[0] == pair[1]) {
        return (1..graph.nodes().len()).map(|position| (None, position..position + 1)).collect();
    }
    runs
}

/// `cells.3` of `cells.3.nodes.1`, `stem` of `stem.conv`, nothing of `pool`.
fn prefix(name: &str) -> Option<String> {
    let parts: Vec<&str> = name.split('.').collect();
    match parts[..] {
        [first, second, _, ..] if second.chars().all(|c| c.is_ascii_digit()) => Some(format!("{first}.{second}")),
        [first, _, ..] => Some(first.to_owned()),
        _ => None,
    }
}

/// The names of values inside of one function, each used once.
#[derive(Default)]
pub(crate) struct Scope {
    names: HashMap<NodeId, String>,
}

impl Scope {
    /// Takes a name for a value: the one wanted, or one like it.
    pub(crate) fn declare(&mut self, id: NodeId, wanted: &str) -> String {
        let wanted = identifier(&path_identifier(wanted));
        let is_taken = |name: &String| self.names.values().any(|other| other == name);
        let free = std::iter::once(wanted.clone()).chain((2..).map(|number| format!("{wanted}_{number}"))).find(|name| !is_taken(name));
        let name = free.unwrap_or(wanted);
        self.names.insert(id, name.clone());
        name
    }

    /// The name of a value declared before.
    pub(crate) fn get(&self, id: NodeId) -> &str {
        self.names.get(&id).map_or("", String::as_str)
    }
}
