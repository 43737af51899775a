//! A report reads run folders and nothing else.

use serde_json::Value;

use super::{built, study, with_plugins};
use crate::reports::files;
use crate::scratch::Scratch;

/// A folder with the finished study `study`, of a proxy that is loaded at run time and a benchmark that is imported, and the
/// finished search `search`.
fn with_study() -> Scratch {
    let scratch = with_plugins(&[built::pattern_kernel()]);
    let proxy = "[proxies.pattern-kernel]\ncells = 1\nbatch = 4\n";
    scratch.write("plugged.toml", study("\"pattern-kernel\", \"flops\"", "[plugins]\npath = [\"plugins\"]\n") + proxy);
    scratch.succeed(&["correlate", "plugged.toml", "--quiet", "--run-dir", "study"]);
    scratch.succeed(&["run", "tiny.toml", "--quiet", "--run-dir", "search"]);
    scratch
}

#[test]
fn a_report_stays_the_same_to_the_last_byte_when_the_imported_table_and_the_plugin_are_gone() {
    let scratch = with_study();
    let report = |folder: &str| {
        let said = scratch.assay(&["report", "study", "search", "--output", folder]);
        assert_eq!((said.code, said.err.as_str()), (Some(0), ""), "nothing is left out");
        files(&scratch.path().join(folder))
    };
    let before = report("before");
    assert!(before.keys().any(|name| name.starts_with("figures/plugged-scatter-pattern-kernel-")), "{:?}", before.keys());
    std::fs::remove_dir_all(scratch.path().join("plugins")).unwrap();
    std::fs::remove_dir_all(scratch.path().join("data")).unwrap();
    scratch.fail(&["correlate", "plugged.toml", "--run-dir", "again"]);
    let after = report("after");
    assert_eq!(before.keys().collect::<Vec<_>>(), after.keys().collect::<Vec<_>>());
    for (name, bytes) in &before {
        assert!(*bytes == after[name], "{name} differs");
    }
}

#[test]
fn what_an_earlier_version_did_not_store_is_said_and_the_rest_is_reported() {
    let scratch = with_study();
    let whole = scratch.succeed(&["report", "study", "--output", "whole"]);
    // What such a folder lacks.
    let study = scratch.path().join("study");
    for file in ["targets.parquet", "architectures.parquet", "space.json", "checksums.txt"] {
        std::fs::remove_file(study.join(file)).unwrap();
    }
    let mut summary: Value = serde_json::from_slice(&std::fs::read(study.join("summary.json")).unwrap()).unwrap();
    for field in ["proxies", "targets"] {
        summary.as_object_mut().unwrap().remove(field).unwrap();
    }
    std::fs::write(study.join("summary.json"), summary.to_string()).unwrap();
    let said = scratch.assay(&["report", "study", "--output", "parts"]);
    assert_eq!(said.code, Some(0), "{}", said.err);
    insta::assert_snapshot!(said.err, @"Scores of single architectures: Left out: this study was made by a version of assay that did not store which scores are better, what they are compared with and which operators the architectures have; run `assay correlate` again to have its charts.");
    // The tables of the study's own statistics are the same.
    let table = |out: &str| out.split_once("\npage ").unwrap().0.to_owned();
    assert_eq!(table(&said.out), table(&whole));
    let [whole, parts] = ["whole", "parts"].map(|folder| files(&scratch.path().join(folder)));
    for (name, bytes) in &parts {
        assert!(name == "index.html" || *bytes == whole[name], "{name} differs");
    }
    assert!(parts.contains_key("tables/tau.csv") && parts.contains_key("figures/intervals-test-cifar10.svg"), "{:?}", parts.keys());
}
