use std::process::Command;

use super::*;

/// Runs cargo on a crate with what is here already: the versions and the build folder of the workspace.
fn cargo(arguments: &[&str], folder: &Path) {
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").canonicalize().unwrap();
    std::fs::copy(workspace.join("Cargo.lock"), folder.join("Cargo.lock")).unwrap();
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| workspace.join("target"), PathBuf::from);
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    // The workspace's own configuration, with its profiles, is looked for from the working directory up.
    command.args(arguments).arg("--offline").arg("--manifest-path").arg(folder.join("Cargo.toml")).current_dir(&workspace);
    let output = command.env("CARGO_TARGET_DIR", target).output().unwrap();
    let said = [output.stdout, output.stderr].concat();
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&said));
    assert!(arguments[0] != "test" || String::from_utf8_lossy(&said).contains("2 passed"), "{}", String::from_utf8_lossy(&said));
}

fn new(name: &str, dynamic: bool) -> (tempfile::TempDir, PathBuf) {
    let scratch = tempfile::tempdir().unwrap();
    let assay = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").canonicalize().unwrap();
    let folder = write(scratch.path(), name, dynamic, &assay).unwrap();
    for entry in ["Cargo.toml", "README.md", "study.toml", "src/lib.rs"] {
        let text = std::fs::read_to_string(folder.join(entry)).unwrap();
        assert!(text.contains(name) && !text.contains("{{"), "{entry}: {text}");
    }
    (scratch, folder)
}

#[test]
fn a_plugin_to_be_loaded_at_run_time_compiles_and_passes_its_test() {
    let (_scratch, folder) = new("my-dynamic-proxy", true);
    cargo(&["test", "--release"], &folder);
}

#[test]
fn a_plugin_to_be_linked_compiles_with_its_test_and_so_does_the_example_by_itself() {
    let (_scratch, folder) = new("my-linked-proxy", false);
    cargo(&["check", "--all-targets"], &folder);
    let example = Path::new(env!("CARGO_MANIFEST_DIR")).join("../plugins/examples/linked-rust");
    cargo(&["check", "--all-targets", "--features", "program"], &example);
}

#[test]
fn a_name_that_is_none_or_taken_is_refused() {
    let scratch = tempfile::tempdir().unwrap();
    let refused = |name: &str| write(scratch.path(), name, true, Path::new("/assay")).unwrap_err().to_string();
    for name in ["My-Proxy", "my_proxy", "", "-", "1-proxy", "a/b"] {
        assert!(refused(name).contains("kebab-case"), "{name}");
    }
    write(scratch.path(), "taken", true, Path::new("/assay")).unwrap();
    assert!(refused("taken").contains("is there already"));
}
