//! Runs that nobody disturbs.

use std::fs::File;

use assay_results::tables;
use polars::prelude::{ParquetReader, SerReader};

use crate::scratch::{Scratch, counted, journalled, result, summary};
use crate::studies::check_columns;

#[test]
fn a_run_ends_with_a_cell_and_a_folder_that_holds_everything() {
    let scratch = Scratch::new();
    let out = scratch.succeed(&["run", "tiny.toml", "--quiet"]);
    let [run] = scratch.runs().try_into().unwrap();
    let summary = summary(&run);

    let text = summary["architecture"]["text"].as_str().unwrap();
    assert!(text.starts_with('|') && text.contains("~0|+|"), "{text}");
    assert!(out.contains(&format!("found       {text}\n")), "{out}");
    assert!(out.contains("accuracies: not known, because the experiment has no [benchmark] section"), "{out}");
    for part in ["where the time went", "the rest", "ntk", "regions", "protocol    space nas-bench-201 (729 of 15,625 architectures)"] {
        assert!(out.contains(part), "{part} in:\n{out}");
    }
    // Two rounds from 3 operators an edge to 1: (18 + 1) + (12 + 1) states and 3 repeats of the result, for 2 proxies.
    assert_eq!((counted(&run), journalled(&run)), (70, 70));
    assert_eq!(summary["counts"]["steps"], 2);
    let phases = summary["times"]["phases"].as_object().unwrap();
    let parts: f64 = phases.values().map(|phase| phase["wall_seconds"].as_f64().unwrap()).sum();
    let (rest, total) = (summary["times"]["rest_wall_seconds"].as_f64().unwrap(), summary["times"]["total_wall_seconds"].as_f64().unwrap());
    assert!((parts + rest - total).abs() < 1e-6, "{parts} + {rest} is not {total}");

    let names: std::collections::BTreeSet<String> =
        std::fs::read_dir(&run).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    let expected = [
        ".lock",
        "architectures.parquet",
        "checksums.txt",
        "experiment.toml",
        "log.txt",
        "measurements.jsonl",
        "measurements.parquet",
        "run.json",
        "space.json",
        "summary.json",
        "trajectory.json",
        "trajectory.parquet",
    ];
    assert_eq!(names, expected.map(String::from).into());
    assert!(std::fs::read_to_string(run.join("log.txt")).unwrap().contains("measured proxy=ntk"));
}

#[test]
fn the_tables_hold_every_measurement_to_the_last_bit() {
    let scratch = Scratch::new();
    scratch.succeed(&["run", "tiny.toml", "--quiet", "--run-dir", "run"]);
    let run = scratch.path().join("run");
    let table = ParquetReader::new(File::open(run.join("measurements.parquet")).unwrap()).finish().unwrap();
    let names: Vec<&str> = table.get_column_names().into_iter().map(|name| name.as_str()).collect();
    assert_eq!(names, ["proxy", "subspace", "parameters", "images", "value", "undefined_because", "seconds"]);
    assert_eq!(table.height(), 70);

    let text = |column: &str, row: usize| table.column(column).unwrap().str().unwrap().get(row).map(str::to_owned);
    let value = |row: usize| table.column("value").unwrap().f64().unwrap().get(row);
    let mut rows: Vec<_> = (0..table.height())
        .map(|row| (["proxy", "subspace", "parameters", "images"].map(|column| text(column, row).unwrap()), value(row)))
        .collect();
    assert!(rows.is_sorted_by(|one, other| one.0 < other.0), "by proxy, subspace and streams");
    let journal = std::fs::read_to_string(run.join("measurements.jsonl")).unwrap();
    let mut lines: Vec<_> = journal
        .lines()
        .map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap())
        .map(|line| {
            (
                ["proxy", "subspace", "parameters", "images"].map(|key| line[key].as_str().unwrap().to_owned()),
                line["reading"]["value"].as_f64(),
            )
        })
        .collect();
    let order = |one: &([String; 4], Option<f64>), other: &([String; 4], Option<f64>)| one.0.cmp(&other.0);
    lines.sort_by(order);
    rows.sort_by(order);
    assert_eq!(rows, lines);

    let steps = ParquetReader::new(File::open(run.join("trajectory.parquet")).unwrap()).finish().unwrap();
    assert_eq!(steps.height(), 4, "two proxies in two rounds");
    check_columns(&table, tables::measurements::TABLE);
    check_columns(&steps, tables::steps::TABLE);
    let architectures = ParquetReader::new(File::open(run.join(tables::architectures::FILE)).unwrap()).finish().unwrap();
    check_columns(&architectures, tables::architectures::TABLE);
    assert_eq!(architectures.height(), 1, "what is left after two rounds");
}

