//! Searches that judge architectures by training them.
#![cfg(unix)]

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};

use insta::assert_snapshot;

use crate::scratch::{Scratch, counted, journalled, result, summary};

/// DARTS on images made on the spot, some milliseconds a training.
pub(crate) const SEARCH: &str = r#"version = 1
name = "search"

[space]
name = "darts"

[dataset]
name = "synthetic"
images = 24
size = 8

[test]
name = "synthetic"
images = 20
size = 8
seed = 1

[strategy]
name = "regularized-evolution"
oracle = { train = [2] }
budget = { epochs = 20 }
population = 4

[training]
channels = 4
cells = 2
epochs = 2
batch = 8
auxiliary = 0
drop_path = 0
cutout = 0
"#;

/// The same by another strategy.
fn by(strategy: &str) -> String {
    SEARCH.replace("name = \"regularized-evolution\"\noracle = { train = [2] }\nbudget = { epochs = 20 }\npopulation = 4\n", strategy)
}

const HYPERBAND: &str = "name = \"hyperband\"\noracle = { train = [1, 2, 4] }\nbudget = { epochs = 40 }\n";
const CNAS: &str = "name = \"cnas\"\noracle = { train = [2] }\nbudget = { evaluations = 9 }\n";

/// A folder with `search.toml`.
fn scratch(experiment: &str) -> Scratch {
    let scratch = Scratch::new();
    scratch.write("search.toml", experiment);
    scratch
}

fn undisturbed(experiment: &str, set: &[&str]) -> (String, String) {
    let scratch = scratch(experiment);
    scratch.succeed(&[&["run", "search.toml", "--quiet", "--run-dir", "whole"], set].concat());
    result(&scratch.path().join("whole"))
}

#[test]
fn an_architecture_is_judged_by_the_very_training_that_assay_train_makes_of_it() {
    let scratch = scratch(SEARCH);
    let out = scratch.succeed(&["run", "search.toml", "--quiet", "--run-dir", "run", "--set", "seed=3"]);
    let run = scratch.path().join("run");
    let found = summary(&run);
    assert!(out.contains("trained     20 epochs for accuracy_after_2_epochs"), "{out}");
    assert_eq!(found["counts"]["steps"], 10);
    assert!(!run.join("checkpoints").exists(), "a finished run needs none");
    let protocol = found["protocol"].as_str().unwrap();
    assert!(protocol.contains("by training for 2 epochs within 20 epochs of training, every operator"), "{protocol}");
    assert!(protocol.contains("judged after 2 epochs by synthetic") && protocol.contains(": channels 4, cells 2,"), "{protocol}");

    let architecture = format!("training.architecture={}", found["architecture"]["text"].as_str().unwrap());
    scratch.succeed(&["train", "search.toml", "--quiet", "--run-dir", "alone", "--set", "seed=3", "--set", &architecture]);
    let alone = summary(&scratch.path().join("alone"));
    let accuracy = found["scores"]["accuracy_after_2_epochs"]["reading"]["value"].as_f64().unwrap();
    assert_eq!(accuracy, 5.0 * alone["test"]["correct"].as_f64().unwrap());

    scratch.succeed(&["show", "run"]);
    scratch.succeed(&["report", "run"]);
}

#[test]
fn every_number_of_threads_comes_to_the_same_and_a_longer_training_goes_on_from_a_shorter_one() {
    let experiment = by(HYPERBAND).replace("epochs = 2\n", "epochs = 4\n");
    let [one, two, five] = ["1", "2", "5"].map(|threads| undisturbed(&experiment, &["--threads", threads]));
    assert!(one == two && one == five);
    let counts: serde_json::Value = serde_json::from_str(&format!("{}\n}}", one.0.trim_end_matches(','))).unwrap();
    let epochs = counts["counts"]["trained_epochs"].as_object().unwrap();
    let spent: u64 = epochs.values().map(|epochs| epochs.as_u64().unwrap()).sum();
    assert!((37..=40).contains(&spent) && epochs.len() == 3, "{epochs:?}");
}

/// Starts the search, or goes on with it, and kills it as soon as it is time.
fn kill_when(scratch: &Scratch, is_time: impl Fn() -> bool) {
    let mut command = scratch.command(&["run", "search.toml", "--resume", "--quiet", "--run-dir", "run"]);
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let start = Instant::now();
    while !is_time() && child.try_wait().unwrap().is_none() {
        assert!(start.elapsed() < Duration::from_secs(60), "the search does not get on");
        std::thread::sleep(Duration::from_micros(200));
    }
    child.kill().unwrap();
    child.wait().unwrap();
}

/// The checkpoints of a run. A killed process may also leave one that it was writing, under another name.
fn checkpoints(run: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(run.join("checkpoints")).into_iter().flatten();
    entries.map(|entry| entry.unwrap().path()).filter(|file| file.extension() == Some(OsStr::new("safetensors"))).collect()
}

