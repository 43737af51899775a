//! What the system refuses, and a clock that is wrong: an error with words, never a panic or a death by a signal.
#![cfg(target_os = "linux")]

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use crate::networks;
use crate::plugins::built;
use crate::scratch::{Said, Scratch, result};
use crate::studies::{SMALL, with_benchmark};
use crate::training;

const CELL: &str = "|nor_conv_3x3~0|+|skip_connect~0|nor_conv_1x1~1|+|none~0|avg_pool_3x3~1|nor_conv_3x3~2|";

/// The program under a limit of the shell.
pub(crate) fn limited(scratch: &Scratch, limit: &str, arguments: &[&str]) -> Said {
    let mut command = Command::new("sh");
    scratch.isolate(&mut command);
    command.args(["-c", &format!("ulimit {limit} && exec \"$0\" \"$@\"")]).arg(assert_cmd::cargo::cargo_bin!("assay"));
    Said::of(&command.args(arguments).output().unwrap())
}

/// The program on a system with this variable of `system.c`.
fn on_system(scratch: &Scratch, (name, value): (&str, &str), arguments: &[&str]) -> Said {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    let source = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/command_line/system.c"));
    let library = BUILT.get_or_init(|| built::c(source, "system", &[]));
    let mut command = scratch.command(arguments);
    // Pools of one thread each: how many there are beside those of the run does not depend on the machine.
    command.env("POLARS_MAX_THREADS", "1").env("RAYON_NUM_THREADS", "1").env_remove("RUST_BACKTRACE");
    Said::of(&command.env("LD_PRELOAD", library).env(name, value).output().unwrap())
}

/// Fails with exit code 1 and says one of these.
fn refused(said: &Said, words: &[&str]) {
    assert_eq!(said.code, Some(1), "{}", said.err);
    assert!(!said.err.contains("panicked") && words.iter().any(|words| said.err.contains(words)), "{}", said.err);
}

#[test]
fn a_file_that_may_not_become_longer_is_an_error_and_the_run_is_continued() {
    let scratch = with_benchmark();
    scratch.succeed(&["run", "tiny.toml", "--quiet", "--run-dir", "whole"]);
    // In blocks of 512 bytes: nothing at all, the first files, some of the journal.
    for blocks in ["0", "4", "16"] {
        let said = limited(&scratch, &format!("-f {blocks}"), &["run", "tiny.toml", "--quiet", "--run-dir", blocks]);
        refused(&said, &["File too large"]);
        assert!(!scratch.path().join(blocks).join("summary.json").exists());
    }
    scratch.succeed(&["run", "--resume", "16", "--quiet"]);
    assert_eq!(result(&scratch.path().join("16")), result(&scratch.path().join("whole")));
    let table = crate::scratch::shared().join("data/nas-bench-201/nb201.csv");
    let others: [&[&str]; 5] = [
        &["report", "whole"],
        &["draw", CELL, "--output", "cell.svg"],
        &["draw", CELL, "--output", "cell.png"],
        &["export", CELL, "--to", "onnx", "--output", "cell.onnx"],
        &["benchmark", "import", "nas-bench-201", table.to_str().unwrap()],
    ];
    for arguments in others {
        refused(&limited(&scratch, "-f 1", arguments), &["File too large"]);
    }
}

