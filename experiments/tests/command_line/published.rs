//! Published figures beside ours, aggregates, and a study as one document.

use insta::assert_snapshot;

use crate::scratch::{Scratch, summary};
use crate::studies::{SMALL, line, read, with_benchmark, without_lists};

/// What the study is about, with what papers print of it.
fn published(scratch: &Scratch) {
    let proxies = "\"linear-regions\", \"flops\", \"te-nas\"]\npublished = true";
    scratch.write("published.toml", SMALL.replace("\"linear-regions\"]", proxies).replace("repeats = 2", "repeats = 1"));
}

#[test]
fn published_figures_stand_beside_ours_in_a_column_a_source_with_its_protocol() {
    let scratch = with_benchmark();
    published(&scratch);
    let out = scratch.succeed(&["correlate", "published.toml", "--quiet", "--run-dir", "study"]);
    let study = scratch.path().join("study");
    assert!(out.contains("[1] Kendall τ, space nas-bench-201 (a number of architectures"), "{out}");
    let file = |name: &str| std::fs::read_to_string(study.join(name)).unwrap();
    let (_, beside) = out.split_once("CIFAR-100 (test_cifar100), beside published figures").unwrap_or_else(|| panic!("{out}"));
    assert_eq!(line(beside, "ntk-condition ")[1..], ["0.420", "–", "–"], "the sign is turned: lower κ is better");
    assert_eq!(line(beside, "linear-regions ")[1..], ["0.500", "–", "–"]);
    assert_eq!(line(beside, "te-nas ")[1..], ["0.640", "0.535", "0.537"]);
    assert_eq!(line(beside, "params ")[1..], ["–", "0.552", "–"]);
    let markdown = file("correlations.md");
    for text in ["| proxy | ours, τ-b | TE-NAS τ [1] | AZ-NAS τ [2] | VKDNW τ [3] |", "[3] Kendall τ, space nas-bench-201 (the 9,445"]
    {
        assert!(markdown.contains(text), "{text} in {markdown}");
    }
    // No TE-NAS figure is of CIFAR-10.
    assert!(markdown.contains("| proxy | ours, τ-b | AZ-NAS τ [2] | VKDNW τ [3] |"), "{markdown}");
    let latex = file("correlations.tex");
    assert!(latex.contains("AZ-NAS $\\tau$ [2]") && latex.contains("Lee, Ham: AZ-NAS"), "{latex}");
    let table = read(&study.join("correlations.parquet"));
    let names: Vec<&str> = table.get_column_names().into_iter().map(|name| name.as_str()).collect();
    let begin = names.iter().position(|name| *name == "protocol").unwrap();
    assert_eq!(
        names[begin + 1..],
        [
            "published_te_nas_tau",
            "published_te_nas_tau_protocol",
            "published_az_nas_tau",
            "published_az_nas_tau_protocol",
            "published_vkdnw_tau",
            "published_vkdnw_tau_protocol"
        ]
    );
    assert!(file("correlations.csv").lines().next().unwrap().ends_with("published_vkdnw_tau,published_vkdnw_tau_protocol"));
    let te_nas: Vec<Option<f64>> = table.column("published_te_nas_tau").unwrap().f64().unwrap().iter().collect();
    assert_eq!(te_nas.iter().flatten().copied().collect::<Vec<_>>(), [0.42, 0.5, 0.64]);
}

