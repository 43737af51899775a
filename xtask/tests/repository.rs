//! The repository itself passes its checks.

use std::process::Command;

#[test]
fn the_repository_is_tidy() {
    let output = Command::new(env!("CARGO_BIN_EXE_xtask")).arg("tidy").output().expect("xtask can be started");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}
