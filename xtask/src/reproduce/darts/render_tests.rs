//! Tables from made-up summaries.

use serde_json::json;

use super::super::{TABLE_2, TABLE_3};
use super::*;
use crate::reproduce::datasets::{CIFAR10, IMAGENET_1K};

/// A search as `assay run` summarises it, with made-up numbers.
fn found(seed: u64, text: &str, millions: [f64; 2], seconds: f64, replayed: f64) -> Found {
    let phase = json!({ "measured": 10, "replayed": usize::from(replayed > 0.0), "thread_seconds": 2.0, "wall_seconds": 1.0, "replayed_thread_seconds": replayed });
    let summary = json!({
        "schema": 1,
        "assay": "0.1.0",
        "experiment": "made-up",
        "seed": seed,
        "architecture": { "text": text, "canonical": "", "mask": "" },
        "scores": {},
        "accuracies": { "unknown": { "because": "the experiment has no [benchmark] section" } },
        "protocol": format!("space darts; images made up; seed {seed}; engine none"),
        "counts": { "measurements": {}, "undefined": {}, "steps": 0 },
        "times": { "phases": { "kappa": phase }, "rest_wall_seconds": 0.0, "total_wall_seconds": seconds, "cpu_seconds": 1.5 * seconds },
        "machine": { "cpu": "Test CPU", "cores": 2, "threads": 2, "os": "Test OS", "rustc": "", "target": "" }
    });
    let [parameters, multiply_adds] = millions.map(|millions| millions * 1e6);
    Found { summary: serde_json::from_value(summary).unwrap(), size: Size { parameters, multiply_adds } }
}

fn sizes() -> Vec<Size> {
    (1..=CELLS.len()).map(|number| Size { parameters: number as f64 * 1e6, multiply_adds: 5e8 }).collect()
}

#[test]
fn the_disputed_cell_is_one_of_the_published() {
    assert!(CELLS.iter().any(|cell| cell.name == DISPUTED));
}

#[test]
fn what_was_searched_stands_below_the_published_rows() {
    let column = Column {
        dataset: &CIFAR10,
        stand_in: None,
        found: vec![found(0, "Genotype(a)", [3.5, 550.0], 150.0, 0.0), found(1, "Genotype(b)", [4.0, 650.0], 50.0, 220.0)],
        absent: None,
    };
    let table = Table {
        command: "cargo xtask reproduce table2".into(),
        columns: vec![column],
        cells: sizes(),
        elsewhere: vec![sizes()],
        trained: Vec::new(),
    };
    let page = render(&TABLE_2, &table);
    // A row of another length than its head falls apart.
    let lines: Vec<&str> = page.lines().collect();
    for pair in lines.windows(2).filter(|pair| pair.iter().all(|line| line.starts_with('|'))) {
        assert_eq!(pair[0].matches('|').count(), pair[1].matches('|').count(), "{pair:?}");
    }
    insta::assert_snapshot!(page);
}

#[test]
fn a_dataset_that_is_not_there_and_a_stand_in_say_what_they_are() {
    let absent = Column { dataset: &CIFAR10, stand_in: None, found: Vec::new(), absent: Some(CIFAR10.absent()) };
    let stand_in = Some("small.bin".to_owned());
    let searched = Column { dataset: &IMAGENET_1K, stand_in, found: vec![found(3, "Genotype(a)", [5.0, 590.0], 9.0, 0.0)], absent: None };
    let table = Table {
        command: "cargo xtask reproduce table3".into(),
        columns: vec![absent, searched],
        cells: sizes(),
        elsewhere: vec![sizes()],
        trained: Vec::new(),
    };
    let page = render(&TABLE_3, &table);
    let ours: Vec<&str> = page.lines().filter(|line| line.contains("Assay") || line.starts_with('†') || line.starts_with("- ")).collect();
    insta::assert_snapshot!(ours.join("\n"), @"
    | TE-NAS (Assay, searched on CIFAR-10) | not run: CIFAR-10 is not here; `assay data fetch cifar10`, or name a stand-in: `--data cifar10=FILE` | – | – | – | training-free |
    | TE-NAS (Assay, searched on ImageNet) † | not trained here | 5.00 (–) | 590 (–) | 9 s (14 s of processor time) | training-free |
    † searched on stand-in images, not on the dataset itself: see the protocol.
    - CIFAR-10: not run.
    - ImageNet: STAND-IN IMAGES from small.bin, not ImageNet; seed 3; space darts; images made up; engine none.
    ");
}

#[test]
fn a_training_in_the_tables_network_gives_its_architecture_an_error() {
    let found = vec![
        found(0, "Genotype(normal=[('a', 0)])", [3.5, 550.0], 150.0, 0.0),
        found(1, "Genotype(normal=[('b', 0)])", [4.0, 650.0], 50.0, 0.0),
    ];
    let column = Column { dataset: &CIFAR10, stand_in: None, found, absent: None };
    let trained = vec![
        Trained::of("Genotype(normal=[('a', 0)])", 3_500_000, 2.5),
        Trained::of("Genotype(normal=[('a', 0)])", 100_000, 30.0),
        Trained::of(CELLS[0].genotype, 1_000_000, 2.76),
    ];
    let table = Table { command: String::new(), columns: vec![column], cells: sizes(), elsewhere: Vec::new(), trained };
    let page = render(&TABLE_2, &table);
    let said: Vec<&str> =
        page.lines().filter(|line| ["Assay", "| CIFAR-10 |", "V2", "- Trained"].iter().any(|part| line.contains(part))).collect();
    insta::assert_snapshot!(said.join("\n"), @"
    | TE-NAS (Assay, searched on CIFAR-10) | 2.50 (–), of 1 trained here | 3.75 (0.35) | 600 (71) | 100 s (150 s of processor time) | training-free |
    | CIFAR-10 | 0 | 2.50 (600 epochs) | 3.50 | 550 | 150 | 225 |
    | CIFAR-10 | 1 | not trained here | 4.00 | 650 | 50 | 75 |
    | DARTS (2nd), V2 | 3.3 | 1.00 | 500 | 2.76 (600 epochs) | `DARTS_V2` of the released code of Liu et al. (ICLR 2019) |
    - Trained in results/trained: made up.
    ");
}
