//! Python with what a test needs, where there is one.

use std::ffi::OsString;
use std::path::Path;
use std::process::Command;

/// A Python that can import `modules`: the one that `variable` names, else `python3` or Debian's. Without one the test says
/// that it skips.
pub(crate) fn with(modules: &str, variable: &str, advice: &str) -> Option<OsString> {
    let candidates = [std::env::var_os(variable), Some("python3".into()), Some("/usr/bin/python3".into())];
    let imports = |python: &OsString| {
        let tried = Command::new(python).args(["-c", &format!("import {modules}")]).output();
        tried.is_ok_and(|output| output.status.success())
    };
    let found = candidates.into_iter().flatten().find(imports);
    if found.is_none() {
        assert!(std::env::var_os(variable).is_none(), "{variable} names a Python without {modules}");
        eprintln!("skipped: no Python with {modules} is here ({advice}; or name one in {variable})");
    }
    found
}

/// What the program prints, read as JSON.
pub(crate) fn run(python: &OsString, folder: &Path, program: &str) -> serde_json::Value {
    let output = Command::new(python).arg("-c").arg(program).current_dir(folder).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

/// A list of numbers.
pub(crate) fn numbers(value: &serde_json::Value) -> Vec<f64> {
    value.as_array().unwrap().iter().map(|number| number.as_f64().unwrap()).collect()
}
