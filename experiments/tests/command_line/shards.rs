//! Studies that are split into shards and merged.

use std::path::Path;

use insta::assert_snapshot;

use crate::scratch::{Scratch, journalled, summary};
use crate::studies::{SMALL, tables_of, with_benchmark};

const PARTS: [&str; 4] = ["part-1", "part-2", "part-3", "part-4"];

/// `small.toml` in four shards.
fn in_four(scratch: &Scratch, file: &str) {
    for (number, part) in (1..).zip(PARTS) {
        let shard = format!("{number}/4");
        let out = scratch.succeed(&["correlate", file, "--quiet", "--shard", &shard, "--run-dir", part]);
        assert!(out.starts_with(&format!("shard {shard} of small: ")), "{out}");
    }
}

fn merge(scratch: &Scratch, parts: &[&str], to: &str) -> String {
    scratch.succeed(&[&["merge"], parts, &["--run-dir", to]].concat())
}

#[test]
fn four_merged_shards_give_the_byte_identical_tables_of_an_undisturbed_study() {
    let scratch = with_benchmark();
    let said = scratch.succeed(&["correlate", "small.toml", "--quiet", "--run-dir", "whole"]);
    in_four(&scratch, "small.toml");
    let measured: Vec<usize> = PARTS.iter().map(|part| journalled(&scratch.path().join(part))).collect();
    assert_eq!(measured.iter().sum::<usize>(), 14 * 6, "nothing is measured by two shards");
    assert!(measured.iter().all(|count| [3 * 6, 4 * 6].contains(count)), "{measured:?}");
    // In whatever order they are named.
    let out = merge(&scratch, &["part-3", "part-1", "part-4", "part-2"], "merged");
    let (whole, merged) = (scratch.path().join("whole"), scratch.path().join("merged"));
    assert!(tables_of(&merged) == tables_of(&whole));
    let table = |text: &str| {
        text.lines().map(|line| line.rsplit_once(' ').map_or("", |(row, _)| row).trim_end().to_owned()).take(7).collect::<Vec<_>>()
    };
    assert_eq!(table(&out), table(&said), "what is printed differs in more than times");
    let mut summaries = [summary(&whole), summary(&merged)];
    let shards = summaries[1]["shards"].as_array().unwrap().clone();
    assert_eq!(shards.iter().map(|shard| shard["shard"].as_str().unwrap()).collect::<Vec<_>>(), ["1/4", "2/4", "3/4", "4/4"]);
    for summary in &mut summaries {
        for key in ["times", "machine", "shards"] {
            summary.as_object_mut().unwrap().remove(key);
        }
    }
    assert_eq!(summaries[0], summaries[1]);
    assert_eq!(journalled(&merged), 14 * 6, "a merged study holds its measurements as any other does");
    let experiment = |path: &Path| std::fs::read_to_string(path.join("experiment.toml")).unwrap();
    assert_eq!(experiment(&merged), experiment(&whole));
    assert!(experiment(&scratch.path().join("part-2")).contains("shard = \"2/4\""));
    assert!(scratch.succeed(&["show", "part-2"]).starts_with("shard 2/4 of small: "));
    assert!(scratch.succeed(&["show", "merged"]).starts_with("Kendall τ-b, 14 architectures"));
}

#[test]
fn isomorphic_cells_are_measured_once_in_all_shards_together() {
    let scratch = with_benchmark();
    let once = SMALL.replace("sample = 14", "sample = 400\nisomorphic = \"once\"").replace("\"ntk-condition\", ", "");
    scratch.write("once.toml", once);
    scratch.succeed(&["correlate", "once.toml", "--quiet", "--run-dir", "whole"]);
    in_four(&scratch, "once.toml");
    merge(&scratch, &PARTS, "merged");
    let (whole, merged) = (scratch.path().join("whole"), scratch.path().join("merged"));
    assert!(tables_of(&merged) == tables_of(&whole));
    let measured: Vec<usize> = PARTS.iter().map(|part| journalled(&scratch.path().join(part))).collect();
    assert_eq!(measured.iter().sum::<usize>(), journalled(&whole));
    assert!(journalled(&whole) < 400 * 4, "the sample holds isomorphic cells");
}

#[test]
fn a_run_folder_named_by_the_program_says_which_shard_it_is() {
    let scratch = with_benchmark();
    let few = ["--quiet", "--set", "study.proxies=[\"params\"]"];
    scratch.succeed(&[&["correlate", "small.toml", "--shard", "2/3"][..], &few].concat());
    let [run] = scratch.runs().try_into().unwrap();
    let name = run.file_name().unwrap().to_str().unwrap();
    assert!(name.starts_with("small-seed0-shard2of3-"), "{name}");
    // Another shard is another run; this one is finished.
    let out = scratch.succeed(&[&["correlate", "small.toml", "--resume", "--shard", "2/3"][..], &few].concat());
    assert!(out.contains(name), "{out}");
    scratch.succeed(&[&["correlate", "small.toml", "--resume", "--shard", "1/3"][..], &few].concat());
    assert_eq!(scratch.runs().len(), 2);
    let error = scratch.fail(&["correlate", "--resume", run.to_str().unwrap(), "--markdown"]);
    assert!(error.contains("holds a shard, of which there are no tables"), "{error}");
}

