//! Aggregates of one architecture: its score among a sample that is measured once and kept.

use serde_json::Value;

use crate::scratch::Scratch;

const GOOD: &str = "|nor_conv_3x3~0|+|nor_conv_3x3~0|nor_conv_3x3~1|+|skip_connect~0|nor_conv_3x3~1|nor_conv_3x3~2|";
const BAD: &str = "|none~0|+|none~0|none~1|+|none~0|none~1|none~2|";

/// Scores by two counts, which take no time, among 40 cells.
fn arguments<'a>(architectures: &[&'a str], more: &[&'a str]) -> Vec<&'a str> {
    let by = ["--proxy", "combination", "--reference", "40", "--set", "proxies.combination.components=[\"params\", \"skip-length\"]"];
    [&["score"], architectures, &by, more].concat()
}

fn scores(scratch: &Scratch, architectures: &[&str], more: &[&str]) -> Value {
    serde_json::from_str(&scratch.succeed(&arguments(architectures, &[more, &["--json"]].concat()))).unwrap()
}

/// The samples that are kept.
fn kept(scratch: &Scratch) -> Vec<std::path::PathBuf> {
    let mut folders = vec![scratch.path().to_owned()];
    let mut files = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.parent().unwrap().ends_with("reference") {
                files.push(path);
            }
        }
    }
    files.sort();
    files
}

#[test]
fn an_aggregate_scores_one_architecture_among_a_sample_that_is_kept() {
    let scratch = Scratch::new();
    let alone = scores(&scratch, &[GOOD], &[]);
    let (line, percentile) = (&alone["scores"][0], alone["scores"][0]["percentile"].as_f64().unwrap());
    assert!((90.0..=100.0).contains(&percentile), "{line}");
    let files = kept(&scratch);
    assert_eq!(files.len(), 1);
    let first = std::fs::read(&files[0]).unwrap();
    // What else is scored, and that the sample is there already, changes nothing.
    let together = scores(&scratch, &[BAD, GOOD], &["--set", "threads=1"]);
    assert_eq!(&together["scores"][1], line);
    assert!(together["scores"][0]["percentile"].as_f64().unwrap() < 30.0, "{together}");
    assert_eq!(std::fs::read(&files[0]).unwrap(), first);
    let sample: Value = serde_json::from_slice(&first).unwrap();
    assert_eq!(sample["architectures"].as_array().unwrap().len(), 40);
    let quantiles: Vec<f64> = sample["quantiles"].as_array().unwrap().iter().map(|value| value.as_f64().unwrap()).collect();
    assert!(quantiles.len() == 11 && quantiles.is_sorted(), "{quantiles:?}");
    let text = scratch.succeed(&arguments(&[GOOD], &[]));
    assert!(text.contains("percentile") && text.contains("among 40 random architectures and its own"), "{text}");
}

#[test]
fn a_sample_that_was_cut_short_is_completed_to_the_same_and_another_seed_has_its_own() {
    let scratch = Scratch::new();
    let whole = scores(&scratch, &[GOOD], &[]);
    let file = kept(&scratch).remove(0);
    let (bytes, mut sample): (Vec<u8>, Value) =
        (std::fs::read(&file).unwrap(), serde_json::from_slice(&std::fs::read(&file).unwrap()).unwrap());
    sample["architectures"].as_array_mut().unwrap().truncate(16);
    std::fs::write(&file, serde_json::to_vec(&sample).unwrap()).unwrap();
    assert_eq!(scores(&scratch, &[GOOD], &[]), whole);
    assert_eq!(std::fs::read(&file).unwrap(), bytes);
    assert_ne!(scores(&scratch, &[GOOD], &["--seed", "1"])["scores"][0]["reading"], whole["scores"][0]["reading"]);
    assert_eq!(kept(&scratch).len(), 2);
}

#[test]
fn a_sample_that_is_not_of_the_score_is_refused_with_what_to_do() {
    let scratch = Scratch::new();
    scores(&scratch, &[GOOD], &[]);
    let file = kept(&scratch).remove(0);
    let mut sample: Value = serde_json::from_slice(&std::fs::read(&file).unwrap()).unwrap();
    sample["architectures"][3]["architecture"] = BAD.into();
    for (bytes, problem) in [
        (serde_json::to_vec(&sample).unwrap(), "its architectures are not those that the seed draws"),
        (b"{".to_vec(), "EOF while parsing"),
        (br#"{"schema":1,"protocol":"","components":[],"architectures":[],"quantiles":[]}"#.to_vec(), "it is not of this score"),
    ] {
        std::fs::write(&file, bytes).unwrap();
        let said = scratch.fail(&arguments(&[GOOD], &[]));
        assert!(said.contains("cannot be used") && said.contains(problem) && said.contains("delete the file"), "{said}");
    }
}
