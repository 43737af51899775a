//! Runs on a file system that has no locks, as some that machines share.
#![cfg(target_os = "linux")]

use std::process::Command;

use crate::scratch::{Said, Scratch, result};

#[test]
fn where_the_file_system_has_no_locks_a_run_says_so_and_comes_to_the_same() {
    let scratch = Scratch::new();
    // What NFS without its lock service says.
    scratch.write("flock.c", "#include <errno.h>\nint flock(int file, int what) { (void)file; (void)what; errno = ENOLCK; return -1; }\n");
    let built = Command::new("cc").args(["-shared", "-fPIC", "-o", "flock.so", "flock.c"]).current_dir(scratch.path()).status().unwrap();
    assert!(built.success());
    let mut command = scratch.command(&["run", "tiny.toml", "--quiet", "--run-dir", "unlocked"]);
    let said = Said::of(&command.env("LD_PRELOAD", scratch.path().join("flock.so")).output().unwrap());
    assert_eq!(said.code, Some(0), "{}", said.err);
    assert!(said.err.contains("The file system of `unlocked` has no locks"), "{}", said.err);
    let whole = Said::of(&scratch.command(&["run", "tiny.toml", "--quiet", "--run-dir", "locked"]).output().unwrap());
    assert!(!whole.err.contains("has no locks"), "{}", whole.err);
    assert_eq!(result(&scratch.path().join("unlocked")), result(&scratch.path().join("locked")));
}
