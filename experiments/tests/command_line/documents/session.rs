//! A page's commands, one after the other in one shell, in a folder of the page's own.

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Instant;

use assay_documents::{Block, Note, commands, words};

use super::repository;
use crate::scratch::{Scratch, shared};

/// Tables and images that are in the data directory of nobody who has not put them there.
const DATA: [&str; 9] = [
    "cifar10",
    "cifar100",
    "imagenet16-120",
    "imagenet-1k",
    "nas-bench-101",
    "nas-bench-201",
    "nas-bench-macro",
    "nats-bench-size",
    "darts-1000",
];

/// Runs what can be run anywhere, checks the rest as far as it goes, and gives how many commands were run.
pub(super) fn run(page: &str, blocks: &[Block]) -> usize {
    let scratch = prepared();
    let mut script =
        String::from("export PATH=\"$PROGRAM:$PATH\"\nend() { printf 'of line %s: ended with %s\\n' \"$1\" \"$2\" >&2; exit 9; }\n");
    let mut run = 0;
    for block in blocks {
        if let Some(file) = block.file().filter(|_| block.language != "sh") {
            let path = scratch.path().join(file);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, &block.text).unwrap();
        }
        for command in commands(block).iter().filter(|_| block.language == "sh") {
            let place = format!("{page}:{}", command.line);
            let text = as_users_do(&command.text);
            is_readable(&place, &text);
            let line = command.line;
            match &command.note {
                _ if is_cargos(&text) => {}
                Some(Note::Needs(what)) if is_data(what) => {
                    script += &format!("{text}\ncode=$?; test $code -eq 3 || end {line} \"$code, and not with 3 for missing data\"\n");
                    run += 1;
                }
                Some(_) => is_understood(&place, &text),
                None => {
                    script += &format!("{text}\ncode=$?; test $code -eq 0 || end {line} $code\n");
                    run += 1;
                }
            }
        }
    }
    let mut command = Command::new("bash");
    scratch.isolate(&mut command);
    let program = assert_cmd::cargo::cargo_bin!("assay");
    scratch.write(".page.sh", &script);
    command.arg(".page.sh").env("PROGRAM", program.parent().unwrap()).stdin(Stdio::null());
    let begun = Instant::now();
    let said = command.output().unwrap();
    eprintln!("{page}: {run} commands in {:.1} s", begun.elapsed().as_secs_f64());
    assert!(said.status.success(), "{page} {}", String::from_utf8_lossy(&said.stderr));
    run
}

/// What is in the folder of a page: what a clone of the repository has that commands name, and a user's own copy of a table.
fn prepared() -> Scratch {
    let scratch = Scratch::new();
    for folder in ["configs", "plugins", "experiments"] {
        std::os::unix::fs::symlink(repository().join(folder), scratch.path().join(folder)).unwrap();
    }
    std::os::unix::fs::symlink(shared().join("data/nas-bench-201/nb201.csv"), scratch.path().join("nb201.csv")).unwrap();
    scratch
}

/// A command of a clone as one of the program: `cargo run --release -p assay -- list` as `assay list`.
fn as_users_do(command: &str) -> String {
    command.replace("cargo run --release -p assay -- ", "assay ")
}

/// Whether it is a command of cargo, with or without variables before it: xtask's own test knows those.
fn is_cargos(command: &str) -> bool {
    words(command).iter().find(|word| !word.contains('=')).is_some_and(|word| word == "cargo")
}

/// Whether all that a command needs is data, such as `cifar10, nas-bench-201`. What stands behind a semicolon is for people.
fn is_data(what: &str) -> bool {
    let names = what.split(';').next().unwrap_or_default();
    names.split([',', ' ']).filter(|name| !name.is_empty() && *name != "and").all(|name| DATA.contains(&name))
}

/// A shell can read the command.
fn is_readable(place: &str, command: &str) {
    let said = Command::new("bash").args(["-n", "-c", command]).output().unwrap();
    assert!(said.status.success(), "{place}: {}", String::from_utf8_lossy(&said.stderr));
}

/// The program can read the command, and the experiment files that it names are there.
fn is_understood(place: &str, command: &str) {
    let words = words(command);
    if words.first().is_none_or(|first| first != "assay") {
        return;
    }
    if let Err(error) = assay::command::arguments().try_get_matches_from(&words) {
        panic!("{place}: {error}");
    }
    for word in words.iter().filter(|word| word.starts_with("configs/")) {
        assert!(Path::new(&repository()).join(word).is_file(), "{place}: {word} is not there");
    }
}
