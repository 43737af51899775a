//! Studies whose scores are read in place of being measured, and the tables that keep them.

use std::collections::BTreeSet;
use std::fs::File;
use std::path::Path;

use insta::assert_snapshot;
use polars::prelude::{Column, DataFrame, DataType, ParquetWriter};

use crate::scratch::{Scratch, journalled, summary};
use crate::studies::{SMALL, read, with_benchmark};

/// A cell without a path from input to output, of which κ is undefined, beside three others.
const CELLS: &str = r#"study.architectures=["|none~0|+|none~0|none~1|+|none~0|none~1|none~2|", "|nor_conv_3x3~0|+|nor_conv_3x3~0|none~1|+|skip_connect~0|none~1|nor_conv_1x1~2|", "|skip_connect~0|+|nor_conv_1x1~0|none~1|+|nor_conv_3x3~0|none~1|skip_connect~2|", "|avg_pool_3x3~0|+|none~0|nor_conv_3x3~1|+|skip_connect~0|none~1|nor_conv_3x3~2|"]"#;

/// The statistics of a study, without how they came about.
fn statistics(run: &Path) -> Vec<serde_json::Value> {
    let summary = summary(run);
    vec![summary["correlations"].clone(), summary["undefined"].clone(), summary["targets"].clone(), summary["ceilings"].clone()]
}

/// Takes Pearson's r out of the statistics.
fn without_pearson(statistics: &mut [serde_json::Value]) -> Vec<f64> {
    let rows = statistics[0].as_array_mut().unwrap();
    rows.iter_mut().map(|row| row.as_object_mut().unwrap().remove("pearson").unwrap().as_f64().unwrap()).collect()
}

fn measured() -> Scratch {
    let scratch = with_benchmark();
    scratch.write("cells.toml", SMALL.replace("sample = 14\n", ""));
    let te_nas = "study.proxies=[\"ntk-condition\", \"params\", \"te-nas\"]";
    scratch.succeed(&["correlate", "cells.toml", "--quiet", "--run-dir", "measured", "--set", te_nas, "--set", CELLS]);
    scratch
}

#[test]
fn scores_that_are_read_give_the_statistics_of_the_study_that_measured_them() {
    let scratch = measured();
    let te_nas = "study.proxies=[\"ntk-condition\", \"params\", \"te-nas\"]";
    let said = scratch.succeed(&["collect", "measured", "--output", "kept.parquet"]);
    assert!(said.starts_with("kept.parquet: 24 scores of 4 architectures, 2 undefined, 32 bits"), "{said}");
    let kept = read(&scratch.path().join("kept.parquet"));
    assert_eq!(kept.column("value").unwrap().dtype(), &DataType::Float32);
    for (source, run) in [("measured", "from-folder"), ("measured/scores.parquet", "from-run"), ("kept.parquet", "from-kept")] {
        let scores = format!("study.scores=\"{source}\"");
        scratch.succeed(&["correlate", "cells.toml", "--quiet", "--run-dir", run, "--set", te_nas, "--set", &scores, "--set", CELLS]);
        let run = scratch.path().join(run);
        assert_eq!(journalled(&run), 0, "{source}: something was measured again");
        let [mut then, mut now] = [scratch.path().join("measured"), run.clone()].map(|run| statistics(&run));
        if source == "kept.parquet" {
            // Values of 32 bits keep their order here, and move what is not of ranks a little.
            let [then, now] = [&mut then, &mut now].map(|statistics| without_pearson(statistics));
            assert!(then.iter().zip(&now).all(|(then, now)| (then - now).abs() < 1e-5), "{then:?} {now:?}");
        }
        assert!(!then[1].as_array().unwrap().is_empty(), "no score is undefined");
        assert_eq!(now, then, "{source}");
        let protocol = summary(&run)["protocol"].as_str().unwrap().to_owned();
        for part in ["scores read from ", ".parquet, measured under [space nas-bench-201 (4 of 15,625"] {
            assert!(protocol.contains(part), "{source}: {protocol}");
        }
    }
    // What reports read of such a run is all there.
    scratch.succeed(&["report", "from-kept", "--output", "page"]);
}

