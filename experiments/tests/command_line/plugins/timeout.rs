//! The time limit of a plugin's calls, `[plugins] timeout`.

use std::time::{Duration, Instant};

use super::{built, study, with_plugins};
use crate::scratch::{Scratch, journalled};

/// A study of `faulty` that may take this long a call, in child processes or not.
fn with_limit(proxies: &str, timeout: &str, isolate: bool) -> Scratch {
    let scratch = with_plugins(&[built::faulty_rust()]);
    let section = format!("[plugins]\npath = [\"plugins\"]\ntimeout = \"{timeout}\"\nisolate = {isolate}\n");
    scratch.write("plugged.toml", study(proxies, &section) + "[proxies.faulty]\ncells = 1\nbatch = 2\n");
    scratch
}

/// What is said of a run that fails in this way, and soon.
fn told(scratch: &Scratch, how: &str) -> String {
    let begun = Instant::now();
    let set = format!("proxies.faulty.how={how}");
    let arguments = ["correlate", "plugged.toml", "--quiet", "--threads", "1", "--run-dir", how, "--set", "study.sample=2", "--set", &set];
    let error = scratch.fail(&arguments);
    assert!(begun.elapsed() < Duration::from_secs(60), "{:?}: {error}", begun.elapsed());
    error
}

#[test]
fn a_call_in_a_child_process_that_takes_too_long_is_a_failed_measurement() {
    let scratch = with_limit("\"flops\", \"faulty\"", "2 s", true);
    for how in ["hang", "ask-and-hang"] {
        let error = told(&scratch, how);
        let said = "did not return from `score` within 2s (plugins.timeout), so its process was ended";
        assert!(error.contains("libfaulty_rust") && error.contains(said) && error.contains("--resume"), "{how}: {error}");
    }
    let error = told(&scratch, "hang-in-create");
    assert!(error.contains("did not return from `create` within 2s"), "{error}");

    let skip = ["correlate", "plugged.toml", "--quiet", "--run-dir", "skip", "--set", "on_error=skip", "--set", "study.sample=2"];
    scratch.succeed(&[&skip[..], &["--set", "proxies.faulty.how=hang"]].concat());
    let journal = std::fs::read_to_string(scratch.path().join("skip/measurements.jsonl")).unwrap();
    let late = journal.lines().filter(|line| line.contains("\"proxy\":\"faulty\"") && line.contains("did not return from `score`")).count();
    assert_eq!(late, 2, "{journal}");
}

#[test]
fn a_call_in_the_program_that_takes_too_long_ends_it_and_the_run_is_continued_with_more_time() {
    let scratch = with_limit("\"flops\", \"faulty\"", "500 ms", false);
    for (how, function) in [("hang", "score"), ("ask-and-hang", "score"), ("hang-in-create", "create")] {
        let error = told(&scratch, how);
        assert!(error.contains("libfaulty_rust") && error.contains(&format!("did not return from `{function}` within 500ms")), "{error}");
        assert!(error.contains("what was measured is kept") && error.contains("plugins.isolate"), "{error}");
    }
    // What takes 900 ms.
    let error = told(&scratch, "slow");
    assert!(error.contains("did not return from `score` within 500ms"), "{error}");
    let run = scratch.path().join("slow");
    let kept = journalled(&run);
    scratch.succeed(&["correlate", "--resume", "slow", "--quiet", "--set", "plugins.timeout=1 min"]);
    assert!(journalled(&run) > kept && run.join("summary.json").exists());
}

#[test]
fn a_call_that_is_quick_enough_gives_what_it_gives_without_a_limit() {
    let scratch = with_limit("\"faulty\"", "1 min", false);
    let scores = |name: &str, more: &[&str]| {
        let arguments = ["correlate", "plugged.toml", "--quiet", "--run-dir", name, "--set", "study.sample=2", "--set"];
        scratch.succeed(&[&arguments[..], &["proxies.faulty.how=slow"], more].concat());
        crate::studies::tables_of(&scratch.path().join(name))
    };
    let limited = scores("limited", &[]);
    assert!(limited == scores("isolated", &["--set", "plugins.isolate=true"]));
    scratch.write("plugged.toml", std::fs::read_to_string(scratch.path().join("plugged.toml")).unwrap().replace("timeout", "#"));
    assert!(limited == scores("unlimited", &[]));
}

#[test]
fn what_is_not_a_time_is_told_with_its_line() {
    let scratch = with_limit("\"faulty\"", "soon", false);
    let error = scratch.fail(&["correlate", "plugged.toml"]);
    assert!(error.contains("`plugins.timeout`: must be a time such as \"30 s\", \"2 min\" or \"500 ms\", is \"soon\""), "{error}");
    assert!(error.contains("plugged.toml:5:11") && !error.contains("faulty"), "{error}");
}
