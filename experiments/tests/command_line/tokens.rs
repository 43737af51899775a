//! Networks are trained on images: sequences of tokens are refused wherever something is trained, before anything runs.
#![cfg(unix)]

use crate::scratch::Scratch;
use crate::training::CELL;

const TOKENS: &str = "name = \"tokens\"\nlength = 8\nvocabulary = 10\n";
const IMAGES: &str = "name = \"synthetic\"\nimages = 40\nsize = 8\n";

/// An experiment that trains, tests and searches with these.
fn experiment(dataset: &str, test: &str, rest: &str) -> String {
    let test = if test.is_empty() { String::new() } else { format!("[test]\n{test}") };
    format!("version = 1\n[space]\nname = \"nas-bench-201\"\n[dataset]\n{dataset}{test}{rest}")
}

fn training(more: &str) -> String {
    format!("[training]\nchannels = 4\ncells = 1\nepochs = 1\nbatch = 4\nauxiliary = 0\ndrop_path = 0\ncutout = 0\n{more}")
}

#[test]
fn nothing_is_trained_on_tokens_or_tested_on_them() {
    let scratch = Scratch::new();
    let cell = format!("architecture = \"{CELL}\"\n");
    let by_training = "[strategy]\nname = \"random\"\noracle = { train = [1] }\nbudget = { evaluations = 2 }\n";
    let of_trained = "[benchmark]\nname = \"trained\"\ntrain = [1]\n[study]\nproxies = [\"params\"]\nsample = 3\n";
    let refuse = |command: &str, text: String| {
        scratch.write("experiment.toml", text);
        let said = scratch.fail(&[command, "experiment.toml"]);
        assert!(said.contains("name a dataset of images"), "{said}");
    };
    for (dataset, test) in [(TOKENS, IMAGES), (IMAGES, TOKENS), (TOKENS, TOKENS)] {
        refuse("train", experiment(dataset, test, &training(&cell)));
        refuse("run", experiment(dataset, test, &format!("{}{by_training}", training(""))));
        refuse("correlate", experiment(dataset, test, &format!("{}{of_trained}", training(""))));
    }
    for task in ["rotation", "colorization", "jigsaw"] {
        refuse("train", experiment(TOKENS, IMAGES, &training(&format!("{cell}objective = \"{task}\"\n"))));
    }
    for strategy in ["rsps", "gdas", "darts", "enas", "setn", "cnas", "manas", "manas-ls", "hurricane"] {
        refuse("run", experiment(TOKENS, "", &format!("[strategy]\nname = \"{strategy}\"\n")));
    }
    refuse("run", experiment(TOKENS, "", "[strategy]\nname = \"gdas\"\nobjective = \"rotation\"\n"));
    assert!(scratch.runs().is_empty(), "nothing is begun");
}
