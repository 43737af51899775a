//! What the architectures of the best scores have in common: their operators.

use super::scored::{OperatorCounts, ProxyScores, Scored};
use crate::study::grid::Grid;

/// One part in so many is what a share is taken of.
pub(super) const PARTS: usize = 10;

/// How often operators occur in the architectures of the best scores.
pub(super) struct Shares {
    /// Their names.
    pub(super) operators: Vec<String>,
    /// Shares by proxy, the last of all architectures, and operator.
    pub(super) by_proxy: Vec<(String, Vec<f64>)>,
}

impl Shares {
    /// None where the architectures do not differ in their operators.
    pub(super) fn of(scored: &Scored) -> Option<Self> {
        let architectures = scored.operators.first()?.counts.len();
        let share = |weights: &[f64]| -> Vec<f64> {
            let count = |operator: &OperatorCounts| -> f64 {
                operator.counts.iter().zip(weights).map(|(count, weight)| *count as f64 * weight).sum()
            };
            let counts: Vec<f64> = scored.operators.iter().map(count).collect();
            let all: f64 = counts.iter().sum();
            counts.into_iter().map(|count| if all > 0.0 { count / all } else { 0.0 }).collect()
        };
        let of_proxy = |proxy: &ProxyScores| (proxy.label.clone(), share(&best(&proxy.oriented())));
        let mut by_proxy: Vec<(String, Vec<f64>)> = scored.proxies.iter().map(of_proxy).collect();
        by_proxy.push(("all architectures".into(), share(&vec![1.0; architectures])));
        Some(Self { operators: scored.operators.iter().map(|operator| operator.name.clone()).collect(), by_proxy })
    }

    pub(super) fn grid(&self, title: String) -> Grid {
        let row = |(name, shares): &(String, Vec<f64>)| {
            [name.clone()].into_iter().chain(shares.iter().map(|share| format!("{share:.3}"))).collect()
        };
        let head = ["proxy".to_owned()].into_iter().chain(self.operators.iter().cloned()).collect();
        Grid { title, head, rows: self.by_proxy.iter().map(row).collect() }
    }
}

/// Which part of each architecture belongs to the best tenth (larger is better): 1 or 0, and a fraction of those that tie for
/// the last places. Undefined ones do not take part.
pub(super) fn best(scores: &[Option<f64>]) -> Vec<f64> {
    let mut sorted: Vec<f64> = scores.iter().flatten().copied().collect();
    sorted.sort_by(|one, other| other.total_cmp(one));
    let wanted = sorted.len().div_ceil(PARTS);
    let Some(last) = wanted.checked_sub(1).map(|last| sorted[last]) else { return vec![0.0; scores.len()] };
    let above = sorted.iter().filter(|score| **score > last).count();
    let tied = sorted.iter().filter(|score| **score == last).count();
    let part = (wanted - above) as f64 / tied as f64;
    let weight = |score: &Option<f64>| match score {
        Some(score) if *score > last => 1.0,
        Some(score) if *score == last => part,
        _ => 0.0,
    };
    scores.iter().map(weight).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_best_tenth_shares_its_last_place_among_those_that_tie_for_it() {
        let mut scores: Vec<Option<f64>> = (0..20).map(|score| Some(f64::from(score))).collect();
        scores.push(None);
        // 20 scores have 2 places: 19 and 18.
        assert_eq!(best(&scores)[17..], [0.0, 1.0, 1.0, 0.0]);
        scores[17] = Some(18.0);
        assert_eq!(best(&scores)[16..], [0.0, 0.5, 0.5, 1.0, 0.0]);
        assert_eq!(best(&[None]), [0.0]);
    }
}
