//! Lists of architectures: in files, on standard input, and in experiment files by the name of a file.

use std::path::Path;

use crate::scratch::{Scratch, summary};
use crate::studies::{SMALL, with_benchmark};

const CELLS: [&str; 3] = [
    "|nor_conv_3x3~0|+|none~0|none~1|+|none~0|none~1|nor_conv_1x1~2|",
    "|none~0|+|none~0|none~1|+|nor_conv_1x1~0|none~1|none~2|",
    "|skip_connect~0|+|none~0|none~1|+|nor_conv_1x1~0|none~1|none~2|",
];

fn list() -> String {
    format!("# three\n{}\n", CELLS.join("  # a comment\n\n"))
}

#[test]
fn score_and_export_read_lists() {
    let scratch = Scratch::new();
    let score =
        |architectures: &[&str]| scratch.succeed(&[&["score", "--proxy", "params", "--repeats", "1", "--json"], architectures].concat());
    let expected = score(&CELLS);
    scratch.write("cells.txt", list());
    let table = CELLS.iter().enumerate().map(|(index, cell)| format!("{index},{cell},0.5\n")).collect::<String>();
    scratch.write("cells.csv", format!("index,arch,score\n{table}"));
    assert_eq!(score(&["@cells.txt"]), expected);
    assert_eq!(score(&["@cells.csv"]), expected);
    scratch.write("last.txt", CELLS[2]);
    assert_eq!(score(&[CELLS[0], CELLS[1], "@last.txt"]), expected);
    let said = scratch.assay_with_input(&["score", "-", "--proxy", "params", "--repeats", "1", "--json"], &list());
    assert_eq!((said.code, said.out), (Some(0), expected));
    let genotypes = scratch.succeed(&["export", "@cells.txt", "--to", "genotype"]);
    assert_eq!(genotypes.lines().collect::<Vec<_>>(), CELLS);

    let error = scratch.fail(&["export", "@cells.txt", "--to", "dot"]);
    assert!(error.contains("a list of 3 architectures can be written with --to genotype only"), "{error}");
    scratch.write("wrong.txt", format!("{}\n# next\n|none~0|\n", CELLS[0]));
    for command in [&["score", "@wrong.txt", "--proxy", "params"][..], &["export", "@wrong.txt", "--to", "genotype"]] {
        let error = scratch.fail(command);
        assert!(error.contains("`wrong.txt`, line 3") && error.contains("architecture of nas-bench-201"), "{error}");
    }
    assert!(scratch.fail(&["score", "-", "-", "--proxy", "params"]).contains("`-` is there twice"));
}

#[test]
fn a_study_reads_its_architectures_from_a_file_beside_it_and_its_folder_needs_that_no_more() {
    let scratch = with_benchmark();
    std::fs::create_dir(scratch.path().join("studies")).unwrap();
    let study = SMALL.replace("sample = 14\nrepeats = 2", "architectures = \"best.txt\"\nrepeats = 1");
    scratch.write("studies/listed.toml", &study);
    scratch.write("studies/best.txt", list());
    let out = scratch.succeed(&["correlate", "studies/listed.toml", "--quiet", "--run-dir", "study"]);
    assert!(out.contains("3 of 15,625 architectures, listed"), "{out}");
    // Written in the file itself, they are the same study.
    let itself = study.replace("\"best.txt\"", &format!("{CELLS:?}"));
    scratch.write("itself.toml", itself.replace("name = \"small\"", "name = \"listed\""));
    scratch.succeed(&["correlate", "itself.toml", "--quiet", "--run-dir", "itself", "--set", "name=small"]);
    let [study, itself] = ["study", "itself"].map(|name| scratch.path().join(name));
    let scores = |folder: &Path| std::fs::read(folder.join("scores.parquet")).unwrap();
    assert!(scores(&study) == scores(&itself));
    let [experiment, other] = [&study, &itself].map(|folder| std::fs::read_to_string(folder.join("experiment.toml")).unwrap());
    assert_eq!(experiment, other);
    assert!(CELLS.iter().all(|cell| experiment.contains(cell)) && !experiment.contains("best.txt"), "{experiment}");

    // Continued without the file, and begun again from what the folder says.
    std::fs::remove_dir_all(scratch.path().join("studies")).unwrap();
    std::fs::remove_file(study.join("summary.json")).unwrap();
    scratch.succeed(&["correlate", "--resume", "study", "--quiet"]);
    assert_eq!(summary(&study)["architectures"], 3);
    let again = study.join("experiment.toml");
    scratch.succeed(&["correlate", again.to_str().unwrap(), "--quiet", "--run-dir", "again"]);
    assert!(scores(&scratch.path().join("again")) == scores(&itself));
}

#[test]
fn what_is_wrong_with_a_studys_list_is_told_with_its_file_and_line() {
    let scratch = with_benchmark();
    let study = SMALL.replace("sample = 14\nrepeats = 2", "architectures = \"best.txt\"\nrepeats = 1");
    scratch.write("listed.toml", study);
    let fail = || scratch.fail(&["correlate", "listed.toml"]);
    let error = fail();
    assert!(
        error.contains("listed.toml:16:17") && error.contains("`study.architectures`: the list of architectures `best.txt`"),
        "{error}"
    );
    scratch.write("best.txt", format!("{}\n\n|none~0|\n", CELLS[0]));
    let error = fail();
    assert!(error.contains("`study.architectures`: `best.txt`, line 3: "), "{error}");
    scratch.write("best.txt", "# none\n");
    assert!(fail().contains("`best.txt` lists no architecture"));
    assert!(scratch.runs().is_empty(), "nothing was begun");
}
