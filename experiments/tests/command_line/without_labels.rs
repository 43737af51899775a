//! Trainings and searches that learn pretext tasks in place of labels.
#![cfg(unix)]

use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

use crate::scratch::{Scratch, journalled, result, summary};
use crate::training::CELL;

const TASKS: [&str; 3] = ["rotation", "colorization", "jigsaw"];

/// Some seconds of a training, or of trainings of some cells, on images made on the spot.
fn experiment(rest: &str) -> String {
    format!(
        "version = 1\n\n[space]\nname = \"nas-bench-201\"\n\n[dataset]\nname = \"synthetic\"\nimages = 16\nsize = 32\n\n\
         [test]\nname = \"synthetic\"\nimages = 12\nsize = 32\nseed = 1\n\n[training]\nchannels = 4\ncells = 1\nepochs = 2\nbatch = 8\n\
         auxiliary = 0\ndrop_path = 0\ncutout = 0\n{rest}"
    )
}

fn scratch() -> Scratch {
    let scratch = Scratch::new();
    scratch.write("train.toml", experiment(&format!("architecture = \"{CELL}\"\n")));
    let study = "\n[benchmark]\nname = \"trained\"\ntrain = [2]\n\n[study]\nproxies = [\"flops\"]\nsample = 4\n";
    scratch.write("study.toml", experiment(study));
    scratch
}

fn weights(run: &Path) -> Vec<u8> {
    std::fs::read(run.join("weights.safetensors")).unwrap()
}

/// Starts a command, and kills it when `is_far` says so.
fn killed(scratch: &Scratch, arguments: &[&str], is_far: impl Fn() -> bool) {
    let mut command = scratch.command(arguments);
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let start = Instant::now();
    while !is_far() && child.try_wait().unwrap().is_none() {
        assert!(start.elapsed() < Duration::from_secs(60), "{arguments:?} does not get on");
        std::thread::sleep(Duration::from_micros(300));
    }
    child.kill().unwrap();
    child.wait().unwrap();
}

#[test]
fn a_training_without_labels_is_the_same_on_any_number_of_threads_and_killed_and_resumed() {
    for (task, answers) in TASKS.into_iter().zip([4, 1024, 1]) {
        let scratch = scratch();
        let objective = format!("training.objective={task}");
        let train = |run: &str, threads: &str| {
            scratch.succeed(&["train", "train.toml", "--quiet", "--run-dir", run, "--threads", threads, "--set", &objective])
        };
        train("one", "1");
        train("two", "2");
        let [one, two, run] = ["one", "two", "run"].map(|run| scratch.path().join(run));
        assert!(weights(&one) == weights(&two), "{task}");
        let found = summary(&one);
        assert_eq!((found["test"]["images"].as_u64(), found["recipe"]["objective"].as_str()), (Some(12), Some(task)));
        let correct = found["test"]["correct"].as_f64().unwrap();
        let wrong = 100.0 * (1.0 - correct / (12.0 * f64::from(answers)));
        assert!((found["test_error_percent"].as_f64().unwrap() - wrong).abs() < 1e-9, "{task}: {found}");
        assert!(found["protocol"].as_str().unwrap().starts_with("trained from scratch to tell "), "{task}");
        let arguments = ["train", "train.toml", "--quiet", "--run-dir", "run", "--threads", "1", "--set", &objective];
        killed(&scratch, &arguments, || run.join("checkpoint.safetensors").exists());
        scratch.succeed(&["train", "--resume", "run", "--quiet"]);
        assert!(weights(&run) == weights(&one), "{task}");
        scratch.succeed(&["report", "one"]);
    }
}

#[test]
fn cells_trained_without_labels_are_compared_with_cells_trained_on_labels() {
    let scratch = scratch();
    let study = |run: &str, set: &[&str]| {
        let sets = set.iter().flat_map(|set| ["--set", set]);
        scratch.succeed(&["correlate", "study.toml", "--quiet", "--run-dir", run].into_iter().chain(sets).collect::<Vec<_>>())
    };
    let table = |run: &str| std::fs::read_to_string(scratch.path().join(run).join("trained.csv")).unwrap();
    study("jigsaw", &["training.objective=jigsaw", "threads=1"]);
    study("threads", &["training.objective=jigsaw", "threads=2"]);
    assert_eq!(table("jigsaw"), table("threads"));
    assert!(table("jigsaw").contains("objective jigsaw, "), "{}", table("jigsaw"));
    let arguments = ["correlate", "study.toml", "--quiet", "--run-dir", "killed", "--set", "training.objective=jigsaw"];
    killed(&scratch, &arguments, || journalled(&scratch.path().join("killed")) >= 2);
    scratch.succeed(&[&arguments[..], &["--resume"]].concat());
    assert_eq!(table("killed"), table("jigsaw"));
    // The accuracies of one task stand beside those of another as a proxy does.
    let recorded = ["benchmark=\"trained\"", "target=\"accuracy_after_2_epochs\"", "path=\"jigsaw/trained.csv\""];
    let recorded = recorded.map(|setting| format!("proxies.recorded.{setting}"));
    let settings: Vec<&str> = recorded.iter().map(String::as_str).chain(["study.proxies=[\"recorded\"]"]).collect();
    study("labels", &settings);
    let correlations = std::fs::read_to_string(scratch.path().join("labels/correlations.csv")).unwrap();
    assert!(correlations.lines().any(|line| line.starts_with("recorded,accuracy_after_2_epochs,")), "{correlations}");
    assert!(summary(&scratch.path().join("labels"))["protocol"].as_str().unwrap().contains("objective jigsaw"));
}