#[test]
fn an_aggregate_is_a_row_of_every_table_and_measures_nothing_of_its_own() {
    let scratch = with_benchmark();
    published(&scratch);
    scratch.succeed(&["correlate", "published.toml", "--quiet", "--run-dir", "all"]);
    // Of proxies that are not asked for themselves.
    let alone = "study.proxies=[\"te-nas\"]";
    scratch.succeed(&["correlate", "published.toml", "--quiet", "--run-dir", "alone", "--set", alone]);
    let rows = |study: &str| summary(&scratch.path().join(study))["correlations"].as_array().unwrap().clone();
    let of = |study: &str| rows(study).into_iter().filter(|row| row["proxy"] == "te-nas").collect::<Vec<_>>();
    assert_eq!(of("all"), of("alone"));
    assert_eq!(of("all").len(), 3);
    let names: Vec<String> = rows("alone").iter().step_by(3).map(|row| row["proxy"].as_str().unwrap().to_owned()).collect();
    assert_eq!(names, ["te-nas", "live-params", "random choice"]);
    let aggregates = read(&scratch.path().join("alone/aggregates.parquet"));
    assert_eq!((aggregates.height(), aggregates.width()), (14, 5));
    let protocol = summary(&scratch.path().join("alone"))["protocol"].as_str().unwrap().to_owned();
    assert!(protocol.contains("; te-nas: rank-sum of ntk-condition, linear-regions; "), "{protocol}");
}

#[test]
fn what_is_wrong_with_an_aggregate_or_a_shard_is_told_with_its_line() {
    let scratch = Scratch::new();
    let fail = |proxies: &str, settings: &str, set: &[&str]| {
        let small = SMALL.replace("\"linear-regions\"]", proxies);
        scratch.write("wrong.toml", format!("{small}\n{settings}"));
        scratch.fail(&[&["correlate", "wrong.toml"], set].concat())
    };
    let messages = [
        fail("\"te-nsa\"]", "", &[]),
        fail("\"te-nas\"]", "[proxies.te-nas]\nrule = \"sum\"\n", &[]),
        fail("\"combination\"]", "[proxies.combination]\ncomponents = [\"ntk-condition\", \"linear-region\"]\n", &[]),
        fail("\"combination\"]", "[proxies.combination]\ncomponents = [\"flops\", \"flops\"]\n", &[]),
        fail("\"params\"]", "", &["--set", "study.shard=5/4"]),
    ];
    assert_snapshot!(without_lists(&messages.join("\n\n")));
    assert!(scratch.runs().is_empty(), "nothing was begun");
    let said = scratch.assay(&["correlate", "wrong.toml", "--shard", "5/4"]);
    assert!(said.code == Some(2) && said.err.contains("`5/4` is not a shard: write 2/4"), "{said:?}");
}

#[test]
fn a_study_is_written_as_one_document_with_every_difference_and_its_reason() {
    let scratch = with_benchmark();
    published(&scratch);
    // What no machine computes otherwise.
    let counted = "study.proxies=[\"params\", \"combination\"]";
    let combination = "proxies.combination={components = [\"flops\", \"trainable-layers\"], rule = \"log-rank-sum\"}";
    scratch.succeed(&["correlate", "published.toml", "--quiet", "--run-dir", "study", "--set", counted, "--set", combination]);
    scratch.write("why.toml", "[reasons]\nparams = \"14 architectures are too few.\"\n");
    let document = scratch.succeed(&["correlate", "--resume", "study", "--markdown", "--reasons", "why.toml"]);
    let (results, time) = document.split_once("\n## Time\n").unwrap();
    let (before, engine) = results.split_once("engine cpu").unwrap();
    let (_, after) = engine.split_once(';').unwrap();
    assert_snapshot!(format!("{before}engine;{after}"));
    let row = |proxy: &str| -> Vec<String> {
        let row = time.lines().find(|line| line.starts_with(&format!("| {proxy} |"))).unwrap_or_else(|| panic!("{time}"));
        row.split('|').map(|cell| cell.trim().to_owned()).collect()
    };
    for proxy in ["params", "combination", "flops", "trainable-layers", "live-params"] {
        assert!(row(proxy)[3].parse::<f64>().unwrap() > 0.0, "{time}");
    }
    assert_eq!((row("params")[2].as_str(), row("combination")[2].as_str()), ("14", "28"));
    let stored = std::fs::read_to_string(scratch.path().join("study/study.md")).unwrap();
    assert!(stored.contains("- `params`: the reason is not known yet."), "{stored}");
    let error = scratch.fail(&["correlate", "--resume", "study", "--markdown", "--reasons", "nowhere.toml"]);
    assert!(error.contains("the reasons `nowhere.toml` cannot be read"), "{error}");
}