#[test]
fn the_result_does_not_depend_on_the_number_of_threads() {
    let scratch = Scratch::new();
    for threads in ["1", "2", "3"] {
        scratch.succeed(&["run", "tiny.toml", "--quiet", "--threads", threads, "--run-dir", threads]);
    }
    let [one, two, three] = ["1", "2", "3"].map(|run| result(&scratch.path().join(run)));
    assert_eq!(one, two);
    assert_eq!(one, three);
    scratch.succeed(&["run", "tiny.toml", "--quiet", "--set", "seed=1", "--run-dir", "seed"]);
    assert_ne!(one, result(&scratch.path().join("seed")), "another seed is another run");
}

#[test]
fn the_stored_experiment_can_be_run_and_gives_the_same_result() {
    let scratch = Scratch::new();
    let mut command = scratch.command(&["run", "tiny.toml", "--quiet", "--run-dir", "first", "--set", "strategy.batch=3"]);
    assert!(command.env("ASSAY_SET_SEED", "7").env("ASSAY_SET_STRATEGY__PAIRING", "independent").output().unwrap().status.success());
    let stored = std::fs::read_to_string(scratch.path().join("first/experiment.toml")).unwrap();
    for line in ["seed = 7", "pairing = \"independent\"", "batch = 3", "crops = 200"] {
        assert!(stored.contains(line), "{line} in:\n{stored}");
    }
    scratch.succeed(&["run", "first/experiment.toml", "--quiet", "--run-dir", "second"]);
    assert_eq!(result(&scratch.path().join("first")), result(&scratch.path().join("second")));
}

#[test]
fn a_finished_run_is_left_alone_by_the_next_one() {
    let scratch = Scratch::new();
    scratch.succeed(&["run", "tiny.toml", "--quiet"]);
    let [first] = scratch.runs().try_into().unwrap();
    let before = std::fs::read(first.join("summary.json")).unwrap();
    scratch.succeed(&["run", "tiny.toml", "--quiet"]);
    let runs = scratch.runs();
    assert_eq!(runs.len(), 2);
    assert_eq!(std::fs::read(first.join("summary.json")).unwrap(), before);
    assert_eq!(result(&runs[0]), result(&runs[1]));
    // There is nothing left to resume: the newest is shown, and none is made.
    let said = scratch.assay(&["run", "tiny.toml", "--resume", "--quiet"]);
    assert_eq!((said.code, scratch.runs().len()), (Some(0), 2), "{}", said.err);
    assert!(said.err.contains("The run is finished."), "{}", said.err);
}

#[test]
fn an_imported_table_gives_the_cell_its_accuracies() {
    let scratch = Scratch::new();
    let benchmark = "\n[benchmark]\nname = \"nas-bench-201\"\n";
    scratch.write("table.toml", format!("{}{benchmark}", crate::scratch::TINY));
    let said = scratch.assay(&["run", "table.toml", "--quiet", "--run-dir", "before"]);
    assert_eq!(said.code, Some(0), "{}", said.err);
    assert!(said.err.starts_with("The result's accuracies will not be known: "), "{}", said.err);
    assert!(said.err.contains("assay benchmark import"), "{}", said.err);
    assert!(said.out.contains("accuracies: not known, because "), "{}", said.out);

    let table = crate::scratch::shared().join("data/nas-bench-201/nb201.csv");
    let imported = scratch.succeed(&["benchmark", "import", "nas-bench-201", table.to_str().unwrap()]);
    assert!(imported.contains("15625"), "{imported}");
    assert!(scratch.succeed(&["benchmark", "list"]).contains("imported: "));
    let out = scratch.succeed(&["run", "table.toml", "--quiet", "--run-dir", "after"]);
    let summary = summary(&scratch.path().join("after"));
    let text = summary["architecture"]["text"].as_str().unwrap();

    // The very numbers of the table's row.
    let csv = std::fs::read_to_string(&table).unwrap();
    let header: Vec<&str> = csv.lines().next().unwrap().split(',').collect();
    let row: Vec<&str> = csv.lines().find(|line| line.contains(text)).unwrap().split(',').collect();
    let values = summary["accuracies"]["known"]["values"].as_array().unwrap();
    assert_eq!(values.len(), 3);
    for value in values {
        let target = value["target"].as_str().unwrap();
        let column = header.iter().position(|name| *name == target).unwrap();
        let expected: f64 = row[column].parse().unwrap();
        assert_eq!(value["percent"].as_f64(), Some(expected), "{target}");
        assert!(out.contains(&format!("{expected:.2} % ({target})")), "{out}");
    }
}
