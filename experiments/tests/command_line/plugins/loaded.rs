//! Each example computes what a proxy of this program computes too.

use std::process::Command;

use super::{built, study, with_plugins};
use crate::scratch::{Said, Scratch};
use crate::studies::read;

const TABLES: &str = r#"
[proxies.snip]
cells = 1
batch = 8
[proxies.connection-sensitivity]
cells = 1
batch = 8
[proxies.naswot]
cells = 1
batch = 16
precision = "f64"
[proxies.pattern-kernel]
cells = 1
batch = 16
precision = "f64"
"#;

/// The scores of a proxy in a study, by architecture.
fn scores(scratch: &Scratch, run: &str, proxy: &str) -> Vec<f64> {
    let table = read(&scratch.path().join(run).join("scores.parquet"));
    let names = table.column("proxy").unwrap().as_materialized_series().clone();
    let values = table.column("value").unwrap().as_materialized_series().clone();
    let rows = names.str().unwrap().iter().zip(values.f64().unwrap().iter());
    rows.filter(|(name, _)| *name == Some(proxy)).map(|(_, value)| value.unwrap()).collect()
}

fn assert_equal(scratch: &Scratch, run: &str, theirs: &str, ours: &str) {
    let (theirs, ours) = (scores(scratch, run, theirs), scores(scratch, run, ours));
    assert_eq!(theirs.len(), 8);
    for (theirs, ours) in theirs.iter().zip(&ours) {
        assert!((theirs - ours).abs() <= 1e-6 * ours.abs(), "{theirs} is not {ours}");
    }
}

#[test]
fn proxies_in_rust_and_in_c_that_are_loaded_at_run_time_agree_with_the_ones_that_come_with_assay() {
    let scratch = with_plugins(&[built::runtime_rust(), built::pattern_kernel()]);
    let proxies = r#""snip", "connection-sensitivity", "naswot", "pattern-kernel""#;
    let text = study(proxies, "[plugins]\npath = [\"plugins\"]\n") + TABLES;
    // Paths are relative to the file, wherever the program runs.
    std::fs::create_dir(scratch.path().join("elsewhere")).unwrap();
    scratch.write("plugged.toml", &text);
    let mut command = scratch.command(&["correlate", "../plugged.toml", "--run-dir", "../run", "--quiet"]);
    let said = Said::of(&command.current_dir(scratch.path().join("elsewhere")).output().unwrap());
    assert_eq!(said.code, Some(0), "{}", said.err);
    assert_equal(&scratch, "run", "connection-sensitivity", "snip");
    assert_equal(&scratch, "run", "pattern-kernel", "naswot");
    assert!(said.out.contains("connection-sensitivity: Σ |w · ∂L/∂w|^1, cross-entropy, C=16, 1 cell(s), batch 8"), "{}", said.out);
    assert!(said.out.contains("(plugin libruntime_rust.so 0.1.0, "), "the protocol names the very file: {}", said.out);
}

#[test]
fn a_setting_of_a_plugin_is_its_own_and_reaches_it() {
    let scratch = with_plugins(&[built::runtime_rust(), built::pattern_kernel()]);
    scratch.write("plugged.toml", study("\"connection-sensitivity\"", "[plugins]\npath = [\"plugins\"]\n") + TABLES);
    let squares = ["--set", "proxies.connection-sensitivity.power=2"];
    let out = scratch.succeed(&[["correlate", "plugged.toml", "--run-dir", "run", "--quiet"].as_slice(), &squares].concat());
    assert!(out.contains("Σ |w · ∂L/∂w|^2"), "{out}");
    scratch.succeed(&["correlate", "plugged.toml", "--run-dir", "plain", "--quiet"]);
    assert_ne!(scores(&scratch, "run", "connection-sensitivity"), scores(&scratch, "plain", "connection-sensitivity"));
    let wrong = ["--set", "proxies.connection-sensitivity.power=9"];
    let error = scratch.fail(&[["correlate", "plugged.toml"].as_slice(), &wrong].concat());
    insta::assert_snapshot!(error, @"  × `proxies.connection-sensitivity.power`: must be a number from 0 to 4, is 9 (from --set proxies.connection-sensitivity.power=9)");
}