#[test]
fn a_search_by_training_killed_at_any_moment_is_continued_to_the_identical_result() {
    let longer = by(HYPERBAND).replace("epochs = 2\n", "epochs = 4\n");
    for experiment in [SEARCH, &longer, &by(CNAS)] {
        let whole = undisturbed(experiment, &[]);
        for moment in [0, 1, 4, 7] {
            let scratch = scratch(experiment);
            let run = scratch.path().join("run");
            kill_when(&scratch, || journalled(&run) >= moment);
            let before = journalled(&run);
            kill_when(&scratch, || journalled(&run) > before && (experiment != longer || !checkpoints(&run).is_empty()));
            scratch.succeed(&["run", "search.toml", "--resume", "--quiet", "--run-dir", "run"]);
            assert_eq!(result(&run), whole, "killed after {moment} answers");
            assert_eq!(journalled(&run), counted(&run), "nothing was trained twice");
        }
    }
}

/// A search by `HYPERBAND` that was killed where it has to go on from checkpoints, and these.
///
/// Its first bracket trains nine architectures for one epoch, and goes on with the best three. So at least one of seven
/// checkpoints is needed again, whichever they are, as long as none of the three has its next answer. A search that got further
/// before it was killed is begun again.
fn killed_in_the_first_bracket(experiment: &str) -> (Scratch, Vec<PathBuf>) {
    for _ in 0..100 {
        let scratch = scratch(experiment);
        let run = scratch.path().join("run");
        kill_when(&scratch, || checkpoints(&run).len() >= 7);
        let kept = checkpoints(&run);
        if journalled(&run) <= 9 && kept.len() >= 7 {
            return (scratch, kept);
        }
    }
    panic!("the search always ends before it is killed");
}

#[test]
fn checkpoints_that_are_damaged_or_gone_cost_time_and_change_nothing() {
    let experiment = by(HYPERBAND).replace("epochs = 2\n", "epochs = 4\n");
    let whole = undisturbed(&experiment, &[]);
    for damage in [true, false] {
        let (scratch, kept) = killed_in_the_first_bracket(&experiment);
        let run = scratch.path().join("run");
        for file in &kept {
            if damage {
                let mut bytes = std::fs::read(file).unwrap();
                let middle = bytes.len() / 2;
                bytes[middle] ^= 1;
                std::fs::write(file, bytes).unwrap();
            } else {
                std::fs::remove_file(file).unwrap();
            }
        }
        let said = scratch.assay(&["run", "search.toml", "--resume", "--quiet", "--run-dir", "run"]);
        assert_eq!(said.code, Some(0), "{}", said.err);
        assert_eq!(said.err.contains("cannot be continued") && said.err.contains("the training begins again"), damage, "{}", said.err);
        assert_eq!(result(&run), whole);
    }
}

#[test]
fn a_budget_of_seconds_is_spent_as_it_was_when_the_run_is_continued() {
    let scratch = scratch(&SEARCH.replace("epochs = 20", "seconds = 1.5"));
    let run = scratch.path().join("run");
    scratch.succeed(&["run", "search.toml", "--quiet", "--run-dir", "run"]);
    let (first, journal) = (result(&run), std::fs::read(run.join("measurements.jsonl")).unwrap());
    assert!(summary(&run)["counts"]["steps"].as_u64().unwrap() >= 1);
    std::fs::remove_file(run.join("summary.json")).unwrap();
    scratch.succeed(&["run", "search.toml", "--resume", "--quiet", "--run-dir", "run"]);
    assert_eq!(result(&run), first);
    assert_eq!(std::fs::read(run.join("measurements.jsonl")).unwrap(), journal, "nothing is left to train");
}

#[test]
fn what_cannot_be_judged_by_training_is_told_with_what_to_do() {
    let scratch = scratch(SEARCH);
    scratch.write("untrained.toml", SEARCH.split("[training]").next().unwrap());
    scratch.write("untested.toml", SEARCH.replace("[test]\nname = \"synthetic\"\nimages = 20\nsize = 8\nseed = 1\n", ""));
    let message = |file: &str, set: &str| scratch.fail(&["run", file, "--quiet", "--set", set]);
    let messages = [
        message("untrained.toml", "seed=0"),
        message("untested.toml", "seed=0"),
        message("search.toml", "training.epochs=1"),
        message("search.toml", "test.size=16"),
        message("search.toml", "strategy.oracle.train=[0]"),
    ];
    assert!(scratch.runs().is_empty(), "nothing is begun that cannot be done");
    assert_snapshot!(messages.join("\n"));
}

#[test]
fn where_every_training_diverges_there_is_no_score_that_stands_for_one() {
    // Weights that grow a hundredfold in each step.
    let diverging = SEARCH.replace("epochs = 2\n", "epochs = 40\nlearning_rate = 100\nclip = 0\nweight_decay = 1\n");
    let scratch = scratch(&diverging.replace("train = [2]", "train = [40]").replace("{ epochs = 20 }", "{ evaluations = 2 }"));
    let error = scratch.fail(&["run", "search.toml", "--quiet"]);
    let told = "none of the 2 architectures has a score by training for 40 epochs; the first is undefined, because the training diverged: \
                the loss of step";
    assert!(error.contains(told), "{error}");
}
