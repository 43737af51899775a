//! Searches led by an oracle: what the file may say, what the run folder holds, and that a killed run continues.

use insta::assert_snapshot;
use polars::prelude::{ParquetReader, SerReader};

use crate::scratch::{Scratch, counted, journalled, result, shared, summary};

/// A search by two structural proxies, which take no time.
const SEARCH: &str = r#"version = 1
name = "search"

[space]
name = "nas-bench-201"

[dataset]
name = "synthetic"
images = 40

[strategy]
name = "regularized-evolution"
oracle = { proxies = ["live-params", "flops"], rule = "log-rank-sum", weights = [2, 1] }
budget = { evaluations = 60 }
population = 8
"#;

/// A search by the table, which measures nothing.
const RECORDED: &str = r#"version = 1
name = "recorded"

[space]
name = "nas-bench-201"

[dataset]
name = "synthetic"
images = 40

[strategy]
name = "regularized-evolution"
oracle = { table = "ep12_valid_cifar10", cost = "ep12_cost_s_cifar10" }
budget = { gpu_seconds = 3000 }

[benchmark]
name = "nas-bench-201"
"#;

#[test]
fn a_search_by_an_aggregate_leaves_every_measurement_and_step() {
    let scratch = Scratch::new();
    scratch.write("search.toml", SEARCH);
    let out = scratch.succeed(&["run", "search.toml", "--quiet", "--run-dir", "run"]);
    let run = scratch.path().join("run");
    let protocol = "by log-rank-sum of 2 · live-params, flops within 60 evaluations, every operator, population 8, best of 3 drawn";
    assert!(out.contains(protocol), "{out}");
    let summary = summary(&run);
    assert_eq!(summary["counts"]["steps"], 60);
    assert!(summary["scores"]["live-params"].is_object() && summary["scores"]["flops"].is_object());
    assert_eq!(journalled(&run), counted(&run));
    // The steps end with what was found.
    let trajectory: serde_json::Value = serde_json::from_slice(&std::fs::read(run.join("trajectory.json")).unwrap()).unwrap();
    assert_eq!(trajectory["steps"][59]["after"], summary["architecture"]["mask"]);
}

#[test]
fn a_search_within_a_latency_shows_the_front_of_what_it_looked_up() {
    let scratch = Scratch::new();
    scratch.import_nas_bench_201();
    let latencies = shared().join("data/nas-bench-201/hwnasbench_cifar10.csv");
    scratch.succeed(&["benchmark", "import", "nas-bench-201", latencies.to_str().unwrap()]);
    let config = concat!(env!("CARGO_MANIFEST_DIR"), "/../configs/search-hardware-aware-nas-bench-201.toml");
    let out = scratch.succeed(&["run", config, "--quiet", "--run-dir", "run"]);
    assert!(out.contains("hw_edgegpu_latency_cifar10 at most 4, NSGA-II") && !out.contains("; ;"), "{out}");
    let out = scratch.succeed(&["report", "run"]);
    assert!(out.contains("Pareto front: ep12_valid_cifar10 against hw_edgegpu_latency_cifar10"), "{out}");
    let report = scratch.path().join("run/report");
    let name = "front-ep12-valid-cifar10-hw-edgegpu-latency-cifar10";
    assert!(report.join(format!("figures/{name}.svg")).exists());
    let table = std::fs::read_to_string(report.join(format!("tables/{name}-architectures.csv"))).unwrap();
    let numbers = |line: &str| -> Vec<f64> { line.split(',').take(2).map(|cell| cell.parse().unwrap()).collect() };
    let front: Vec<Vec<f64>> = table.lines().skip(1).map(numbers).collect();
    assert!(front.len() > 3 && front.is_sorted_by(|one, other| one[0] < other[0] && one[1] < other[1]), "{table}");
    let found = summary(&scratch.path().join("run"))["architecture"]["text"].as_str().unwrap().to_owned();
    let within = table.lines().skip(1).filter(|line| numbers(line)[0] <= 4.0).last().unwrap();
    assert!(within.contains(&found), "the best within the limit is on the front: {found} {table}");
}

#[test]
fn a_search_by_the_table_spends_its_simulated_seconds_and_is_continued_to_the_same_result() {
    let scratch = Scratch::new();
    scratch.write("recorded.toml", RECORDED);
    scratch.import_nas_bench_201();
    scratch.succeed(&["run", "recorded.toml", "--quiet", "--run-dir", "whole"]);
    let whole = scratch.path().join("whole");
    let summary = summary(&whole);
    let spent = summary["counts"]["recorded_costs"]["ep12_cost_s_cifar10"].as_f64().unwrap();
    assert!(spent <= 3000.0 && spent > 2700.0, "{spent}");
    assert!(summary["protocol"].as_str().unwrap().contains("12 epochs, one trial"), "{}", summary["protocol"]);
    let score = summary["scores"]["ep12_valid_cifar10"]["reading"]["value"].as_f64().unwrap();
    let steps = ParquetReader::new(std::fs::File::open(whole.join("trajectory.parquet")).unwrap()).finish().unwrap();
    assert_eq!(steps.height() % 2, 0, "an accuracy and a cost a step");
    let values = steps.column("value").unwrap().f64().unwrap();
    let best = values.iter().step_by(2).flatten().fold(0.0, f64::max);
    assert_eq!(score, best, "the best accuracy of all steps");

    // A run that was killed after some lines of its journal.
    let lines = std::fs::read_to_string(whole.join("measurements.jsonl")).unwrap();
    for kept in [1, 21, 38] {
        let name = format!("cut-{kept}");
        let cut = scratch.path().join(&name);
        scratch.succeed(&["run", "recorded.toml", "--quiet", "--run-dir", &name]);
        std::fs::remove_file(cut.join("summary.json")).unwrap();
        let beginning: String = lines.split_inclusive('\n').take(kept).collect();
        std::fs::write(cut.join("measurements.jsonl"), beginning).unwrap();
        scratch.succeed(&["run", "--resume", &name, "--quiet"]);
        assert_eq!(result(&cut), result(&whole), "after {kept} measurements");
        assert_eq!(journalled(&cut), journalled(&whole));
    }
}

