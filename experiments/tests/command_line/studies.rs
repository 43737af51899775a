//! Correlation studies.

use std::fs::File;
use std::path::Path;

use assay_core::subspace::Subspace;
use assay_results::tables::{self, Table, Values};
use assay_results::{Space, StudySummary};
use insta::assert_snapshot;
use polars::prelude::{DataFrame, DataType, ParquetReader, SerReader};

use crate::scratch::{Scratch, journalled, shared, summary};

/// Fourteen cells and three measured proxies; a matter of a second.
pub(crate) const SMALL: &str = r#"version = 1
name = "small"

[space]
name = "nas-bench-201"

[dataset]
name = "synthetic"
images = 40

[benchmark]
name = "nas-bench-201"

[study]
proxies = ["ntk-condition", "params", "linear-regions"]
sample = 14
repeats = 2
bootstrap = 100

[proxies.ntk-condition]
batch = 4

[proxies.linear-regions]
crops = 100
crop_batch = 100
"#;

/// A folder with `small.toml`, whose data directory holds the benchmark.
pub(crate) fn with_benchmark() -> Scratch {
    let scratch = Scratch::new();
    scratch.write("small.toml", SMALL);
    scratch.import_nas_bench_201();
    scratch
}

fn trivial() -> &'static str {
    concat!(env!("CARGO_MANIFEST_DIR"), "/../configs/correlation-nas-bench-201-trivial.toml")
}

pub(crate) fn read(path: &Path) -> DataFrame {
    ParquetReader::new(File::open(path).unwrap()).finish().unwrap()
}

/// That a table has the columns that are told of it.
pub(crate) fn check_columns(read: &DataFrame, told: Table) {
    let columns = read.columns().iter().map(|column| {
        let values = match column.dtype() {
            DataType::String => Values::Text,
            DataType::UInt32 | DataType::UInt64 => Values::Count,
            DataType::Float64 => Values::Number,
            other => panic!("{}: {other}", told.file),
        };
        (column.name().as_str(), values)
    });
    let columns: Vec<_> = columns.collect();
    let told = told.columns.iter().filter(|told| told.is_always || columns.iter().any(|(name, _)| *name == told.name));
    assert_eq!(columns, told.map(|told| (told.name, told.values)).collect::<Vec<_>>());
}

/// What must be equal between studies of one experiment, to the last byte: all of its tables but those of times.
pub(crate) fn tables_of(study: &Path) -> Vec<Vec<u8>> {
    let files = [
        "correlations.parquet",
        "correlations.csv",
        "correlations.md",
        "correlations.tex",
        "scores.parquet",
        "targets.parquet",
        "architectures.parquet",
        "space.json",
    ];
    files.iter().map(|file| std::fs::read(study.join(file)).unwrap()).collect()
}

/// Without the lists of what is known, which new plugins make longer.
pub(crate) fn without_lists(text: &str) -> String {
    let line = |line: &str| line.split_once("Known: ").map_or_else(|| line.to_owned(), |(before, _)| format!("{before}Known: …"));
    text.lines().map(line).collect::<Vec<_>>().join("\n")
}

/// The words of the line that begins so.
pub(crate) fn line<'a>(out: &'a str, begin: &str) -> Vec<&'a str> {
    let found = out.lines().find(|line| line.starts_with(begin));
    found.unwrap_or_else(|| panic!("no line `{begin}` in:\n{out}"))[begin.len()..].split_whitespace().collect()
}

#[test]
fn counting_parameters_correlates_over_the_whole_space_as_published() {
    let scratch = with_benchmark();
    let out = scratch.succeed(&["correlate", trivial(), "--quiet", "--run-dir", "study"]);
    assert_eq!(line(&out, "params ")[..3], ["0.578", "0.553", "0.520"]);
    // The third is 0.60754.
    assert_eq!(line(&out, "live-params ")[..3], ["0.654", "0.628", "0.608"]);
    assert_eq!(line(&out, "random choice ")[..4], ["0.000", "0.000", "0.000", "0"]);
    assert!(out.contains("noise ceiling: τ-b 0.919 of one training run against the mean of 2 others, v11_test_cifar10_seeds"), "{out}");
    for part in ["space nas-bench-201 (all 15,625 architectures", "test_cifar10, test_cifar100", "NATS-Bench topology v1.0", "seed 0"] {
        for file in ["correlations.md", "correlations.csv"] {
            let text = std::fs::read_to_string(scratch.path().join("study").join(file)).unwrap();
            assert!(text.contains(part), "{part} in {file}:\n{text}");
        }
    }
    let scores = read(&scratch.path().join("study/scores.parquet"));
    let names: Vec<&str> = scores.get_column_names().into_iter().map(|name| name.as_str()).collect();
    assert_eq!(names, ["arch", "index", "proxy", "repeat", "value", "undefined_because"]);
    assert_eq!(scores.height(), 4 * 15_625);
    let index = scores.column("index").unwrap().u32().unwrap();
    assert_eq!((index.get(0), index.get(scores.height() - 1)), (Some(0), Some(15_624)), "by the benchmark's own numbers");
}

