//! Plugins that end the program: it fails with words, whatever they do, and what was measured is kept.

use std::path::Path;

use super::{built, study, with_plugins};
use crate::scratch::{Scratch, journalled};

/// A study by `faulty`, and by `flops`, which is measured first.
fn with_faulty() -> Scratch {
    let scratch = with_plugins(&[built::faulty_rust()]);
    let text = study("\"flops\", \"faulty\"", "[plugins]\npath = [\"plugins\"]\n");
    scratch.write("plugged.toml", text + "[proxies.faulty]\ncells = 1\nbatch = 2\n");
    scratch
}

fn run<'a>(how: &'a str, folder: &'a str) -> [&'a str; 7] {
    ["correlate", "plugged.toml", "--quiet", "--run-dir", folder, "--set", how]
}

#[test]
fn a_plugin_that_ends_the_program_fails_it_whatever_exit_code_it_names() {
    let scratch = with_faulty();
    for how in ["exit-0", "exit", "quick-exit", "exit-at-once"] {
        if how == "exit-at-once" && !cfg!(target_os = "linux") {
            continue;
        }
        let error = scratch.fail(&run(&format!("proxies.faulty.how={how}"), how));
        assert!(
            error.contains("libfaulty_rust") && error.contains("ended the program in the middle of a call (`score`)"),
            "{how}: {error}"
        );
        assert!(error.contains("what was measured is kept"), "{how}: {error}");
        assert!(!scratch.path().join(how).join("summary.json").exists(), "the run is not finished");
    }
    let error = scratch.fail(&run("proxies.faulty.how=exit-on-a-thread", "thread"));
    assert!(error.contains("ended in the middle of its work, perhaps by a plugin from a thread of its own"), "{error}");
}

#[test]
fn a_plugin_that_crashes_is_named() {
    let scratch = with_faulty();
    for (how, said) in [("crash", "crashed in `score`: segmentation fault"), ("abort", "crashed in `score`: abort")] {
        let error = scratch.fail(&run(&format!("proxies.faulty.how={how}"), how));
        assert!(error.contains("libfaulty_rust") && error.contains(said), "{how}: {error}");
    }
}

#[test]
fn a_run_that_a_plugin_ended_is_continued_in_child_processes() {
    let scratch = with_faulty();
    scratch.fail(&run("proxies.faulty.how=exit-at-once", "run"));
    let folder = scratch.path().join("run");
    let kept = journalled(&folder);
    scratch.succeed(&["correlate", "--resume", "run", "--quiet", "--set", "plugins.isolate=true"]);
    assert!(journalled(&folder) > kept);
    assert_eq!(undefined(&folder), 8);
}

fn undefined(run: &Path) -> usize {
    let journal = std::fs::read_to_string(run.join("measurements.jsonl")).unwrap();
    journal.lines().filter(|line| line.contains("\"proxy\":\"faulty\"") && line.contains("ended its process")).count()
}

#[test]
fn the_programs_own_ends_are_not_those_of_a_plugin() {
    let scratch = with_faulty();
    let done = scratch.assay(&run("proxies.faulty.how=undefined", "done"));
    assert_eq!((done.code, done.err.as_str()), (Some(0), ""));
    let failed = scratch.fail(&run("proxies.faulty.how=error", "failed"));
    assert!(!failed.contains("ended the program"), "{failed}");
}
