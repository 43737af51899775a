//! Loading a plugin, scoring with it and unloading it neither leaks nor reads what it should not.

use std::path::Path;
use std::process::{Command, Output};

use super::built;

/// The program `plugin_cycle` under valgrind; none where there is no valgrind.
fn checked(library: &Path, rounds: &str) -> Option<Output> {
    let mut command = Command::new("valgrind");
    command.args(["--quiet", "--error-exitcode=9", "--leak-check=full", "--show-leak-kinds=definite,indirect"]);
    command.args(["--errors-for-leak-kinds=definite,indirect"]).arg(built::example("plugin_cycle")).arg(library).arg(rounds);
    match command.output() {
        Ok(output) => Some(output),
        Err(_) => {
            eprintln!("skipped: valgrind is not installed");
            None
        }
    }
}

#[test]
fn load_score_unload_leaks_nothing_and_reads_nothing_it_should_not() {
    for library in [built::runtime_rust(), built::pattern_kernel()] {
        let Some(output) = checked(library, "3") else { return };
        let (out, said) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        assert_eq!(output.status.code(), Some(0), "{}: {out}{said}", library.display());
        let mut scores: Vec<&str> = out.lines().filter_map(|line| line.split_once(": ").map(|(_, score)| score)).collect();
        assert_eq!(scores.len(), 3, "{out}");
        scores.dedup();
        assert_eq!(scores.len(), 1, "every round gives the same: {out}");
    }
}