#[test]
fn a_study_without_a_list_is_over_the_architectures_of_its_table_and_counts_what_that_lacks() {
    let scratch = measured();
    let flops = ["--set", "study.proxies=[\"ntk-condition\", \"flops\"]", "--set", "study.scores=\"measured\""];
    // The file asks for 14 architectures, drawn.
    let error = scratch.fail(&[&["correlate", "small.toml", "--quiet"][..], &flops].concat());
    assert!(error.contains("lacks ") && error.contains("leave out study.sample and study.architectures"), "{error}");
    scratch.succeed(&[&["correlate", "cells.toml", "--quiet", "--run-dir", "counted"][..], &flops].concat());
    let found = summary(&scratch.path().join("counted"));
    assert_eq!(found["architectures"], 4);
    let protocol = found["protocol"].as_str().unwrap();
    assert!(protocol.contains("4 of 15,625 architectures, of the table of scores"), "{protocol}");
    assert!(protocol.contains("; counted here: flops: "), "{protocol}");
    assert_eq!(journalled(&scratch.path().join("counted")), 4, "FLOPs of four cells");
}

#[test]
fn what_a_table_of_scores_cannot_give_is_refused_before_anything_runs() {
    let scratch = measured();
    let asked = |more: &[&str]| scratch.fail(&[&["correlate", "cells.toml", "--quiet", "--set", CELLS][..], more].concat());
    let scores = "study.scores=\"measured\"";
    scratch.write("text.parquet", "not a table");
    let errors = [
        asked(&["--set", scores, "--set", "study.proxies=[\"meco\"]"]),
        asked(&["--set", scores, "--set", "study.proxies=[\"params\"]", "--shard", "1/2"]),
        asked(&["--set", scores, "--set", "study.proxies=[\"ntk-condition\"]", "--set", "study.repeats=3"]),
        asked(&["--set", "study.scores=\"text.parquet\""]),
        asked(&["--set", "study.scores=\"no.parquet\""]),
    ];
    assert_snapshot!(errors.join("\n"));
}

#[test]
fn one_table_holds_scores_of_one_kind_only() {
    let scratch = measured();
    let params = ["correlate", "small.toml", "--quiet", "--set", "study.proxies=[\"params\"]", "--run-dir"];
    scratch.succeed(&[&params[..], &["wide", "--set", "proxies.params.channels=32"]].concat());
    scratch.succeed(&[&params[..], &["same"]].concat());
    let error = scratch.fail(&["collect", "measured", "wide", "--output", "both.parquet"]);
    assert!(error.contains("`wide` measured `params` otherwise than a run before it"), "{error}");
    assert!(!scratch.path().join("both.parquet").exists());
    let said = scratch.succeed(&["collect", "measured", "same", "--output", "both.parquet"]);
    assert!(said.contains(" of 18 architectures"), "{said}");
    let error = scratch.fail(&["collect", "measured", "no-run", "--output", "both.parquet"]);
    assert!(error.contains("`no-run` holds no run"), "{error}");
}

/// The architectures of a study of 60 cells with these further arguments, as their space writes them.
fn studied(scratch: &Scratch, run: &str, more: &[&str]) -> BTreeSet<String> {
    let params =
        ["correlate", "small.toml", "--quiet", "--run-dir", run, "--set", "study.proxies=[\"params\"]", "--set", "study.sample=60"];
    scratch.succeed(&[&params[..], more].concat());
    let table = read(&scratch.path().join(run).join("architectures.parquet"));
    let column = table.column("arch").unwrap().str().unwrap().clone();
    column.iter().map(|text| text.unwrap().to_owned()).collect()
}

#[test]
fn the_two_halves_of_a_study_are_all_of_it_and_have_nothing_in_common() {
    let scratch = with_benchmark();
    let all = studied(&scratch, "all", &[]);
    let [development, test] = ["development", "test"].map(|half| studied(&scratch, half, &["--set", &format!("study.half={half}")]));
    assert!(development.is_disjoint(&test) && development.len() > 15 && test.len() > 15);
    assert_eq!(&development | &test, all);
    let protocol = summary(&scratch.path().join("test"))["protocol"].as_str().unwrap().to_owned();
    assert!(protocol.contains(&format!("drawn with seed 0; of them the {} of the test half", test.len())), "{protocol}");
}

