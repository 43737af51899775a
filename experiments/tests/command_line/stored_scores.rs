//! Studies whose scores are read in place of being measured, and the tables that keep them.

use std::collections::BTreeSet;
use std::path::Path;

use insta::assert_snapshot;
use polars::prelude::DataType;

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

#[test]
fn the_two_halves_of_a_study_are_all_of_it_and_have_nothing_in_common() {
    let scratch = with_benchmark();
    let texts = |run: &str, more: &[&str]| -> BTreeSet<String> {
        let params =
            ["correlate", "small.toml", "--quiet", "--run-dir", run, "--set", "study.proxies=[\"params\"]", "--set", "study.sample=60"];
        scratch.succeed(&[&params[..], more].concat());
        let table = read(&scratch.path().join(run).join("architectures.parquet"));
        let column = table.column("arch").unwrap().str().unwrap().clone();
        column.iter().map(|text| text.unwrap().to_owned()).collect()
    };
    let all = texts("all", &[]);
    let [development, test] = ["development", "test"].map(|half| texts(half, &["--set", &format!("study.half={half}")]));
    assert!(development.is_disjoint(&test) && development.len() > 15 && test.len() > 15);
    assert_eq!(&development | &test, all);
    let protocol = summary(&scratch.path().join("test"))["protocol"].as_str().unwrap().to_owned();
    assert!(protocol.contains(&format!("drawn with seed 0; of them the {} of the test half", test.len())), "{protocol}");
}
