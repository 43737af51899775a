//! A study and a search as job arrays of a real Slurm, disturbed in every way that clusters know.
#![cfg(target_os = "linux")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::slurm::Slurm;
use super::{of_500_cells, states, status, wait_for_lines};
use crate::scratch::{Said, Scratch, TINY, result};
use crate::studies::{tables_of, with_benchmark};

/// The program beside this Slurm.
fn assay(scratch: &Scratch, slurm: &Slurm, arguments: &[&str]) -> String {
    let said = Said::of(&scratch.command(arguments).env("SLURM_CONF", slurm.configuration()).output().unwrap());
    assert_eq!(said.code, Some(0), "assay {arguments:?}: {}", said.err);
    said.out
}

/// The tiny search with more to measure: some seconds on one core.
const LONGER: (&str, &str) = ("batch = 4\nrepeats = 1\ncrops = 200", "batch = 16\nrepeats = 1\ncrops = 1000");

/// A folder with `longer.toml`.
fn with_longer_search(scratch: &Scratch) {
    assert!(TINY.contains(LONGER.0));
    scratch.write("longer.toml", TINY.replace(LONGER.0, LONGER.1).replace("\"tiny\"", "\"longer\""));
}

/// The number of the array that was submitted.
fn array(said: &str) -> String {
    let line = said.lines().find_map(|line| line.strip_prefix("job      "));
    line.unwrap_or_else(|| panic!("no job in:\n{said}")).split(':').next().unwrap().to_owned()
}

/// The processes whose command lines name this folder as that of their run.
fn processes_of(run: &Path) -> Vec<String> {
    let run = run.display().to_string();
    let entries = fs::read_dir("/proc").unwrap().filter_map(Result::ok);
    let is_of = |entry: &fs::DirEntry| {
        let line = fs::read(entry.path().join("cmdline")).unwrap_or_default();
        line.split(|byte| *byte == 0).any(|word| word == run.as_bytes())
    };
    entries.filter(is_of).map(|entry| entry.file_name().into_string().unwrap()).collect()
}

/// Cancels the first two tasks and kills the third, each in the midst of its work; submits again, sets the node down and up, and
/// waits for the end.
fn disturb(scratch: &Scratch, slurm: &Slurm, plan: &Path, submit: &[&str], lines: usize) {
    let plan_text = plan.display().to_string();
    let run = |number: usize| -> PathBuf {
        let text = fs::read_to_string(plan.join("plan.json")).unwrap();
        let json: serde_json::Value = serde_json::from_str(&text).unwrap();
        plan.join("runs").join(json["tasks"][number - 1]["run"].as_str().unwrap())
    };
    let is_finished = |number: usize| run(number).join("summary.json").exists();
    let submitted = assay(scratch, slurm, submit);
    let job = array(&submitted);
    // Both run at a time.
    wait_for_lines(&run(1), lines);
    wait_for_lines(&run(2), lines);
    slurm.said("scancel", &[&format!("{job}_1"), &format!("{job}_2")]);
    wait_for_lines(&run(3), lines);
    for process in processes_of(&run(3)) {
        assert!(Command::new("kill").args(["-KILL", &process]).status().unwrap().success());
    }
    slurm.wait_until("the killed task is to be begun again", 60, || slurm.queue().contains(&format!("{job}_3 PENDING")));
    assert!((1..=3).all(|number| !is_finished(number)), "a disturbed task was finished before");
    let log = |number: usize| fs::read_to_string(plan.join(format!("logs/task-{number}.txt"))).unwrap();
    slurm.wait_until("the cancelled tasks have stopped as by Ctrl-C", 60, || {
        [1, 2].iter().all(|number| log(*number).contains("What was measured is kept"))
    });

    // What is missing alone: the two that are not in the queue.
    let again = assay(scratch, slurm, &["submit", &plan_text]);
    let second = array(&again);
    assert!(again.contains(&format!("job      {second}: 2 tasks, 1-2\n")), "{again}");
    let nothing = assay(scratch, slurm, submit);
    assert!(nothing.contains("nothing is submitted: what is not finished is in the queue"), "{nothing}");
    let shown = assay(scratch, slurm, &["status", &plan_text]);
    assert!(shown.contains(" queued") && shown.contains("then     "), "{shown}");

    // The node fails under a task, which goes on by itself when it is back.
    slurm.wait_until("the first task runs again", 60, || slurm.queue().contains(&format!("{second}_1 RUNNING")) || is_finished(1));
    slurm.set_node("down");
    slurm.wait_until("its task waits", 60, || !slurm.queue().contains("RUNNING"));
    slurm.set_node("resume");
    slurm.wait_until("all is done, merged and reported", 240, || plan.join("report/index.html").exists() && slurm.queue().is_empty());
}

