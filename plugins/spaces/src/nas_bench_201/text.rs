//! Reading and writing cells as the benchmark does.

use assay_core::plugin::{ArchitectureError, suggestion};
use assay_core::subspace::{Layout, OperatorSet, Subspace};

use super::{EDGES, EdgeOperator, FORM, NODES};
use crate::notation::{Written, short};

pub(super) fn write(path: [EdgeOperator; EDGES.len()]) -> String {
    let mut text = String::new();
    for ((target, source), operator) in EDGES.iter().zip(path) {
        if *source == 0 {
            text.push_str(if *target == 1 { "|" } else { "+|" });
        }
        text.push_str(&format!("{}~{source}|", operator.name()));
    }
    text
}

/// Reads `|op~0|+|op~0|op~1|+|op~0|op~1|op~2|`; white space around names and signs does not matter.
pub(super) fn parse(layout: &Layout, text: &str) -> Result<Subspace, ArchitectureError> {
    read(layout, &Written::new(text, FORM)?, text)
}

/// Reads the cell in `text`, a slice of what was written.
pub(super) fn read(layout: &Layout, written: &Written<'_>, text: &str) -> Result<Subspace, ArchitectureError> {
    let nodes: Vec<&str> = text.split('+').collect();
    if nodes.len() != NODES - 1 {
        return Err(written.wrong_in(text, &format!("this is not {} nodes joined by `+`", NODES - 1)));
    }
    let mut edges = Vec::with_capacity(EDGES.len());
    for (node, part) in (1..).zip(nodes) {
        let terms = between_bars(written, part)?;
        if terms.len() != node {
            let problem = format!("node {node} reads {node} earlier nodes, so it has as many edges, not {}", terms.len());
            return Err(written.wrong_in(part, &problem));
        }
        for (source, term) in terms.into_iter().enumerate() {
            edges.push(edge(layout, written, term, source)?);
        }
    }
    Ok(Subspace::new(layout, vec![edges]))
}

fn between_bars<'a>(written: &Written<'_>, part: &'a str) -> Result<Vec<&'a str>, ArchitectureError> {
    let trimmed = part.trim();
    let inner = trimmed.strip_prefix('|').and_then(|rest| rest.strip_suffix('|'));
    inner.map(|inner| inner.split('|').collect()).ok_or_else(|| {
        let problem = if trimmed.is_empty() { "a node is missing" } else { "this node is not enclosed in bars" };
        written.wrong_in(part, problem)
    })
}

fn edge(layout: &Layout, written: &Written<'_>, term: &str, source: usize) -> Result<OperatorSet, ArchitectureError> {
    let Some((name, from)) = term.split_once('~') else {
        return Err(written.wrong_in(term, &format!("this is not an edge; an edge is written op~{source}")));
    };
    if from.trim() != source.to_string() {
        return Err(written.wrong_in(from, &format!("this edge reads node {source}, so it ends in ~{source}")));
    }
    let name_only = name.trim();
    let problem =
        || written.wrong_in(name, &format!("there is no operator `{}`; {}", short(name_only), suggestion(name_only, &layout.operators)));
    layout.operator(name_only).map(|operator| OperatorSet::EMPTY.with(operator)).ok_or_else(problem)
}
