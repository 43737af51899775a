//! A recorded column as a proxy.

use assay_results::study::Proxy;
use assay_results::{StudySummary, exit};
use serde_json::Value;

use crate::scratch::{journalled, shared};
use crate::studies::{SMALL, read, with_benchmark};

/// Ranks the accuracy after 12 epochs beside a proxy.
fn study() -> String {
    let study = SMALL.replace("[\"ntk-condition\", \"params\", \"linear-regions\"]", "[\"recorded\", \"params\"]");
    let (study, _) = study.split_once("[proxies.ntk-condition]").unwrap();
    format!("{study}[proxies.recorded]\nbenchmark = \"nas-bench-201\"\ntarget = \"ep12_valid_cifar10\"\n")
}

#[test]
fn the_accuracy_after_12_epochs_ranks_beside_proxies() {
    let scratch = with_benchmark();
    scratch.write("early.toml", study());
    let out = scratch.succeed(&["correlate", "early.toml", "--quiet", "--run-dir", "study"]);
    assert!(out.lines().any(|line| line.starts_with("recorded ")), "{out}");
    assert!(out.contains("recorded: ep12_valid_cifar10 of NAS-Bench-201 accuracies, 12 epochs, one trial, 15,625 architectures"), "{out}");
    let folder = scratch.path().join("study");
    assert_eq!(journalled(&folder), 14 * 3, "looked up once, whatever the repeats");
    // Every score is the table's.
    let table = std::fs::read_to_string(shared().join("data/nas-bench-201/nb201.csv")).unwrap();
    let scores = read(&folder.join("scores.parquet"));
    let texts = |name: &str| scores.column(name).unwrap().str().unwrap().iter().map(|text| text.unwrap().to_owned()).collect::<Vec<_>>();
    let values: Vec<Option<f64>> = scores.column("value").unwrap().f64().unwrap().iter().collect();
    let mut compared = 0;
    for ((architecture, proxy), value) in texts("arch").iter().zip(texts("proxy")).zip(values) {
        if proxy == "recorded" {
            let line = table.lines().find(|line| line.split(',').nth(1) == Some(architecture)).unwrap();
            assert_eq!(value, line.split(',').nth(13).unwrap().parse().ok());
            compared += 1;
        }
    }
    assert_eq!(compared, 14);
    let summary: StudySummary = serde_json::from_slice(&std::fs::read(folder.join("summary.json")).unwrap()).unwrap();
    let Proxy { summary: told, .. } = summary.proxies.iter().find(|proxy| proxy.label == "recorded").unwrap();
    assert!(told.contains("a column of a benchmark's table"), "{told}");
    // A report needs no table.
    std::fs::remove_dir_all(scratch.path().join("data")).unwrap();
    scratch.succeed(&["report", "study"]);
}

#[test]
fn isomorphic_cells_have_records_of_their_own_and_costs_are_columns_too() {
    let scratch = with_benchmark();
    let cells =
        ["|skip_connect~0|+|none~0|none~1|+|nor_conv_1x1~0|none~1|none~2|", "|none~0|+|none~0|none~1|+|nor_conv_1x1~0|none~1|none~2|"];
    let study = study().replace("sample = 14\nrepeats = 2", &format!("architectures = {cells:?}\nisomorphic = \"once\""));
    scratch.write("early.toml", study);
    scratch.succeed(&["correlate", "early.toml", "--quiet", "--run-dir", "study"]);
    assert_eq!(journalled(&scratch.path().join("study")), 2 * 3);
    let score = |target: &str| -> Value {
        let target = format!("proxies.recorded.target={target}");
        let arguments =
            ["score", cells[0], "--proxy", "recorded", "--set", "proxies.recorded.benchmark=nas-bench-201", "--set", &target, "--json"];
        serde_json::from_str(&scratch.succeed(&arguments)).unwrap()
    };
    let (accuracy, cost) = (score("test_cifar10"), score("ep12_cost_s_cifar10"));
    assert_eq!(accuracy["scores"][0]["direction"], "higher_is_better");
    assert_eq!(cost["scores"][0]["direction"], "lower_is_better");
}

#[test]
fn what_a_table_does_not_hold_is_undefined_and_what_it_cannot_report_is_told_before_anything_is_measured() {
    let scratch = with_benchmark();
    let table = shared().join("data/darts/darts_1000_cifar10.csv");
    scratch.succeed(&["benchmark", "import", "darts-1000", table.to_str().unwrap()]);
    let score = |target: &str, benchmark: &str, architecture: &str, space: &str| {
        let [target, benchmark] = [format!("proxies.recorded.target={target}"), format!("proxies.recorded.benchmark={benchmark}")];
        let arguments =
            ["score", architecture, "--space", space, "--proxy", "recorded", "--set", &target, "--set", &benchmark, "--repeats", "1"];
        scratch.assay(&arguments)
    };
    let edges = ["('sep_conv_3x3', 0), ('sep_conv_3x3', 1)"; 4].join(", ");
    let genotype = format!("Genotype(normal=[{edges}], normal_concat=range(2, 6), reduce=[{edges}], reduce_concat=range(2, 6))");
    let said = score("valid_cifar10", "darts-1000", &genotype, "darts");
    assert!(said.code == Some(0) && said.out.contains("undefined, because the benchmark has no row for"), "{said:?}");
    let cell = "|none~0|+|none~0|none~1|+|none~0|none~1|none~2|";
    let said = score("ep13_valid_cifar10", "nas-bench-201", cell, "nas-bench-201");
    assert!(said.err.contains("`ep13_valid_cifar10` is not a column of nas-bench-201"), "{said:?}");
    assert!(said.err.contains("ep12_valid_cifar10") && said.err.contains("costs known: "), "{said:?}");
    let said = score("test_cifar10", "nas-bench-20", cell, "nas-bench-201");
    assert!(said.err.contains("there is no benchmark `nas-bench-20`"), "{said:?}");
    let said = score("test_cifar10", "nats-bench-size", "8:8:8:8:8", "nats-bench-size");
    assert_eq!(said.code, Some(exit::MISSING_DATA.into()), "{said:?}");
    // Where the table has changed, the run is not continued.
    scratch.write("early.toml", study());
    scratch.succeed(&["correlate", "early.toml", "--quiet", "--run-dir", "study"]);
    std::fs::remove_file(scratch.path().join("study/summary.json")).unwrap();
    let text = std::fs::read_to_string(shared().join("data/nas-bench-201/nb201.csv")).unwrap();
    scratch.write("other.csv", text.replacen("ep12_valid_cifar10,ep12_valid_cifar100,", "ep12_valid_cifar100,ep12_valid_cifar10,", 1));
    std::fs::remove_dir_all(scratch.path().join("data")).unwrap();
    scratch.succeed(&["benchmark", "import", "nas-bench-201", "other.csv"]);
    let error = scratch.fail(&["correlate", "--resume", "study"]);
    assert!(error.contains("the table of [proxies.recorded] is another one"), "{error}");
}