#[test]
fn a_proxy_of_another_crate_that_is_linked_in_agrees_with_the_one_that_comes_with_assay() {
    let scratch = with_plugins(&[]);
    scratch.write(
        "plugged.toml",
        study("\"grad-norm\", \"layer-norms\"", "")
            + "[proxies.grad-norm]\ncells = 1\nbatch = 8\n[proxies.layer-norms]\ncells = 1\nbatch = 8\n",
    );
    let mut command = Command::new(built::example("with_linked_plugin"));
    scratch.isolate(&mut command);
    let said = Said::of(&command.args(["correlate", "plugged.toml", "--run-dir", "run", "--quiet"]).output().unwrap());
    assert_eq!(said.code, Some(0), "{}", said.err);
    assert_equal(&scratch, "run", "layer-norms", "grad-norm");
    let error = scratch.fail(&["correlate", "plugged.toml"]);
    assert!(error.contains("there is no proxy `layer-norms`"), "{error}");
}

#[test]
fn plugins_are_found_by_the_experiment_the_environment_and_the_data_directory() {
    let scratch = with_plugins(&[built::pattern_kernel()]);
    let list = |scratch: &Scratch| scratch.succeed(&["list", "proxies", "--verbose"]);
    assert!(!list(&scratch).contains("pattern-kernel"));
    scratch.write("plugged.toml", study("\"pattern-kernel\"", "[plugins]\npath = [\"plugins/libpattern_kernel.so\"]\n"));
    let by_file = scratch.succeed(&["list", "proxies", "--verbose", "--config", "plugged.toml"]);
    assert!(by_file.contains("pattern-kernel"));

    let mut command = scratch.command(&["list", "proxies", "--verbose"]);
    let by_variable = Said::of(&command.env("ASSAY_PLUGINS", scratch.path().join("plugins")).output().unwrap());
    assert!(by_variable.out.contains("pattern-kernel"), "{}", by_variable.err);

    let mut command =
        scratch.command(&["score", "|nor_conv_3x3~0|+|none~0|none~1|+|none~0|none~1|nor_conv_3x3~2|", "--proxy", "pattern-kernel"]);
    let by_layer = Said::of(&command.env("ASSAY_SET_PLUGINS__PATH", "[\"plugins\"]").output().unwrap());
    assert_eq!(by_layer.code, Some(0), "{}", by_layer.err);

    std::fs::rename(scratch.path().join("plugins"), scratch.path().join("data/plugins")).unwrap();
    let by_folder = list(&scratch);
    let entry = by_folder.split("\n\n").find(|entry| entry.starts_with("pattern-kernel")).unwrap();
    insta::assert_snapshot!(scratch.redact(entry), @r#"
    pattern-kernel
      log-determinant of the kernel of ReLU patterns (NASWOT, Mellor et al., ICML 2021)
      from file `HERE/data/plugins/libpattern_kernel.so`
      setting       takes                                                                                          default           meaning
      channels      a whole number from 1 to 4096                                                                  16                channels of the first stage
      cells         a whole number from 1 to 100                                                                   5                 cells (a stage, in spaces with stages)
      batch         a whole number from 1 to 65536                                                                 64                images of the minibatch
      initialiser   one of "kaiming-normal-fan-in", "kaiming-normal-fan-out", "uniform-fan-in", "standard-normal"  "uniform-fan-in"  how parameters are drawn (uniform-fan-in is PyTorch's default)
      precision     one of "f32", "f64"                                                                            "f32"             floating-point type of values and gradients
      augmentation  one of "none", "flip-and-crop"                                                                 "none"            how images of the dataset are varied when they are drawn
      batch_norm    one of "batch", "running"                                                                      "batch"           what batch normalisation is by: the batch's own statistics as in training, or running ones as they are before it
      images        one of "dataset", "normal"                                                                     "dataset"         what enters the network: images of the dataset, or pixels from the standard normal distribution
    "#);
}