#[test]
fn a_sample_is_measured_by_every_proxy_and_repeat_on_any_number_of_threads() {
    let scratch = with_benchmark();
    for threads in ["1", "2"] {
        scratch.succeed(&["correlate", "small.toml", "--quiet", "--threads", threads, "--run-dir", threads]);
    }
    let [one, two] = ["1", "2"].map(|study| tables_of(&scratch.path().join(study)));
    assert!(one == two, "the tables depend on the number of threads");
    let study = scratch.path().join("1");
    // Two structural proxies once, since `live-params` is always there; two others twice.
    assert_eq!((journalled(&study), read(&study.join("scores.parquet")).height()), (14 * 6, 14 * 6));
    let summary = summary(&study);
    let correlations = summary["correlations"].as_array().unwrap();
    let proxies: Vec<&str> = correlations.iter().step_by(3).map(|row| row["proxy"].as_str().unwrap()).collect();
    assert_eq!(proxies, ["ntk-condition", "params", "linear-regions", "live-params", "random choice"]);
    let kappa = &correlations[0];
    assert!(kappa["tau_b_interval"]["low"].as_f64().unwrap() <= kappa["tau_b"].as_f64().unwrap());
    assert_eq!(kappa["tau_b_spread"]["values"], 2);
    assert_eq!(kappa["architectures"].as_u64().unwrap() + kappa["undefined"].as_u64().unwrap(), 14);
    let shown = scratch.succeed(&["show", "1"]);
    assert!(
        shown.starts_with("Kendall τ-b, 14 architectures") && shown.contains("14 of 15,625 architectures, drawn with seed 0"),
        "{shown}"
    );
    let json = scratch.succeed(&["correlate", "--resume", "1", "--json"]);
    assert_eq!(serde_json::from_str::<serde_json::Value>(&json).unwrap(), summary);
}

#[test]
fn a_study_holds_what_its_scores_are_compared_with_and_says_what_gave_them() {
    let scratch = with_benchmark();
    let proxies = "study.proxies=[\"te-nas\", \"params\"]";
    scratch.succeed(&["correlate", "small.toml", "--quiet", "--set", proxies, "--set", "study.repeats=1", "--run-dir", "study"]);
    let study = scratch.path().join("study");
    for table in
        [tables::scores::TABLE, tables::aggregates::TABLE, tables::targets::TABLE, tables::times::TABLE, tables::architectures::TABLE]
    {
        check_columns(&read(&study.join(table.file)), table);
    }
    let summary = StudySummary::read(&study).unwrap();
    let described: Vec<(&str, bool)> = summary.proxies.iter().map(|proxy| (proxy.label.as_str(), proxy.is_aggregate)).collect();
    assert_eq!(described[..3], [("te-nas", true), ("params", false), ("live-params", false)], "in the order asked, then the baseline");
    assert!(described.len() > 3, "then what only the aggregate is made of");
    assert!(summary.proxies.iter().all(|proxy| !proxy.summary.is_empty()));
    let unit = |label: &str| summary.proxies.iter().find(|proxy| proxy.label == label).unwrap().unit.as_deref();
    assert_eq!([unit("params"), unit("ntk-condition")], [Some("parameters"), None]);
    let columns: Vec<&str> = summary.targets.iter().map(|target| target.column.as_str()).collect();
    assert_eq!(columns, ["test_cifar10", "test_cifar100", "test_imagenet16_120"]);
    assert!(summary.targets.iter().all(|target| target.unit == "%" && target.is_accuracy()));

    let targets = read(&study.join(tables::targets::FILE));
    assert_eq!(targets.height(), 3 * 14);
    let table = std::fs::read_to_string(shared().join("data/nas-bench-201/nb201.csv")).unwrap();
    let head: Vec<&str> = table.lines().next().unwrap().split(',').collect();
    let (index, values) = (targets.column("index").unwrap().u32().unwrap(), targets.column("value").unwrap().f64().unwrap());
    let names = targets.column("target").unwrap().str().unwrap();
    for row in 0..targets.height() {
        let place = head.iter().position(|name| *name == names.get(row).unwrap()).unwrap();
        let line = table.lines().nth(1 + index.get(row).unwrap() as usize).unwrap();
        assert_eq!(values.get(row), line.split(',').nth(place).unwrap().parse().ok(), "{line}");
    }

    let space = Space::read(&study).unwrap().unwrap();
    let architectures = read(&study.join(tables::architectures::FILE));
    assert_eq!(architectures.height(), 14);
    for mask in architectures.column("mask").unwrap().str().unwrap().iter() {
        let subspace: Subspace = mask.unwrap().to_owned().try_into().unwrap();
        assert!(subspace.fits(&space.layout) && subspace.single_paths() == 1, "{subspace}");
    }
}

