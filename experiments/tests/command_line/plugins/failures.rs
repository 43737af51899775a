//! Plugins that are loaded and fail: the run stops and says which file, or goes on with undefined scores.

use insta::assert_snapshot;

use super::{built, study, with_plugins};
use crate::scratch::Scratch;

/// A study by `faulty` and `flops`.
fn with_faulty() -> Scratch {
    let scratch = with_plugins(&[built::faulty_rust()]);
    let text = study("\"faulty\", \"flops\"", "[plugins]\npath = [\"plugins\"]\n");
    scratch.write("plugged.toml", text + "[proxies.faulty]\ncells = 1\nbatch = 2\n");
    scratch
}

/// What is said of this way to fail, without the file's digest and the folder of the run.
fn told(scratch: &Scratch, how: &str) -> String {
    let error = scratch.fail(&["correlate", "plugged.toml", "--quiet", "--set", &format!("proxies.faulty.how={how}")]);
    let line = error.lines().find(|line| line.contains('×')).unwrap().trim();
    let (before, behind) = line.split_once("0.1.0, ").unwrap();
    format!("{how}: {before}0.1.0, DIGEST{}", &behind[12..])
}

#[test]
fn a_failure_of_a_plugin_stops_the_run_and_names_the_file() {
    let scratch = with_faulty();
    let ways = ["panic", "panic-in-ask", "error", "not-a-number", "infinite", "cotangent", "not-asked", "refuse"];
    assert_snapshot!(ways.map(|how| told(&scratch, how)).join("\n"), @"
    panic: × measuring faulty of |nor_conv_3x3~0|+|nor_conv_3x3~0|nor_conv_1x1~1|+|avg_pool_3x3~0|skip_connect~1|nor_conv_3x3~2| failed: the plugin `libfaulty_rust.so 0.1.0, DIGEST` panicked: index out of bounds: the len is 0 but the index is 7
    panic-in-ask: × measuring faulty of |nor_conv_3x3~0|+|nor_conv_3x3~0|nor_conv_1x1~1|+|avg_pool_3x3~0|skip_connect~1|nor_conv_3x3~2| failed: the plugin `libfaulty_rust.so 0.1.0, DIGEST` panicked: the ask is too much
    error: × measuring faulty of |nor_conv_3x3~0|+|nor_conv_3x3~0|nor_conv_1x1~1|+|avg_pool_3x3~0|skip_connect~1|nor_conv_3x3~2| failed: the plugin `libfaulty_rust.so 0.1.0, DIGEST` failed: the moon is in the wrong phase
    not-a-number: × measuring faulty of |nor_conv_3x3~0|+|nor_conv_3x3~0|nor_conv_1x1~1|+|avg_pool_3x3~0|skip_connect~1|nor_conv_3x3~2| failed: the plugin `libfaulty_rust.so 0.1.0, DIGEST` gave NaN, which is not a score; where a score does not exist it has to say so (ASSAY_UNDEFINED)
    infinite: × measuring faulty of |nor_conv_3x3~0|+|nor_conv_3x3~0|nor_conv_1x1~1|+|avg_pool_3x3~0|skip_connect~1|nor_conv_3x3~2| failed: the plugin `libfaulty_rust.so 0.1.0, DIGEST` gave inf, which is not a score; where a score does not exist it has to say so (ASSAY_UNDEFINED)
    cotangent: × measuring faulty of |nor_conv_3x3~0|+|nor_conv_3x3~0|nor_conv_1x1~1|+|avg_pool_3x3~0|skip_connect~1|nor_conv_3x3~2| failed: the plugin `libfaulty_rust.so 0.1.0, DIGEST` could not go on: a cotangent of node 69 has 20 numbers (2 images of 10×1×1), not 3
    not-asked: × measuring faulty of |nor_conv_3x3~0|+|nor_conv_3x3~0|nor_conv_1x1~1|+|avg_pool_3x3~0|skip_connect~1|nor_conv_3x3~2| failed: the plugin `libfaulty_rust.so 0.1.0, DIGEST` could not go on: activation patterns cannot be read: the ask did not name it
    refuse: × `proxies.faulty.name`: the plugin `libfaulty_rust.so 0.1.0, DIGEST` failed: these settings contradict each other
    ");
}

#[test]
fn where_errors_are_skipped_the_run_goes_on_with_undefined_scores() {
    let scratch = with_faulty();
    for (how, because) in [("panic", "panicked: index out of bounds"), ("not-a-number", "gave NaN"), ("error", "failed: the moon")] {
        let setting = format!("proxies.faulty.how={how}");
        let arguments = ["correlate", "plugged.toml", "--run-dir", how, "--quiet", "--set", "on_error=skip", "--set", &setting];
        let said = scratch.assay(&arguments);
        assert_eq!(said.code, Some(0), "{}", said.err);
        assert!(said.out.contains("undefined: faulty of 8 architectures"), "{}", said.out);
        let journal = std::fs::read_to_string(scratch.path().join(how).join("measurements.jsonl")).unwrap();
        let undefined = journal.lines().filter(|line| line.contains("libfaulty_rust") && line.contains(because)).count();
        assert_eq!(undefined, 8, "{journal}");
        let flops = journal.lines().filter(|line| line.contains("\"proxy\":\"flops\"") && line.contains("\"value\"")).count();
        assert_eq!(flops, 8, "the other proxy is measured all the same");
    }
}

#[test]
fn an_undefined_score_is_no_failure() {
    let scratch = with_faulty();
    scratch.succeed(&["correlate", "plugged.toml", "--run-dir", "run", "--quiet", "--set", "proxies.faulty.how=undefined"]);
    let journal = std::fs::read_to_string(scratch.path().join("run/measurements.jsonl")).unwrap();
    assert_eq!(journal.matches("\"because\":\"the network has no soul\"").count(), 8, "{journal}");
}

#[test]
fn what_a_plugin_in_c_does_wrong_is_told_too() {
    for (what, told) in [
        ("STATUS", "ended with status 77, which this program does not know"),
        ("MESSAGE_LENGTH", "it says that its message has 1099511627776 bytes, in room for 4096"),
    ] {
        let scratch = with_plugins(&[&built::wrong(what)]);
        scratch.write("plugged.toml", study("\"one\"", "[plugins]\npath = [\"plugins\"]\n"));
        let error = scratch.fail(&["correlate", "plugged.toml", "--quiet"]);
        assert!(error.contains(told) && error.contains(&what.to_lowercase()), "{error}");
    }
}

/// The lines of the run's journal that are of `flops` and `meco`, which floats go into.
fn others(scratch: &Scratch, run: &str) -> Vec<String> {
    let journal = std::fs::read_to_string(scratch.path().join(run).join("measurements.jsonl")).unwrap();
    let readings = journal.lines().filter(|line| line.contains("\"proxy\":\"meco\"")).map(|line| {
        let record: serde_json::Value = serde_json::from_str(line).unwrap();
        format!("{} {}", record["subspace"], record["reading"])
    });
    let mut readings: Vec<String> = readings.collect();
    readings.sort();
    readings
}

#[test]
fn a_plugin_that_rounds_in_its_own_way_changes_no_number_of_another() {
    let scratch = with_plugins(&[built::faulty_rust()]);
    let text = study("\"faulty\", \"meco\"", "[plugins]\npath = [\"plugins\"]\n");
    scratch.write("plugged.toml", text + "[proxies.faulty]\ncells = 1\nbatch = 2\n[proxies.meco]\ncells = 1\nbatch = 2\n");
    for how in ["undefined", "round"] {
        let setting = format!("proxies.faulty.how={how}");
        scratch.succeed(&["correlate", "plugged.toml", "--run-dir", how, "--quiet", "--threads", "1", "--set", &setting]);
    }
    assert_eq!(others(&scratch, "round").len(), 8);
    assert_eq!(others(&scratch, "round"), others(&scratch, "undefined"));
}

#[test]
fn a_library_that_was_copied_in_part_is_an_error() {
    let scratch = with_faulty();
    let library = scratch.path().join("plugins").join(built::faulty_rust().file_name().unwrap());
    let whole = std::fs::read(&library).unwrap();
    for part in [whole.len() / 3, whole.len() - 1] {
        std::fs::write(&library, &whole[..part]).unwrap();
        for isolate in ["false", "true"] {
            let error = scratch.fail(&["correlate", "plugged.toml", "--quiet", "--set", &format!("plugins.isolate={isolate}")]);
            assert!(error.contains(&format!("is cut short: it has {part} bytes")), "{error}");
        }
    }
}