#[test]
fn a_study_may_leave_out_the_cells_with_an_operator_on_no_path() {
    let scratch = with_benchmark();
    let (all, left) = (studied(&scratch, "all", &[]), studied(&scratch, "left", &["--set", "study.unreachable=leave-out"]));
    let is_complete = |text: &&String| {
        let passes: Vec<bool> = text.split(['|', '+']).filter(|part| !part.is_empty()).map(|part| !part.starts_with("none")).collect();
        let paths: [&[usize]; 4] = [&[3], &[0, 4], &[1, 5], &[0, 2, 5]];
        let open: Vec<&&[usize]> = paths.iter().filter(|path| path.iter().all(|edge| passes[*edge])).collect();
        (0..6).all(|edge| !passes[edge] || open.iter().any(|path| path.contains(&edge)))
    };
    assert_eq!(left, all.iter().filter(is_complete).cloned().collect());
    assert!(left.len() > 15 && left.len() < 55, "{}", left.len());
    let protocol = summary(&scratch.path().join("left"))["protocol"].as_str().unwrap().to_owned();
    let told = format!("drawn with seed 0; of them the {} whose operators are all on a path from input to output;", left.len());
    assert!(protocol.contains(&told), "{protocol}");
}

#[test]
fn what_cannot_leave_out_unreachable_operators_is_refused() {
    let scratch = with_benchmark();
    scratch.write("cells.toml", SMALL.replace("sample = 14\n", ""));
    let leave_out = ["correlate", "cells.toml", "--quiet", "--set", "study.proxies=[\"params\"]", "--set"];
    let asked = |more: &[&str]| scratch.fail(&[&leave_out[..], more].concat());
    let macros =
        ["study.unreachable=leave-out", "--set", "space.name=nas-bench-macro", "--set", "benchmark={name = \"trained\", train = [1]}"];
    let errors = [asked(&["study.unreachable=leave_out"]), asked(&["study.unreachable=leave-out", "--set", DISCONNECTED]), asked(&macros)];
    assert_snapshot!(errors.join("\n"));
}

/// Two cells, each with an operator on no path.
const DISCONNECTED: &str = r#"study.architectures=["|nor_conv_3x3~0|+|none~0|none~1|+|skip_connect~0|none~1|none~2|", "|none~0|+|none~0|skip_connect~1|+|skip_connect~0|none~1|none~2|"]"#;

/// The 64 cells of convolutions, searched by scores that a table has.
const BY_SCORES: &str = r#"version = 1
name = "by-scores"

[space]
name = "nas-bench-201"

[dataset]
name = "synthetic"
images = 40

[strategy]
name = "exhaustive"
oracle = { proxies = ["naswot", "meco"], rule = "numeric-sum", scores = "made.parquet" }
exclude = ["none", "skip_connect", "avg_pool_3x3"]
"#;

/// Cells of convolutions, with two scores each that no network has: the first counts the kernels in a way that no two cells share.
fn cells_of_convolutions() -> Vec<(String, f64, f64)> {
    let cell = |number: usize| {
        let kernels: Vec<usize> = (0..6).map(|edge| 1 + 2 * (number >> edge & 1)).collect();
        let edge = |edge: usize, from: usize| format!("nor_conv_{0}x{0}~{from}", kernels[edge]);
        let nodes = [vec![edge(0, 0)], vec![edge(1, 0), edge(2, 1)], vec![edge(3, 0), edge(4, 1), edge(5, 2)]];
        let text = nodes.map(|inputs| format!("|{}|", inputs.join("|"))).join("+");
        (text, number as f64 / 8.0, f64::from(u8::from(number == 37)) * 100.0)
    };
    (0..64).map(cell).collect()
}

