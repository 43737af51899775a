//! PNAS: cells that grow block by block, as its program runs it.

use serde_json::Value;

use crate::scratch::{Scratch, summary};

/// PNAS by proxies and by trainings of some milliseconds.
const PNAS: &str = r#"version = 1

[space]
name = "darts"
inputs = "free"

[dataset]
name = "synthetic"
images = 24
size = 8

[test]
name = "synthetic"
images = 20
size = 8
seed = 1

[strategy]
name = "pnas"
blocks = 3
beam = 4
first = 6
units = 8
passes = 10
oracle = { train = [1] }

[training]
channels = 4
cells = 2
epochs = 1
batch = 8
auxiliary = 0
drop_path = 0
cutout = 0

[proxies.params]
channels = 4
cells = 3
"#;

#[test]
fn cells_grow_by_trainings_and_by_proxies_and_the_same_on_any_number_of_threads() {
    let scratch = Scratch::new();
    scratch.write("search.toml", PNAS);
    let run = |folder: &str, more: &[&str]| -> (Value, Vec<Value>) {
        scratch.succeed(&[&["run", "search.toml", "--quiet", "--run-dir", folder], more].concat());
        let trajectory = std::fs::read(scratch.path().join(folder).join("trajectory.json")).unwrap();
        let steps = serde_json::from_slice::<Value>(&trajectory).unwrap()["steps"].as_array().unwrap().clone();
        (summary(&scratch.path().join(folder))["architecture"].clone(), steps)
    };
    let one = run("one", &["--threads", "1"]);
    assert_eq!(run("two", &["--threads", "2"]), one);
    assert_eq!(one.1.len(), 6 + 4 + 4);
    // Two nodes of three blocks each in both kinds of cell; the fourth reads nothing.
    assert_eq!(one.0["text"].as_str().unwrap().matches("'none'").count(), 4, "{}", one.0);
    scratch.write("search.toml", PNAS.replace("train = [1]", "proxy = \"params\""));
    let by_proxy = run("params", &[]);
    assert_eq!(by_proxy.1.len(), 14);
    scratch.succeed(&["report", "one"]);
    for (set, because) in [
        ("space.inputs=distinct", "use darts with space.inputs = \"free\", or pnas without `blocks`"),
        ("strategy.blocks=5", "`strategy.blocks`: must be 4 at the most"),
    ] {
        let said = scratch.fail(&["run", "search.toml", "--set", set]);
        assert!(said.replace("\n  │ ", " ").contains(because), "{set}: {said}");
    }
    scratch.write("cells.toml", PNAS.replace("name = \"darts\"\ninputs = \"free\"", "name = \"nas-bench-201\""));
    let said = scratch.fail(&["run", "cells.toml"]);
    assert!(said.replace("\n  │ ", " ").contains("pnas without `blocks`"), "{said}");
}
