//! What the architectures of the best scores have in common: their operators.

use assay_results::present::grid::Grid;

use super::scored::Scored;
use super::scores::{OperatorCounts, ProxyScores, best};

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
