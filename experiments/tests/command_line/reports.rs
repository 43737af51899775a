//! Reports: the page, charts and tables as files, and what is said where there can be none.

use std::collections::BTreeMap;
use std::path::Path;

use insta::assert_snapshot;
use resvg::usvg::roxmltree::{Document, Node};

use super::scratch::Scratch;
use super::studies::{SMALL, with_benchmark};

/// A folder with the finished study `study` and the finished search `search`.
pub(crate) fn with_runs() -> Scratch {
    let scratch = with_benchmark();
    scratch.write("study.toml", SMALL.replace("\"small\"", "\"thirty cells\"").replace("sample = 14", "sample = 30"));
    scratch.succeed(&["correlate", "study.toml", "--quiet", "--run-dir", "study"]);
    scratch.succeed(&["run", "tiny.toml", "--quiet", "--run-dir", "search"]);
    scratch
}

/// Every file below a folder, by its path from there.
pub(crate) fn files(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut files = BTreeMap::new();
    for name in ["", "tables", "figures"] {
        for entry in std::fs::read_dir(folder.join(name)).unwrap().map(Result::unwrap).filter(|entry| entry.path().is_file()) {
            let path = Path::new(name).join(entry.file_name()).display().to_string();
            files.insert(path, std::fs::read(entry.path()).unwrap());
        }
    }
    files
}

pub(crate) fn text(files: &BTreeMap<String, Vec<u8>>, name: &str) -> String {
    String::from_utf8(files[name].clone()).unwrap()
}

/// The output without its protocols, which are long and the same as those of the study.
fn without_protocols(out: &str) -> String {
    out.lines().filter(|line| !line.starts_with("protocol") && !line.starts_with("only ")).collect::<Vec<_>>().join("\n")
}

#[test]
fn the_report_of_a_study_is_a_page_with_charts_and_tables_that_carry_their_protocol() {
    let scratch = with_runs();
    let out = scratch.succeed(&["report", "study"]);
    assert_snapshot!(without_protocols(&out));
    let files = files(&scratch.path().join("study/report"));
    assert_snapshot!(files.keys().cloned().collect::<Vec<_>>().join("\n"));

    let protocol = "protocol: space nas-bench-201 (30 of 15,625 architectures, drawn with seed 0;";
    for (name, bytes) in &files {
        match name.rsplit_once('.').unwrap().1 {
            "html" | "md" | "csv" => assert!(text(&files, name).contains(protocol), "{name}"),
            "tex" => {
                let text = text(&files, name);
                assert!(text.contains(protocol) && text.contains("\\toprule") && text.contains("\\bottomrule"), "{name}");
            }
            "svg" => check_svg(name, &text(&files, name)),
            "png" => assert!(bytes.starts_with(b"\x89PNG\r\n\x1a\n"), "{name}"),
            other => panic!("unexpected {other}"),
        }
    }
    let agreement = text(&files, "tables/agreement.md");
    assert_snapshot!(agreement.lines().take(8).collect::<Vec<_>>().join("\n"));
    assert_snapshot!(without_protocols(&text(&files, "tables/undefined.md")));

    let page = text(&files, "index.html");
    for outside in ["http:", "https:", "//cdn", " src=", "@import", "url("] {
        assert!(!page.contains(outside), "the page asks for something outside: {outside}");
    }
    // Without scripts everything is there: one group of clouds a target, one cloud a proxy.
    assert_eq!(page.matches(r#"class="cloud""#).count(), 4 * 3);
    // τ-b, shares of operators, depth and width (two), agreement, one a target, and what is undefined.
    assert_eq!(page.matches("<tbody>").count(), 1 + 1 + 2 + 1 + 3 + 1);
}

/// A chart as a file is XML without text that fonts of the reader would change, and without anything to be fetched.
fn check_svg(name: &str, svg: &str) {
    let document = Document::parse(svg).unwrap_or_else(|error| panic!("{name}: {error}"));
    let named = |tag: &'static str| document.descendants().filter(move |node: &Node<'_, '_>| node.has_tag_name(tag));
    assert_eq!(document.root_element().tag_name().namespace(), Some("http://www.w3.org/2000/svg"), "{name}");
    assert_eq!(named("text").count() + named("image").count() + named("style").count(), 0, "{name}");
    assert!(named("path").count() > 20, "{name}: the outlines of letters are paths");
}

#[test]
fn equal_runs_have_byte_identical_reports_on_any_number_of_threads() {
    let scratch = with_runs();
    let report = |threads: &str, folder: &str| {
        let mut command = scratch.command(&["report", "study", "search", "--output", folder]);
        assert!(command.env("RAYON_NUM_THREADS", threads).output().unwrap().status.success());
        files(&scratch.path().join(folder))
    };
    let [one, two] = [("1", "one"), ("2", "two")].map(|(threads, folder)| report(threads, folder));
    assert_eq!(one.keys().collect::<Vec<_>>(), two.keys().collect::<Vec<_>>());
    for (name, bytes) in &one {
        assert!(*bytes == two[name], "{name} differs");
    }
}

#[test]
fn several_runs_stand_side_by_side_each_with_its_protocol() {
    let scratch = with_runs();
    scratch.succeed(&["run", "tiny.toml", "--quiet", "--set", "seed=1", "--run-dir", "search-1"]);
    let changes = ["--set", "seed=1", "--set", "study.sample=20", "--set", "study.proxies=[\"flops\"]"];
    scratch.succeed(&[&["correlate", "study.toml", "--quiet", "--run-dir", "study-1"][..], &changes].concat());
    let out = scratch.succeed(&["report", "study", "study-1", "search", "search-1", "--output", "both"]);
    assert!(out.contains("\nonly thirty cells seed 1: space nas-bench-201 (20 of 15,625 architectures, drawn with seed 1;"), "{out}");
    let files = files(&scratch.path().join("both"));
    let table = text(&files, "tables/comparison-tau.md");
    assert_snapshot!(without_protocols(&table));
    for seed in ["0", "1"] {
        assert!(table.contains(&format!("protocol of thirty cells seed {seed}: space nas-bench-201")), "{table}");
        let found = text(&files, "tables/comparison-results.csv");
        assert!(found.contains(&format!("tiny seed {seed}")) && found.contains("not known, because"), "{found}");
        assert!(files.contains_key(&format!("figures/tiny-seed-{seed}-curve-ntk.svg")), "{:?}", files.keys());
    }
}

#[test]
fn what_cannot_be_reported_is_told_with_what_to_do() {
    let scratch = with_runs();
    std::fs::create_dir(scratch.path().join("unfinished")).unwrap();
    std::fs::copy(scratch.path().join("study/experiment.toml"), scratch.path().join("unfinished/experiment.toml")).unwrap();
    let messages = [
        scratch.fail(&["report", "nowhere"]),
        scratch.fail(&["report", "unfinished"]),
        scratch.fail(&["report", "study", "search"]),
        scratch.fail(&["report", "study", "--colour", "max_pool_3x3"]),
    ];
    assert_snapshot!(messages.join("\n\n"));
}