#[test]
fn arrays_whose_tasks_are_cancelled_killed_and_lose_their_node_come_to_the_bytes_of_an_undisturbed_run() {
    let slurm = match Slurm::start() {
        Ok(slurm) => slurm,
        Err(reason) => return eprintln!("skipped: no Slurm can be started: {reason}"),
    };
    let scratch = with_benchmark();
    scratch.write("small.toml", of_500_cells());
    let at = |name: &str| scratch.path().join(name);
    let absolute = |name: &str| at(name).display().to_string();

    let study = absolute("study plan");
    disturb(&scratch, &slurm, &at("study plan"), &["submit", "small.toml", "--shards", "8", "--run-dir", &study], 40);
    scratch.succeed(&["correlate", "small.toml", "--quiet", "--run-dir", "whole"]);
    assert!(tables_of(&at("study plan/runs/small-seed0")) == tables_of(&at("whole")), "the merged tables differ");
    let shown = status(&scratch, &study);
    assert_eq!(states(&shown), ["done"; 8]);
    for task in shown["tasks"].as_array().unwrap() {
        assert_eq!(task["measured"], task["of"], "what a shard measures is known before: {task}");
    }

    with_longer_search(&scratch);
    let search = absolute("searches");
    disturb(&scratch, &slurm, &at("searches"), &["submit", "longer.toml", "--seeds", "0-5", "--run-dir", &search], 10);
    for seed in 0..6 {
        let (local, run) = (format!("seed-{seed}"), format!("searches/runs/longer-seed{seed}"));
        scratch.succeed(&["run", "longer.toml", "--quiet", "--set", &format!("seed={seed}"), "--run-dir", &local]);
        assert_eq!(result(&at(&run)), result(&at(&local)), "seed {seed}");
    }
    let done = assay(&scratch, &slurm, &["submit", &search]);
    assert!(done.contains("nothing is submitted: all runs are finished"), "{done}");
}

#[test]
fn a_task_whose_time_is_nearly_over_stops_and_goes_on_by_itself() {
    let slurm = match Slurm::start() {
        Ok(slurm) => slurm,
        Err(reason) => return eprintln!("skipped: no Slurm can be started: {reason}"),
    };
    let scratch = Scratch::new();
    let at = |name: &str| scratch.path().join(name);
    with_longer_search(&scratch);
    let plan = at("plan").display().to_string();
    let said = assay(&scratch, &slurm, &["submit", "longer.toml", "--time", "60", "--run-dir", &plan]);
    let run = at("plan/runs/longer-seed0");
    wait_for_lines(&run, 10);
    // What Slurm sends before the time limit, to the script alone.
    slurm.said("scancel", &["--batch", "--signal=USR1", &format!("{}_1", array(&said))]);
    let events = || fs::read_to_string(at("plan/events/1.txt")).unwrap_or_default();
    slurm.wait_until("the task is done", 120, || events().contains(" done 0 "));
    let words: Vec<String> = events().lines().map(|line| line.split(' ').nth(1).unwrap().to_owned()).collect();
    assert_eq!(words, ["begun", "paused", "begun", "done"]);
    scratch.succeed(&["run", "longer.toml", "--quiet", "--run-dir", "whole"]);
    assert_eq!(result(&run), result(&at("whole")));
}
