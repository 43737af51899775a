//! A search space and a strategy that are loaded at run time.

use super::built;
use crate::scratch::{Scratch, result, summary};

/// A folder whose `plugins` holds the space and the strategy.
fn with_search() -> Scratch {
    let scratch = Scratch::new();
    scratch.add_plugins(&[built::runtime_search()]);
    scratch
}

fn experiment(space: &str, strategy: &str) -> String {
    format!(
        r#"version = 1
name = "searched"

[plugins]
path = ["plugins"]

[space]
{space}

[dataset]
name = "synthetic"
images = 40

[strategy]
{strategy}
"#
    )
}

const SMALL_NETWORK: &str = "[proxies.snip]\nchannels = 4\ncells = 1\nbatch = 4\n";

#[test]
fn a_space_that_is_loaded_is_searched_by_what_comes_with_assay() {
    let scratch = with_search();
    let strategy = "name = \"regularized-evolution\"\noracle = { proxy = \"snip\" }\nbudget = { evaluations = 15 }\npopulation = 4";
    scratch.write("evolve.toml", experiment("name = \"layer-chain\"\nlayers = 3", strategy) + SMALL_NETWORK);
    let out = scratch.succeed(&["run", "evolve.toml", "--run-dir", "run", "--quiet"]);
    let found = summary(&scratch.path().join("run"))["architecture"]["text"].as_str().unwrap().to_owned();
    assert_eq!(found.split('-').filter(|word| ["skip", "1x1", "3x3"].contains(word)).count(), 3, "{out}");
    // TE-NAS prunes supernets of it, and counts linear regions in trunks.
    let te_nas = "name = \"te-nas\"\nbatch = 4\nrepeats = 1\ncrops = 200\ncrop_batch = 200\nexclude = []";
    scratch.write("prune.toml", experiment("name = \"layer-chain\"\nlayers = 3", te_nas));
    scratch.succeed(&["run", "prune.toml", "--run-dir", "pruned", "--quiet"]);
}

#[test]
fn a_strategy_that_is_loaded_finds_what_the_same_strategy_finds_that_comes_with_assay() {
    let scratch = with_search();
    let space = "name = \"nas-bench-201\"";
    scratch.write("theirs.toml", experiment(space, "name = \"best-of\"\nsamples = 6\nproxy = \"snip\"") + SMALL_NETWORK);
    scratch.write("ours.toml", experiment(space, "name = \"random\"\nsamples = 6\nproxy = \"snip\"\nexclude = []") + SMALL_NETWORK);
    scratch.succeed(&["run", "theirs.toml", "--run-dir", "theirs", "--quiet"]);
    scratch.succeed(&["run", "ours.toml", "--run-dir", "ours", "--quiet"]);
    let [theirs, ours] = ["theirs", "ours"].map(|run| summary(&scratch.path().join(run)));
    assert_eq!(theirs["architecture"], ours["architecture"]);
    assert!(
        theirs["protocol"]
            .as_str()
            .unwrap()
            .contains("strategy best-of: best by snip of 6 architectures (plugin libruntime_search.so 0.1.0, ")
    );
    // The same on another number of threads.
    scratch.succeed(&["run", "theirs.toml", "--run-dir", "again", "--quiet", "--threads", "3"]);
    assert_eq!(result(&scratch.path().join("theirs")), result(&scratch.path().join("again")));
}

#[test]
fn both_together_and_what_goes_wrong_in_them() {
    let scratch = with_search();
    scratch.write("both.toml", experiment("name = \"layer-chain\"", "name = \"best-of\"\nsamples = 5\nproxy = \"snip\"") + SMALL_NETWORK);
    scratch.succeed(&["run", "both.toml", "--run-dir", "run", "--quiet"]);
    assert!(scratch.path().join("run/trajectory.parquet").exists());
    let unknown = scratch.fail(&["run", "both.toml", "--quiet", "--set", "strategy.proxy=snap"]);
    assert!(unknown.contains("there is no proxy `snap`"), "{unknown}");
    let too_many = scratch.fail(&["run", "both.toml", "--quiet", "--set", "proxies.snip.batch=500"]);
    assert!(too_many.contains("a batch of 500 distinct images was asked for"), "the laboratory's own error: {too_many}");
    let error = scratch.fail(&["score", "3x3-5x5-skip-skip", "--proxy", "snip", "--config", "both.toml"]);
    insta::assert_snapshot!(error, @"  × this is not an architecture of layer-chain: the plugin `HERE/plugins/libruntime_search.so`, reading `3x3-5x5-skip-skip`, failed: `5x5` is not a layer; known: skip, 1x1, 3x3");
}

#[test]
fn a_search_may_take_longer_than_a_call_because_measuring_is_not_the_strategys_time() {
    let scratch = with_search();
    let text = experiment("name = \"nas-bench-201\"", "name = \"best-of\"\nsamples = 24\nproxy = \"snip\"");
    let limited = text.replace("path = [\"plugins\"]", "path = [\"plugins\"]\ntimeout = \"1 s\"");
    scratch.write("search.toml", limited + "[proxies.snip]\nbatch = 40\n");
    scratch.succeed(&["run", "search.toml", "--run-dir", "run", "--quiet", "--threads", "1"]);
    let seconds = summary(&scratch.path().join("run"))["times"]["total_wall_seconds"].as_f64().unwrap();
    assert!(seconds > 1.2, "{seconds} s are too few to say anything");
}
