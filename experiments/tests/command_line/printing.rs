//! Where standard output cannot be written to.
#![cfg(unix)]

use std::fs::File;
use std::process::{Command, Stdio};

use crate::scratch::{Said, Scratch};
use crate::studies::{SMALL, with_benchmark};

const CELL: &str = "|nor_conv_3x3~0|+|skip_connect~0|nor_conv_3x3~1|+|none~0|nor_conv_1x1~1|avg_pool_3x3~2|";

/// A training of a step.
fn training() -> String {
    let images = |section: &str| format!("[{section}]\nname = \"synthetic\"\nimages = 4\nsize = 8\n\n");
    format!(
        "version = 1\n\n[space]\nname = \"nas-bench-201\"\n\n{}{}[training]\narchitecture = \"{CELL}\"\nchannels = 4\ncells = 1\n\
         epochs = 1\nbatch = 4\nauxiliary = 0\ncutout = 4\n",
        images("dataset"),
        images("test")
    )
}

/// A study of few measurements, without a benchmark.
fn study() -> String {
    let (before, _) = SMALL.split_once("[benchmark]").unwrap();
    format!("{before}\n[study]\nproxies = [\"flops\"]\nsample = 4\nbootstrap = 0\n")
}

/// A pipe that nobody reads.
fn closed() -> Stdio {
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    writer.into()
}

fn full() -> Stdio {
    File::options().write(true).open("/dev/full").unwrap().into()
}

/// A folder in which there are a run of each kind and the shards of a study.
fn with_runs() -> Scratch {
    let scratch = Scratch::new();
    scratch.write("study.toml", study());
    scratch.write("train.toml", training());
    let runs: [&[&str]; 5] = [
        &["run", "tiny.toml", "--run-dir", "search"],
        &["train", "train.toml", "--run-dir", "training"],
        &["correlate", "study.toml", "--run-dir", "study"],
        &["correlate", "study.toml", "--shard", "1/2", "--run-dir", "first"],
        &["correlate", "study.toml", "--shard", "2/2", "--run-dir", "second"],
    ];
    for run in runs {
        scratch.succeed(&[run, &["--quiet"]].concat());
    }
    scratch
}

#[test]
fn every_command_ends_quietly_where_nobody_reads_and_fails_with_words_where_there_is_no_room() {
    let scratch = with_runs();
    let table = crate::scratch::shared().join("data/nas-bench-201/nb201.csv");
    let nas_bench_201 = ["benchmark", "query", "nas-bench-201", "0", "--table", table.to_str().unwrap()];
    let as_json = [&nas_bench_201[..], &["--json"]].concat();
    let commands: [&[&str]; 37] = [
        &["--help"],
        &["--version"],
        &["run", "--help"],
        &["list", "proxies"],
        &["list", "aggregates"],
        &["list", "spaces"],
        &["list", "strategies"],
        &["list", "benchmarks"],
        &["list", "datasets"],
        &["list", "engines", "--json"],
        &["list", "proxies", "--verbose"],
        &["list", "sections", "--json"],
        &["data", "list"],
        &["benchmark", "list"],
        &["benchmark", "list", "--json"],
        &["benchmark", "import", "nas-bench-201", table.to_str().unwrap()],
        &nas_bench_201,
        &as_json,
        &["benchmark", "query", "nas-bench-201", CELL],
        &["list", "benchmarks", "--verbose"],
        &["score", CELL, "--proxy", "flops"],
        &["score", CELL, "--proxy", "flops", "--json"],
        &["draw", CELL, "--output", "cell.svg"],
        &["draw", "search"],
        &["export", CELL, "--to", "genotype"],
        &["export", CELL, "--to", "pytorch"],
        &["run", "search", "--resume"],
        &["run", "tiny.toml", "--quiet"],
        &["correlate", "study.toml", "--quiet"],
        &["train", "train.toml", "--quiet"],
        &["train", "training", "--resume"],
        &["correlate", "study", "--resume"],
        &["correlate", "study", "--resume", "--markdown"],
        &["correlate", "first", "--resume", "--json"],
        &["show", "search"],
        &["report", "study"],
        &["merge", "first", "second"],
    ];
    for arguments in commands {
        let run = |stdout: Stdio| {
            let mut command: Command = scratch.command(arguments);
            Said::of(&command.stdin(Stdio::null()).stdout(stdout).stderr(Stdio::piped()).spawn().unwrap().wait_with_output().unwrap())
        };
        let said = run(closed());
        assert!(!said.err.contains("panicked") && !said.err.contains("cannot be written"), "{arguments:?}: {}", said.err);
        assert_eq!(said.code, Some(0), "{arguments:?}: {}", said.err);
        // Only Linux has this device.
        if cfg!(target_os = "linux") {
            let said = run(full());
            assert!(said.err.contains("the result cannot be written to standard output: No space left"), "{arguments:?}: {}", said.err);
            assert_eq!(said.code, Some(1), "{arguments:?}: {}", said.err);
        }
    }
}

