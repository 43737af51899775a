//! Runs that are killed, interrupted, or run out of disk, and continued.
#![cfg(unix)]

use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::scratch::{Said, Scratch, counted, journalled, result};

/// The result of the tiny experiment when nobody disturbs it.
fn undisturbed() -> (String, String) {
    let scratch = Scratch::new();
    scratch.succeed(&["run", "tiny.toml", "--quiet", "--run-dir", "whole"]);
    result(&scratch.path().join("whole"))
}

/// Starts the program and waits until the run's journal holds `lines` lines more than before, or the run has ended.
fn start_until(scratch: &Scratch, arguments: &[&str], run: &Path, lines: usize) -> Child {
    let before = journalled(run);
    let mut command = scratch.command(arguments);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let start = Instant::now();
    while journalled(run) < before + lines && child.try_wait().unwrap().is_none() {
        assert!(start.elapsed() < Duration::from_secs(60), "the run does not get on");
        std::thread::sleep(Duration::from_micros(300));
    }
    child
}

#[test]
fn a_run_killed_at_any_moment_is_continued_to_the_identical_result() {
    let whole = undisturbed();
    for moment in [0, 1, 2, 9, 21, 37, 38, 50, 63, 69] {
        let scratch = Scratch::new();
        let run = scratch.path().join("run");
        let mut child = start_until(&scratch, &["run", "tiny.toml", "--quiet", "--run-dir", "run"], &run, moment);
        child.kill().unwrap();
        child.wait().unwrap();
        let kept = journalled(&run);
        assert!(kept >= moment, "what was journalled stays");
        scratch.succeed(&["run", "tiny.toml", "--resume", "--quiet", "--run-dir", "run"]);
        assert_eq!(result(&run), whole, "killed after {moment} measurements");
        assert_eq!(journalled(&run), counted(&run), "nothing was measured twice");
    }
}

#[test]
fn a_run_killed_again_and_again_still_ends_in_the_identical_result() {
    let scratch = Scratch::new();
    let run = scratch.path().join("run");
    let arguments = ["run", "tiny.toml", "--resume", "--quiet", "--run-dir", "run"];
    let mut kills = 0;
    while !run.join("summary.json").exists() {
        let mut child = start_until(&scratch, &arguments, &run, 9);
        child.kill().unwrap();
        child.wait().unwrap();
        kills += 1;
        assert!(kills < 50);
        // What a kill in the middle of a write would leave.
        if !run.join("summary.json").exists() && kills % 2 == 1 {
            let journal = run.join("measurements.jsonl");
            let mut bytes = std::fs::read(&journal).unwrap();
            bytes.extend_from_slice(b"{\"proxy\":\"ntk\",\"subspace\":\"011");
            std::fs::write(&journal, bytes).unwrap();
        }
    }
    assert!(kills > 5, "only {kills} kills");
    assert_eq!(result(&run), undisturbed());
}

#[test]
fn an_interrupted_run_says_how_to_continue_it_and_exits_with_130() {
    let whole = undisturbed();
    for signal in ["INT", "TERM"] {
        let scratch = Scratch::new();
        let (child, run) = start_in_results(&scratch);
        assert!(Command::new("kill").args([format!("-{signal}"), child.id().to_string()]).status().unwrap().success());
        let said = Said::of(&child.wait_with_output().unwrap());
        assert_eq!(said.code, Some(130), "{}", said.err);
        let resume = format!("assay run --resume results/{}", run.file_name().unwrap().to_str().unwrap());
        assert!(said.err.contains(&resume), "{}", said.err);
        assert!(!run.join("summary.json").exists());

        let show = scratch.fail(&["show", run.to_str().unwrap()]);
        assert!(show.contains("is not finished"), "{show}");
        let out = match signal {
            "INT" => scratch.succeed(&["run", "--resume", run.to_str().unwrap(), "--quiet"]),
            _ => scratch.succeed(&["run", "tiny.toml", "--resume", "--quiet"]),
        };
        assert!(out.contains("were taken over from the interrupted session"), "{out}");
        assert_eq!(scratch.runs(), std::slice::from_ref(&run), "the same folder is continued");
        assert_eq!(result(&run), whole);
    }
}

