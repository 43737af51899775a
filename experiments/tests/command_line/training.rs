//! `assay train`.
#![cfg(unix)]

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::reports::{files, text};
use crate::scratch::{Said, Scratch, shared};

pub(crate) const CELL: &str = "|nor_conv_3x3~0|+|skip_connect~0|nor_conv_3x3~1|+|none~0|nor_conv_1x1~1|avg_pool_3x3~2|";

/// Some seconds of training on images made on the spot, whose labels say nothing about them.
pub(crate) fn experiment() -> String {
    format!(
        "version = 1\n\n[space]\nname = \"nas-bench-201\"\n\n[dataset]\nname = \"synthetic\"\nimages = 40\nsize = 8\n\n\
         [test]\nname = \"synthetic\"\nimages = 20\nsize = 8\nseed = 1\n\n[training]\narchitecture = \"{CELL}\"\nchannels = 4\ncells = 1\n\
         epochs = 4\nbatch = 4\nauxiliary = 0\ndrop_path = 0.2\ncutout = 4\n"
    )
}

/// A folder with `train.toml`.
fn scratch() -> Scratch {
    let scratch = Scratch::new();
    scratch.write("train.toml", experiment());
    scratch
}

fn weights(run: &Path) -> Vec<u8> {
    std::fs::read(run.join("weights.safetensors")).unwrap()
}

fn undisturbed() -> Vec<u8> {
    let scratch = scratch();
    scratch.succeed(&["train", "train.toml", "--quiet", "--run-dir", "whole"]);
    weights(&scratch.path().join("whole"))
}

#[test]
fn a_training_leaves_its_weights_curve_and_summary_and_the_weights_can_be_exported() {
    let scratch = scratch();
    let out = scratch.succeed(&["train", "train.toml", "--quiet", "--run-dir", "run"]);
    let run = scratch.path().join("run");
    let summary: Value = serde_json::from_slice(&std::fs::read(run.join("summary.json")).unwrap()).unwrap();
    assert_eq!((summary["kind"].as_str(), summary["architecture"].as_str()), (Some("training"), Some(CELL)));
    assert_eq!((summary["epochs"].as_u64(), summary["steps"].as_u64()), (Some(4), Some(40)));
    let wrong = 100.0 * (1.0 - summary["test"]["correct"].as_f64().unwrap() / 20.0);
    assert!((summary["test_error_percent"].as_f64().unwrap() - wrong).abs() < 1e-9);
    assert!(out.contains(&format!("test error  {wrong:.2} % of 20 images")), "{out}");
    let curve = std::fs::read_to_string(run.join("curve.csv")).unwrap();
    assert_eq!(curve.lines().count(), 5, "{curve}");
    assert_eq!(scratch.succeed(&["show", "run"]), out, "show prints the same");

    let small = ["--channels", "4", "--cells", "1", "--image", "3x8x8", "--weights", "run/weights.safetensors"];
    let module = scratch.succeed(&[&["export", CELL, "--to", "pytorch"][..], &small].concat());
    assert!(module.contains("Batch normalisation uses the running statistics of training."), "{module}");
    scratch.succeed(&[&["export", CELL, "--to", "onnx", "--output", "trained.onnx"][..], &small].concat());
}

#[test]
fn a_training_killed_or_interrupted_is_continued_to_the_very_weights() {
    let whole = undisturbed();
    for signal in ["KILL", "INT", "TERM"] {
        let scratch = scratch();
        let run = scratch.path().join("run");
        let mut command = scratch.command(&["train", "train.toml", "--quiet", "--run-dir", "run"]);
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let start = Instant::now();
        // The checkpoint of the first epoch, of four.
        while !run.join("checkpoint.safetensors").exists() && child.try_wait().unwrap().is_none() {
            assert!(start.elapsed() < Duration::from_secs(60), "the training does not get on");
            std::thread::sleep(Duration::from_micros(300));
        }
        assert!(Command::new("kill").args([format!("-{signal}"), child.id().to_string()]).status().unwrap().success());
        let said = Said::of(&child.wait_with_output().unwrap());
        if signal != "KILL" && !run.join("summary.json").exists() {
            assert_eq!(said.code, Some(130), "{}", said.err);
            assert!(said.err.contains("assay train --resume run"), "{}", said.err);
            let unfinished = || scratch.fail(&["show", "run"]).contains("continue it with: assay train --resume run");
            assert!(unfinished());
            // Folders of the first 0.1.0 do not say of what kind they are.
            std::fs::remove_file(run.join("run.json")).unwrap();
            assert!(unfinished());
        }
        scratch.succeed(&["train", "--resume", "run", "--quiet"]);
        assert!(weights(&run) == whole, "{signal}");
    }
}