/// What would steer a terminal or turn text around.
fn hidden(text: &str) -> Vec<char> {
    text.chars()
        .filter(|character| (character.is_control() && !"\n\t".contains(*character)) || "\u{202e}\u{2066}".contains(*character))
        .collect()
}

#[test]
fn control_and_direction_characters_of_names_are_shown_and_not_sent() {
    const NAME: &str = "\u{1b}[31mred\u{9b}2J\u{202e}gnp\u{2066}\u{7f}";
    const SHOWN: &str = r"\u{1b}[31mred\u{9b}2J\u{202e}gnp\u{2066}\u{7f}";
    let scratch = Scratch::new();
    scratch.write("study.toml", study());
    let folder = format!("run-{NAME}");
    let name = format!("name=\"{}\"", NAME.replace('\u{1b}', "\\u001b").replace('\u{9b}', "\\u009b").replace('\u{7f}', "\\u007f"));
    let printed = scratch.succeed(&["correlate", "study.toml", "--quiet", "--run-dir", &folder, "--set", &name]);
    assert!(printed.contains(&format!("run-{SHOWN}")) && hidden(&printed).is_empty(), "{printed:?}");

    let json = scratch.succeed(&["correlate", &folder, "--resume", "--json"]);
    let summary: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert!(summary["experiment"] == NAME && hidden(&json).is_empty(), "{json:?}");

    let missing = scratch.fail(&["show", &format!("no-{NAME}")]);
    assert!(missing.contains(&format!("no-{SHOWN}")) && hidden(&missing).is_empty(), "{missing:?}");
    // An error that points at its line shows the line.
    scratch.write("wrong.toml", format!("version = 1\n\n[space] # {NAME}\nname = \"nas-{NAME}\"\n"));
    let wrong = scratch.fail(&["run", "wrong.toml"]);
    assert!(hidden(&wrong).is_empty(), "{wrong:?}");

    let report = scratch.succeed(&["report", &folder, "--output", "report", "--caption", NAME]);
    assert!(hidden(&report).is_empty(), "{report:?}");
    let (mut files, mut shown) = (vec![scratch.path().join("report")], 0);
    while let Some(path) = files.pop() {
        if path.is_dir() {
            files.extend(std::fs::read_dir(path).unwrap().map(|entry| entry.unwrap().path()));
        } else if path.extension().is_some_and(|extension| ["html", "svg", "tex"].iter().any(|shown| extension == *shown)) {
            let text = std::fs::read_to_string(&path).unwrap();
            assert!(hidden(&text).is_empty(), "{}: {:?}", path.display(), hidden(&text));
            shown += 1;
        }
    }
    assert!(shown > 3, "{shown} files");
    assert!(std::fs::read_to_string(scratch.path().join("report/index.html")).unwrap().contains(SHOWN));
}

#[test]
fn a_run_goes_on_to_its_end_where_nobody_reads_what_it_says() {
    let scratch = Scratch::new();
    let mut command = scratch.command(&["run", "tiny.toml", "--run-dir", "run", "--log-level", "debug"]);
    let status = command.stdout(closed()).stderr(closed()).status().unwrap();
    assert_eq!(status.code(), Some(0));
    assert!(scratch.path().join("run/summary.json").exists());
    let mut wrong = scratch.command(&["run", "missing.toml"]);
    assert_eq!(wrong.stdout(closed()).stderr(closed()).status().unwrap().code(), Some(1), "what fails fails, heard or not");
}

#[test]
fn a_printed_command_is_quoted_for_the_shell_and_two_architectures_have_no_interval() {
    let scratch = with_benchmark();
    let printed = scratch.succeed(&["correlate", "small.toml", "--quiet", "--run-dir", "my run's", "--set", "study.sample=2"]);
    assert!(printed.contains("[no interval: 2 architectures]") && !printed.contains("[1.000, 1.000]"), "{printed}");
    std::fs::remove_file(scratch.path().join("my run's/summary.json")).unwrap();
    let told = scratch.fail(&["correlate", "my run's"]);
    let (_, command) = told.split_once("to continue the run in it: assay ").unwrap();
    let program = assert_cmd::cargo::cargo_bin!("assay").display().to_string();
    let mut shell = Command::new("sh");
    scratch.isolate(&mut shell);
    let status = shell.args(["-c", &format!("'{program}' {}", command.trim())]).stdout(Stdio::null()).stderr(Stdio::null()).status();
    assert_eq!(status.unwrap().code(), Some(0), "{command}");
    assert!(scratch.path().join("my run's/summary.json").exists(), "what was printed is what continues it");
}
