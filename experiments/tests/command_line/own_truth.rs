//! Studies that train their own ground truth.
#![cfg(unix)]

use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

use insta::assert_snapshot;

use crate::scratch::{Scratch, journalled, summary};

/// Some cells of NAS-Bench-201, each trained twice for two epochs on images made on the spot.
const STUDY: &str = r#"version = 1
name = "own"

[space]
name = "nas-bench-201"

[dataset]
name = "synthetic"
images = 32
size = 8

[test]
name = "synthetic"
images = 40
size = 8
seed = 1

[benchmark]
name = "trained"
train = [1, 2]
repeats = 2

[training]
channels = 4
cells = 1
epochs = 2
batch = 8
learning_rate = 0.1
auxiliary = 0
drop_path = 0
cutout = 0

[study]
proxies = ["snip", "flops"]
sample = 6

[proxies.snip]
batch = 8
"#;

/// A folder with `study.toml`.
fn scratch() -> Scratch {
    let scratch = Scratch::new();
    scratch.write("study.toml", STUDY);
    scratch
}

fn file(run: &Path, name: &str) -> String {
    std::fs::read_to_string(run.join(name)).unwrap()
}

/// What must be equal between runs of one study, to the last byte.
fn results(run: &Path) -> [String; 3] {
    ["trained.csv", "correlations.csv", "correlations.md"].map(|name| file(run, name))
}

#[test]
fn a_study_trains_its_sample_first_and_its_table_serves_other_studies() {
    let scratch = scratch();
    let out = scratch.succeed(&["correlate", "study.toml", "--quiet", "--run-dir", "made"]);
    let made = scratch.path().join("made");
    let ceiling = "noise ceiling: τ-b";
    assert!(out.contains(ceiling) && out.contains("of one training run against the mean of 1 others, accuracy_after_2_epochs"), "{out}");
    let protocol = summary(&made)["protocol"].as_str().unwrap().to_owned();
    let told =
        "accuracy_after_1_epoch, accuracy_after_2_epochs of trainings of this study, mean of 2 of each architecture; trained from scratch";
    assert!(protocol.contains(told), "{protocol}");
    assert!(protocol.contains("by 2 seeds each, judged after 1, 2 epochs by synthetic"), "{protocol}");
    assert!(!made.join("checkpoints").exists());
    let rows: Vec<String> = file(&made, "trained.csv").lines().map(str::to_owned).collect();
    assert_eq!(
        (rows.len(), rows[0].as_str()),
        (7, "arch,training,accuracy_after_1_epoch,accuracy_after_1_epoch_seeds,accuracy_after_2_epochs,accuracy_after_2_epochs_seeds")
    );

    // The same scores against the same accuracies, looked up in a table.
    let read = |benchmark: &str| STUDY.replace("train = [1, 2]\nrepeats = 2\n", benchmark).replace("sample = 6\n", "");
    scratch.write("from-path.toml", read("path = \"made/trained.csv\"\n"));
    scratch.write("imported.toml", read(""));
    scratch.miss_data(&["correlate", "imported.toml", "--quiet"]);
    let imported = scratch.succeed(&["benchmark", "import", "trained", "made/trained.csv"]);
    assert!(imported.contains("trained: 6 architectures checked"), "{imported}");
    let statistics = |run: &str| {
        let text = file(&scratch.path().join(run), "correlations.csv");
        // Without the protocol, which comes last.
        text.lines().map(|line| line.split(",\"space ").next().unwrap().to_owned()).collect::<Vec<_>>()
    };
    for (study, run) in [("from-path.toml", "by-path"), ("imported.toml", "by-import")] {
        let out = scratch.succeed(&["correlate", study, "--quiet", "--run-dir", run]);
        assert_eq!(statistics(run), statistics("made"), "{study}");
        assert!(out.contains(ceiling) && out.contains("6 architectures of one's own, trained from scratch on synthetic"), "{out}");
    }
    let first = rows[1].split(",\"").next().unwrap();
    let told = scratch.succeed(&["benchmark", "query", "trained", first]);
    assert!(told.contains("accuracy_after_2_epochs"), "{told}");
}

