//! A search of the DARTS space, small: two operators an edge, one round, then the edges of every node.

use crate::scratch::{Scratch, counted, result, summary};

const TINY: &str = r#"version = 1
name = "tiny-darts"

[space]
name = "darts"
network = "te-nas"

[dataset]
name = "synthetic"
images = 400

[strategy]
name = "te-nas"
batch = 4
channels = 1
repeats = 1
crops = 200
crop_batch = 200
exclude = ["none", "sep_conv_5x5", "dil_conv_3x3", "dil_conv_5x5", "avg_pool_3x3", "max_pool_3x3"]

[proxies.ntk-condition]
cells = 2

[proxies.linear-regions]
cells = 2
"#;

#[test]
fn a_search_ends_with_a_genotype_whatever_the_number_of_threads() {
    let scratch = Scratch::new();
    scratch.write("darts.toml", TINY);
    for threads in ["1", "2"] {
        scratch.succeed(&["run", "darts.toml", "--quiet", "--threads", threads, "--run-dir", threads]);
    }
    let [one, two] = ["1", "2"].map(|run| scratch.path().join(run));
    assert_eq!(result(&one), result(&two));
    let summary = summary(&one);
    let text = summary["architecture"]["text"].as_str().unwrap();
    assert!(text.starts_with("Genotype(normal=[('s") && text.ends_with("reduce_concat=range(2, 6))"), "{text}");
    // A round over 2 operators on 14 edges of 2 cells; then each cell's nodes of 3, 4 and 5 edges; of each the state before,
    // by 2 proxies. And 3 repeats of what is found.
    assert_eq!(counted(&one), 2 * ((2 * 14 * 2 + 1) + 2 * ((3 + 1) + (4 + 1) + (5 + 1)) + 3));
    assert_eq!(summary["counts"]["steps"], 1 + 2 * 3);
    let pictures = scratch.succeed(&["draw", "1"]);
    assert_eq!(pictures.lines().count(), 4, "{pictures}");
}