#[test]
fn another_seed_and_another_number_of_threads() {
    let scratch = Scratch::new();
    scratch.write("search.toml", SEARCH);
    for (run, arguments) in [("one", ["--threads", "1"]), ("two", ["--threads", "2"]), ("seed", ["--set", "seed=1"])] {
        scratch.succeed(&[&["run", "search.toml", "--quiet", "--run-dir", run], &arguments[..]].concat());
    }
    let [one, two, seed] = ["one", "two", "seed"].map(|run| result(&scratch.path().join(run)));
    assert_eq!(one, two);
    assert_ne!(one, seed);
}

#[test]
fn what_is_wrong_with_an_oracle_points_into_its_line() {
    let scratch = Scratch::new();
    scratch.write("wrong.toml", SEARCH.replace("weights = [2, 1]", "weight = [2, 1]").replace("evaluations = 60", "evaluations = 0"));
    assert_snapshot!(scratch.fail(&["run", "wrong.toml"]), @r#"
      × `strategy.oracle.weight`: no such setting
        ╭─[wrong.toml:13:71]
     12 │ name = "regularized-evolution"
     13 │ oracle = { proxies = ["live-params", "flops"], rule = "log-rank-sum", weight = [2, 1] }
        ·                                                                       ──────
     14 │ budget = { evaluations = 0 }
        ╰────
      help: did you mean `weights`? Known: proxy, proxies, rule, weights, aggregate, scores, repeats, table, tables, epochs, cost, cost_epochs, train

    Error:
      × `strategy.budget.evaluations`: must be a whole number from 1 to 1000000000, is 0
        ╭─[wrong.toml:14:26]
     13 │ oracle = { proxies = ["live-params", "flops"], rule = "log-rank-sum", weight = [2, 1] }
     14 │ budget = { evaluations = 0 }
        ·                          ─
     15 │ population = 8
        ╰────
    "#);
    scratch.write("contrary.toml", SEARCH.replace("weights = [2, 1]", "weights = [2]"));
    assert_snapshot!(scratch.fail(&["run", "contrary.toml"]), @r#"
     × `strategy.oracle.weights`: 1 weights for 2 proxies
       ╭─[contrary.toml:13:81]
    12 │ name = "regularized-evolution"
    13 │ oracle = { proxies = ["live-params", "flops"], rule = "log-rank-sum", weights = [2] }
       ·                                                                                 ───
    14 │ budget = { evaluations = 60 }
       ╰────
    "#);
    assert!(scratch.runs().is_empty(), "nothing was begun");
}

#[test]
fn a_table_that_is_not_there_is_missed_before_the_search() {
    let scratch = Scratch::new();
    scratch.write("absent.toml", RECORDED);
    let said = scratch.miss_data(&["run", "absent.toml"]);
    assert!(said.contains("the table of nas-bench-201 is not imported yet") && said.contains("assay benchmark import"), "{said}");
    scratch.write("column.toml", RECORDED.replace("ep12_valid_cifar10", "ep13_valid_cifar10"));
    let said = scratch.fail(&["run", "column.toml"]);
    let (problem, help) = said.split_once("help: known: ").unwrap();
    assert!(help.contains("ep12_valid_cifar10"), "{help}");
    assert_snapshot!(problem, @r#"
     × `strategy.oracle`: `ep13_valid_cifar10` is not an accuracy of the table
       ╭─[column.toml:13:10]
    12 │ name = "regularized-evolution"
    13 │ oracle = { table = "ep13_valid_cifar10", cost = "ep12_cost_s_cifar10" }
       ·          ──────────────────────────────────────────────────────────────
    14 │ budget = { gpu_seconds = 3000 }
       ╰────
    "#);
    scratch.write("nothing.toml", RECORDED.split("\n[benchmark]").next().unwrap());
    assert_snapshot!(scratch.fail(&["run", "nothing.toml"]), @r#"
     × `strategy.oracle`: column `ep12_valid_cifar10` is looked up in a benchmark, and the experiment has none
       ╭─[nothing.toml:13:10]
    12 │ name = "regularized-evolution"
    13 │ oracle = { table = "ep12_valid_cifar10", cost = "ep12_cost_s_cifar10" }
       ·          ──────────────────────────────────────────────────────────────
    14 │ budget = { gpu_seconds = 3000 }
       ╰────
     help: add a section [benchmark] with a line name = "…"
    "#);
    assert!(scratch.runs().is_empty(), "nothing was begun");
}
