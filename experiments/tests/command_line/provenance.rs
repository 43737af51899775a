//! What the measurements of a run belong to: it is not continued with anything else.

use std::path::Path;

use crate::scratch::{Scratch, journalled};
use crate::studies::{SMALL, tables_of, with_benchmark};

/// A finished study in `study` of which half of the journal is left, as after a kill; with its tables.
fn half_of(scratch: &Scratch, file: &str) -> Vec<Vec<u8>> {
    scratch.succeed(&["correlate", file, "--quiet", "--run-dir", "study"]);
    let study = scratch.path().join("study");
    let whole = tables_of(&study);
    std::fs::remove_file(study.join("summary.json")).unwrap();
    let journal = study.join("measurements.jsonl");
    let text = std::fs::read_to_string(&journal).unwrap();
    let lines: Vec<&str> = text.split_inclusive('\n').collect();
    std::fs::write(&journal, lines[..lines.len() / 2].concat()).unwrap();
    whole
}

fn edit(path: &Path, from: &str, to: &str) {
    let text = std::fs::read_to_string(path).unwrap();
    assert!(text.contains(from), "{text}");
    std::fs::write(path, text.replace(from, to)).unwrap();
}

/// One line, however the terminal broke it.
fn joined(said: &str) -> String {
    said.replace('│', " ").split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn a_run_whose_experiment_was_edited_is_refused_by_name_of_what_changed_and_goes_on_when_it_is_undone() {
    let scratch = with_benchmark();
    let whole = half_of(&scratch, "small.toml");
    let (study, experiment) = (scratch.path().join("study"), scratch.path().join("study/experiment.toml"));
    let before = journalled(&study);
    for (from, to, said) in [
        ("batch = 4", "batch = 8", "`proxies.ntk-condition.batch` was 4 and is 8"),
        ("seed = 0", "seed = 1", "`seed` was 0 and is 1"),
        ("images = 40", "images = 41", "`dataset.images` was 40 and is 41; the images of [dataset] are other ones"),
    ] {
        edit(&experiment, from, to);
        let error = joined(&scratch.fail(&["correlate", "--resume", "study", "--quiet"]));
        assert!(error.contains(said) && error.contains("undo the change"), "{error}");
        edit(&experiment, to, from);
    }
    assert_eq!(journalled(&study), before, "nothing was measured");
    scratch.succeed(&["correlate", "--resume", "study", "--quiet"]);
    assert!(tables_of(&study) == whole);
}

#[test]
fn images_may_move_and_may_not_change() {
    let scratch = with_benchmark();
    let records: Vec<u8> =
        (0..40_usize * 3073).map(|byte| if byte % 3073 == 0 { (byte / 3073 % 10) as u8 } else { (byte % 251) as u8 }).collect();
    scratch.write("images.bin", &records);
    scratch.write("records.toml", SMALL.replace("name = \"synthetic\"\nimages = 40", "name = \"records\"\npath = \"images.bin\""));
    half_of(&scratch, "records.toml");
    let mut other = records.clone();
    other[5000] ^= 1;
    scratch.write("images.bin", &other);
    let error = joined(&scratch.fail(&["correlate", "--resume", "study", "--quiet"]));
    assert!(error.contains("the images of [dataset] are other ones"), "{error}");
    scratch.write("moved.bin", &records);
    let error = joined(&scratch.fail(&["correlate", "--resume", "study", "--set", "dataset.channels=1"]));
    assert!(error.contains("keeps its settings"), "{error}");
    scratch.succeed(&["correlate", "--resume", "study", "--quiet", "--set", "dataset.path=moved.bin"]);
    let experiment = std::fs::read_to_string(scratch.path().join("study/experiment.toml")).unwrap();
    assert!(experiment.contains("moved.bin"), "{experiment}");
}

#[test]
fn a_run_of_an_earlier_version_is_continued_as_before_and_that_is_said() {
    let scratch = with_benchmark();
    let whole = half_of(&scratch, "small.toml");
    let study = scratch.path().join("study");
    std::fs::write(study.join("run.json"), r#"{"kind": "correlation study", "assay": "0.1.0"}"#).unwrap();
    let said = scratch.assay(&["correlate", "--resume", "study", "--quiet"]);
    assert_eq!(said.code, Some(0), "{}", said.err);
    assert!(said.err.contains("did not write down what its measurements belong to"), "{}", said.err);
    assert!(tables_of(&study) == whole);
}

#[test]
fn a_merge_that_was_killed_can_be_repeated() {
    let scratch = with_benchmark();
    scratch.succeed(&["correlate", "small.toml", "--quiet", "--run-dir", "whole"]);
    for (shard, folder) in [("1/2", "a"), ("2/2", "b")] {
        scratch.succeed(&["correlate", "small.toml", "--quiet", "--shard", shard, "--run-dir", folder]);
    }
    scratch.succeed(&["merge", "a", "b", "--run-dir", "merged"]);
    let merged = scratch.path().join("merged");
    // A kill leaves the last files unwritten, or all but the experiment.
    for left in [&["summary.json"][..], &["summary.json", "correlations.csv", "measurements.jsonl", "run.json"]] {
        left.iter().for_each(|name| std::fs::remove_file(merged.join(name)).unwrap());
        scratch.succeed(&["merge", "a", "b", "--run-dir", "merged"]);
        assert!(tables_of(&merged) == tables_of(&scratch.path().join("whole")));
    }
}
