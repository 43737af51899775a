//! The program on the CPU engines, part by part, each as long as a test may take.
#![allow(clippy::unwrap_used)]

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

/// A folder with data as a pack has them, and one for results.
fn folders() -> (tempfile::TempDir, PathBuf, PathBuf) {
    let scratch = tempfile::tempdir().unwrap();
    let [data, results] = ["data", "results"].map(|name| scratch.path().join(name));
    std::fs::create_dir(&results).unwrap();
    std::fs::create_dir_all(data.join("oracles")).unwrap();
    let oracles = assay_oracles::folder();
    for name in ["oneshot_rsps_a", "tenas_darts_a", "tenas_nb201_b"] {
        for end in ["json", "safetensors"] {
            std::fs::copy(oracles.join(format!("{name}.{end}")), data.join(format!("oracles/{name}.{end}"))).unwrap();
        }
    }
    std::fs::copy(oracles.join("../data/images/cifar10_train_balanced1000.bin"), data.join("images.bin")).unwrap();
    (scratch, data, results)
}

fn program() -> Command {
    Command::new(assert_cmd::cargo::cargo_bin!("assay-gpu-check"))
}

#[track_caller]
fn succeed(command: &mut Command) -> String {
    let output = command.output().unwrap();
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

fn measure(part: &str, engine: &str, data: &Path, results: &Path, seconds: u32) {
    let mut command = program();
    command.args(["measure", part, "--engine", engine, "--seconds", &seconds.to_string(), "--data"]).arg(data);
    succeed(command.arg("--output").arg(results.join(format!("{part}.{engine}.jsonl"))));
}

/// The lines of this kind that a part wrote.
fn lines(file: &Path, kind: &str) -> Vec<Value> {
    let text = std::fs::read_to_string(file).unwrap();
    let lines = text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    lines.filter_map(|line| line.get(kind).cloned()).collect()
}

#[test]
fn every_part_finds_something_in_its_time_and_the_table_has_all() {
    let (_scratch, data, results) = folders();
    measure("oracles", "cpu", &data, &results, 20);
    let compared = lines(&results.join("oracles.cpu.jsonl"), "compared");
    for what in ["gradient of a step", "weights after three steps, absolute", "logits", "Gram matrix", "κ in float64", "linear regions"] {
        assert!(compared.iter().any(|line| line["what"] == what), "{what}: {compared:?}");
    }
    measure("kappa", "cpu", &data, &results, 2);
    measure("training", "burn-flex", &data, &results, 1);
    measure("proxies", "cpu", &data, &results, 2);
    for part in ["kappa.cpu", "training.burn-flex", "proxies.cpu"] {
        let file = results.join(format!("{part}.jsonl"));
        let measured = lines(&file, "measured");
        assert!(!measured.is_empty() && measured.iter().all(|line| line["seconds"].as_f64().unwrap() > 0.0), "{part}: {measured:?}");
        assert_eq!(lines(&file, "ended").len(), 1, "{part}");
    }
    assert!(!lines(&results.join("training.burn-flex.jsonl"), "left_out").is_empty(), "a second is too short for all");
    let table = succeed(program().arg("table").arg(&results));
    for expected in ["Every comparison holds.", "## κ: milliseconds", "## Training: images a second", "| synflow |"] {
        assert!(table.contains(expected), "{table}");
    }
    let json: Value = serde_json::from_slice(&std::fs::read(results.join("results.json")).unwrap()).unwrap();
    assert_eq!(json["runs"].as_array().unwrap().len(), 4);
}

#[test]
fn pytorch_measures_the_very_networks() {
    let python = std::env::var_os("ASSAY_PYTHON_TORCH").unwrap_or_else(|| "python3".into());
    if !Command::new(&python).args(["-c", "import torch"]).output().is_ok_and(|output| output.status.success()) {
        eprintln!("skipped: {} cannot import torch", python.display());
        return;
    }
    let (_scratch, data, results) = folders();
    let networks = results.join("networks");
    succeed(program().arg("networks").arg("--data").arg(&data).arg("--output").arg(&networks));
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/pack/pytorch.py");
    for part in ["kappa", "training"] {
        measure(part, "cpu", &data, &results, 3);
        let file = results.join(format!("{part}.pytorch.jsonl"));
        succeed(Command::new(&python).args([script, part]).arg(&networks).arg("3").arg(&file));
        let ours = lines(&results.join(format!("{part}.cpu.jsonl")), "measured");
        let result =
            |lines: &[Value], case: &Value| lines.iter().find(|line| line["case"] == *case).and_then(|line| line["result"].as_f64());
        let theirs = lines(&file, "measured");
        let pairs = ours.iter().filter_map(|line| Some((line["case"].clone(), line["result"].as_f64()?, result(&theirs, &line["case"])?)));
        let pairs: Vec<(Value, f64, f64)> = pairs.collect();
        assert!(!pairs.is_empty(), "{part}: {ours:?} {theirs:?}");
        for (case, ours, theirs) in pairs {
            // Rounding alone moves gradients of the deep network by some percent in float32.
            let allowed = if part == "kappa" && case.as_str().unwrap().contains("N=5") { 0.05 } else { 1e-3 };
            assert!((ours - theirs).abs() <= allowed * theirs.abs(), "{case}: {ours}, PyTorch's {theirs}");
        }
    }
}

#[test]
fn an_unknown_engine_and_missing_data_are_named() {
    let (_scratch, data, results) = folders();
    let fails = |arguments: &[&str], data: &Path| {
        let output = program().args(arguments).arg("--data").arg(data).arg("--output").arg(results.join("file.jsonl")).output().unwrap();
        assert!(!output.status.success());
        String::from_utf8(output.stderr).unwrap()
    };
    let unknown = fails(&["measure", "kappa", "--engine", "burn-hip"], &data);
    assert!(unknown.contains("burn-hip") && unknown.contains("burn-flex"), "{unknown}");
    let missing = fails(&["measure", "kappa", "--engine", "cpu"], &results);
    assert!(missing.contains("images.bin"), "{missing}");
}
