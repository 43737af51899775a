//! The crates that the program is made of, with what their packages say of themselves.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;

use miette::{IntoDiagnostic, WrapErr, bail, miette};
use serde::Deserialize;

/// The program's package.
const PROGRAM: &str = "assay";

/// A crate of the program.
#[derive(Clone, Debug)]
pub(super) struct Part {
    pub(super) name: String,
    pub(super) version: String,
    /// By an SPDX expression.
    pub(super) licence: Option<String>,
    pub(super) repository: Option<String>,
    /// Where its sources lie.
    pub(super) folder: PathBuf,
    /// The SHA-256 of its package; crates of this repository have none.
    pub(super) checksum: Option<String>,
    /// The parts that it is built from, by their places.
    pub(super) needs: Vec<usize>,
}

/// The program and all that is linked into it.
#[derive(Clone, Debug)]
pub(super) struct Parts {
    /// In the order of names and versions.
    pub(super) all: Vec<Part>,
    /// The place of the program.
    pub(super) program: usize,
}

#[derive(Deserialize)]
struct Metadata {
    packages: Vec<Package>,
    resolve: Resolve,
}

#[derive(Deserialize)]
struct Package {
    id: String,
    name: String,
    version: String,
    license: Option<String>,
    repository: Option<String>,
    manifest_path: PathBuf,
}

#[derive(Deserialize)]
struct Resolve {
    nodes: Vec<Node>,
}

#[derive(Deserialize)]
struct Node {
    id: String,
    dependencies: Vec<String>,
}

impl Parts {
    /// Those of the program for this system, by the lock file of the repository `root`.
    pub(super) fn of(root: &Path, target: &str) -> miette::Result<Self> {
        // The metadata knows everything about every crate of the lock file; the tree knows which are linked into the program.
        let tree = cargo(
            root,
            &[
                "tree",
                "--locked",
                "--edges",
                "normal,no-proc-macro",
                "--target",
                target,
                "--package",
                PROGRAM,
                "--prefix",
                "none",
                "--format",
                "{p}",
            ],
        )?;
        let linked: BTreeSet<(&str, &str)> = tree.lines().filter_map(named).collect();
        let metadata = cargo(root, &["metadata", "--locked", "--format-version", "1", "--filter-platform", target])?;
        let metadata: Metadata = serde_json::from_str(&metadata).into_diagnostic().wrap_err("cargo's metadata cannot be read")?;
        let lock = std::fs::read_to_string(root.join("Cargo.lock")).into_diagnostic().wrap_err("Cargo.lock cannot be read")?;
        Self::joined(&linked, metadata, &checksums(&lock)?)
    }

    fn joined(linked: &BTreeSet<(&str, &str)>, metadata: Metadata, checksums: &BTreeMap<(String, String), String>) -> miette::Result<Self> {
        let mut packages = metadata.packages;
        packages.retain(|package| linked.contains(&(package.name.as_str(), package.version.as_str())));
        packages.sort_by(|one, other| (&one.name, &one.version).cmp(&(&other.name, &other.version)));
        if packages.len() != linked.len() {
            bail!("cargo's tree has {} crates, and its metadata knows {} of them", linked.len(), packages.len());
        }
        let places: BTreeMap<&str, usize> = packages.iter().enumerate().map(|(place, package)| (package.id.as_str(), place)).collect();
        let needs = |id: &str| -> Vec<usize> {
            let node = metadata.resolve.nodes.iter().find(|node| node.id == id);
            let mut needs: Vec<usize> =
                node.iter().flat_map(|node| &node.dependencies).filter_map(|id| places.get(id.as_str()).copied()).collect();
            needs.sort_unstable();
            needs
        };
        let needs: Vec<Vec<usize>> = packages.iter().map(|package| needs(&package.id)).collect();
        let program =
            packages.iter().position(|package| package.name == PROGRAM).ok_or_else(|| miette!("{PROGRAM} is not in its own tree"))?;
        let part = |(package, needs): (Package, Vec<usize>)| Part {
            checksum: checksums.get(&(package.name.clone(), package.version.clone())).cloned(),
            folder: package.manifest_path.parent().unwrap_or(Path::new(".")).to_owned(),
            name: package.name,
            version: package.version,
            licence: package.license,
            repository: package.repository,
            needs,
        };
        Ok(Self { all: packages.into_iter().zip(needs).map(part).collect(), program })
    }

    /// The version of the program.
    pub(super) fn version(&self) -> &str {
        &self.all[self.program].version
    }

    /// Those that are not of this repository.
    pub(super) fn of_others(&self) -> impl Iterator<Item = &Part> {
        self.all.iter().filter(|part| part.checksum.is_some())
    }
}

/// The name and version that a line of `cargo tree` begins with: `clap v4.6.7 (*)`.
fn named(line: &str) -> Option<(&str, &str)> {
    let mut words = line.split_whitespace();
    Some((words.next()?, words.next()?.strip_prefix('v')?))
}

/// What the lock file says that packages have to be, by name and version.
fn checksums(lock: &str) -> miette::Result<BTreeMap<(String, String), String>> {
    #[derive(Deserialize)]
    struct Lock {
        package: Vec<Locked>,
    }
    #[derive(Deserialize)]
    struct Locked {
        name: String,
        version: String,
        checksum: Option<String>,
    }
    let lock: Lock = toml_edit::de::from_str(lock).into_diagnostic().wrap_err("Cargo.lock cannot be read")?;
    Ok(lock.package.into_iter().filter_map(|locked| Some(((locked.name, locked.version), locked.checksum?))).collect())
}

fn cargo(root: &Path, arguments: &[&str]) -> miette::Result<String> {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    let said = command.args(arguments).current_dir(root).output().into_diagnostic().wrap_err("cargo cannot be started")?;
    if !said.status.success() {
        bail!("{command:?}: {}", String::from_utf8_lossy(&said.stderr));
    }
    String::from_utf8(said.stdout).into_diagnostic().wrap_err("cargo says something that is not text")
}

#[cfg(test)]
impl Parts {
    /// Made-up crates: a name, a licence, and where its sources lie. The first is the program.
    pub(super) fn made_up(parts: &[(&str, &str, &Path)]) -> Self {
        let part = |(place, (name, licence, folder)): (usize, &(&str, &str, &Path))| Part {
            name: (*name).into(),
            version: "1.2.3".into(),
            licence: (!licence.is_empty()).then(|| (*licence).into()),
            repository: None,
            folder: (*folder).into(),
            checksum: (place > 0).then(|| "ab".repeat(32)),
            needs: if place == 0 { (1..parts.len()).collect() } else { Vec::new() },
        };
        Self { all: parts.iter().enumerate().map(part).collect(), program: 0 }
    }
}