#[test]
fn what_cannot_be_merged_is_told_with_what_to_do() {
    let scratch = with_benchmark();
    let few = "study.proxies=[\"params\"]";
    let run = |shard: &str, folder: &str, set: &str| {
        scratch.succeed(&["correlate", "small.toml", "--quiet", "--set", few, "--set", set, "--shard", shard, "--run-dir", folder]);
    };
    for (shard, folder) in [("1/4", "a"), ("3/4", "c"), ("1/4", "again"), ("1/2", "half")] {
        run(shard, folder, "seed=0");
    }
    run("2/4", "other", "seed=1");
    scratch.succeed(&["correlate", "small.toml", "--quiet", "--set", few, "--run-dir", "whole"]);
    run("2/4", "b", "seed=0");
    run("4/4", "d", "seed=0");
    std::fs::remove_file(scratch.path().join("b/summary.json")).unwrap();
    let mut messages = vec![
        scratch.fail(&["merge", "a", "c"]),
        scratch.fail(&["merge", "a", "b", "c"]),
        scratch.fail(&["merge", "a", "b", "c", "d"]),
        scratch.fail(&["merge", "a", "c", "again"]),
        scratch.fail(&["merge", "a", "half"]),
        scratch.fail(&["merge", "a", "other"]),
        scratch.fail(&["merge", "a", "whole"]),
        scratch.fail(&["merge", "a", "nowhere"]),
    ];
    scratch.succeed(&["correlate", "--resume", "b", "--quiet"]);
    let journal = scratch.path().join("c/measurements.jsonl");
    let lines = std::fs::read_to_string(&journal).unwrap();
    std::fs::write(&journal, lines.split_once('\n').unwrap().1).unwrap();
    messages.push(scratch.fail(&["merge", "a", "b", "c", "d"]));
    std::fs::write(&journal, &lines[..lines.len() - 9]).unwrap();
    messages.push(scratch.fail(&["merge", "a", "b", "c", "d"]));
    std::fs::write(&journal, &lines).unwrap();
    // As an earlier version left them: with checksums what is edited here is damage.
    ["a", "b", "c", "d"].iter().for_each(|part| std::fs::remove_file(scratch.path().join(part).join("checksums.txt")).unwrap());
    let file = scratch.path().join("d/summary.json");
    let text = std::fs::read_to_string(&file).unwrap();
    std::fs::write(&file, text.replace("images synthetic", "images of another machine")).unwrap();
    let error = scratch.fail(&["merge", "a", "b", "c", "d"]);
    assert!(error.contains("shard 4/4 in `d` was measured under another protocol than the first"), "{error}");
    std::fs::write(&file, &text).unwrap();
    let elsewhere = |from: &str, to: &str| {
        for part in ["a", "b", "c", "d"] {
            let file = scratch.path().join(part).join("summary.json");
            let text = std::fs::read_to_string(&file).unwrap();
            assert!(text.contains(from), "{text}");
            std::fs::write(&file, text.replace(from, to)).unwrap();
        }
    };
    elsewhere("images synthetic", "images of another machine");
    let error = scratch.fail(&["merge", "a", "b", "c", "d"]);
    assert!(error.contains("shard 1/4 in `a` was measured under another protocol than holds here"), "{error}");
    elsewhere("images of another machine", "images synthetic");
    // Where the shards were measured another engine may be at work than where they are merged.
    elsewhere("; engine cpu", "; engine other");
    merge(&scratch, &["a", "b", "c", "d"], "elsewhere");
    assert!(std::fs::read_to_string(scratch.path().join("elsewhere/correlations.md")).unwrap().contains("; engine other"));
    elsewhere("; engine other", "; engine cpu");
    std::fs::write(&file, text.replace(&format!("\"assay\": \"{}\"", env!("CARGO_PKG_VERSION")), "\"assay\": \"99.0.0\"")).unwrap();
    let error = scratch.fail(&["merge", "a", "b", "c", "d"]);
    assert!(error.contains("shard 4/4 in `d` was measured by assay 99.0.0"), "{error}");
    std::fs::write(&file, text).unwrap();
    // Where the journal was cut depends on how long its times are.
    let column = |text: &str| text.split_once(" column ").map_or_else(|| text.to_owned(), |(before, _)| format!("{before} column …"));
    assert_snapshot!(messages.join("\n\n").lines().map(column).collect::<Vec<_>>().join("\n"));
    let error = scratch.fail(&["merge", "a", "b", "c", "d", "--run-dir", "whole"]);
    assert!(error.contains("the run folder `whole` is not empty"), "{error}");
    assert!(scratch.runs().is_empty(), "nothing was begun");
    merge(&scratch, &["a", "b", "c", "d"], "merged");
    assert!(tables_of(&scratch.path().join("merged")) == tables_of(&scratch.path().join("whole")));
}