#[test]
fn what_is_wrong_with_a_training_is_told_with_its_line() {
    let scratch = scratch();
    let message = |set: &[&str]| {
        let sets = set.iter().flat_map(|set| ["--set", set]);
        scratch.fail(&["train", "train.toml"].into_iter().chain(sets).collect::<Vec<_>>())
    };
    let messages = [
        message(&["training.epoch=3"]),
        message(&["training.architecture=|conv~0|"]),
        message(&["test.size=16"]),
        message(&["training.backend=burn-cuda"]),
        message(&["training.auxiliary=0.4"]),
        scratch.fail(&["train", "tiny.toml"]),
    ];
    insta::assert_snapshot!(messages.join("\n"));
    assert!(scratch.runs().is_empty(), "nothing is begun that cannot be done");
}

#[test]
fn the_report_of_a_training_shows_the_curve_that_the_training_wrote() {
    let scratch = scratch();
    scratch.succeed(&["train", "train.toml", "--quiet", "--run-dir", "run"]);
    let out = scratch.succeed(&["report", "run"]);
    let files = files(&scratch.path().join("run/report"));
    insta::assert_snapshot!(files.keys().cloned().collect::<Vec<_>>().join(" "), @"figures/curve-error.png figures/curve-error.svg figures/curve-loss.png figures/curve-loss.svg index.html tables/epochs.csv tables/epochs.md tables/epochs.tex tables/result.csv tables/result.md tables/result.tex");

    let summary: Value = serde_json::from_slice(&std::fs::read(scratch.path().join("run/summary.json")).unwrap()).unwrap();
    let error = format!("{:.2}", summary["test_error_percent"].as_f64().unwrap());
    assert!(out.lines().any(|line| line.contains("test error, %") && line.contains(&error)), "{out}");
    assert!(
        out.contains("\nprotocol: trained from scratch on synthetic") && out.contains("; drop_path 0.2; ") && out.contains(CELL),
        "{out}"
    );

    let rows = |csv: &str| csv.lines().skip(1).map(|line| line.split(',').map(str::to_owned).collect()).collect::<Vec<Vec<String>>>();
    let written = rows(&std::fs::read_to_string(scratch.path().join("run/curve.csv")).unwrap());
    let shown = rows(&text(&files, "tables/epochs.csv"));
    assert_eq!((written.len(), shown.len()), (4, 4));
    for (written, shown) in written.iter().zip(&shown) {
        let [rate, drop_path, loss, right, test_loss, test_right] =
            [1, 2, 3, 4, 5, 6].map(|column: usize| written[column].parse::<f64>().unwrap());
        let expected = [
            written[0].clone(),
            format!("{rate:.5}"),
            format!("{drop_path:.3}"),
            format!("{loss:.4}"),
            format!("{:.2}", 100.0 * (1.0 - right)),
            format!("{test_loss:.4}"),
            format!("{:.2}", 100.0 * (1.0 - test_right)),
            "20".into(),
        ];
        assert_eq!(shown[..8], expected);
    }
    let page = text(&files, "index.html");
    assert!(page.contains("loss by epoch, train: training, test") && page.contains("error by epoch, train: training, test"));
}

