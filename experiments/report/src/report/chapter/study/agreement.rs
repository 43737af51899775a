//! How far the scores of each two proxies agree.

use assay_results::present::grid::{self, Grid};
use assay_statistics::{Pairs, kendall};
use rayon::prelude::*;

use super::scores::ProxyScores;

/// τ-b between proxies.
pub(super) struct Matrix {
    pub(super) names: Vec<String>,
    pub(super) values: Vec<Vec<Option<f64>>>,
}

impl Matrix {
    pub(super) fn of(proxies: &[ProxyScores]) -> Self {
        let oriented: Vec<Vec<Option<f64>>> = proxies.iter().map(ProxyScores::oriented).collect();
        let tau = |one: &[Option<f64>], other: &[Option<f64>]| {
            let (x, y): (Vec<f64>, Vec<f64>) = one.iter().zip(other).filter_map(|(one, other)| one.zip(*other)).unzip();
            Pairs::new(&x, &y).ok().and_then(|pairs| kendall::tau_b(&pairs))
        };
        let row = |one: &Vec<Option<f64>>| oriented.iter().map(|other| tau(one, other)).collect();
        Self { names: proxies.iter().map(|proxy| proxy.label.clone()).collect(), values: oriented.par_iter().map(row).collect() }
    }

    pub(super) fn grid(&self) -> Grid {
        let row = |(name, values): (&String, &Vec<Option<f64>>)| {
            [name.clone()].into_iter().chain(values.iter().copied().map(grid::cell)).collect()
        };
        Grid {
            title: "Kendall τ-b between proxies".into(),
            head: ["proxy".to_owned()].into_iter().chain(self.names.iter().cloned()).collect(),
            rows: self.names.iter().zip(&self.values).map(row).collect(),
        }
    }
}
