//! A third party's benchmark that is linked in is imported by the program, and looked up in a study.

use std::process::Command;

use super::{built, study};
use crate::scratch::{Said, Scratch};

/// Cells of NAS-Bench-201 with more and more convolutions, and accuracies that rise with them.
fn measured() -> String {
    let cell = |operators: &[&str]| match operators {
        [a, b, c, d, e, f] => format!("|{a}~0|+|{b}~0|{c}~1|+|{d}~0|{e}~1|{f}~2|"),
        _ => unreachable!(),
    };
    let operators = |convolutions: usize| [vec!["nor_conv_3x3"; convolutions], vec!["skip_connect"; 6 - convolutions]].concat();
    (0..=6).map(|convolutions| format!("{},{}\n", cell(&operators(convolutions)), 80 + convolutions)).collect()
}

fn run(scratch: &Scratch, arguments: &[&str]) -> Said {
    let mut command = Command::new(built::example("with_linked_plugin"));
    scratch.isolate(&mut command);
    Said::of(&command.args(arguments).output().unwrap())
}

#[test]
fn a_benchmark_of_another_crate_is_imported_by_the_importer_that_it_brings() {
    let scratch = Scratch::new();
    scratch.write("measured.csv", measured());
    let text = study("\"params\"", "").replace("[benchmark]\nname = \"nas-bench-201\"", "[benchmark]\nname = \"own-accuracies\"");
    scratch.write("own.toml", text.replace("sample = 8\n", ""));
    let correlate = ["correlate", "own.toml", "--run-dir", "run", "--quiet"];

    let missing = run(&scratch, &correlate);
    assert_eq!(missing.code, Some(3), "{}", missing.out);
    let advice = "import your copy once: assay benchmark import own-accuracies <measured.csv>";
    assert!(missing.err.contains(advice), "{}", missing.err);

    let imported = run(&scratch, &["benchmark", "import", "own-accuracies", "measured.csv"]);
    assert_eq!(imported.code, Some(0), "{}", imported.err);
    insta::assert_snapshot!(scratch.redact(&imported.out), @"
    own-accuracies: 7 architectures checked, kept in HERE/data/benchmarks/own-accuracies.csv (1 kB)
    columns: own
    ");
    let listed = run(&scratch, &["benchmark", "list"]);
    assert!(listed.out.contains("own-accuracies.csv"), "{}", listed.out);

    let said = run(&scratch, &correlate);
    assert_eq!(said.code, Some(0), "{}", said.err);
    let summary = crate::scratch::summary(&scratch.path().join("run"));
    assert_eq!(summary["architectures"], 7, "{summary}");
    assert!(said.out.contains("own trainings"), "{}", said.out);
}

#[test]
fn a_benchmark_of_another_crate_is_fetched_from_where_it_says() {
    let scratch = Scratch::new();
    let listed = run(&scratch, &["benchmark", "list"]);
    assert!(listed.out.contains("not imported; assay benchmark fetch own-accuracies"), "{}", listed.out);
    // Nobody has the address that the example names.
    let said = run(&scratch, &["benchmark", "fetch", "own-accuracies"]);
    assert_eq!(said.code, Some(1), "{}", said.out);
    assert!(said.err.contains("asking the address https://tables.invalid/measured.csv"), "{}", said.err);
    assert!(said.err.contains("own-accuracies could not be fetched from any source"), "{}", said.err);
    assert!(said.err.contains("assay benchmark import own-accuracies measured.csv"), "{}", said.err);
}

#[test]
fn a_table_that_its_importer_refuses_is_named_with_its_line() {
    let scratch = Scratch::new();
    scratch.write("measured.csv", measured() + "|none~0|,many\n");
    let refused = run(&scratch, &["benchmark", "import", "own-accuracies", "measured.csv"]);
    assert_eq!(refused.code, Some(1), "{}", refused.out);
    assert!(refused.err.contains("measured.csv, line 8: the accuracy must be a number from 0 to 100"), "{}", refused.err);
    assert!(!scratch.path().join("data").exists());
}
