//! The correlations of a study as grids.

use super::grid::{Grid, cell, unique};
use crate::correlation::{Correlation, RANDOM};

/// A statistic of a row: how it is called, and its value.
type Statistic = (&'static str, fn(&Correlation) -> Option<f64>);

const STATISTICS: [Statistic; 10] = [
    ("τ-b", |row| row.tau_b),
    ("ρ", |row| row.rho),
    ("weighted τ", |row| row.weighted_tau),
    ("r", |row| row.pearson),
    ("τ-b top 10 %", |row| row.tau_b_top_10_percent),
    ("τ-b top 1 %", |row| row.tau_b_top_1_percent),
    ("precision@k", |row| row.precision_at_k),
    ("NDCG@k", |row| row.ndcg_at_k),
    ("regret %", |row| row.regret),
    ("τ-b given live-params", |row| row.partial_tau_b),
];

/// τ-b by proxy and target, with its interval and its spread over repeats where there are any.
#[must_use]
pub fn overview(rows: &[Correlation]) -> Grid {
    let targets = unique(rows.iter().map(|row| row.target.as_str()));
    let title = |target: &&str| rows.iter().find(|row| row.target == *target).map_or(String::new(), |row| row.title.clone());
    let head = ["proxy".into()].into_iter().chain(targets.iter().map(title)).chain(["undefined".into()]).collect();
    let rows = unique(rows.iter().map(|row| row.proxy.as_str())).into_iter().map(|proxy| {
        let of_proxy = || rows.iter().filter(move |row| row.proxy == proxy);
        let undefined = of_proxy().next().map_or(0, |row| row.undefined);
        [proxy.to_owned()].into_iter().chain(of_proxy().map(tau_b)).chain([undefined.to_string()]).collect()
    });
    Grid { title: "Kendall τ-b".into(), head, rows: rows.collect() }
}

fn tau_b(row: &Correlation) -> String {
    let mut text = cell(row.tau_b);
    if let Some(deviation) = row.tau_b_spread.and_then(|spread| spread.deviation) {
        text += &format!(" ± {deviation:.3}");
    }
    if let Some(interval) = row.interval() {
        text += &format!(" [{}, {}]", cell(Some(interval.low)), cell(Some(interval.high)));
    } else if row.tau_b.is_some() && row.architectures < Correlation::LEAST_WITH_INTERVAL && row.proxy != RANDOM {
        text += &format!(" [no interval: {} architectures]", row.architectures);
    }
    text
}

/// Every statistic by proxy, one grid a target.
#[must_use]
pub fn by_target(rows: &[Correlation], k: usize) -> Vec<Grid> {
    let named = |name: &str| name.replace("@k", &format!("@{k}"));
    let head: Vec<String> =
        ["proxy".into()].into_iter().chain(STATISTICS.iter().map(|(name, _)| named(name))).chain(["undefined".into()]).collect();
    let grid = |target: &str| {
        let own = rows.iter().filter(|row| row.target == target);
        let title = own.clone().next().map_or(String::new(), |row| format!("{} ({target})", row.title));
        let line = |row: &Correlation| {
            let values = STATISTICS.iter().map(|(_, value)| cell(value(row)));
            [row.proxy.clone()].into_iter().chain(values).chain([row.undefined.to_string()]).collect()
        };
        Grid { title, head: head.clone(), rows: own.map(line).collect() }
    };
    unique(rows.iter().map(|row| row.target.as_str())).into_iter().map(grid).collect()
}
