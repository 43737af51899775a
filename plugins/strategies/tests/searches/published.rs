//! Searches of the NAS-Bench-201 table as they were published: 12,000 simulated GPU seconds, led by the validation accuracy
//! after 12 epochs on CIFAR-10; the test accuracies after 200 epochs of what is found.

use std::collections::HashMap;
use std::ops::ControlFlow;
use std::path::PathBuf;

use assay_benchmarks as _;
use assay_core::plugin::import::import;
use assay_core::plugin::{Benchmark, Columns, Registry, SearchSpace, Settings, TableLaboratory};
use assay_spaces::nas_bench_201::NasBench201;
use serde_json::json;

use crate::fake_table::strategy;

const SEEDS: u64 = 500;

struct Table {
    folder: tempfile::TempDir,
    file: PathBuf,
}

impl Table {
    fn import() -> Self {
        let default = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared");
        let shared = std::env::var_os("ASSAY_SHARED").map_or_else(|| PathBuf::from(default), PathBuf::from);
        let folder = tempfile::tempdir().unwrap();
        let csv = shared.join("data/nas-bench-201/nb201.csv");
        let imported = import("nas-bench-201", &csv, folder.path(), &mut |_| ControlFlow::Continue(())).unwrap();
        Self { file: imported.file, folder }
    }

    fn benchmark(&self, key: &str, columns: &[&str]) -> Box<dyn Benchmark> {
        assert!(self.folder.path().exists());
        let settings = Settings::none().with("path", self.file.to_str().unwrap()).with(key, json!(columns));
        Registry::<dyn Benchmark>::collect().unwrap().build("nas-bench-201", &settings).unwrap()
    }

    /// Mean and standard deviation over seeds of the test accuracies of what is found, and the mean number of evaluations.
    fn searched(&self, name: &str, oracle: serde_json::Value, other: &Settings) -> Vec<(f64, f64)> {
        let settings = Settings::none().with("oracle", oracle).with("budget", json!({ "gpu_seconds": 12000 })).or(other);
        let strategy = strategy(name, &settings);
        let uses = strategy.columns().into_iter().map(|column| {
            let key = if column.column.contains("cost") { "costs" } else { "targets" };
            let benchmark = self.benchmark(key, &[&column.column]);
            (column, benchmark)
        });
        let (space, columns) = (NasBench201::new(), Columns::new(uses.collect()));
        let truth = self.benchmark("targets", &["test_cifar10", "test_cifar100", "test_imagenet16_120"]);
        let mut known: HashMap<String, Vec<f64>> = HashMap::new();
        let mut found: Vec<Vec<f64>> = vec![Vec::new(); 4];
        for seed in 0..SEEDS {
            let mut laboratory = TableLaboratory::new(&space, &columns, seed);
            let text = space.write(&strategy.search(&mut laboratory).unwrap()).unwrap();
            let accuracies = known
                .entry(text.clone())
                .or_insert_with(|| truth.accuracies(&text).unwrap().into_iter().map(|accuracy| accuracy.percent).collect());
            found.iter_mut().zip(accuracies.iter()).for_each(|(found, accuracy)| found.push(*accuracy));
            found[3].push(laboratory.into_steps().len() as f64);
        }
        found.iter().map(|values| moments(values)).collect()
    }
}

fn moments(values: &[f64]) -> (f64, f64) {
    let count = values.len() as f64;
    let mean = values.iter().sum::<f64>() / count;
    (mean, (values.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / (count - 1.0)).sqrt())
}

fn line(name: &str, moments: &[(f64, f64)]) -> String {
    let accuracies: Vec<String> = moments[..3].iter().map(|(mean, deviation)| format!("{mean:.2} ({deviation:.2})")).collect();
    format!("{name}: {}, {:.1} evaluations", accuracies.join(" / "), moments[3].0)
}

#[test]
fn five_hundred_searches_of_nas_bench_201_find_what_was_published() {
    let table = Table::import();
    let twelve = || json!({ "table": "ep12_valid_cifar10", "cost": "ep12_cost_s_cifar10" });
    let both = || json!({ "tables": ["ep12_valid_cifar10", "v11_valid_cifar10"], "epochs": [12, 200], "cost": "ep12_cost_s_cifar10" });
    let everything = Settings::none().with("exclude", json!([]));
    // Means of Dong & Yang (ICLR 2020), table 5. Protocols differ (see the strategies), by less than half of what the seeds
    // spread.
    let published =
        [("regularized-evolution", [93.92, 71.84, 45.15]), ("random", [93.70, 71.04, 44.57]), ("reinforce", [93.85, 71.71, 45.24])];
    let mut lines = Vec::new();
    for (name, published) in published {
        let found = table.searched(name, twelve(), &everything);
        for ((mean, deviation), expected) in found.iter().zip(published) {
            assert!((mean - expected).abs() < deviation / 2.0, "{name}: {mean} is not within half of {deviation} of {expected}");
        }
        lines.push(line(name, &found));
    }
    for name in ["local-search", "pnas", "manas", "manas-ls", "cnas"] {
        lines.push(line(name, &table.searched(name, twelve(), &everything)));
    }
    for name in ["successive-halving", "hyperband", "bohb"] {
        lines.push(line(name, &table.searched(name, both(), &everything)));
    }
    insta::assert_snapshot!(lines.join("\n"), @r#"
    regularized-evolution: 93.98 (0.39) / 71.95 (1.16) / 45.53 (1.21), 101.6 evaluations
    random: 93.73 (0.36) / 71.16 (1.05) / 44.74 (1.27), 109.1 evaluations
    reinforce: 93.77 (0.34) / 71.26 (1.05) / 44.83 (1.16), 108.5 evaluations
    local-search: 94.12 (0.29) / 72.48 (1.00) / 45.67 (0.95), 97.2 evaluations
    pnas: 93.96 (0.40) / 72.00 (1.23) / 45.46 (1.19), 100.3 evaluations
    manas: 93.91 (0.29) / 71.73 (0.97) / 45.34 (1.06), 102.1 evaluations
    manas-ls: 93.97 (0.28) / 71.97 (0.94) / 45.57 (0.99), 99.5 evaluations
    cnas: 94.03 (0.30) / 72.21 (0.88) / 45.81 (0.90), 96.1 evaluations
    successive-halving: 93.34 (0.54) / 70.24 (1.25) / 43.89 (1.51), 31.2 evaluations
    hyperband: 92.93 (0.63) / 69.42 (1.37) / 42.77 (2.02), 13.0 evaluations
    bohb: 92.91 (0.64) / 69.38 (1.30) / 42.64 (2.02), 13.1 evaluations
    "#);
}
