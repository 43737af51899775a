//! TE-NAS's last stage in DARTS-like spaces: every inner node keeps its two best incoming edges.

use std::ops::Range;

use assay_core::subspace::CellLayout;

use super::decision::{Combination, Ranking};

/// Edges that a node keeps.
const KEPT: usize = 2;

/// The runs of edges that lead to one node each: for a DARTS cell 0–2, 2–5, 5–9 and 9–14. None where edges do not join nodes.
#[must_use]
pub fn groups(cell: &CellLayout) -> Vec<Range<usize>> {
    let edges = cell.wiring.iter().flat_map(|wiring| wiring.edges.chunk_by(|one, other| one.to == other.to));
    let groups = edges.scan(0, |start, group| {
        let first = *start;
        *start += group.len();
        Some(first..*start)
    });
    groups.collect()
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
