//! Lists that have one architecture more than once.

use crate::scratch::{Scratch, shared, summary};

const ONE: &str = "|nor_conv_3x3~0|+|none~0|none~1|+|none~0|none~1|nor_conv_3x3~2|";
const SAME: &str = "Structure(4 nodes with |nor_conv_3x3~0|+|none~0|none~1|+|none~0|none~1|nor_conv_3x3~2|)";
const OTHER: &str = "|nor_conv_1x1~0|+|none~0|none~1|+|none~0|none~1|nor_conv_3x3~2|";

#[test]
fn a_genotype_that_a_study_lists_in_two_notations_is_one() {
    let scratch = Scratch::new();
    scratch.write("same-twice.toml", std::fs::read(shared().join("field/same-twice.toml")).unwrap());
    let said = scratch.fail(&["correlate", "same-twice.toml"]);
    assert!(
        said.contains("`study.architectures`: 1 cannot be correlated; `Genotype(normal=[('dil_conv_3x3', 1), ('skip_connect', 0)"),
        "{said}"
    );
    assert!(said.contains("row 2, is the same architecture as `Genotype(normal=[('skip_connect', 0), ('dil_conv_3x3', 1)"), "{said}");
}

#[test]
fn what_a_study_lists_again_is_measured_once_and_said() {
    let scratch = Scratch::new();
    let study = |architectures: &[&str]| {
        format!(
            "version = 1\nname = \"listed\"\n[space]\nname = \"nas-bench-201\"\n[dataset]\nname = \"synthetic\"\n[study]\nproxies = \
             [\"params\"]\narchitectures = {architectures:?}\n"
        )
    };
    scratch.write("once.toml", study(&[ONE, OTHER]));
    scratch.write("again.toml", study(&[ONE, OTHER, SAME, OTHER]));
    scratch.succeed(&["correlate", "once.toml", "--quiet", "--run-dir", "once"]);
    let said = scratch.assay(&["correlate", "again.toml", "--run-dir", "again"]);
    assert_eq!(said.code, Some(0), "{}", said.err);
    assert!(
        said.err.contains(&format!("`{SAME}`, row 3, is the same architecture as `{ONE}`, row 1; it is measured once")),
        "{}",
        said.err
    );
    assert!(said.err.contains(&format!("row 4 has the same architecture as row 2, `{OTHER}`")), "{}", said.err);
    let at = |name: &str| scratch.path().join(name);
    assert_eq!(summary(&at("again"))["architectures"], 2);
    let protocol = summary(&at("again"))["protocol"].as_str().unwrap().to_owned();
    assert!(protocol.contains("2 of 15,625 architectures, listed, without 2 that the list has again;"), "{protocol}");
    let scores = ["once", "again"].map(|name| std::fs::read(at(name).join("scores.parquet")).unwrap());
    assert!(scores[0] == scores[1], "the same scores, to the last byte");
}

#[test]
fn what_is_to_be_scored_again_is_measured_once_and_said() {
    let scratch = Scratch::new();
    let score = |space: &str, architectures: &[&str]| {
        let options = ["--proxy", "params", "--repeats", "1", "--json", "--space", space];
        let said = scratch.assay(&[&["score"], architectures, &options].concat());
        assert_eq!(said.code, Some(0), "{}", said.err);
        let scores: serde_json::Value = serde_json::from_str(&said.out).unwrap();
        let readings: Vec<serde_json::Value> = scores["scores"].as_array().unwrap().iter().map(|line| line["readings"].clone()).collect();
        (readings, said.err)
    };
    let (lines, said) = score("nas-bench-201", &[ONE, SAME, OTHER]);
    assert!(lines.len() == 3 && lines[0] == lines[1] && lines[0] != lines[2], "a line for each notation");
    assert_eq!(said, format!("`{SAME}`, row 2, is the same architecture as `{ONE}`, row 1; it is measured once.\n"));
    // Isomorphic cells, which the benchmark's own code knows by one hash.
    let (lines, said) =
        score("nas-bench-101", &["conv3x3-bn-relu,maxpool3x3|0>1,0>2,1>3,2>3", "maxpool3x3,conv3x3-bn-relu|0>1,0>2,1>3,2>3"]);
    assert!(lines.len() == 2 && lines[0] == lines[1] && said.contains("row 2, is the same architecture as"), "{said}");
    assert_eq!(score("nas-bench-201", &[ONE, OTHER]).1, "");
    let wrong = scratch.fail(&["score", ONE, "|nonsense~0|", "--proxy", "params"]);
    assert!(wrong.contains("architecture 2 is not an architecture of nas-bench-201: `|nonsense~0|`"), "{wrong}");
}
