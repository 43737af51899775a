//! How long proxies take over a whole space.

use miette::{IntoDiagnostic, WrapErr};
use serde::Deserialize;
use serde_json::Value;

use super::columns::{lines, table};

/// What the measuring program prints.
#[derive(Debug, Deserialize)]
pub(super) struct Rates {
    space: String,
    space_architectures: u64,
    threads: usize,
    engine: String,
    baseline_engine: String,
    rates: Vec<Rate>,
}

/// The times of one proxy, in seconds of wall time on all threads.
#[derive(Debug, Deserialize)]
struct Rate {
    proxy: String,
    architectures: u64,
    seconds: f64,
    /// Of the first few architectures on the baseline engine, and on ours.
    baseline_seconds: f64,
    same_seconds: f64,
}

impl Rates {
    /// Reads what the program printed.
    pub(super) fn read(values: &Value) -> miette::Result<Self> {
        Self::deserialize(values).into_diagnostic().wrap_err("the measuring program printed other figures than expected")
    }

    /// The table, with what it is measured in below it.
    pub(super) fn render(&self) -> String {
        let whole = format!("hours for {}", self.space_architectures);
        let mut table = table(["proxy", "architectures", "ms each", "a second", &whole, "ratio"]);
        for rate in &self.rates {
            let each = rate.seconds / rate.architectures as f64;
            table.add_row([
                rate.proxy.clone(),
                rate.architectures.to_string(),
                format!("{:.2}", 1000.0 * each),
                format!("{:.1}", 1.0 / each),
                format!("{:.4}", each * self.space_architectures as f64 / 3600.0),
                format!("{:.1} × as fast as {}", rate.baseline_seconds / rate.same_seconds, self.baseline_engine),
            ]);
        }
        let Self { space, threads, engine, .. } = self;
        format!(
            "{}\n\na seeded sample of {space}, wall time, engine {engine}, {threads} threads, default settings of the proxies",
            lines(table, 4)
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_become_hours_and_ratios() {
        let values = serde_json::json!({
            "space": "nas-bench-201", "space_architectures": 15625, "threads": 2, "engine": "cpu", "baseline_engine": "burn-flex",
            "rates": [{
                "proxy": "naswot", "architectures": 64, "seconds": 16.0,
                "baseline_architectures": 4, "baseline_seconds": 12.0, "same_seconds": 1.5,
            }],
        });
        insta::assert_snapshot!(Rates::read(&values).unwrap().render(), @"
        proxy   architectures  ms each  a second  hours for 15625  ratio
        naswot             64   250.00       4.0           1.0851  8.0 × as fast as burn-flex

        a seeded sample of nas-bench-201, wall time, engine cpu, 2 threads, default settings of the proxies
        ");
        assert!(Rates::read(&serde_json::json!({ "space": "nas-bench-201" })).is_err());
    }
}
