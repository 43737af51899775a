//! What does not fit into memory: measured alone where that is enough, and else undefined for a reason that another machine need not
//! share.
#![cfg(target_os = "linux")]

use std::path::Path;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::networks;
use crate::scratch::{Said, Scratch, result, summary};
use crate::studies::read;
use crate::system::limited;
use crate::trained;

const CELL: &str = "|nor_conv_1x1~0|+|skip_connect~0|nor_conv_1x1~1|+|none~0|avg_pool_3x3~1|nor_conv_1x1~2|";

/// Sizes by which `snip` of the cell needs 415 MiB for its values, and little time.
const SIZES: [&str; 4] = ["dataset.size=256", "proxies.snip.channels=4", "proxies.snip.cells=1", "proxies.snip.batch=16"];

/// Less than that, and enough for all else.
const LITTLE: &str = "-v 450000";

/// Those and others, as arguments.
fn set<'a>(settings: impl IntoIterator<Item = &'a str>) -> Vec<&'a str> {
    settings.into_iter().flat_map(|setting| ["--set", setting]).collect()
}

fn scores(said: &Said) -> Vec<Value> {
    assert_eq!(said.code, Some(0), "{}", said.err);
    let printed: Value = serde_json::from_str(&said.out).unwrap();
    printed["scores"].as_array().unwrap().clone()
}

fn because(score: &Value) -> &str {
    score["reading"]["undefined"]["because"].as_str().unwrap_or_else(|| panic!("{score} is not undefined"))
}

/// Two measurements side by side, under more and more memory: none fits, then each alone, then both. Every value is that of a run
/// without a limit.
fn are_measured_alone(scratch: &Scratch, arguments: &[&str], limits: impl Iterator<Item = u32>) {
    let expected = scores(&scratch.assay(arguments));
    let (mut none, mut alone, mut both) = (0, 0, 0);
    for kilobytes in limits {
        let said = limited(scratch, &format!("-v {kilobytes}"), arguments);
        if said.err.contains("memory allocation of") {
            // What allocators keep in reserve takes addresses too.
            continue;
        }
        let is_told = said.err.contains("it is measured while nothing else is");
        let scores = scores(&said);
        match scores[0]["reading"]["undefined"]["because"].as_str() {
            Some(because) => {
                assert!(because.starts_with("there is too little memory: it needs "), "{kilobytes}: {because}");
                assert!(!is_told, "{kilobytes}: {}", said.err);
                none += 1;
            }
            None => {
                assert_eq!(scores, expected, "{kilobytes}");
                *(if is_told { &mut alone } else { &mut both }) += 1;
            }
        }
        if both > 0 {
            break;
        }
    }
    assert!(none > 0 && alone > 0 && both > 0, "{none} without a value, {alone} alone, {both} side by side");
}

fn growing(from: u32, to: u32) -> impl Iterator<Item = u32> {
    std::iter::successors(Some(from), |limit| Some(limit + limit / 4)).take_while(move |limit| *limit <= to)
}

#[test]
fn measurements_that_do_not_fit_side_by_side_are_made_one_after_the_other_and_give_the_same() {
    let scratch = Scratch::new();
    let common = ["--proxy", "snip", "--repeats", "2", "--json", "--set", "threads=2"];
    let arguments = [&["score", CELL][..], &common, &set(SIZES)].concat();
    are_measured_alone(&scratch, &arguments, growing(400_000, 4_000_000));

    // By the engine that measures what the own one cannot, and by the same as the own one.
    scratch.write("words.onnx", networks::language_model(120));
    for engine in [&[][..], &["engine.name=burn-flex"]] {
        let sizes = set(["proxies.snip.batch=16384", "dataset.sequences=16384"].into_iter().chain(engine.iter().copied()));
        let arguments = [&["score", "words.onnx"][..], &common, &sizes].concat();
        are_measured_alone(&scratch, &arguments, growing(400_000, 4_000_000));
    }
}

#[test]
fn one_proxy_that_does_not_fit_ends_no_other_and_nothing_of_its_size_is_made() {
    let scratch = Scratch::new();
    let mut arguments = vec!["score", CELL, "--repeats", "1", "--json", "--set", "threads=2", "--proxy", "params"];
    let large = ["snip", "l2-norm", "synflow", "grasp", "ntk-condition", "zico"];
    // The weights alone take some 200 GB.
    let channels = large.map(|proxy| format!("proxies.{proxy}.channels=4096"));
    for (proxy, channels) in large.iter().zip(&channels) {
        arguments.extend(["--proxy", proxy, "--set", channels]);
    }
    arguments.extend(["--proxy", "grad-norm"]);
    let begun = Instant::now();
    let scores = scores(&limited(&scratch, "-v 4000000", &arguments));
    // Most of it is the start of the program, on a machine that does other things too.
    assert!(begun.elapsed() < Duration::from_secs(30), "{:?}", begun.elapsed());
    let (last, large) = scores[1..].split_last().unwrap();
    for score in large {
        let because = because(score);
        assert!(because.starts_with("there is too little memory: it needs ") && because.contains("GiB at the least, and "), "{because}");
        assert!(because.contains(" are free; "), "{because}");
    }
    assert!(scores[0]["reading"]["value"].as_f64() > Some(0.0) && last["reading"]["value"].as_f64() > Some(0.0), "{scores:?}");
}

