//! Ground truth: importing it, and what cannot be fetched.

use std::path::{Path, PathBuf};

use crate::scratch::{Scratch, shared};

fn table(name: &str) -> PathBuf {
    shared().join("data/nas-bench-201").join(name)
}

fn import(scratch: &Scratch, benchmark: &str, source: &Path) -> String {
    scratch.redact(&scratch.succeed(&["benchmark", "import", benchmark, source.to_str().unwrap()]))
}

#[test]
fn an_import_adds_its_columns_to_those_of_earlier_ones() {
    let scratch = Scratch::new();
    let first = import(&scratch, "nas-bench-201", &table("nb201.csv"));
    assert!(first.starts_with("nas-bench-201: 15625 architectures checked, kept in HERE/data/benchmarks/nas-bench-201.parquet"), "{first}");
    let second = import(&scratch, "nas-bench-201", &table("hwnasbench_cifar10.csv"));
    let kept = "of these, from an earlier import: isomorph, test_cifar10, ";
    assert!(second.contains("hw_fpga_energy_cifar10") && second.contains(kept), "{second}");
    assert!(second.ends_with("not kept, because the benchmark does not know them: eyeriss_arithmetic_intensity"), "{second}");
    assert!(scratch.succeed(&["benchmark", "list"]).contains("imported: "));
}

#[test]
fn what_cannot_be_fetched_is_told_what_to_download_and_how_to_import_it() {
    let scratch = Scratch::new();
    let error = scratch.fail(&["benchmark", "fetch", "nas-bench-201"]);
    for part in ["NATS-tss-v1_0-3ffb9-simple.tar", "NAS-Bench-201-v1_1-096897.pth", "assay benchmark import nas-bench-201"] {
        assert!(error.contains(part), "{error}");
    }
    assert!(scratch.fail(&["benchmark", "fetch", "nas-bench-1"]).contains("only analog-nas-bench can be"));
    assert!(!scratch.path().join("data").exists());
}

#[test]
fn a_source_that_is_no_ground_truth_is_named_with_what_it_is() {
    let scratch = Scratch::new();
    scratch.write("NAS-Bench-201-v1_1-096897.pth", b"\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19.\x80\x02M\xe9\x03.");
    std::fs::create_dir(scratch.path().join("folder")).unwrap();
    let cut = scratch.fail(&["benchmark", "import", "nas-bench-201", "NAS-Bench-201-v1_1-096897.pth"]);
    assert!(cut.contains("NAS-Bench-201-v1_1-096897.pth: ") && !cut.contains("panicked"), "{cut}");
    let empty = scratch.fail(&["benchmark", "import", "nats-bench-size", "folder"]);
    assert!(empty.contains("folder: the folder holds no meta.pickle.pbz2"), "{empty}");
}

#[test]
fn each_action_has_a_help_with_an_example() {
    let scratch = Scratch::new();
    for action in ["import", "fetch", "query", "list"] {
        let help = scratch.succeed(&["benchmark", action, "--help"]);
        assert!(help.contains("Example") && help.contains(&format!("assay benchmark {action}")), "{help}");
    }
}
