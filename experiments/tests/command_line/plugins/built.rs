//! The examples of plugins, built as their authors would build them.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Mutex, OnceLock, PoisonError};

fn repository() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
}

/// What cargo builds goes where the program under test was built, so that dependencies are built once.
fn target() -> PathBuf {
    let release = assert_cmd::cargo::cargo_bin!("assay").parent().unwrap();
    release.parent().unwrap().to_owned()
}

/// The shared library of an example in Rust.
pub(super) fn cargo(example: &str) -> PathBuf {
    static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());
    let _turn = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
    let folder = repository().join("plugins/examples").join(example);
    // The versions that the workspace has are here; a plugin needs no others.
    let lock = folder.join("Cargo.lock");
    if !lock.exists() {
        std::fs::copy(repository().join("Cargo.lock"), lock).unwrap();
    }
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.args(["build", "--release", "--offline", "--quiet", "--manifest-path"]).arg(folder.join("Cargo.toml"));
    let built = command.env("CARGO_TARGET_DIR", target()).output().unwrap();
    assert!(built.status.success(), "{example}: {}", String::from_utf8_lossy(&built.stderr));
    let name = format!("{}{}{}", std::env::consts::DLL_PREFIX, example.replace('-', "_"), std::env::consts::DLL_SUFFIX);
    target().join("release").join(name)
}

/// A shared library of one file in C, with these macros defined.
pub(crate) fn c(source: &Path, name: &str, macros: &[&str]) -> PathBuf {
    let folder = target().join("plugins-in-c");
    std::fs::create_dir_all(&folder).unwrap();
    let library = folder.join(format!("lib{name}{}", std::env::consts::DLL_SUFFIX));
    // Tests run at once, in one process or in several: whoever is last puts down the same file as the others.
    let unfinished = tempfile::NamedTempFile::new_in(&folder).unwrap();
    let mut command = Command::new("cc");
    command.args(["-std=c11", "-Wall", "-Wextra", "-Wpedantic", "-Werror", "-shared", "-fPIC", "-O2", "-I"]);
    command.arg(repository().join("plugins/sdk/include")).args(macros.iter().map(|name| format!("-D{name}")));
    let built = command.arg(source).arg("-o").arg(unfinished.path()).arg("-lm").output().unwrap();
    assert!(built.status.success(), "{name}: {}", String::from_utf8_lossy(&built.stderr));
    unfinished.persist(&library).unwrap();
    library
}

/// The example in C.
pub(super) fn pattern_kernel() -> &'static Path {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    BUILT.get_or_init(|| c(&repository().join("plugins/examples/runtime-c/pattern_kernel.c"), "pattern_kernel", &[]))
}

/// The example in Rust.
pub(super) fn runtime_rust() -> &'static Path {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    BUILT.get_or_init(|| cargo("runtime-rust"))
}

/// The example of a space and a strategy.
pub(super) fn runtime_search() -> &'static Path {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    BUILT.get_or_init(|| cargo("runtime-search"))
}

/// The proxy that fails in the way its settings say.
pub(super) fn faulty_rust() -> &'static Path {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    BUILT.get_or_init(|| cargo("faulty-rust"))
}

/// A plugin in C with one thing wrong with it.
pub(super) fn wrong(what: &str) -> PathBuf {
    let source = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/command_line/plugins/wrong.c"));
    c(source, &what.to_lowercase(), &[what])
}

/// An example of this package.
pub(super) fn example(name: &str) -> PathBuf {
    let program = assert_cmd::cargo::cargo_bin!("assay").with_file_name("examples").join(name);
    assert!(
        program.exists(),
        "{} is not built; cargo test -p assay builds it, and cargo build --release -p assay --examples",
        program.display()
    );
    program
}
