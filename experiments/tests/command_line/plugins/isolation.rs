//! Plugins in child processes: one that ends its process costs its own scores only.

use std::process::Stdio;
use std::time::{Duration, Instant};

use super::{built, study, with_plugins};
use crate::scratch::Scratch;
use crate::studies::tables_of as result_tables;

const ISOLATED: &str = "[plugins]\npath = [\"plugins\"]\nisolate = true\n";

fn journal(scratch: &Scratch, run: &str) -> String {
    std::fs::read_to_string(scratch.path().join(run).join("measurements.jsonl")).unwrap()
}

#[test]
fn a_plugin_that_ends_its_process_costs_its_own_scores_only() {
    let scratch = with_plugins(&[built::faulty_rust()]);
    let text = study("\"faulty\", \"flops\"", ISOLATED);
    scratch.write("plugged.toml", text + "[proxies.faulty]\ncells = 1\nbatch = 2\n");
    for (how, because) in [
        ("abort", "ended its process: signal 6 (abort)"),
        ("exit", "ended its process: exit status: 7"),
        ("exit-0", "ended its process in the middle of a call"),
        ("exit-at-once", "ended its process in the middle of a call"),
        ("quick-exit", "ended its process in the middle of a call"),
        ("exit-on-a-thread", "ended its process in the middle of a call"),
        ("crash", "ended its process: signal 11 (segmentation fault)"),
    ] {
        let setting = format!("proxies.faulty.how={how}");
        scratch.succeed(&["correlate", "plugged.toml", "--run-dir", how, "--quiet", "--set", &setting]);
        let journal = journal(&scratch, how);
        let of = |proxy: &str, text: &str| {
            journal.lines().filter(|line| line.contains(&format!("\"proxy\":\"{proxy}\"")) && line.contains(text)).count()
        };
        assert!(of("faulty", because) > 0, "{journal}");
        assert_eq!(of("faulty", because) + of("faulty", "\"value\""), 8);
        assert_eq!(of("flops", "\"value\""), 8);
    }
    assert!(
        journal(&scratch, "abort").lines().any(|line| line.contains("\"faulty\"") && line.contains("\"value\"")),
        "some scores are there"
    );
}

#[test]
fn other_failures_are_told_as_without_isolation() {
    let scratch = with_plugins(&[built::faulty_rust()]);
    scratch.write("plugged.toml", study("\"faulty\"", ISOLATED) + "[proxies.faulty]\ncells = 1\nbatch = 2\n");
    for (how, told) in [
        ("panic", "panicked: index out of bounds"),
        ("not-a-number", "gave NaN"),
        ("cotangent", "has 20 numbers"),
        ("refuse", "contradict"),
    ] {
        let error = scratch.fail(&["correlate", "plugged.toml", "--quiet", "--set", &format!("proxies.faulty.how={how}")]);
        assert!(error.contains("libfaulty_rust") && error.contains(told), "{error}");
    }
    let printed = scratch.assay(&["correlate", "plugged.toml", "--quiet", "--set", "proxies.faulty.how=print"]);
    assert_eq!(printed.code, Some(0), "{}", printed.err);
    assert!(!printed.out.contains("does no harm") && printed.err.contains("does no harm"), "{}", printed.err);
    let (future, text) = (built::wrong("FUTURE_MAJOR"), study("\"one\"", ISOLATED));
    let scratch = with_plugins(&[&future]);
    scratch.write("plugged.toml", text);
    assert!(scratch.fail(&["correlate", "plugged.toml"]).contains("was built for plugin interface 2.1"));
}

#[test]
fn scores_are_the_same_in_a_child_process_to_the_last_bit() {
    let scratch = with_plugins(&[built::runtime_rust(), built::pattern_kernel()]);
    let tables = "[proxies.connection-sensitivity]\ncells = 1\nbatch = 8\n[proxies.pattern-kernel]\ncells = 1\nbatch = 16\n";
    scratch.write("plugged.toml", study("\"connection-sensitivity\", \"pattern-kernel\"", "[plugins]\npath = [\"plugins\"]\n") + tables);
    scratch.succeed(&["correlate", "plugged.toml", "--run-dir", "here", "--quiet"]);
    scratch.succeed(&["correlate", "plugged.toml", "--run-dir", "apart", "--quiet", "--threads", "2", "--set", "plugins.isolate=true"]);
    assert_eq!(result_tables(&scratch.path().join("here")), result_tables(&scratch.path().join("apart")));
}

#[test]
fn what_a_plugin_asks_for_is_bounded_before_it_takes_memory() {
    let scratch = with_plugins(&[built::faulty_rust()]);
    let text = study("\"faulty\", \"flops\"", ISOLATED);
    scratch.write("plugged.toml", text + "[proxies.faulty]\nhow = \"draw\"\ncells = 1\nbatch = 2\n");
    for isolate in ["true", "false"] {
        let error = scratch.fail(&["correlate", "plugged.toml", "--quiet", "--set", &format!("plugins.isolate={isolate}")]);
        assert!(error.contains("random numbers in one call cannot be had"), "{error}");
    }
}

/// The processes that run a plugin in this folder.
#[cfg(target_os = "linux")]
fn children(scratch: &Scratch) -> usize {
    let processes = std::fs::read_dir("/proc").unwrap().filter_map(|entry| entry.ok().map(|entry| entry.path()));
    let is_child = |process: &std::path::PathBuf| {
        let here = std::fs::read_link(process.join("cwd")).is_ok_and(|folder| folder == scratch.path().canonicalize().unwrap());
        here && std::fs::read_to_string(process.join("cmdline")).is_ok_and(|line| line.contains("plugin-child"))
    };
    processes.filter(is_child).count()
}

#[test]
#[cfg(target_os = "linux")]
fn a_child_ends_with_its_parent_whatever_the_plugin_is_doing() {
    let scratch = with_plugins(&[built::faulty_rust()]);
    scratch.write("plugged.toml", study("\"faulty\"", ISOLATED) + "[proxies.faulty]\nhow = \"hang\"\ncells = 1\nbatch = 2\n");
    let mut command = scratch.command(&["correlate", "plugged.toml", "--quiet", "--threads", "1"]);
    let mut parent = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let wait = |what: &str, is_done: &dyn Fn() -> bool| {
        let begun = Instant::now();
        while !is_done() {
            assert!(begun.elapsed() < Duration::from_secs(60), "{what}");
            std::thread::sleep(Duration::from_millis(50));
        }
    };
    wait("no child begins", &|| children(&scratch) > 0);
    // It is in its call by then, or begins it before it notices.
    std::thread::sleep(Duration::from_secs(2));
    parent.kill().unwrap();
    parent.wait().unwrap();
    wait("a child stays behind", &|| children(&scratch) == 0);
}
