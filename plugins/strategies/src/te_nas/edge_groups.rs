//! TE-NAS's last stage in DARTS-like spaces: every inner node keeps its two best incoming edges.

use std::ops::Range;

use assay_core::subspace::CellLayout;

use super::decision::{Combination, Ranking};

/// Edges that a node keeps.
const KEPT: usize = 2;

/// The runs of edges that lead to one node each: for a DARTS cell 0–2, 2–5, 5–9 and 9–14.
///
/// An edge's target is the part of its name before `<-`.
#[must_use]
pub fn groups(cell: &CellLayout) -> Vec<Range<usize>> {
    let target = |edge: &str| edge.split_once("<-").map_or(edge, |(target, _)| target).to_owned();
    let mut groups = Vec::new();
    let mut start = 0;
    for (end, edge) in cell.edges.iter().enumerate().skip(1) {
        if target(edge) != target(cell.edges[start]) {
            groups.push(start..end);
            start = end;
        }
    }
    groups.push(start..cell.edges.len());
    groups
}

/// Whether a group has to lose an edge at all. Groups are measured one after the other, each on what the earlier left.
#[must_use]
pub fn is_scored(group: &Range<usize>) -> bool {
    group.len() > KEPT
}

/// The edges of `group` that are cleared. The rankings' candidates are the clearings of its edges, in order.
#[must_use]
pub fn cleared(group: &Range<usize>, combination: Combination, rankings: &[Ranking]) -> Vec<usize> {
    let order = combination.order(rankings);
    let count = order.len().saturating_sub(KEPT);
    order.into_iter().take(count).map(|candidate| group.start + candidate).collect()
}