#[test]
fn a_system_without_more_threads_is_told_of() {
    let scratch = with_benchmark();
    scratch.write("study.toml", SMALL);
    // Batches that several threads share.
    let shared = training::experiment().replace("batch = 4", "batch = 40");
    scratch.write("train.toml", shared);
    scratch.succeed(&["train", "train.toml", "--quiet", "--threads", "3", "--run-dir", "trained"]);
    let weights = |run: &str| std::fs::read(scratch.path().join(run).join("weights.safetensors")).unwrap();
    let (mut started, mut trained) = (0, 0);
    for threads in 0..10 {
        let most = threads.to_string();
        let run = format!("train-{most}");
        let said = on_system(&scratch, ("THREADS", &most), &["train", "train.toml", "--quiet", "--threads", "3", "--run-dir", &run]);
        match said.code {
            Some(0) => {
                assert_eq!(weights(&run), weights("trained"), "{threads} threads");
                trained += 1;
            }
            _ => refused(&said, &["Resource temporarily unavailable", "Ctrl-C cannot be listened for"]),
        }
        for (command, file) in [("run", "tiny.toml"), ("correlate", "study.toml")] {
            let folder = format!("{command}-{most}");
            let said = on_system(&scratch, ("THREADS", &most), &[command, file, "--quiet", "--threads", "2", "--run-dir", &folder]);
            match said.code {
                Some(0) => started += 1,
                _ => refused(&said, &["Resource temporarily unavailable", "Ctrl-C cannot be listened for"]),
            }
        }
        if threads == 0 {
            let said = on_system(&scratch, ("THREADS", "0"), &["run", "tiny.toml", "--quiet", "--threads", "3"]);
            refused(&said, &["3 threads cannot be started"]);
            assert!(said.err.contains("ulimit -u") && said.err.contains("--threads"), "{}", said.err);
        }
    }
    assert!(started > 0 && trained > 0, "ten threads are enough for some of it");
}

#[test]
fn a_clock_that_names_no_run_is_an_error_and_one_that_goes_back_changes_nothing() {
    let scratch = with_benchmark();
    scratch.succeed(&["run", "tiny.toml", "--quiet", "--run-dir", "right"]);
    for (clock, told) in [("before", "before 1970"), ("after", "after the year 9999")] {
        let said = on_system(&scratch, ("CLOCK", clock), &["run", "tiny.toml", "--quiet"]);
        refused(&said, &[told]);
        assert!(said.err.contains("--run-dir"), "{}", said.err);
    }
    for clock in ["before", "back", "after"] {
        let with_clock = |arguments: &[&str]| {
            let said = on_system(&scratch, ("CLOCK", clock), arguments);
            assert_eq!(said.code, Some(0), "{clock}, {arguments:?}: {}", said.err);
        };
        with_clock(&["run", "tiny.toml", "--quiet", "--run-dir", clock]);
        assert_eq!(result(&scratch.path().join(clock)), result(&scratch.path().join("right")));
        with_clock(&["report", clock]);
        with_clock(&["show", clock]);
        with_clock(&["export", CELL, "--to", "safetensors", "--output", "cell.safetensors"]);
    }
    let said = on_system(&scratch, ("CLOCK", "back"), &["run", "tiny.toml", "--quiet"]);
    assert_eq!((said.code, scratch.runs().len()), (Some(0), 1), "{}", said.err);
}

#[test]
fn a_training_and_an_export_that_do_not_fit_are_refused_before_their_network_is_made() {
    let scratch = Scratch::new();
    scratch.write("train.toml", training::experiment());
    let begun = Instant::now();
    // A batch of more images than the memory holds, and a network of more weights.
    for (set, says) in [
        ("training.channels=2048", "on any number of threads"),
        ("dataset.size=512", "for a batch of 4 images"),
        ("training.channels=3000", "use a smaller batch, fewer channels or cells, or free memory"),
    ] {
        let arguments = ["train", "train.toml", "--quiet", "--set", set, "--set", "dataset.images=8", "--set", "test.size=512"];
        let arguments = if set.starts_with("dataset") { &arguments[..] } else { &arguments[..5] };
        let said = limited(&scratch, "-v 1000000", arguments);
        refused(&said, &["MiB of memory at the least"]);
        assert!(said.err.split_whitespace().collect::<Vec<_>>().join(" ").replace("│ ", "").contains(says), "{set}: {}", said.err);
    }
    assert!(scratch.runs().is_empty(), "there is no folder of a run that cannot begin");
    let big = ["export", CELL, "--channels", "2048", "--to"];
    for (format, fits) in [("onnx", false), ("safetensors", false), ("pytorch", true), ("dot", true)] {
        let arguments = [&big[..], &[format, "--output", "network"]].concat();
        let said = limited(&scratch, "-v 1000000", &arguments);
        if fits {
            assert_eq!(said.code, Some(0), "{format} holds no weights: {}", said.err);
        } else {
            refused(&said, &["MiB of memory at the least"]);
            assert!(!scratch.path().join("network").exists(), "{format}");
        }
    }
    assert!(begun.elapsed() < Duration::from_secs(60), "{:?}", begun.elapsed());
    let said = limited(&scratch, "-v 1000000", &["train", "train.toml", "--quiet"]);
    assert_eq!(said.code, Some(0), "what fits is trained: {}", said.err);
}

