//! Bits that flip on a disk: each is an error that names the file, or a warning and the very same result.
#![cfg(unix)]

use std::fs;
use std::path::{Path, PathBuf};

use assay_core::stream::Stream;
use rand::RngExt;

use crate::scratch::{Scratch, result};
use crate::studies::{SMALL, tables_of, with_benchmark};
use crate::training::{self, CELL};

/// How many bits flip in all; another number is asked for by `ASSAY_FLIPS`.
const FLIPS: usize = 88;

/// A file in which bits flip, and a command that reads it.
struct Case {
    file: &'static str,
    arguments: &'static [&'static str],
    then: Then,
}

/// What comes of it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Then {
    /// An error that names the file.
    Refused,
    /// The same, or what is shown of the undamaged study: not every line is read.
    RefusedOrShown,
    /// A warning that names the file, and the result of the run that was never damaged.
    Repaired,
}

use Then::{Refused, RefusedOrShown, Repaired};

const fn case(file: &'static str, arguments: &'static [&'static str], then: Then) -> Case {
    Case { file, arguments, then }
}

const EXPORT: &[&str] = &[
    "export",
    CELL,
    "--to",
    "onnx",
    "--channels",
    "4",
    "--cells",
    "1",
    "--image",
    "3x8x8",
    "--weights",
    "training/weights.safetensors",
    "--output",
    "trained.onnx",
];

const CASES: &[Case] = &[
    case("study/summary.json", &["show", "study"], Refused),
    case("study/checksums.txt", &["show", "study"], RefusedOrShown),
    case("study/space.json", &["report", "study"], Refused),
    case("study/architectures.parquet", &["report", "study"], Refused),
    case("study/scores.parquet", &["report", "study"], Refused),
    case("study/aggregates.parquet", &["report", "study"], Refused),
    case("study/targets.parquet", &["report", "study"], Refused),
    case("search/summary.json", &["show", "search"], Refused),
    case("search/trajectory.json", &["show", "search"], Refused),
    case("search/space.json", &["show", "search"], Refused),
    case("search/architectures.parquet", &["report", "search"], Refused),
    case("training/summary.json", &["report", "training"], Refused),
    case("training/weights.safetensors", EXPORT, Refused),
    case("part-1/summary.json", &["merge", "part-1", "part-2"], Refused),
    case("part-2/experiment.toml", &["merge", "part-1", "part-2"], Refused),
    case("part-2/measurements.jsonl", &["merge", "part-1", "part-2"], Refused),
    case("data/benchmarks/nas-bench-201.parquet", &["correlate", "small.toml", "--quiet"], Refused),
    case("begun-training/checkpoint.safetensors", &["train", "--resume", "begun-training", "--quiet"], Refused),
    case("begun-study/measurements.jsonl", &["correlate", "--resume", "begun-study", "--quiet"], Repaired),
    case("begun-search/measurements.jsonl", &["run", "--resume", "begun-search", "--quiet"], Repaired),
];

/// Copies a run folder as it would be had the run been killed before it wrote its result.
fn unfinished(scratch: &Scratch, from: &str, to: &str) {
    let [from, to] = [from, to].map(|name| scratch.path().join(name));
    drop(fs::remove_dir_all(&to));
    fs::create_dir(&to).unwrap();
    for name in ["experiment.toml", "run.json", "measurements.jsonl", "checkpoint.safetensors"] {
        if from.join(name).exists() {
            fs::copy(from.join(name), to.join(name)).unwrap();
        }
    }
}

/// Every kind of run, finished, and some that are not.
fn runs() -> Scratch {
    let scratch = with_benchmark();
    scratch.write("study.toml", SMALL.replace("\"params\"", "\"params\", \"te-nas\""));
    scratch.write("train.toml", training::experiment());
    scratch.succeed(&["correlate", "study.toml", "--quiet", "--run-dir", "study"]);
    scratch.succeed(&["run", "tiny.toml", "--quiet", "--run-dir", "search"]);
    scratch.succeed(&["train", "train.toml", "--quiet", "--run-dir", "training"]);
    for (shard, folder) in [("1/2", "part-1"), ("2/2", "part-2")] {
        scratch.succeed(&["correlate", "small.toml", "--quiet", "--shard", shard, "--run-dir", folder]);
    }
    unfinished(&scratch, "training", "begun-training");
    scratch
}

/// What the undamaged run comes to, and what the other one did.
fn is_repaired(run: &Path, whole: &Path) -> bool {
    if whole.ends_with("search") { result(run) == result(whole) } else { tables_of(run) == tables_of(whole) }
}

/// One bit flips: what the command then says is wrong or right.
fn flip(scratch: &Scratch, case: &Case, bit: impl FnOnce(usize) -> usize, shown: &str) {
    let Case { file, arguments, then } = case;
    let path: PathBuf = scratch.path().join(file);
    let folder = path.parent().unwrap();
    let begun = folder.file_name().unwrap().to_str().unwrap().strip_prefix("begun-").filter(|_| *then == Repaired);
    if let Some(whole) = begun {
        unfinished(scratch, whole, &format!("begun-{whole}"));
    }
    let whole = fs::read(&path).unwrap();
    let bit = bit(8 * whole.len());
    let mut flipped = whole.clone();
    flipped[bit / 8] ^= 1 << (bit % 8);
    fs::write(&path, flipped).unwrap();
    let said = scratch.assay(arguments);
    let about = format!("bit {bit} of {file}: {said:?}");
    let names = said.err.contains(path.file_name().unwrap().to_str().unwrap());
    match (then, said.code) {
        (Refused | RefusedOrShown, Some(1)) => assert!(names, "{about}"),
        (RefusedOrShown, Some(0)) => assert_eq!(said.out, shown, "{about}"),
        (Repaired, Some(0)) => {
            assert!(names && said.err.contains("is measured again"), "{about}");
            assert!(is_repaired(folder, &scratch.path().join(begun.unwrap())), "{about}");
        }
        _ => panic!("{about}"),
    }
    fs::write(&path, whole).unwrap();
}

#[test]
fn no_flipped_bit_of_what_assay_wrote_changes_a_result_in_silence() {
    let flips = std::env::var("ASSAY_FLIPS").map_or(FLIPS, |flips| flips.parse().unwrap());
    let scratch = runs();
    let shown = scratch.succeed(&["show", "study"]);
    let mut rng = Stream::new(0, "flips").rng();
    for case in CASES.iter().cycle().take(flips) {
        flip(&scratch, case, |bits| rng.random_range(0..bits), &shown);
    }
    assert!(scratch.runs().is_empty(), "nothing is begun with what is damaged");
}
