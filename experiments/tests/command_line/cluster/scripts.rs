//! The same plan without Slurm: a script for any shell, and lines for GNU parallel.
#![cfg(unix)]

use std::fs;
use std::process::{Command, Stdio};

use super::{of_500_cells, states, status, wait_for_lines};
use crate::scratch::{Said, Scratch, result};
use crate::studies::{tables_of, with_benchmark};

fn bash(scratch: &Scratch, arguments: &[&str]) -> Command {
    let mut command = Command::new("bash");
    scratch.isolate(&mut command);
    command.args(arguments);
    command
}

#[test]
fn a_study_by_a_script_that_is_stopped_and_run_again_has_the_tables_of_a_local_run() {
    let scratch = with_benchmark();
    scratch.write("small.toml", of_500_cells());
    let said = scratch.succeed(&["submit", "small.toml", "--shards", "3", "--to", "script", "--cpus", "1", "--run-dir", "plan"]);
    assert!(said.contains("bash plan/run.sh 2") && said.contains("assay status plan"), "{said}");
    assert_eq!(states(&status(&scratch, "plan")), ["waiting"; 3]);
    // Settings of this shell have no part in it: the plan holds the experiment as it was.
    let mut child =
        bash(&scratch, &["plan/run.sh", "2"]).env("ASSAY_SET_SEED", "7").stderr(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let run = |shard: usize| scratch.path().join(format!("plan/runs/small-seed0-shard{shard}of3"));
    wait_for_lines(&run(1), 40);
    wait_for_lines(&run(2), 40);
    let running = status(&scratch, "plan");
    assert_eq!(states(&running), ["running", "running", "waiting"]);
    assert!(running["tasks"][0]["measured"].as_u64().unwrap() >= 40 && running["seconds_left"].as_f64().is_some(), "{running}");
    assert!(Command::new("kill").args(["-TERM", &child.id().to_string()]).status().unwrap().success());
    assert_eq!(child.wait().unwrap().code(), Some(130));
    assert!(!run(1).join("summary.json").exists() && !run(3).exists(), "it goes on after it was stopped");
    assert_eq!(states(&status(&scratch, "plan")), ["stopped", "stopped", "waiting"]);
    let shown = scratch.succeed(&["status", "plan"]);
    assert!(shown.contains("told to stop") && shown.contains("go on    bash plan/run.sh"), "{shown}");

    let said = Said::of(&bash(&scratch, &["plan/run.sh", "2"]).output().unwrap());
    assert_eq!(said.code, Some(0), "{}", said.err);
    scratch.succeed(&["correlate", "small.toml", "--quiet", "--run-dir", "whole"]);
    assert!(tables_of(&scratch.path().join("plan/runs/small-seed0")) == tables_of(&scratch.path().join("whole")));
    let shown = scratch.succeed(&["status", "plan"]);
    assert!(shown.contains("tasks    3 done, of 3") && shown.contains("report   plan/report/index.html"), "{shown}");
    assert!(scratch.path().join("plan/report/index.html").exists());
}

#[test]
fn lines_run_by_another_program_give_the_same_runs_and_failures_are_told() {
    let scratch = Scratch::new();
    scratch.succeed(&["submit", "tiny.toml", "--seeds", "0,3", "--to", "script", "--cpus", "1", "--run-dir", "my plan"]);
    let lines = fs::read_to_string(scratch.path().join("my plan/commands.txt")).unwrap();
    assert_eq!(lines.lines().count(), 2);
    let parallel = "command -v parallel >/dev/null || exit 77; parallel --will-cite --jobs 2 < 'my plan/commands.txt'";
    if bash(&scratch, &["-c", parallel]).output().unwrap().status.code() != Some(0) {
        // As GNU parallel does, where that is not installed.
        lines.lines().for_each(|line| assert!(bash(&scratch, &["-c", line]).stdout(Stdio::null()).status().unwrap().success(), "{line}"));
    }
    assert_eq!(states(&status(&scratch, "my plan")), ["done"; 2]);
    scratch.succeed(&["run", "tiny.toml", "--quiet", "--set", "seed=3", "--run-dir", "whole"]);
    assert_eq!(result(&scratch.path().join("my plan/runs/tiny-seed3")), result(&scratch.path().join("whole")));
    // Nothing is left to be run by others, and the script only reports.
    scratch.succeed(&["submit", "my plan", "--to", "script"]);
    assert_eq!(fs::read_to_string(scratch.path().join("my plan/commands.txt")).unwrap(), "");
    assert!(bash(&scratch, &["my plan/run.sh", "finish"]).stdout(Stdio::null()).status().unwrap().success());
    assert!(scratch.path().join("my plan/report/index.html").exists());

    // A run that cannot be made: something else stands in its place.
    scratch.succeed(&["submit", "tiny.toml", "--to", "script", "--run-dir", "failing"]);
    scratch.write("failing/runs/tiny-seed0", "");
    let said = Said::of(&bash(&scratch, &["failing/run.sh"]).output().unwrap());
    assert_eq!(said.code, Some(1));
    assert!(said.err.contains("1 of 1 tasks are not finished"), "{}", said.err);
    assert_eq!(status(&scratch, "failing")["tasks"][0]["with"], "exit code 1");
    assert!(!scratch.path().join("failing/report").exists(), "what is not there is not reported");
}
