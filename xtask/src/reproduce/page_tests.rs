//! Tables from made-up summaries.

use serde_json::json;

use super::*;
use crate::reproduce::published::{OPTIMAL, TE_NAS};

/// A summary as `assay run` writes it, with made-up numbers.
fn summary(seed: u64, accuracies: [f64; 3], seconds: f64, replayed: f64) -> SearchSummary {
    let values: Vec<_> = NAS_BENCH_201
        .iter()
        .zip(accuracies)
        .map(|(dataset, percent)| json!({ "target": dataset.target(), "title": dataset.title, "percent": percent }))
        .collect();
    let phase = json!({ "measured": 10, "replayed": usize::from(replayed > 0.0), "thread_seconds": 2.0, "wall_seconds": 1.0, "replayed_thread_seconds": replayed });
    let summary = json!({
        "schema": 1,
        "assay": "0.1.0",
        "experiment": "made-up",
        "seed": seed,
        "architecture": { "text": "|nor_conv_3x3~0|+|none~0|skip_connect~1|+|none~0|none~1|nor_conv_1x1~2|", "canonical": "", "mask": "" },
        "scores": {},
        "accuracies": { "known": { "source": "a made-up table", "values": values } },
        "protocol": format!("space nas-bench-201; images made up; seed {seed}; engine none"),
        "counts": { "measurements": {}, "undefined": {}, "steps": 0 },
        "times": { "phases": { "kappa": phase }, "rest_wall_seconds": 0.0, "total_wall_seconds": seconds, "cpu_seconds": 1.5 * seconds },
        "machine": { "cpu": "Test CPU", "cores": 2, "threads": 2, "os": "Test OS", "rustc": "", "target": "" }
    });
    serde_json::from_value(summary).unwrap()
}

fn page(command: &str, columns: [Column; 3]) -> Page {
    Page {
        title: "TE-NAS on NAS-Bench-201",
        published: "a made-up paper".into(),
        command: command.into(),
        about: vec!["Test accuracy in per cent.".into()],
        datasets: NAS_BENCH_201.to_vec(),
        blocks: vec![
            Block {
                title: "Searched",
                rows: vec![Entry::published(&TE_NAS), Entry::Searched { method: "TE-NAS (Assay)".into(), columns: columns.into() }],
            },
            Block { title: "Not searched", rows: vec![Entry::published(&OPTIMAL)] },
        ],
        notes: vec!["A note.".into()],
    }
}

fn searched(searches: Vec<SearchSummary>) -> Column {
    Column::Searched { searches, stand_in: None }
}

#[test]
fn the_table_shows_means_and_deviations_beside_the_published_ones() {
    let columns = [
        searched(vec![
            summary(0, [93.0, 70.0, 42.0], 100.0, 0.0),
            summary(1, [94.0, 71.5, 43.25], 110.0, 0.0),
            summary(2, [93.5, 70.0, 45.0], 9.0, 182.0),
        ]),
        Column::NotRun(NAS_BENCH_201[1].absent()),
        Column::Searched { searches: vec![summary(3, [90.0, 65.0, 40.125], 50.0, 0.0)], stand_in: Some("small.bin".into()) },
    ];
    let table = page("cargo xtask reproduce table1 --data imagenet16-120=small.bin", columns);
    insta::assert_snapshot!(render(&table).unwrap());
}

#[test]
fn a_table_without_any_search_says_what_to_do() {
    let columns = NAS_BENCH_201.map(|dataset| Column::NotRun(dataset.absent()));
    insta::assert_snapshot!(render(&page("cargo xtask reproduce table1", columns)).unwrap());
}

#[test]
fn an_unknown_accuracy_is_an_error_and_not_a_gap() {
    let mut search = summary(0, [93.0, 70.0, 42.0], 100.0, 0.0);
    search.accuracies = Accuracies::Unknown { because: "the table is not imported".into() };
    let columns = [searched(vec![search]), Column::NotRun("not run".into()), Column::NotRun("not run".into())];
    let error = render(&page("", columns)).unwrap_err();
    assert_eq!(error, "the table is not imported");
}

#[test]
fn searches_under_different_protocols_are_not_passed_off_as_one() {
    let mut other = summary(1, [94.0, 71.5, 43.25], 110.0, 0.0);
    other.protocol = other.protocol.replace("images made up", "other images");
    let columns = [
        searched(vec![summary(0, [93.0, 70.0, 42.0], 100.0, 0.0), other]),
        Column::NotRun("not run".into()),
        Column::NotRun("not run".into()),
    ];
    let page = render(&page("", columns)).unwrap();
    let protocol = page.split_once("## Protocol\n\n").unwrap().1.to_owned();
    insta::assert_snapshot!(protocol, @"
    - TE-NAS (Assay), CIFAR-10: seed 0; space nas-bench-201; images made up; engine none.
      Also: seed 1; space nas-bench-201; other images; engine none.
    - TE-NAS (Assay), CIFAR-100: not run.
    - TE-NAS (Assay), ImageNet16-120: not run.
    - Accuracies: a made-up table.
    - A note.
    ");
}
