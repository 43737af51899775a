//! Trainings that cannot be, that diverge, whose checkpoint is another one or damaged, that run out of disk, or that are killed.
#![cfg(unix)]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

use assay_core::stream::Stream;
use rand::RngExt;

use crate::scratch::{Said, Scratch};
use crate::training::experiment;

/// How often a training is killed; another number is asked for by `ASSAY_KILLS`.
const KILLS: usize = 6;

/// A cell that differs from the one that is trained in an operator without parameters.
const OTHER: &str = "|nor_conv_3x3~0|+|skip_connect~0|nor_conv_3x3~1|+|none~0|nor_conv_1x1~1|skip_connect~2|";

fn scratch() -> Scratch {
    let scratch = Scratch::new();
    scratch.write("train.toml", experiment());
    scratch
}

/// The arguments that train with these settings into a folder.
fn arguments<'a>(folder: &'a str, set: &[&'a str]) -> Vec<&'a str> {
    let sets = set.iter().flat_map(|set| ["--set", set]);
    ["train", "train.toml", "--quiet", "--run-dir", folder].into_iter().chain(sets).collect()
}

fn weights(run: &Path) -> Vec<u8> {
    fs::read(run.join("weights.safetensors")).unwrap()
}

/// A training of these settings that was killed after its last checkpoint: what it has but for its result. Gives its checkpoint.
fn begun(scratch: &Scratch, folder: &str, set: &[&str]) -> PathBuf {
    scratch.succeed(&arguments(folder, set));
    let run = scratch.path().join(folder);
    for file in ["summary.json", "weights.safetensors", "checksums.txt"] {
        fs::remove_file(run.join(file)).unwrap();
    }
    run.join("checkpoint.safetensors")
}

/// Messages are broken into lines of the terminal's width.
fn words(message: &str) -> String {
    message.chars().filter(|letter| *letter != '│').collect::<String>().split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn labels_beyond_the_classes_are_refused_before_anything_is_trained() {
    let scratch = scratch();
    let record = |label: u8| std::iter::once(label).chain((0..192).map(move |byte| byte ^ (31 * label))).collect::<Vec<u8>>();
    scratch.write("three.bin", [0, 1, 2, 0, 1, 2].map(record).concat());
    scratch.write("four.bin", [0, 1, 2, 3].map(record).concat());
    let text = experiment().replace("name = \"synthetic\"\nimages = 40", "name = \"records\"\npath = \"three.bin\"");
    let text = text.replace("name = \"synthetic\"\nimages = 20", "name = \"records\"\npath = \"four.bin\"").replace("seed = 1\n", "");
    scratch.write("train.toml", text);
    let test = words(&scratch.fail(&arguments("run", &[])));
    assert!(test.contains("the network has 3 classes, and the images that it is tested on have 4"), "{test}");
    let record = words(&scratch.fail(&arguments("run", &["test.classes=3"])));
    assert!(
        record
            .contains("four.bin is damaged or laid out otherwise: record 3 (byte 579) has label 3, but there are only 3 classes (0 to 2)"),
        "{record}"
    );
    assert!(!scratch.path().join("run").exists());
}

#[test]
fn a_last_batch_of_one_image_is_trained_on_unless_a_normalisation_sees_one_pixel_of_it() {
    let scratch = scratch();
    scratch.succeed(&arguments("run", &["dataset.images=9", "training.epochs=2"]));
    let curve = fs::read_to_string(scratch.path().join("run/curve.csv")).unwrap();
    assert!(!curve.contains("NaN") && curve.lines().count() == 3, "{curve}");
    let small = ["dataset.size=4", "test.size=4", "training.cutout=0"];
    let refused = |images: &'static str| words(&scratch.fail(&arguments("refused", &[&small[..], &[images]].concat())));
    let message = refused("dataset.images=9");
    assert!(message.contains("9 images in batches of 4 leave one image for the last batch, of which `"), "{message}");
    assert!(message.contains("normalises a single pixel: set another batch or another number of images"), "{message}");
    scratch.succeed(&arguments("of-two", &[&small[..], &["dataset.images=10", "training.epochs=1"]].concat()));
}

#[test]
fn a_training_that_diverges_says_in_which_step_and_what_to_lower() {
    let scratch = scratch();
    let diverging = ["training.learning_rate=100.0", "training.weight_decay=1.0", "training.clip=0", "training.epochs=30"];
    let message = words(&scratch.fail(&arguments("run", &diverging)));
    assert!(message.contains("of epoch ") && message.contains("is not a number: the training diverged"), "{message}");
    assert!(message.contains("use a lower learning_rate") && message.contains("begin again in another folder"), "{message}");
    assert!(!message.contains("--resume"), "it would diverge again: {message}");
    assert!(!scratch.path().join("run/weights.safetensors").exists());
}

#[test]
fn a_checkpoint_of_another_training_or_version_is_refused_by_what_differs_and_stays() {
    let scratch = scratch();
    let own = begun(&scratch, "own", &[]);
    let kept = fs::read(&own).unwrap();
    let nesterov = begun(&scratch, "other", &["training.nesterov=true"]);
    let seed = begun(&scratch, "seed", &["seed=1"]);
    let wider = begun(&scratch, "wider", &["training.channels=8"]);
    let cell = begun(&scratch, "cell", &[&format!("training.architecture={OTHER}")]);
    let refused = |bytes: &[u8]| {
        fs::write(&own, bytes).unwrap();
        let message = words(&scratch.fail(&["train", "--resume", "own", "--quiet"]));
        assert!(fs::read(&own).unwrap() == bytes, "the checkpoint was changed");
        assert!(message.contains("own/checkpoint.safetensors` cannot be continued") && message.contains("begin again"), "{message}");
        message
    };
    for (other, what) in [
        (&nesterov, "its `nesterov` is true, that of this training not set"),
        (&seed, "it is of seed 1, this training of 0"),
        (&wider, "its `channels` is 8, that of this training 4"),
        (&cell, "its `architecture` is"),
    ] {
        let message = refused(&fs::read(other).unwrap());
        assert!(message.contains(what), "{message}");
    }
    let message = refused(&later_version(&kept));
    assert!(message.contains("a later version of Assay wrote it; continue with that one"), "{message}");
    let flipped = |position: usize| {
        let mut bytes = kept.clone();
        bytes[position] ^= 4;
        bytes
    };
    for position in [kept.len() / 2, kept.len() - 1] {
        let message = refused(&flipped(position));
        assert!(message.contains("checksum"), "{message}");
    }
    refused(&kept[..kept.len() / 2]);
    refused(b"");

    fs::write(&own, &kept).unwrap();
    scratch.succeed(&["train", "--resume", "own", "--quiet"]);
    scratch.succeed(&arguments("whole", &[]));
    assert!(weights(&scratch.path().join("own")) == weights(&scratch.path().join("whole")));
}

/// The same checkpoint as a later version would write it, with a checksum of its own.
fn later_version(checkpoint: &[u8]) -> Vec<u8> {
    let file = safetensors::SafeTensors::deserialize(checkpoint).unwrap();
    let (_, header) = safetensors::SafeTensors::read_metadata(checkpoint).unwrap();
    let text = header.metadata().as_ref().unwrap()["assay.training"].replace("\"schema\":2", "\"schema\":3");
    let floats = |bytes: &[u8]| -> Vec<f32> { bytes.as_chunks::<4>().0.iter().map(|four| f32::from_le_bytes(*four)).collect() };
    let tensors: Vec<_> = file.iter().map(|(name, view)| (name.to_owned(), view.shape().to_vec(), floats(view.data()))).collect();
    let bare = assay_weights::write_tensors(tensors, [("assay.training".to_owned(), text)].into()).unwrap();
    assay_weights::seal(bare)
}

/// A limit on the size of files does what a full disk does: a write fails.
#[test]
fn a_full_disk_leaves_the_former_checkpoint_from_which_the_training_goes_on() {
    let scratch = scratch();
    let run = scratch.path().join("run");
    let checkpoint = run.join("checkpoint.safetensors");
    let mut child = scratch.command(&arguments("run", &[])).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    while !checkpoint.exists() && child.try_wait().unwrap().is_none() {
        std::thread::sleep(std::time::Duration::from_micros(300));
    }
    child.kill().unwrap();
    child.wait().unwrap();
    // The last one may have been in the making.
    let former = fs::read(&checkpoint).unwrap();
    let mut command = Command::new("sh");
    scratch.isolate(&mut command);
    let limit = former.len() / 1024 / 2;
    command.args(["-c", &format!("trap '' XFSZ; ulimit -f {limit}; exec \"$0\" train --resume run --quiet")]);
    let said = Said::of(&command.arg(assert_cmd::cargo::cargo_bin!("assay")).output().unwrap());
    if !run.join("summary.json").exists() {
        assert_eq!(said.code, Some(1), "{}", said.err);
        assert!(said.err.contains("File too large") && said.err.contains("--resume run"), "{}", said.err);
    }
    assert!(fs::read(&checkpoint).unwrap() == former, "the former checkpoint was changed");
    let left: Vec<String> = fs::read_dir(&run).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    assert!(!left.iter().any(|name| name.starts_with(".unfinished")), "{left:?}");
    scratch.succeed(&["train", "--resume", "run", "--quiet"]);
    scratch.succeed(&arguments("whole", &[]));
    assert!(weights(&run) == weights(&scratch.path().join("whole")));
}

#[test]
fn a_training_killed_again_and_again_comes_to_the_weights_of_an_undisturbed_one() {
    let kills = std::env::var("ASSAY_KILLS").map_or(KILLS, |kills| kills.parse().unwrap());
    let scratch = scratch();
    let begin = Instant::now();
    scratch.succeed(&arguments("whole", &["training.epochs=12"]));
    let time = begin.elapsed();
    let whole = weights(&scratch.path().join("whole"));
    let mut rng = Stream::new(0, "kills of trainings").rng();
    let (mut folder, mut in_time) = (0, 0);
    for _ in 0..kills {
        let name = format!("killed-{folder}");
        let run = scratch.path().join(&name);
        let resumed = if run.exists() { &["--resume"][..] } else { &[] };
        let set = [&arguments(&name, &["training.epochs=12"])[..], resumed].concat();
        let mut child = scratch.command(&set).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        std::thread::sleep(time.mul_f64(rng.random_range(0.0..1.0)));
        child.kill().unwrap();
        child.wait().unwrap();
        if run.join("summary.json").exists() {
            assert!(weights(&run) == whole, "{name}");
            folder += 1;
        } else {
            in_time += 1;
        }
    }
    let name = format!("killed-{folder}");
    let resumed = if scratch.path().join(&name).exists() { &["--resume"][..] } else { &[] };
    scratch.succeed(&[&arguments(&name, &["training.epochs=12"])[..], resumed].concat());
    assert!(weights(&scratch.path().join(&name)) == whole, "{name}");
    assert!(2 * in_time > kills, "only {in_time} of {kills} were killed before their end");
}