#[test]
fn trainings_stand_side_by_side_in_a_report_that_says_what_sets_their_recipes_apart() {
    let scratch = scratch();
    let train = |folder: &str, set: &[&str]| {
        scratch.succeed(&[&["train", "train.toml", "--quiet", "--set", "training.epochs=2", "--run-dir", folder][..], set].concat());
    };
    train("slow", &["--set", "training.learning_rate=0.01"]);
    train("fast", &["--set", "training.learning_rate=0.1"]);
    let out = scratch.succeed(&["report", "slow", "fast", "--output", "both"]);
    assert!(out.contains("\nonly slow: learning_rate 0.01\nonly fast: learning_rate 0.1\nprotocol of slow: trained"), "{out}");
    let files = files(&scratch.path().join("both"));
    let table = text(&files, "tables/comparison-trainings.md");
    assert!(table.contains("| slow | fast |") && table.contains(&CELL.replace('|', "\\|")), "{table}");
    for name in ["comparison-tests-loss", "comparison-tests-error", "slow-curve-error", "fast-curve-loss"] {
        assert!(files.contains_key(&format!("figures/{name}.svg")), "{name}: {:?}", files.keys());
    }
}

#[test]
fn a_training_that_is_not_finished_is_not_reported_and_no_training_is_drawn() {
    let scratch = scratch();
    scratch.succeed(&["train", "train.toml", "--quiet", "--set", "training.epochs=1", "--run-dir", "run"]);
    let copy = |folder: &str, files: &[&str]| {
        std::fs::create_dir(scratch.path().join(folder)).unwrap();
        for file in files {
            std::fs::copy(scratch.path().join("run").join(file), scratch.path().join(folder).join(file)).unwrap();
        }
    };
    copy("begun", &["experiment.toml"]);
    copy("stopped", &["experiment.toml", "curve.csv", "checkpoint.safetensors"]);
    let commands = [["report", "begun"], ["report", "stopped"], ["show", "begun"], ["draw", "run"]];
    let messages = commands.map(|command| scratch.fail(&command));
    insta::assert_snapshot!(messages.join("\n"), @"
    × the run `begun` is not finished
    help: continue it with: assay train --resume begun

    × the run `stopped` is not finished
    help: continue it with: assay train --resume stopped

    × the run `begun` is not finished
    help: continue it with: assay train --resume begun

    × `run` holds no search, and only searches prune
    help: its charts are in its report: assay report RUN
    ");
    // What it names is what continues it.
    scratch.succeed(&["train", "--resume", "stopped", "--quiet"]);
    scratch.succeed(&["report", "stopped"]);
}

#[test]
fn classes_of_training_and_test_images_are_matched_by_name_and_a_cut_image_is_named() {
    let images = shared().join("field/images");
    if !images.exists() {
        eprintln!("skipped: {} is not there", images.display());
        return;
    }
    let scratch = scratch();
    let train = |train: &str, test: &str| {
        let text = format!(
            "version = 1\n\n[space]\nname = \"nas-bench-201\"\n\n[dataset]\nname = \"image-folder\"\npath = \"{0}/{train}\"\n\
             size = 8\n\n[test]\nname = \"image-folder\"\npath = \"{0}/{test}\"\nsize = 8\n\n[training]\n\
             architecture = \"{CELL}\"\nchannels = 4\ncells = 1\nepochs = 1\nbatch = 4\nauxiliary = 0\n",
            images.display()
        );
        scratch.write("train.toml", text);
        scratch.assay(&["train", "train.toml", "--quiet", "--run-dir", train])
    };
    let said = train("cls3", "cls3_test");
    assert!(said.out.contains("13 images in 3 classes, resized to 8×8 (cls3_test; no images of `bee`)"), "{}\n{}", said.out, said.err);
    let said = train("cut90", "cut90");
    assert_ne!(said.code, Some(0), "{}", said.out);
    // Messages are broken into lines of the terminal's width.
    let words: String = said.err.chars().filter(|letter| !letter.is_whitespace() && *letter != '│').collect();
    assert!(words.contains(".jpgisdamagedortruncated"), "{}", said.err);
}

#[test]
fn a_training_does_not_claim_more_images_than_there_are() {
    let scratch = scratch();
    let protocol = |images: &str| {
        let set = format!("training.images={images}");
        scratch.succeed(&["train", "train.toml", "--quiet", "--run-dir", images, "--set", "training.epochs=1", "--set", &set]);
        crate::scratch::summary(&scratch.path().join(images))["protocol"].as_str().unwrap().to_owned()
    };
    assert!(!protocol("5000").contains("of them"));
    assert!(protocol("8").contains(", 8 of them"));
}

#[test]
fn a_training_by_a_named_recipe_on_one_side_of_a_split_and_validated_on_the_other() {
    let scratch = Scratch::new();
    let records: Vec<u8> =
        (0..40_usize).flat_map(|image| [vec![(image % 4) as u8], vec![(37 * image % 251) as u8; 192]].concat()).collect();
    scratch.write("images.bin", records);
    // Every fourth image and the one after it.
    scratch.write("splits.json", r#"{"halves": {"images": 40, "in": 20, "bits": "MzMzMzM="}}"#);
    let images = |section: &str, side: &str| {
        format!(
            "[{section}]\nname = \"records\"\npath = \"images.bin\"\nsize = 8\nnormalisation = \"cifar10\"\n\
             part = {{ side = \"{side}\", file = \"splits.json\", key = \"halves\" }}\n\n"
        )
    };
    let text = format!(
        "version = 1\n\n[space]\nname = \"nas-bench-201\"\n\n{}{}[training]\narchitecture = \"{CELL}\"\nrecipe = \"nas-bench-201\"\n\
         epochs = 2\nchannels = 4\ncells = 1\nbatch = 8\n",
        images("dataset", "in"),
        images("test", "out")
    );
    scratch.write("train.toml", text);
    scratch.succeed(&["train", "train.toml", "--quiet", "--run-dir", "run"]);
    let summary = crate::scratch::summary(&scratch.path().join("run"));
    assert_eq!(
        (summary["train_images"].as_u64(), summary["test"]["images"].as_u64(), summary["steps"].as_u64()),
        (Some(20), Some(20), Some(6))
    );
    let of = |name: &str| summary["recipe"][name].clone();
    assert_eq!((of("learning_rate"), of("nesterov"), of("clip"), of("batch")), (0.1.into(), true.into(), 0.0.into(), 8.into()));
    assert_eq!(of("recipe"), Value::Null, "what is kept are the settings");
    let protocol = summary["protocol"].as_str().unwrap();
    assert!(protocol.contains("20 of 40 images of 3×8×8 (images.bin; those in `halves` of splits.json), tested on"), "{protocol}");
    assert!(protocol.contains("those not in `halves` of splits.json"), "{protocol}");
    // The system counts hundredths of a second, of which this may take none.
    assert!(summary["cpu_seconds"].as_f64().is_some_and(|seconds| (0.0..60.0).contains(&seconds)), "{summary}");

    // The run's own file makes the same again, wherever the split lies.
    std::fs::rename(scratch.path().join("splits.json"), scratch.path().join("moved.json")).unwrap();
    let moved = ["--set", "dataset.part.file=moved.json", "--set", "test.part.file=moved.json"];
    scratch.succeed(&[&["train", "run/experiment.toml", "--quiet", "--run-dir", "again"][..], &moved].concat());
    assert!(weights(&scratch.path().join("again")) == weights(&scratch.path().join("run")));

    let message = scratch.fail(&["train", "train.toml", "--set", "dataset.part.file=moved.json", "--set", "test.part.key=thirds"]);
    assert!(message.contains("test.part"), "{message}");
    let message = scratch.fail(&["train", "train.toml", "--set", "training.recipe=nas-bench-101"]);
    assert!(message.contains("`training.recipe`: must be one of \"darts\", \"nas-bench-201\", is \"nas-bench-101\""), "{message}");
}