#[test]
fn a_search_of_networks_that_do_not_fit_is_refused_with_what_would_fit() {
    let scratch = Scratch::new();
    std::fs::create_dir(scratch.path().join("zoo")).unwrap();
    std::fs::write(scratch.path().join("zoo/words.onnx"), networks::language_model(120)).unwrap();
    let search = "version = 1\n[space]\nname = \"files\"\nfolder = \"zoo\"\n\
        [dataset]\nname = \"tokens\"\nlength = 120\nvocabulary = 10\nlabels = \"each\"\nsequences = 65_536\n\
        [strategy]\nname = \"random\"\nproxy = \"snip\"\nsamples = 1\n[proxies.snip]\nbatch = 65_536\n";
    scratch.write("search.toml", search);
    let said = limited(&scratch, "-v 500000", &["run", "search.toml", "--quiet", "--threads", "1", "--run-dir", "run"]);
    let told = said.err.split_whitespace().filter(|word| *word != "│").collect::<Vec<_>>().join(" ");
    assert!(
        said.code == Some(1) && told.contains("`snip` of words.onnx is undefined, because there is too little memory: it needs"),
        "{told}"
    );
    assert!(told.contains("a smaller batch (proxies.snip.batch) needs less"), "{told}");
}

#[test]
fn a_limit_of_memory_is_kept_and_changes_no_number() {
    let scratch = Scratch::new();
    let batch = "proxies.ntk-condition.batch=128";
    let arguments = ["score", CELL, "--proxy", "ntk-condition", "--set", batch, "--set", "threads=2", "--repeats", "1", "--json"];
    let expected = scratch.succeed(&arguments);
    let mut kept = 0;
    for kilobytes in [200_000, 300_000, 400_000, 700_000, 3_000_000] {
        let said = limited(&scratch, &format!("-v {kilobytes}"), &arguments);
        if said.code == Some(0) && said.out.contains("there is too little memory") {
            continue;
        }
        if said.code == Some(0) {
            assert_eq!(said.out, expected, "{kilobytes}");
            kept += 1;
        } else {
            // Not even the images fit, or the network does not.
            refused(&said, &["memory allocation of", "MiB of memory at the least", "threads cannot be started"]);
        }
    }
    assert!(kept > 0, "3 GB are enough");
}

#[test]
fn a_table_that_is_damaged_is_told_of_and_never_a_panic() {
    let scratch = with_benchmark();
    scratch.succeed(&["correlate", "small.toml", "--quiet", "--run-dir", "study"]);
    scratch.succeed(&["report", "study"]);
    let entries = std::fs::read_dir(scratch.path().join("study")).unwrap().map(|entry| entry.unwrap().path());
    let tables: Vec<PathBuf> = entries.filter(|path| path.extension().is_some_and(|extension| extension == "parquet")).collect();
    assert!(!tables.is_empty());
    let mut refused = 0;
    for table in &tables {
        let whole = std::fs::read(table).unwrap();
        let half = whole[..whole.len() / 2].to_vec();
        let flipped = |place: usize| whole.iter().enumerate().map(|(at, byte)| if at == place { byte ^ 0x10 } else { *byte }).collect();
        let footer = whole.len() - 30;
        let damages: [Vec<u8>; 4] = [half, flipped(whole.len() / 3), flipped(footer), flipped(whole.len() - 6)];
        for bytes in damages {
            std::fs::write(table, bytes).unwrap();
            let said = scratch.assay(&["report", "study"]);
            assert!(matches!(said.code, Some(0 | 1)) && !said.err.contains("panicked"), "{}: {}", table.display(), said.err);
            assert!(!said.err.contains("cannot go on"), "it is contained where it is read: {}", said.err);
            refused += usize::from(said.code == Some(1));
        }
        std::fs::write(table, whole).unwrap();
    }
    assert!(refused >= 3, "{refused} of {}", 4 * tables.len());
}