/// An experiment whose `snip` needs 415 MiB.
fn experiment(kind: &str) -> String {
    format!(
        "version = 1\n[space]\nname = \"nas-bench-201\"\n[dataset]\nname = \"synthetic\"\nimages = 16\nsize = 256\n\
         [proxies.snip]\nchannels = 4\ncells = 1\nbatch = 16\n{kind}"
    )
}

/// The values that a study has of `snip`, and why it has none.
fn of_snip(study: &Path) -> Vec<Result<f64, String>> {
    let table = read(&study.join("scores.parquet"));
    let text = |name: &str, row: usize| table.column(name).unwrap().get(row).unwrap().get_str().map(str::to_owned);
    let rows = (0..table.height()).filter(|row| text("proxy", *row).as_deref() == Some("snip"));
    let value = |row: usize| table.column("value").unwrap().f64().unwrap().get(row);
    rows.map(|row| value(row).ok_or_else(|| text("undefined_because", row).unwrap())).collect()
}

#[test]
fn a_study_keeps_the_reason_and_measures_again_where_it_is_continued_with_more_memory() {
    let scratch = Scratch::new();
    scratch.write("study.toml", experiment("[study]\nproxies = [\"snip\", \"params\"]\nsample = 3\nrepeats = 1\n"));
    let correlate = ["correlate", "study.toml", "--quiet", "--threads", "1", "--run-dir"];
    scratch.succeed(&[&correlate[..], &["whole"]].concat());
    let whole = of_snip(&scratch.path().join("whole"));
    assert!(whole.len() == 3 && whole.iter().all(Result::is_ok), "{whole:?}");

    let said = limited(&scratch, LITTLE, &[&correlate[..], &["run"]].concat());
    assert_eq!(said.code, Some(0), "{}", said.err);
    let run = scratch.path().join("run");
    let lacks = |score: &Result<f64, String>| matches!(score, Err(because) if because.starts_with("there is too little memory: it needs "));
    assert!(of_snip(&run).iter().all(lacks), "{:?}", of_snip(&run));
    assert_eq!(summary(&run)["undefined"][0]["because"], "there is too little memory");
    // As if it had been killed before its end.
    for file in ["summary.json", "checksums.txt", "scores.parquet"] {
        std::fs::remove_file(run.join(file)).unwrap();
    }
    scratch.succeed(&["correlate", "--resume", "run", "--quiet"]);
    assert_eq!(of_snip(&run), whole);

    // Whoever merges measures nothing, whatever memory there is.
    for shard in ["1/2", "2/2"] {
        let folder = format!("shard-{}", &shard[..1]);
        let said = limited(&scratch, LITTLE, &[&correlate[..], &[&folder, "--shard", shard]].concat());
        assert_eq!(said.code, Some(0), "{}", said.err);
    }
    scratch.succeed(&["merge", "shard-1", "shard-2", "--quiet", "--run-dir", "merged"]);
    let merged = of_snip(&scratch.path().join("merged"));
    assert!(merged.len() == 3 && merged.iter().all(lacks), "{merged:?}");
}

#[test]
fn a_search_that_can_measure_nothing_is_refused_and_continued_where_there_is_more_memory() {
    let scratch = Scratch::new();
    scratch.write("search.toml", experiment("[strategy]\nname = \"random\"\nproxy = \"snip\"\nsamples = 2\n"));
    scratch.succeed(&["run", "search.toml", "--quiet", "--run-dir", "whole"]);
    let said = limited(&scratch, LITTLE, &["run", "search.toml", "--quiet", "--threads", "1", "--run-dir", "run"]);
    let told = said.err.split_whitespace().filter(|word| *word != "│").collect::<Vec<_>>().join(" ");
    assert_eq!(said.code, Some(1), "{told}");
    assert!(told.contains("`snip` of |") && told.contains("is undefined, because there is too little memory: it needs "), "{told}");
    let journal = std::fs::read_to_string(scratch.path().join("run/measurements.jsonl")).unwrap();
    assert_eq!(journal.matches("\"lacked_memory\":true").count(), 2, "{journal}");
    scratch.succeed(&["run", "--resume", "run", "--quiet"]);
    assert_eq!(result(&scratch.path().join("run")), result(&scratch.path().join("whole")));
}

#[test]
fn trainings_that_do_not_fit_are_made_where_the_search_is_continued_with_more_memory() {
    let scratch = Scratch::new();
    scratch.write("search.toml", trained::SEARCH.replace("version = 1\n", "version = 1\non_error = \"skip\"\n"));
    let run = ["run", "search.toml", "--quiet", "--threads", "1"];
    // A batch takes 201 MiB.
    let size = ["--set", "dataset.size=64", "--set", "test.size=64", "--set", "training.batch=24"];
    scratch.succeed(&[&run[..], &size, &["--run-dir", "whole"]].concat());
    let said = limited(&scratch, "-v 300000", &[&run[..], &size, &["--run-dir", "run"]].concat());
    assert_eq!(said.code, Some(1), "{}", said.err);
    let told = said.err.split_whitespace().filter(|word| *word != "│").collect::<Vec<_>>().join(" ");
    assert!(told.contains("is undefined, because measuring it failed: this training needs "), "{told}");
    let journal = std::fs::read_to_string(scratch.path().join("run/measurements.jsonl")).unwrap();
    assert!(journal.lines().count() > 0 && journal.lines().all(|line| line.contains("\"lacked_memory\":true")), "{journal}");
    scratch.succeed(&["run", "--resume", "run", "--quiet"]);
    assert_eq!(result(&scratch.path().join("run")), result(&scratch.path().join("whole")));
}