fn write_scores(scratch: &Scratch, cells: &[(String, f64, f64)]) {
    let rows: Vec<(&str, &str, f64)> =
        cells.iter().flat_map(|(arch, naswot, meco)| [(arch.as_str(), "naswot", *naswot), (arch.as_str(), "meco", *meco)]).collect();
    let columns = vec![
        Column::new("arch".into(), rows.iter().map(|row| row.0).collect::<Vec<_>>()),
        Column::new("proxy".into(), rows.iter().map(|row| row.1).collect::<Vec<_>>()),
        Column::new("value".into(), rows.iter().map(|row| row.2).collect::<Vec<_>>()),
    ];
    let mut table = DataFrame::new(rows.len(), columns).unwrap();
    ParquetWriter::new(File::create(scratch.path().join("made.parquet")).unwrap()).finish(&mut table).unwrap();
}

#[test]
fn a_search_that_reads_its_scores_finds_the_best_of_the_table_and_measures_nothing() {
    let scratch = Scratch::new();
    let cells = cells_of_convolutions();
    write_scores(&scratch, &cells);
    scratch.write("by-scores.toml", BY_SCORES);
    scratch.succeed(&["run", "by-scores.toml", "--quiet", "--run-dir", "run"]);
    let found = summary(&scratch.path().join("run"));
    assert_eq!(found["architecture"]["text"], cells[37].0, "the second score is decisive");
    assert_eq!(found["scores"]["naswot"]["reading"]["value"], cells[37].1);
    assert_eq!(found["scores"]["naswot"]["repeats"], 1, "a score of a table is the same every time");
    let protocol = found["protocol"].as_str().unwrap();
    assert!(protocol.contains("scores read from made.parquet, measured under [the table does not say"), "{protocol}");
    // The other end of the first score alone, and beside it what is counted here.
    let counted =
        "strategy.oracle={ proxies = [\"naswot\", \"params\"], weights = [1, 1e-9], rule = \"numeric-sum\", scores = \"made.parquet\" }";
    scratch.succeed(&["run", "by-scores.toml", "--quiet", "--run-dir", "counted", "--set", counted]);
    let found = summary(&scratch.path().join("counted"));
    assert_eq!(found["architecture"]["text"], cells[63].0);
    assert!(found["protocol"].as_str().unwrap().contains("; counted here: params: "), "{}", found["protocol"]);
}

#[test]
fn a_search_stops_at_an_architecture_that_its_table_lacks_unless_failures_make_undefined_scores() {
    let scratch = Scratch::new();
    let mut cells = cells_of_convolutions();
    cells.remove(37);
    write_scores(&scratch, &cells);
    scratch.write("by-scores.toml", BY_SCORES);
    let error = scratch.fail(&["run", "by-scores.toml", "--quiet", "--run-dir", "stopped"]);
    assert!(error.contains("the table of scores `made.parquet` has none of this architecture"), "{error}");
    let twice = Scratch::new();
    write_scores(&twice, &[&cells[..], &cells[..1]].concat());
    twice.write("by-scores.toml", BY_SCORES);
    let error = twice.fail(&["run", "by-scores.toml", "--quiet", "--run-dir", "stopped"]);
    assert!(error.contains(&format!("it has a second score of `naswot` for `{}` in one repeat", cells[0].0)), "{error}");
    scratch.succeed(&["run", "by-scores.toml", "--quiet", "--run-dir", "skipped", "--set", "on_error=skip"]);
    let found = summary(&scratch.path().join("skipped"));
    assert_eq!((&found["architecture"]["text"], &found["counts"]["undefined"]["naswot"]), (&cells[62].0.as_str().into(), &1.into()));
}

#[test]
fn what_scores_of_an_oracle_contradict_is_told_with_its_line() {
    let scratch = Scratch::new();
    write_scores(&scratch, &cells_of_convolutions());
    let asked = |oracle: &str, more: &[&str]| {
        scratch.write("wrong.toml", BY_SCORES.replace("proxies = [\"naswot\", \"meco\"], rule = \"numeric-sum\"", oracle));
        scratch.fail(&[&["run", "wrong.toml", "--quiet"][..], more].concat())
    };
    let errors = [
        asked("table = \"test_cifar10\"", &[]),
        asked("proxy = \"meco\", repeats = 2", &[]),
        asked("proxy = \"meco\"", &["--set", "strategy.budget={ seconds = 10 }"]),
        asked("proxy = \"zen\"", &[]),
    ];
    assert_snapshot!(errors.join("\n"));
    assert!(scratch.runs().is_empty(), "nothing was begun");
}