#[test]
fn without_a_benchmark_architectures_are_scored_and_the_report_shows_what_is_preferred() {
    let scratch = Scratch::new();
    scratch.write("small.toml", SMALL.replace("[benchmark]\nname = \"nas-bench-201\"\n", ""));
    let out = scratch.succeed(&["correlate", "small.toml", "--quiet", "--run-dir", "study"]);
    assert!(out.starts_with("14 architectures, scored\n") && out.contains("assay report study"), "{out}");
    let study = scratch.path().join("study");
    assert_eq!(read(&study.join("scores.parquet")).height(), 14 * (2 + 2 + 1 + 1));
    assert!(!study.join("correlations.csv").exists(), "there is nothing to correlate with");
    assert!(std::fs::read_to_string(study.join("study.md")).unwrap().contains("; no accuracies; mean of 2 measurements"));
    let out = scratch.succeed(&["report", "study"]);
    assert!(!out.contains("τ-b by proxy and target"), "{out}");
    let tables = study.join("report/tables");
    let rows = |name: &str| {
        let text = std::fs::read_to_string(tables.join(name)).unwrap();
        text.lines().filter(|line| line.starts_with('|')).map(str::to_owned).collect::<Vec<_>>().join("\n")
    };
    assert_snapshot!(rows("shape-cell-by-proxy.md") + "\n\n" + &rows("shape-cell-standings.md"));
}

#[test]
fn a_cost_is_a_target_of_which_less_is_better() {
    let scratch = with_benchmark();
    let text = std::fs::read_to_string(shared().join("data/nas-bench-201/hwnasbench_cifar10.csv")).unwrap();
    // In each line after the number and the cell.
    let latency = |line: &str| line.split_once(")\",").and_then(|(_, rest)| rest.split(',').next()).map(str::to_owned);
    let mut latencies: Vec<Option<f64>> = text.lines().skip(1).map(|line| latency(line).unwrap().parse().ok()).collect();
    latencies[7] = None;
    let unmeasured = text.lines().nth(8).unwrap();
    let without = unmeasured.replacen(&latency(unmeasured).unwrap(), "", 1);
    scratch.write("hwnasbench_cifar10.csv", text.replacen(unmeasured, &without, 1));
    scratch.succeed(&["benchmark", "import", "nas-bench-201", "hwnasbench_cifar10.csv"]);
    let costs = ["--set", "benchmark.costs=[\"hw_edgegpu_latency_cifar10\"]", "--set", "study.proxies=[\"flops\"]"];
    let arguments = [["correlate", trivial(), "--quiet", "--run-dir", "study"].as_slice(), &costs].concat();
    let attributed = "hw_edgegpu_latency_cifar10 (of costs, less is better) of HW-NAS-Bench (Li et al., ICLR 2021)";
    assert!(scratch.succeed(&arguments).contains(attributed));

    let scores = read(&scratch.path().join("study/scores.parquet"));
    let (proxies, values) = (scores.column("proxy").unwrap().str().unwrap(), scores.column("value").unwrap().f64().unwrap());
    let index = scores.column("index").unwrap().u32().unwrap();
    let rows = (0..scores.height()).filter(|row| proxies.get(*row) == Some("flops"));
    let pairs = rows.filter_map(|row| Some((values.get(row)?, -latencies[index.get(row)? as usize]?)));
    let pairs: Vec<(f64, f64)> = pairs.collect();
    let sign = |one: f64, other: f64| i64::from(one > other) - i64::from(one < other);
    let (mut together, mut apart) = (0, [0, 0]);
    for (position, one) in pairs.iter().enumerate() {
        for other in &pairs[..position] {
            let (x, y) = (sign(one.0, other.0), sign(one.1, other.1));
            together += x * y;
            apart = [apart[0] + x.abs(), apart[1] + y.abs()];
        }
    }
    let tau = together as f64 / (apart[0] as f64 * apart[1] as f64).sqrt();
    let summary = summary(&scratch.path().join("study"));
    let rows = summary["correlations"].as_array().unwrap();
    let row = rows.iter().find(|row| row["proxy"] == "flops" && row["target"] == "hw_edgegpu_latency_cifar10").unwrap();
    assert!((row["tau_b"].as_f64().unwrap() - tau).abs() < 1e-12 && tau < -0.1, "{row} {tau}");
    assert_eq!((row["architectures"].as_u64(), row["undefined"].as_u64()), (Some(15_624), Some(0)));
    assert!(row["regret"].is_null(), "a cost is no percentage");
    scratch.succeed(&["report", "study"]);
    let cloud = std::fs::read_to_string(scratch.path().join("study/report/index.html")).unwrap();
    assert!(cloud.contains("(hw_edgegpu_latency_cifar10), ms (lower is better)"), "the axis of the cloud");
}