#[test]
fn tables_of_one_training_are_added_to_each_other_and_those_of_another_are_refused() {
    let scratch = scratch();
    let study = |folder: &str, set: &[&str]| {
        let sets = set.iter().flat_map(|set| ["--set", set]);
        let command = ["correlate", "study.toml", "--quiet", "--run-dir", folder].into_iter().chain(sets);
        scratch.succeed(&command.collect::<Vec<_>>());
    };
    study("one", &["seed=0", "benchmark.repeats=1"]);
    study("other", &["seed=1", "benchmark.repeats=1"]);
    study("slower", &["training.learning_rate=0.01", "benchmark.repeats=1"]);
    let import = |run: &str| scratch.assay(&["benchmark", "import", "trained", &format!("{run}/trained.csv")]);
    let count = |said: &str| -> usize {
        said.split("trained: ").nth(1).and_then(|rest| rest.split(' ').next()).and_then(|count| count.parse().ok()).unwrap()
    };
    assert_eq!(count(&import("one").out), 6);
    let both = import("other");
    assert_eq!((both.code, count(&both.out) > 6), (Some(0), true), "{}", both.err);
    let refused = import("slower");
    assert_eq!(refused.code, Some(1));
    assert!(refused.err.contains("were trained otherwise") && refused.err.contains("by `path`"), "{}", refused.err);
    assert_eq!(import("one").code, Some(0), "what was there stays as it was");
}

#[test]
fn a_study_killed_while_it_trains_is_continued_and_shards_of_it_are_merged_to_the_identical_result() {
    let scratch = scratch();
    scratch.succeed(&["correlate", "study.toml", "--quiet", "--run-dir", "whole", "--threads", "1"]);
    let whole = results(&scratch.path().join("whole"));

    let run = scratch.path().join("killed");
    for answers in [3, 10, 2] {
        let before = journalled(&run);
        let mut command = scratch.command(&["correlate", "study.toml", "--resume", "--quiet", "--run-dir", "killed"]);
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        let start = Instant::now();
        while journalled(&run) < before + answers && child.try_wait().unwrap().is_none() {
            assert!(start.elapsed() < Duration::from_secs(60), "the study does not get on");
            std::thread::sleep(Duration::from_micros(200));
        }
        child.kill().unwrap();
        child.wait().unwrap();
    }
    scratch.succeed(&["correlate", "study.toml", "--resume", "--quiet", "--run-dir", "killed"]);
    assert_eq!(results(&run), whole);

    for shard in ["1/2", "2/2"] {
        scratch.succeed(&["correlate", "study.toml", "--quiet", "--shard", shard, "--run-dir", &shard.replace('/', "of")]);
    }
    scratch.succeed(&["merge", "2of2", "1of2", "--quiet", "--run-dir", "merged"]);
    assert_eq!(results(&scratch.path().join("merged")), whole);
}

#[test]
fn what_is_wrong_with_ground_truth_of_ones_own_is_told_with_what_to_do() {
    let scratch = scratch();
    let message = |set: &[&str]| {
        let sets = set.iter().flat_map(|set| ["--set", set]);
        scratch.fail(&["correlate", "study.toml", "--quiet"].into_iter().chain(sets).collect::<Vec<_>>())
    };
    let untrained = STUDY.split("[training]").next().unwrap().to_owned() + "[study]\nproxies = [\"flops\"]\nsample = 4\n";
    scratch.write("untrained.toml", untrained);
    let messages = [
        message(&["benchmark.train=[4]"]),
        message(&["benchmark.train=[2, 1]"]),
        message(&["benchmark.path=table.csv"]),
        scratch.fail(&["correlate", "untrained.toml", "--quiet"]),
    ];
    assert!(scratch.runs().is_empty(), "nothing is begun that cannot be done");
    assert_snapshot!(messages.join("\n"));
}
