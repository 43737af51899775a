//! The test itself: has a child process read the inputs, and keeps the one that the child did not survive.

use std::path::PathBuf;
use std::process::{Command, Output};
use std::sync::atomic::{AtomicU64, Ordering};

use crate::child::{PLACE, SURVIVED};
use crate::{Fuzz, INPUT};

/// The child may address so much memory, in KiB: more than an input may take, and less than the machine has.
const ADDRESSED: u64 = 4 << 20;

/// Has a child read all inputs.
pub(crate) fn supervise(fuzz: &Fuzz) {
    let place = folder().join(format!("running-{}-{}", std::process::id(), serial()));
    let written = std::fs::create_dir_all(folder()).and_then(|()| std::fs::write(&place, []));
    written.unwrap_or_else(|error| panic!("{}: {error}", place.display()));
    let output = command(fuzz, &place).output().unwrap_or_else(|error| panic!("a child process cannot be started: {error}"));
    let kept = std::fs::read(&place).unwrap_or_default();
    drop(std::fs::remove_file(&place));
    let said = text(&output);
    let survived = said.lines().find(|line| line.starts_with(SURVIVED));
    match survived.filter(|_| output.status.success()) {
        Some(line) => report(&format!("{}: {line}", fuzz.test)),
        None if said.contains("running 0 tests") => panic!("there is no test `{}`; is its name right?", fuzz.test),
        None => fail(fuzz, &kept, &output, &said),
    }
}

#[expect(clippy::print_stdout, reason = "what a test says is printed")]
fn report(line: &str) {
    println!("{line}");
}

/// Where inputs are kept: beside the test's program, in the folder of what was built.
fn folder() -> PathBuf {
    let program = std::env::current_exe().unwrap_or_default();
    program.ancestors().nth(2).map_or_else(std::env::temp_dir, std::path::Path::to_owned).join("fuzz")
}

/// Another number each time: several tests of one program run at once.
fn serial() -> u64 {
    static SERIAL: AtomicU64 = AtomicU64::new(0);
    SERIAL.fetch_add(1, Ordering::Relaxed)
}

/// This test again, as a child.
fn command(fuzz: &Fuzz, place: &PathBuf) -> Command {
    let program = std::env::current_exe().unwrap_or_else(|error| panic!("this program cannot be found: {error}"));
    let mut command = if cfg!(unix) {
        let mut command = Command::new("sh");
        command.arg("-c").arg(format!("ulimit -v {ADDRESSED} && exec \"$0\" \"$@\"")).arg(program);
        command
    } else {
        Command::new(program)
    };
    command.args([fuzz.test, "--exact", "--nocapture", "--include-ignored"]).env(PLACE, place);
    command
}

fn text(output: &Output) -> String {
    [&output.stdout, &output.stderr].map(|bytes| String::from_utf8_lossy(bytes).into_owned()).concat()
}

/// Fails with the input, which stands behind its number.
fn fail(fuzz: &Fuzz, kept: &[u8], output: &Output, said: &str) -> ! {
    let (number, bytes) = kept.split_first_chunk().map_or((0, kept), |(number, bytes)| (u64::from_le_bytes(*number), bytes));
    let kept = folder().join(format!("{}-{number}", fuzz.test.replace("::", "-")));
    let wrote = std::fs::write(&kept, bytes);
    let kept = wrote.map_or_else(|error| format!("(it cannot be kept: {error})"), |()| kept.display().to_string());
    let end: Vec<&str> = said.trim_end().lines().rev().take(12).collect();
    let end: Vec<&str> = end.into_iter().rev().collect();
    panic!(
        "the reader did not survive input {number} ({}):\n{}\nthe input is {kept}; read it again with\n{INPUT}={kept} cargo test --release … {} -- --exact --nocapture",
        output.status,
        end.join("\n"),
        fuzz.test
    )
}