#[test]
fn isomorphic_cells_are_measured_once_where_the_study_says_so() {
    let scratch = with_benchmark();
    let cells = [
        "|skip_connect~0|+|none~0|none~1|+|none~0|nor_conv_3x3~1|none~2|",
        "|skip_connect~0|+|none~0|none~1|+|nor_conv_3x3~0|none~1|none~2|",
        "|none~0|+|none~0|none~1|+|nor_conv_1x1~0|none~1|none~2|",
    ];
    let list = format!("study.architectures={cells:?}");
    let small = SMALL.replace("sample = 14\nrepeats = 2", "repeats = 1").replace("bootstrap = 100", "isomorphic = \"once\"");
    scratch.write("list.toml", small);
    let out = scratch.succeed(&["correlate", "list.toml", "--quiet", "--run-dir", "study", "--set", &list]);
    assert!(
        out.contains("3 of 15,625 architectures, listed; isomorphic ones measured once (2 classes), by structural proxies each"),
        "{out}"
    );
    let study = scratch.path().join("study");
    assert_eq!(journalled(&study), 2 * 2 + 3 * 2, "two classes by two proxies, three cells by two structural ones");
    let times = read(&study.join("times.parquet"));
    assert_eq!(read(&study.join("scores.parquet")).height(), 3 * 4);
    assert_eq!((times.height(), times.column("seconds").unwrap().null_count()), (3 * 4, 2));
}

#[test]
fn what_is_wrong_with_a_study_is_told_with_its_line() {
    let scratch = Scratch::new();
    let fail = |from: &str, to: &str| {
        scratch.write("wrong.toml", SMALL.replace(from, to));
        scratch.fail(&["correlate", "wrong.toml"])
    };
    scratch.write("right.toml", SMALL);
    let messages = [
        fail("\"params\"", "\"parms\""),
        fail("sample = 14", "sampel = 14"),
        fail("sample = 14", "sample = 1"),
        fail("sample = 14", "sample = 14\narchitectures = []"),
        fail("\"params\"", "\"linear-regions\""),
        fail("proxies = [", "# proxies = ["),
        scratch.miss_data(&["correlate", "right.toml"]),
        scratch.fail(&["correlate", "tiny.toml"]),
    ];
    assert_snapshot!(without_lists(&messages.join("\n\n")));
    assert!(scratch.runs().is_empty(), "nothing was begun");
}

#[test]
fn a_sample_that_the_space_cannot_give_is_refused() {
    let scratch = with_benchmark();
    assert_snapshot!(scratch.fail(&["correlate", "small.toml", "--set", "study.sample=20000"]), @r"
    × `study.sample`: 20,000 architectures were asked for, the space holds 15,625
    help: ask for fewer, or leave the line out for all of them
    ");
    let error = scratch.fail(&["correlate", "small.toml", "--set", "benchmark.targets=[\"test_cifar1\"]"]);
    assert!(error.contains("`benchmark.targets`: `test_cifar1` is not an accuracy of the table"), "{error}");
    let error = scratch.fail(&["correlate", "small.toml", "--set", "study.architectures=[\"|none~0|\", \"x\"]"]);
    assert!(error.contains("a study is over a sample or over these, not both"), "{error}");
    assert!(scratch.runs().is_empty(), "nothing was begun");
}