/// A search on images made on the spot.
fn search(strategy: &str) -> String {
    format!(
        "version = 1\n\n[space]\nname = \"nas-bench-201\"\n\n[dataset]\nname = \"synthetic\"\nimages = 18\nsize = 32\n\n\
         [strategy]\nchannels = 4\ncells = 1\nepochs = 3\nbatch = 4\n{strategy}"
    )
}

const SEARCHES: [&str; 4] = [
    "name = \"darts\"\ncode = \"unnas\"\nobjective = \"rotation\"\nalpha_rate = 0.1\n",
    "name = \"gdas\"\nobjective = \"jigsaw\"\nalpha_rate = 0.1\n",
    "name = \"rsps\"\nobjective = \"colorization\"\ncandidates = 3\nvalidation_batch = 4\n",
    "name = \"enas\"\nobjective = \"rotation\"\ncontroller_steps = 2\nsamples = 2\ncandidates = 3\nvalidation_batch = 4\n",
];

#[test]
fn a_search_without_labels_is_the_same_on_any_number_of_threads_and_killed_and_resumed() {
    for strategy in SEARCHES {
        let scratch = Scratch::new();
        scratch.write("search.toml", search(strategy));
        let arguments =
            |run: &'static str, threads: &'static str| ["run", "search.toml", "--quiet", "--run-dir", run, "--threads", threads];
        scratch.succeed(&arguments("one", "1"));
        scratch.succeed(&arguments("two", "2"));
        let [one, two, run] = ["one", "two", "run"].map(|run| scratch.path().join(run));
        let network = |run: &Path| std::fs::read(run.join("supernet.safetensors")).unwrap();
        assert!(network(&one) == network(&two), "{strategy}");
        assert_eq!(summary(&one)["architecture"], summary(&two)["architecture"], "{strategy}");
        killed(&scratch, &arguments("run", "1"), || run.join("supernet.safetensors").exists());
        scratch.succeed(&[&arguments("run", "1")[..], &["--resume"]].concat());
        assert!(network(&run) == network(&one), "{strategy}");
        assert_eq!(result(&run), result(&one), "{strategy}");
        assert!(summary(&one)["protocol"].as_str().unwrap().contains(", trained to tell "), "{strategy}");
    }
}

#[test]
fn a_search_without_labels_that_leaves_nothing_to_learn_is_refused_before_anything_runs() {
    let scratch = Scratch::new();
    scratch.write("search.toml", search(SEARCHES[0]));
    let refused = [
        (&["strategy.objective=jigsaw", "dataset.size=6"][..], "jigsaw needs squares of an even number of pixels a side, 8 or more"),
        (&["strategy.objective=jigsaw", "dataset.size=16"], "6×6"),
        (&["strategy.alpha_from=3"], "must be 2 at the most, or nothing would be learned of operators in 3 epochs; is 3"),
        (&["strategy.epochs=1"], "must be 0 at the most, or nothing would be learned of operators in 1 epochs; is 1"),
        (&["strategy.batch=10"], "must be 9 at the most, because an epoch leaves out the images that do not fill a batch"),
    ];
    for (set, because) in refused {
        let sets = set.iter().flat_map(|set| ["--set", set]);
        let said = scratch.fail(&["run", "search.toml"].into_iter().chain(sets).collect::<Vec<_>>());
        let words: Vec<&str> = said.split_whitespace().filter(|word| *word != "│").collect();
        assert!(words.join(" ").contains(because), "{set:?}: {said}");
    }
    assert!(scratch.runs().is_empty(), "nothing is begun that cannot be done");
}

#[test]
fn what_pretext_tasks_cannot_be_made_of_is_refused_before_anything_runs() {
    let scratch = scratch();
    let refused = [
        (
            &["training.objective=puzzles"][..],
            "must be one of \"classification\", \"rotation\", \"colorization\", \"jigsaw\", is \"puzzles\"",
        ),
        (
            &["training.objective=jigsaw", "dataset.size=6", "test.size=6"],
            "jigsaw needs squares of an even number of pixels a side, 8 or more",
        ),
        (&["training.objective=jigsaw", "dataset.size=16", "test.size=16"], "6×6"),
        (&["training.objective=rotation", "training.cutout=4"], "set cutout = 0"),
        (&["training.objective=colorization", "training.auxiliary=0.4"], "set auxiliary = 0"),
    ];
    for (set, because) in refused {
        let sets = set.iter().flat_map(|set| ["--set", set]);
        let said = scratch.fail(&["train", "train.toml"].into_iter().chain(sets).collect::<Vec<_>>());
        let words: Vec<&str> = said.split_whitespace().filter(|word| *word != "│").collect();
        assert!(words.join(" ").contains(because), "{set:?}: {said}");
    }
    assert!(scratch.runs().is_empty(), "nothing is begun that cannot be done");
}
