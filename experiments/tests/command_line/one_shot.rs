//! Studies that ask a network whose architectures share weights.
#![cfg(unix)]

use std::process::Stdio;
use std::time::{Duration, Instant};

use crate::scratch::{Scratch, journalled, summary};

const IMAGES: &str = "[dataset]\nname = \"synthetic\"\nimages = 60\nsize = 8\n";

/// A folder with a finished search in `search`, and a study that asks its network.
fn scratch(strategy: &str) -> Scratch {
    let scratch = Scratch::new();
    let head = format!("version = 1\n\n[space]\nname = \"nas-bench-201\"\n\n{IMAGES}\n");
    let search = format!("{head}[strategy]\nname = \"{strategy}\"\nchannels = 4\ncells = 1\nepochs = 2\nbatch = 8\n");
    let study =
        "[study]\nproxies = [\"one-shot\", \"flops\"]\nsample = 8\n\n[proxies.one-shot]\nsearch = \"search\"\nimages = 20\nbatch = 8\n";
    scratch.write("search.toml", search);
    scratch.write("study.toml", head + study);
    scratch.succeed(&["run", "search.toml", "--quiet", "--run-dir", "search"]);
    scratch
}

/// The scores of a study, as they are written.
fn scores(scratch: &Scratch, run: &str) -> Vec<u8> {
    std::fs::read(scratch.path().join(run).join("scores.parquet")).unwrap()
}

fn study(scratch: &Scratch, run: &str, set: &[&str]) -> String {
    let sets = set.iter().flat_map(|set| ["--set", set]);
    scratch.succeed(&["correlate", "study.toml", "--quiet", "--run-dir", run].into_iter().chain(sets).collect::<Vec<_>>())
}

#[test]
fn cells_have_accuracies_in_a_shared_network_that_depend_on_no_number_of_threads_and_on_no_interruption() {
    for strategy in ["rsps", "gdas"] {
        let scratch = scratch(strategy);
        study(&scratch, "one", &["threads=1"]);
        study(&scratch, "two", &["threads=2"]);
        assert!(scores(&scratch, "one") == scores(&scratch, "two"), "{strategy}");
        let arguments = ["correlate", "study.toml", "--quiet", "--run-dir", "killed", "--threads", "1"];
        let mut command = scratch.command(&arguments);
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        let start = Instant::now();
        while journalled(&scratch.path().join("killed")) < 12 && child.try_wait().unwrap().is_none() {
            assert!(start.elapsed() < Duration::from_secs(60), "the study does not get on");
            std::thread::sleep(Duration::from_micros(300));
        }
        child.kill().unwrap();
        child.wait().unwrap();
        scratch.succeed(&[&arguments[..], &["--resume"]].concat());
        assert!(scores(&scratch, "killed") == scores(&scratch, "one"), "{strategy}");
        let protocol = summary(&scratch.path().join("one"))["protocol"].as_str().unwrap().to_owned();
        let told = format!("in the network of {strategy} (");
        assert!(
            protocol.contains("one-shot: accuracy on 20 images that weights did not learn from") && protocol.contains(&told),
            "{protocol}"
        );
        // Other statistics are another judge.
        for statistics in ["running", "batch", "recalibrated"] {
            let set = format!("proxies.one-shot.statistics={statistics}");
            study(&scratch, statistics, &[&set, "proxies.one-shot.recalibration_batches=2"]);
        }
        assert!(scores(&scratch, "batch") == scores(&scratch, "one"), "as the code of NATS-Bench tests");
        let others = ["running", "recalibrated"].map(|run| scores(&scratch, run));
        assert!(others[0] != others[1] && others.iter().all(|other| *other != scores(&scratch, "one")), "{strategy}");
        scratch.succeed(&["report", "one"]);
    }
}

#[test]
fn a_network_that_cannot_be_asked_is_refused_before_anything_runs() {
    let scratch = scratch("rsps");
    let refused = |set: &[&str]| {
        let sets = set.iter().flat_map(|set| ["--set", set]);
        let said = scratch.assay(&["correlate", "study.toml", "--quiet"].into_iter().chain(sets).collect::<Vec<_>>());
        let words: Vec<&str> = said.err.split_whitespace().filter(|word| *word != "│").collect();
        (said.code, words.join(" "))
    };
    let cases = [
        (&["proxies.one-shot.search=nowhere"][..], 3, "searches leave it that share weights"),
        (&["dataset.images=61"], 1, "set [dataset] to the same"),
        (&["space.name=darts"], 1, "is of another space"),
        (&["proxies.one-shot.images=31"], 1, "`images` must be 30 at the most, which the search left for validation, is 31"),
        (&["proxies.one-shot.statistics=recalibrated"], 1, "4 batches of 8 images are more than the 30 that weights learned from"),
    ];
    for (set, code, because) in cases {
        let (found, said) = refused(set);
        assert!(found == Some(code) && said.contains(because), "{set:?}: {found:?} {said}");
    }
    let file = scratch.path().join("search/supernet.safetensors");
    let mut bytes = std::fs::read(&file).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(&file, bytes).unwrap();
    let (code, said) = refused(&[]);
    assert!(code == Some(1) && said.contains("supernet.safetensors"), "{said}");
    std::fs::remove_file(scratch.path().join("search/summary.json")).unwrap();
    let (code, said) = refused(&[]);
    assert!(code == Some(3) && said.contains("is not the folder of a finished search"), "{said}");
    assert_eq!(scratch.runs().len(), 0, "nothing is begun that cannot be done");
}
