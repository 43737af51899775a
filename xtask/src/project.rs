//! Where things are in this repository, how programs are built, and how results are written.

use std::path::{Path, PathBuf};
use std::process::Command;

use miette::{IntoDiagnostic, WrapErr, bail};
use serde::de::DeserializeOwned;

/// The repository: `.` where the task was started in it, which keeps messages and protocol lines short.
pub(crate) fn root() -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let same = |here: PathBuf| here.canonicalize().is_ok_and(|here| root.canonicalize().is_ok_and(|root| root == here));
    if std::env::current_dir().is_ok_and(same) { PathBuf::new() } else { root }
}

/// Builds the program in release and gives its path.
pub(crate) fn build_assay() -> miette::Result<PathBuf> {
    build_program("assay", &[], &[])
}

/// Builds the program of a package in release with these features and variables, and gives its path.
pub(crate) fn build_program(package: &str, features: &[&str], variables: &[(&str, &str)]) -> miette::Result<PathBuf> {
    let features = features.iter().flat_map(|feature| ["--features", feature]);
    build(&["--package", package].into_iter().chain(features).collect::<Vec<_>>(), variables, Path::new(package))
}

/// Builds an example of a package in release and gives its path.
pub(crate) fn build_example(package: &str, example: &str) -> miette::Result<PathBuf> {
    build(&["--package", package, "--example", example], &[], &Path::new("examples").join(example))
}

/// Builds an example of the program, runs it with these arguments, and reads the JSON that it prints.
pub(crate) fn ask_example<T: DeserializeOwned>(example: &str, arguments: &[&str]) -> miette::Result<T> {
    let program = build_example("assay", example)?;
    let output = Command::new(&program).args(arguments).output();
    let output = output.into_diagnostic().wrap_err_with(|| format!("the example `{example}` cannot be started"))?;
    if !output.status.success() {
        bail!("the example `{example}` failed: {}", String::from_utf8_lossy(&output.stderr));
    }
    serde_json::from_slice(&output.stdout).into_diagnostic().wrap_err_with(|| format!("the example `{example}` printed something else"))
}

fn build(what: &[&str], variables: &[(&str, &str)], program: &Path) -> miette::Result<PathBuf> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(cargo);
    command.args(["build", "--release"]).args(what).current_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join(".."));
    // What the outer cargo says of this package would make build scripts that ask for it run again, and all behind them.
    for (name, _) in std::env::vars_os().filter(|(name, _)| {
        let name = name.to_string_lossy();
        name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST_")
    }) {
        command.env_remove(name);
    }
    command.envs(variables.iter().copied());
    let status = command.status().into_diagnostic().wrap_err("cargo cannot be started")?;
    if !status.success() {
        bail!("`cargo build --release {}` ended with {status}", what.join(" "));
    }
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), PathBuf::from);
    Ok(target.join("release").join(program).with_extension(std::env::consts::EXE_EXTENSION))
}

/// Writes a result to this file, or else to the one of this name in `results/reference`, and says where.
pub(crate) fn write_result(out: Option<PathBuf>, name: &str, text: &str) -> miette::Result<()> {
    let out = out.unwrap_or_else(|| root().join("results/reference").join(name));
    write_whole(&out, text)?;
    eprintln!("written to {}", out.display());
    Ok(())
}

/// Writes the file as a whole or not at all.
pub(crate) fn write_whole(file: &Path, text: &str) -> miette::Result<()> {
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let written = std::fs::create_dir_all(folder).and_then(|()| assay_whole_file::write(file, text.as_bytes()));
    written.into_diagnostic().wrap_err_with(|| format!("{} cannot be written", file.display()))
}
