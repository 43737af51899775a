//! A folder in which the program runs, with a small experiment and no settings of the user's own.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use assay_results::exit::{FAILED, MISSING_DATA};
use serde_json::Value;
use tempfile::TempDir;

/// A search of 3^6 cells in two rounds: 62 measurements of some milliseconds, and 6 of what is found.
pub(crate) const TINY: &str = r#"version = 1
name = "tiny"

[space]
name = "nas-bench-201"

[dataset]
name = "synthetic"
images = 400

[strategy]
name = "te-nas"
batch = 4
repeats = 1
crops = 200
crop_batch = 200
exclude = ["none", "avg_pool_3x3"]
"#;

/// The folder of the reference data.
pub(crate) fn shared() -> PathBuf {
    let default = concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared");
    std::env::var_os("ASSAY_SHARED").map_or_else(|| PathBuf::from(default), PathBuf::from)
}

pub(crate) struct Scratch(TempDir);

/// What a process said, with its exit code.
#[derive(Debug)]
pub(crate) struct Said {
    pub(crate) code: Option<i32>,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Scratch {
    /// An empty folder but for `tiny.toml`.
    pub(crate) fn new() -> Self {
        let scratch = Self(tempfile::tempdir().unwrap());
        scratch.write("tiny.toml", TINY);
        scratch
    }

    pub(crate) fn path(&self) -> &Path {
        self.0.path()
    }

    pub(crate) fn write(&self, name: &str, bytes: impl AsRef<[u8]>) {
        std::fs::write(self.path().join(name), bytes).unwrap();
    }

    /// Imports the table of NAS-Bench-201.
    pub(crate) fn import_nas_bench_201(&self) {
        let table = shared().join("data/nas-bench-201/nb201.csv");
        self.succeed(&["benchmark", "import", "nas-bench-201", table.to_str().unwrap()]);
    }

    /// The program, about to run here.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(assert_cmd::cargo::cargo_bin!("assay"));
        self.isolate(&mut command);
        command.args(arguments);
        command
    }

    /// Away from the user's own settings and data.
    pub(crate) fn isolate(&self, command: &mut Command) {
        for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("ASSAY_")) {
            command.env_remove(name);
        }
        command.current_dir(self.path()).env("ASSAY_DATA", self.path().join("data"));
    }

    pub(crate) fn assay(&self, arguments: &[&str]) -> Said {
        Said::of(&self.command(arguments).output().unwrap())
    }

    /// Runs the program with this on its standard input.
    pub(crate) fn assay_with_input(&self, arguments: &[&str], input: &str) -> Said {
        let mut command = self.command(arguments);
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
        Said::of(&child.wait_with_output().unwrap())
    }

    /// Runs the program, which must succeed, and gives its standard output.
    pub(crate) fn succeed(&self, arguments: &[&str]) -> String {
        let said = self.assay(arguments);
        assert_eq!(said.code, Some(0), "assay {arguments:?}: {}", said.err);
        said.out
    }

    /// Runs the program, which must fail with exit code 1, and gives its standard error.
    pub(crate) fn fail(&self, arguments: &[&str]) -> String {
        self.end_with(FAILED, arguments)
    }

    /// Runs the program, which must fail because data is not here and for no other reason, and gives its standard error.
    pub(crate) fn miss_data(&self, arguments: &[&str]) -> String {
        self.end_with(MISSING_DATA, arguments)
    }

    fn end_with(&self, code: u8, arguments: &[&str]) -> String {
        let said = self.assay(arguments);
        assert_eq!(said.code, Some(code.into()), "assay {arguments:?}: {}{}", said.out, said.err);
        self.redact(&said.err)
    }

    /// The run folders under `results`, oldest first.
    pub(crate) fn runs(&self) -> Vec<PathBuf> {
        let entries = std::fs::read_dir(self.path().join("results")).into_iter().flatten();
        let mut runs: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
        runs.sort();
        runs
    }

    /// Text without what differs from test to test: this folder, times, numbers of seconds.
    pub(crate) fn redact(&self, text: &str) -> String {
        let text = text.replace(&self.path().display().to_string(), "HERE");
        text.lines().map(str::trim_end).collect::<Vec<_>>().join("\n")
    }
}

impl Said {
    pub(crate) fn of(output: &Output) -> Self {
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
        Self { code: output.status.code(), out: text(&output.stdout), err: text(&output.stderr) }
    }
}

/// The summary of a run.
pub(crate) fn summary(run: &Path) -> Value {
    serde_json::from_slice(&std::fs::read(run.join("summary.json")).unwrap()).unwrap()
}

/// What must be equal between runs of one experiment, to the last byte: the summary's text without times and machine,
/// and the trajectory.
pub(crate) fn result(run: &Path) -> (String, String) {
    let text = std::fs::read_to_string(run.join("summary.json")).unwrap();
    let (before, _) = text.split_once("\n  \"times\": {").unwrap();
    // Times and machine are the last two entries: nothing else is cut off.
    let keys: Vec<String> = summary(run).as_object().unwrap().keys().cloned().collect();
    assert!(keys.iter().any(|key| key == "machine") && keys.iter().any(|key| key == "times"));
    assert!(text.split_once("\n  \"machine\": {").unwrap().0.len() > before.len());
    (before.to_owned(), std::fs::read_to_string(run.join("trajectory.json")).unwrap())
}

/// How many measurements a run's journal holds.
pub(crate) fn journalled(run: &Path) -> usize {
    std::fs::read(run.join("measurements.jsonl")).map_or(0, |bytes| bytes.iter().filter(|byte| **byte == b'\n').count())
}

/// How many different measurements a finished run counts.
pub(crate) fn counted(run: &Path) -> usize {
    let counts = summary(run)["counts"]["measurements"].clone();
    usize::try_from(counts.as_object().unwrap().values().map(|count| count.as_u64().unwrap()).sum::<u64>()).unwrap()
}
