//! Each node as a list of operators with what they read: `((('nor_conv_3x3', 0),), (('none', 0), ('skip_connect', 1)), …)`,
//! which is what the benchmark's code holds.

use assay_core::plugin::ArchitectureError;
use assay_core::subspace::{Layout, OperatorSet, Subspace};

use super::super::{EDGES, NODES};
use super::operator::operator;
use crate::notation::{Value, Written};

pub(super) fn read(layout: &Layout, written: &Written<'_>, value: &Value, nodes: &[Value]) -> Result<Subspace, ArchitectureError> {
    let inner = NODES - 1;
    let wrong = |value: &Value, problem: &str| Err(written.wrong(value.at, problem));
    if nodes.len() != inner {
        return wrong(
            value,
            &format!("a cell as a list has {inner} nodes of 1, 2 and 3 pairs of an operator and what it reads, not {}", nodes.len()),
        );
    }
    let mut edges = [None; EDGES.len()];
    for (number, node) in (1..).zip(nodes) {
        let pairs = node.list().unwrap_or_default();
        if pairs.len() != number {
            return wrong(node, &format!("node {number} reads {number} earlier nodes, so it has as many pairs, not {}", pairs.len()));
        }
        for pair in pairs {
            let Some([name, source]) = pair.list() else {
                return wrong(pair, "an edge is a pair of an operator and what it reads: ('nor_conv_3x3', 0)");
            };
            let operator = operator(layout, written, name)?;
            let source = source.integer().and_then(|source| usize::try_from(source).ok());
            let place = source.and_then(|source| EDGES.iter().position(|edge| *edge == (number, source)));
            match place {
                None => return wrong(pair, &format!("node {number} reads nodes 0 to {}", number - 1)),
                Some(place) if edges[place].is_some() => return wrong(pair, "this edge is there twice"),
                Some(place) => edges[place] = Some(operator),
            }
        }
    }
    let kept = edges.into_iter().map(|operator| operator.map_or(OperatorSet::EMPTY, |operator| OperatorSet::EMPTY.with(operator)));
    Ok(Subspace::new(layout, vec![kept.collect()]))
}
