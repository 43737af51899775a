//! Which nodes of a file the output needs, in an order in which each comes after what it reads.

use std::collections::{BTreeSet, HashMap, HashSet};

use crate::Problem;
use crate::error::short;
use crate::schema::{GraphProto, NodeProto};

/// The nodes that `output` needs, in order. What is there before any node runs is in `given`.
pub(crate) fn needed<'a>(graph: &'a GraphProto, output: &str, given: &HashSet<&str>) -> Result<Vec<&'a NodeProto>, Problem> {
    let mut source: HashMap<&str, usize> = HashMap::new();
    for (position, node) in graph.node.iter().enumerate() {
        for value in node.output.iter().filter(|value| !value.is_empty()) {
            if given.contains(value.as_str()) || source.insert(value, position).is_some() {
                let problem = "two nodes or tensors of the file compute it; every value needs one source";
                return Err(Problem::Wiring(format!("value `{}`: {problem}", short(value))));
            }
        }
    }
    let reads = |position: usize| graph.node[position].input.iter().filter(|value| !value.is_empty() && !given.contains(value.as_str()));
    let mut wanted: BTreeSet<usize> = BTreeSet::new();
    let mut pending: Vec<usize> = Vec::new();
    match source.get(output) {
        Some(position) => pending.push(*position),
        None if given.contains(output) => {}
        None => return Err(Problem::Output(format!("its output `{}` is not computed by any node", short(output)))),
    }
    while let Some(position) = pending.pop() {
        if !wanted.insert(position) {
            continue;
        }
        for value in reads(position) {
            let node = &graph.node[position];
            let missing = || {
                let (node, value) = (short(node.output.first().unwrap_or(&node.name)), short(value));
                Problem::Wiring(format!("node `{node}` reads `{value}`, which no node computes and the file does not hold"))
            };
            pending.push(*source.get(value.as_str()).ok_or_else(missing)?);
        }
    }
    sorted(graph, &wanted, |position| reads(position).filter_map(|value| source.get(value.as_str()).copied()).collect())
}

/// By Kahn's algorithm: of the nodes whose inputs are all there, the first in the file.
fn sorted<'a>(
    graph: &'a GraphProto,
    wanted: &BTreeSet<usize>,
    inputs: impl Fn(usize) -> BTreeSet<usize>,
) -> Result<Vec<&'a NodeProto>, Problem> {
    let mut missing: HashMap<usize, usize> = HashMap::new();
    let mut users: HashMap<usize, Vec<usize>> = HashMap::new();
    let mut ready: BTreeSet<usize> = BTreeSet::new();
    for position in wanted {
        let inputs = inputs(*position);
        if inputs.is_empty() {
            ready.insert(*position);
        }
        missing.insert(*position, inputs.len());
        for input in inputs {
            users.entry(input).or_default().push(*position);
        }
    }
    let mut order = Vec::with_capacity(wanted.len());
    let mut placed: HashSet<usize> = HashSet::new();
    while let Some(position) = ready.pop_first() {
        order.push(&graph.node[position]);
        placed.insert(position);
        for user in users.get(&position).map_or(&[][..], Vec::as_slice) {
            if let Some(left) = missing.get_mut(user) {
                *left -= 1;
                if *left == 0 {
                    ready.insert(*user);
                }
            }
        }
    }
    match wanted.iter().find(|position| !placed.contains(position)) {
        Some(position) => {
            let node = &graph.node[*position];
            let name = short(node.output.first().unwrap_or(&node.name));
            Err(Problem::Wiring(format!("node `{name}` needs its own output, directly or through others: the nodes go in a circle")))
        }
        None => Ok(order),
    }
}
