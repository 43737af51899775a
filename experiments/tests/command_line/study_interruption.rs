//! Studies that are killed or interrupted, and continued.
#![cfg(unix)]

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use rand::RngExt;

use crate::scratch::{Said, Scratch, journalled};
use crate::studies::{SMALL, tables_of, with_benchmark};

fn start(scratch: &Scratch, arguments: &[&str]) -> Child {
    scratch.command(arguments).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap()
}

/// Waits until the study's journal holds so many lines, or the study has ended.
fn wait_for(child: &mut Child, study: &Path, lines: usize) {
    let start = Instant::now();
    while journalled(study) < lines && child.try_wait().unwrap().is_none() {
        assert!(start.elapsed() < Duration::from_secs(60), "the study does not get on");
        std::thread::sleep(Duration::from_micros(300));
    }
}

#[test]
fn a_study_killed_after_any_measurement_is_continued_to_byte_identical_tables() {
    let scratch = with_benchmark();
    scratch.succeed(&["correlate", "small.toml", "--quiet", "--run-dir", "whole"]);
    let whole = tables_of(&scratch.path().join("whole"));
    for moment in [0, 1, 13, 40, 70, 83] {
        let name = format!("killed-{moment}");
        let study = scratch.path().join(&name);
        let mut child = start(&scratch, &["correlate", "small.toml", "--quiet", "--run-dir", &name]);
        wait_for(&mut child, &study, moment);
        child.kill().unwrap();
        child.wait().unwrap();
        scratch.succeed(&["correlate", "small.toml", "--quiet", "--resume", "--run-dir", &name]);
        assert!(tables_of(&study) == whole, "killed after {moment} measurements");
        assert_eq!(journalled(&study), 14 * 6, "nothing was measured twice");
    }
}

/// At moments that nobody chose: in the middle of a measurement, of a line of the journal, of a table.
#[test]
fn a_study_killed_at_random_moments_again_and_again_ends_in_byte_identical_tables() {
    let scratch = with_benchmark();
    // A share of a second, of which every part is met. Structural proxies are counted in microseconds, regions in milliseconds.
    scratch.write("random.toml", SMALL.replace("\"ntk-condition\", \"params\"", "\"params\"").replace("sample = 14", "sample = 60"));
    let begin = Instant::now();
    scratch.succeed(&["correlate", "random.toml", "--quiet", "--run-dir", "whole"]);
    let undisturbed = begin.elapsed();
    let whole = tables_of(&scratch.path().join("whole"));
    let mut rng = rand::rng();
    for study in 0..6 {
        let name = format!("killed-{study}");
        let path = scratch.path().join(&name);
        let mut moments = Vec::new();
        while moments.len() < 4 && !path.join("summary.json").exists() {
            let mut child = start(&scratch, &["correlate", "random.toml", "--quiet", "--resume", "--run-dir", &name]);
            let moment = undisturbed.mul_f64(rng.random_range(0.0..1.0));
            std::thread::sleep(moment);
            child.kill().unwrap();
            child.wait().unwrap();
            moments.push((moment, journalled(&path)));
        }
        scratch.succeed(&["correlate", "random.toml", "--quiet", "--resume", "--run-dir", &name]);
        assert!(tables_of(&path) == whole, "killed at {moments:?} of {undisturbed:?}");
        // Two structural proxies once, regions twice.
        assert_eq!(journalled(&path), 60 * (2 + 2), "something was measured twice: killed at {moments:?}");
    }
}

#[test]
fn an_interrupted_study_or_shard_says_how_to_continue_it_and_exits_with_130() {
    let scratch = with_benchmark();
    scratch.succeed(&["correlate", "small.toml", "--quiet", "--run-dir", "whole"]);
    let whole = tables_of(&scratch.path().join("whole"));
    let interrupted = |arguments: &[&str], study: &Path| {
        let mut child = start(&scratch, arguments);
        wait_for(&mut child, study, 5);
        assert!(Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap().success());
        let said = Said::of(&child.wait_with_output().unwrap());
        assert_eq!(said.code, Some(130), "{}", said.err);
        let resume = format!("assay correlate --resume {}", study.file_name().unwrap().to_str().unwrap());
        assert!(said.err.contains(&resume), "{}", said.err);
        assert!(!study.join("summary.json").exists());
    };
    let study = scratch.path().join("study");
    interrupted(&["correlate", "small.toml", "--quiet", "--threads", "1", "--run-dir", "study"], &study);
    scratch.succeed(&["correlate", "--resume", "study", "--quiet"]);
    assert!(tables_of(&study) == whole);

    let part = scratch.path().join("part");
    interrupted(&["correlate", "small.toml", "--quiet", "--threads", "1", "--shard", "1/2", "--run-dir", "part"], &part);
    let error = scratch.fail(&["correlate", "--resume", "part", "--shard", "1/2"]);
    assert!(error.contains("a shard that is continued knows which it is"), "{error}");
    let error = scratch.fail(&["correlate", "small.toml", "--resume", "--shard", "2/2", "--run-dir", "part"]);
    assert!(error.contains("is of another experiment"), "{error}");
    scratch.succeed(&["correlate", "small.toml", "--resume", "--shard", "1/2", "--run-dir", "part", "--quiet"]);
    scratch.succeed(&["correlate", "small.toml", "--shard", "2/2", "--run-dir", "rest", "--quiet"]);
    scratch.succeed(&["merge", "part", "rest", "--run-dir", "merged"]);
    assert!(tables_of(&scratch.path().join("merged")) == whole);
}