/// Starts the tiny experiment in a folder of its own naming and waits for a few measurements.
fn start_in_results(scratch: &Scratch) -> (Child, PathBuf) {
    let mut command = scratch.command(&["run", "tiny.toml", "--quiet", "--threads", "1"]);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let start = Instant::now();
    loop {
        if let [run] = scratch.runs().as_slice()
            && journalled(run) >= 5
        {
            return (child, run.clone());
        }
        assert!(child.try_wait().unwrap().is_none() && start.elapsed() < Duration::from_secs(60), "the run ended or does not get on");
        std::thread::sleep(Duration::from_micros(300));
    }
}

#[test]
fn a_second_ctrl_c_does_not_wait_for_the_measurement_in_flight() {
    let scratch = Scratch::new();
    let config = crate::scratch::TINY.split("[strategy]").next().unwrap().to_owned();
    // One measurement of a minute.
    let config = config + "[strategy]\nname = \"random\"\nsamples = 1\n[proxies.ntk-condition]\nbatch = 400\nchannels = 32\n";
    scratch.write("slow.toml", config);
    let run = scratch.path().join("run");
    let mut command = scratch.command(&["run", "slow.toml", "--quiet", "--run-dir", "run"]);
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    let start = Instant::now();
    while !std::fs::read_to_string(run.join("log.txt")).is_ok_and(|log| log.contains("run begins")) {
        assert!(start.elapsed() < Duration::from_secs(60), "the run does not begin");
        std::thread::sleep(Duration::from_millis(1));
    }
    // The one measurement takes a minute: by now it is in flight. Before it, the first Ctrl-C would end the run at once.
    std::thread::sleep(Duration::from_secs(1));
    let mut said = BufReader::new(child.stderr.take().unwrap());
    let interrupt = || assert!(Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap().success());
    interrupt();
    let mut line = String::new();
    said.read_line(&mut line).unwrap();
    assert!(line.contains("press Ctrl-C again"), "{line}");
    interrupt();
    let mut rest = String::new();
    said.read_to_string(&mut rest).unwrap();
    assert_eq!((child.wait().unwrap().code(), rest.as_str()), (Some(130), ""));
}

#[test]
fn two_processes_do_not_write_one_run() {
    let scratch = Scratch::new();
    let (mut child, run) = start_in_results(&scratch);
    let error = scratch.fail(&["run", "--resume", run.to_str().unwrap(), "--quiet"]);
    assert!(error.contains("is being written by another process"), "{error}");
    child.kill().unwrap();
    child.wait().unwrap();
}

/// A limit on the size of files does what a full disk does: a write fails.
#[test]
fn a_full_disk_is_an_error_that_leaves_nothing_half_written() {
    let scratch = Scratch::new();
    let mut command = Command::new("sh");
    scratch.isolate(&mut command);
    let program = assert_cmd::cargo::cargo_bin!("assay");
    command.args(["-c", "trap '' XFSZ; ulimit -f 4; exec \"$0\" run tiny.toml --quiet --run-dir run"]).arg(program);
    let said = Said::of(&command.output().unwrap());
    assert_eq!(said.code, Some(1), "{}", said.err);
    assert!(said.err.contains("File too large") && said.err.contains("--resume run"), "{}", said.err);
    let run = scratch.path().join("run");
    let left: Vec<String> = std::fs::read_dir(&run).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    assert!(!left.iter().any(|name| name.starts_with(".unfinished") || name == "summary.json"), "{left:?}");
    scratch.succeed(&["run", "--resume", "run", "--quiet"]);
    assert_eq!(result(&run), undisturbed());
}

#[test]
fn a_run_is_not_continued_with_other_settings() {
    let scratch = Scratch::new();
    let run = scratch.path().join("run");
    let mut child = start_until(&scratch, &["run", "tiny.toml", "--quiet", "--run-dir", "run"], &run, 1);
    child.kill().unwrap();
    child.wait().unwrap();
    let error = scratch.fail(&["run", "tiny.toml", "--resume", "--run-dir", "run", "--set", "seed=1"]);
    assert!(error.contains("is of another experiment"), "{error}");
    let error = scratch.fail(&["run", "--resume", "run", "--set", "seed=1"]);
    assert!(error.contains("keeps its settings"), "{error}");
    let error = scratch.fail(&["run", "tiny.toml", "--run-dir", "run"]);
    assert!(error.contains("is not empty"), "{error}");
    scratch.succeed(&["run", "--resume", "run", "--quiet"]);
    let error = scratch.fail(&["run", "tiny.toml", "--resume", "--run-dir", "run", "--set", "seed=1"]);
    assert!(error.contains("is of another experiment"), "nor is a finished one shown as if it had them: {error}");
}
