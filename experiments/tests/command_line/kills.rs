//! Every command that writes, killed at moments that nobody chose, and repeated.
#![cfg(unix)]

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

use assay_core::stream::Stream;
use rand::RngExt;

use crate::scratch::{Scratch, result, shared};
use crate::studies::{SMALL, read, tables_of, with_benchmark};
use crate::training::{self, CELL};

/// How many processes are killed in all; another number is asked for by `ASSAY_KILLS`.
const KILLS: usize = 27;

/// A command that writes to the folder or file `{}`.
struct Writer {
    arguments: &'static [&'static str],
    /// What is added where it is repeated.
    again: &'static [&'static str],
}

const fn writer(arguments: &'static [&'static str], again: &'static [&'static str]) -> Writer {
    Writer { arguments, again }
}

const WRITERS: &[Writer] = &[
    writer(&["run", "tiny.toml", "--quiet", "--run-dir", "{}"], &["--resume"]),
    writer(&["correlate", "quick.toml", "--quiet", "--run-dir", "{}"], &["--resume"]),
    writer(&["correlate", "quick.toml", "--quiet", "--shard", "1/2", "--run-dir", "{}"], &["--resume"]),
    writer(&["train", "train.toml", "--quiet", "--run-dir", "{}"], &["--resume"]),
    writer(&["merge", "part-1", "part-2", "--run-dir", "{}"], &[]),
    writer(&["report", "search", "--output", "{}"], &[]),
    writer(&["draw", "search", "--output", "{}"], &[]),
    writer(&["export", CELL, "--to", "onnx", "--output", "{}/network.onnx"], &[]),
    writer(&["benchmark", "import", "nas-bench-201", "TABLE"], &[]),
];

/// What the commands read.
fn prepared() -> Scratch {
    let scratch = with_benchmark();
    scratch.write("quick.toml", SMALL.replace("\"ntk-condition\", \"params\"", "\"params\"").replace("sample = 14", "sample = 60"));
    scratch.write("train.toml", training::experiment());
    scratch.succeed(&["run", "tiny.toml", "--quiet", "--run-dir", "search"]);
    for (shard, folder) in [("1/2", "part-1"), ("2/2", "part-2")] {
        scratch.succeed(&["correlate", "quick.toml", "--quiet", "--shard", shard, "--run-dir", folder]);
    }
    scratch
}

/// Starts a command; kills it after a while, or waits until it ends. Gives how long that took.
fn start(scratch: &Scratch, writer: &Writer, into: &str, again: bool, kill_after: Option<Duration>) -> Duration {
    let table = shared().join("data/nas-bench-201/nb201.csv");
    let more = if again { writer.again } else { &[] };
    let arguments: Vec<String> = writer
        .arguments
        .iter()
        .chain(more)
        .map(|argument| argument.replace("{}", into).replace("TABLE", table.to_str().unwrap()))
        .collect();
    fs::create_dir_all(scratch.path().join(into)).unwrap();
    let mut command = scratch.command(&arguments.iter().map(String::as_str).collect::<Vec<_>>());
    if writer.arguments[0] == "benchmark" {
        command.env("ASSAY_DATA", scratch.path().join(into));
    }
    let begin = Instant::now();
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    if let Some(moment) = kill_after {
        std::thread::sleep(moment);
        child.kill().unwrap();
    }
    let ended = child.wait_with_output().unwrap();
    assert!(ended.status.success() || kill_after.is_some(), "{arguments:?}: {}", String::from_utf8_lossy(&ended.stderr));
    begin.elapsed()
}

/// All files below a folder, by their path in it.
fn files(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(within) = folders.pop() {
        for entry in fs::read_dir(within).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                found.insert(path.strip_prefix(folder).unwrap().display().to_string(), fs::read(path).unwrap());
            }
        }
    }
    found
}

/// The last part of a path.
fn name(path: &str) -> &str {
    path.rsplit('/').next().unwrap()
}

/// That a file under its final name is whole: as it is at the end or, where times or the course of the work stand in it, of the
/// form that it has at the end.
fn check_whole(folder: &Path, path: &str, bytes: &[u8], at_the_end: Option<&Vec<u8>>) {
    let about = || format!("{}/{path}, {} bytes", folder.display(), bytes.len());
    match name(path) {
        // These grow. The last line of a journal may be torn, and is then measured again.
        "log.txt" | "measurements.jsonl" => {}
        own if own.starts_with('.') => {}
        "checkpoint.safetensors" => assay_weights::check(bytes).unwrap(),
        "times.parquet" | "measurements.parquet" => drop(read(&folder.join(path))),
        "summary.json" | "run.json" => drop(serde_json::from_slice::<serde_json::Value>(bytes).unwrap_or_else(|_| panic!("{}", about()))),
        "study.md" | "curve.csv" | "checksums.txt" => assert!(bytes.ends_with(b"\n"), "{}", about()),
        _ => assert!(at_the_end.is_some_and(|whole| whole == bytes), "{}", about()),
    }
}

/// What must be equal between a command that nobody disturbs and one that was killed and repeated.
fn compare(writer: &Writer, folder: &Path, whole: &Path) {
    let equal = match writer.arguments[0] {
        "run" => result(folder) == result(whole),
        // A shard has no tables.
        "correlate" | "merge" => !whole.join("scores.parquet").exists() || tables_of(folder) == tables_of(whole),
        "train" => [folder, whole].map(|run| fs::read(run.join("weights.safetensors")).unwrap()).windows(2).all(|both| both[0] == both[1]),
        _ => files(folder) == files(whole),
    };
    assert!(equal, "{:?} into {}", writer.arguments, folder.display());
    // The lock of a run stays as long as the run.
    let left: Vec<String> = files(folder).into_keys().filter(|path| name(path).starts_with('.') && name(path) != ".lock").collect();
    assert!(left.is_empty(), "{:?} leaves {left:?}", writer.arguments);
}

#[test]
fn every_command_killed_at_any_moment_leaves_no_half_file_and_comes_to_the_same_when_it_is_repeated() {
    let kills = std::env::var("ASSAY_KILLS").map_or(KILLS, |kills| kills.parse().unwrap());
    let scratch = prepared();
    let undisturbed: Vec<(Duration, BTreeMap<String, Vec<u8>>)> = (0..)
        .zip(WRITERS)
        .map(|(number, writer)| {
            let into = format!("whole-{number}");
            let time = start(&scratch, writer, &into, false, None);
            (time, files(&scratch.path().join(into)))
        })
        .collect();
    let mut rng = Stream::new(0, "kills").rng();
    let mut interrupted = 0;
    for (kill, (position, writer)) in WRITERS.iter().enumerate().cycle().enumerate().take(kills) {
        let (time, whole) = &undisturbed[position];
        let into = format!("killed-{kill}");
        let folder = scratch.path().join(&into);
        start(&scratch, writer, &into, false, Some(time.mul_f64(rng.random_range(0.0..1.0))));
        let left = files(&folder);
        left.iter().for_each(|(path, bytes)| check_whole(&folder, path, bytes, whole.get(path)));
        interrupted += usize::from(left.keys().filter(|path| !name(path).starts_with('.')).count() < whole.len());
        // A merge that has its summary has everything, and is not merged again.
        if !(writer.arguments[0] == "merge" && folder.join("summary.json").exists()) {
            start(&scratch, writer, &into, true, None);
        }
        compare(writer, &folder, &scratch.path().join(format!("whole-{position}")));
        fs::remove_dir_all(&folder).unwrap();
    }
    assert!(2 * interrupted > kills, "only {interrupted} of {kills} were killed before their end");
}
