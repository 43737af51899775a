//! `cargo xtask wheel`: the Python package as a wheel for this machine, packed out of what a release build of the workspace left.
//!
//! maturin makes such wheels too. It builds that one package, whose dependencies then have other features than those of the workspace, so
//! that nearly all crates are built a second time. What is packed here is what stands in the target folder, and its tag says on which
//! systems that loads.

mod platform;

use std::io::{Cursor, Write};
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use clap::Args;
use miette::{IntoDiagnostic, WrapErr, bail};
use serde::Deserialize;
use sha2::{Digest, Sha256};
use zip::write::{SimpleFileOptions, ZipWriter};

use self::platform::Platform;
use crate::project;

/// The compiled part, as the package imports it.
const COMPILED: &str = "assay/_native.abi3.so";

/// Pack the Python package as a wheel, out of a release build of the workspace
///
/// Its tag names the oldest GNU C library that the compiled part loads with. Linked by zig, that is 2.17 (`python/README.md`).
#[derive(Debug, Args)]
#[command(after_help = "\
Example:
  cargo build --release --workspace && cargo xtask wheel && pip install target/wheels/assay-*.whl")]
pub(crate) struct Wheel {
    /// The built library [default: that of the target folder]
    #[arg(long, value_name = "FILE")]
    library: Option<PathBuf>,
    /// Where the wheel goes [default: wheels in the target folder]
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
}

/// What `pyproject.toml` says of the package.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Package {
    name: String,
    description: String,
    requires_python: String,
    license: String,
    optional_dependencies: std::collections::BTreeMap<String, Vec<String>>,
    scripts: std::collections::BTreeMap<String, String>,
}

#[derive(Debug, Deserialize)]
struct Project {
    project: Package,
}

impl Wheel {
    pub(crate) fn run(self) -> miette::Result<()> {
        if !cfg!(target_os = "linux") {
            bail!("a wheel is packed on Linux alone; elsewhere maturin makes one, see python/README.md");
        }
        let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| project::root().join("target"), PathBuf::from);
        let library = self.library.unwrap_or_else(|| target.join("release/lib_native.so"));
        let compiled = std::fs::read(&library)
            .into_diagnostic()
            .wrap_err_with(|| format!("{} cannot be read; `cargo build --release --workspace` makes it", library.display()))?;
        let platform =
            Platform::of(&compiled).wrap_err_with(|| format!("{} is not a shared library of this machine", library.display()))?;
        if let Platform::Here(needed) = &platform {
            eprintln!("the library needs {}, which not every Linux has: the wheel is for this machine alone", needed.join(", "));
        }
        let folder = project::root().join("python");
        let (name, bytes) = packed(&folder, &compiled, &platform)?;
        let out = self.out.unwrap_or_else(|| target.join("wheels"));
        let file = out.join(name);
        let written = std::fs::create_dir_all(&out).and_then(|()| assay_whole_file::write(&file, &bytes));
        written.into_diagnostic().wrap_err_with(|| format!("{} cannot be written", file.display()))?;
        eprintln!("written to {}", file.display());
        Ok(())
    }
}

/// The wheel of the package in a folder with this compiled part, which loads there: its file's name, and its bytes.
fn packed(folder: &Path, compiled: &[u8], platform: &Platform) -> miette::Result<(String, Vec<u8>)> {
    let read = |path: &Path| std::fs::read(path).into_diagnostic().wrap_err_with(|| format!("{} cannot be read", path.display()));
    let project = String::from_utf8(read(&folder.join("pyproject.toml"))?).into_diagnostic()?;
    let Project { project: package } = toml_edit::de::from_str(&project).into_diagnostic().wrap_err("python/pyproject.toml")?;
    let (version, tag) = (env!("CARGO_PKG_VERSION"), tag(&package.requires_python, platform)?);
    let about = format!("{}-{version}.dist-info", package.name);
    let readme = String::from_utf8(read(&folder.join("README.md"))?).into_diagnostic()?;
    let mut files = sources(&folder.join(&package.name), &package.name)?;
    files.push((COMPILED.to_owned(), compiled.to_owned()));
    files.push((format!("{about}/METADATA"), metadata(&package, version, &readme).into_bytes()));
    let wheel = format!("Wheel-Version: 1.0\nGenerator: cargo xtask wheel\nRoot-Is-Purelib: false\nTag: {tag}\n");
    files.push((format!("{about}/WHEEL"), wheel.into_bytes()));
    let scripts = package.scripts.iter().map(|(name, of)| format!("{name}={of}\n"));
    files.push((format!("{about}/entry_points.txt"), format!("[console_scripts]\n{}", scripts.collect::<String>()).into_bytes()));
    let record = format!("{about}/RECORD");
    let lines = files.iter().map(|(name, bytes)| {
        let digest = URL_SAFE_NO_PAD.encode(Sha256::digest(bytes));
        format!("{name},sha256={digest},{}\n", bytes.len())
    });
    files.push((record.clone(), format!("{}{record},,\n", lines.collect::<String>()).into_bytes()));
    Ok((format!("{}-{version}-{tag}.whl", package.name), zipped(&files).into_diagnostic().wrap_err("the wheel cannot be packed")?))
}

/// From which Python on, by the stable interface, and on which machines: `cp311-abi3-manylinux_2_35_x86_64` of `>=3.11`.
fn tag(requires_python: &str, platform: &Platform) -> miette::Result<String> {
    let least = requires_python.strip_prefix(">=").and_then(|version| version.split_once('.'));
    let Some((major, minor)) = least else { bail!("`requires-python` is `{requires_python}`, not the least version: >=3.11") };
    Ok(format!("cp{major}{minor}-abi3-{platform}"))
}

/// The Python files of the package and its folders, by name within the wheel.
fn sources(folder: &Path, within: &str) -> miette::Result<Vec<(String, Vec<u8>)>> {
    let entries = std::fs::read_dir(folder).and_then(|entries| entries.collect::<Result<Vec<_>, _>>());
    let mut entries = entries.into_diagnostic().wrap_err_with(|| format!("{} cannot be read", folder.display()))?;
    entries.sort_by_key(std::fs::DirEntry::file_name);
    let mut files = Vec::new();
    for entry in entries {
        let (path, name) = (entry.path(), format!("{within}/{}", entry.file_name().to_string_lossy()));
        if path.is_dir() {
            files.extend(sources(&path, &name)?);
        } else if path.extension().is_some_and(|extension| ["py", "pyi", "typed"].iter().any(|known| extension == *known)) {
            let bytes = std::fs::read(&path).into_diagnostic().wrap_err_with(|| format!("{} cannot be read", path.display()))?;
            files.push((name, bytes));
        }
    }
    Ok(files)
}

fn metadata(package: &Package, version: &str, readme: &str) -> String {
    let Package { name, description, requires_python, license, optional_dependencies, .. } = package;
    let extra = |(extra, needs): (&String, &Vec<String>)| {
        let needs: String = needs.iter().map(|needed| format!("Requires-Dist: {needed}; extra == \"{extra}\"\n")).collect();
        format!("Provides-Extra: {extra}\n{needs}")
    };
    let extras: String = optional_dependencies.iter().map(extra).collect();
    format!(
        "Metadata-Version: 2.4\nName: {name}\nVersion: {version}\nSummary: {description}\nLicense-Expression: {license}\n\
         Requires-Python: {requires_python}\n{extras}Description-Content-Type: text/markdown; charset=UTF-8\n\n{readme}"
    )
}

fn zipped(files: &[(String, Vec<u8>)]) -> zip::result::ZipResult<Vec<u8>> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in files {
        let mode = if name == COMPILED { 0o755 } else { 0o644 };
        zip.start_file(name.as_str(), SimpleFileOptions::default().unix_permissions(mode).compression_level(Some(1)))?;
        zip.write_all(bytes)?;
    }
    Ok(zip.finish()?.into_inner())
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use super::*;

    #[test]
    fn a_wheel_holds_the_package_its_compiled_part_and_a_record_of_every_file() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../python");
        let (name, bytes) = packed(&folder, b"compiled", &Platform::Glibc(2, 17)).unwrap();
        assert!(name.starts_with("assay-") && name.contains("-cp311-abi3-manylinux_2_17_"), "{name}");
        let mut zip = zip::ZipArchive::new(Cursor::new(bytes)).unwrap();
        let names: Vec<String> = zip.file_names().map(|name| name.unwrap().into_owned()).collect();
        let mut read = |name: &str| {
            let mut bytes = Vec::new();
            zip.by_name(name).unwrap().read_to_end(&mut bytes).unwrap();
            bytes
        };
        assert_eq!(read(COMPILED), b"compiled");
        assert_eq!(read("assay/__init__.py"), std::fs::read(folder.join("assay/__init__.py")).unwrap());
        assert!(names.iter().all(|name| !name.contains("__pycache__")), "{names:?}");
        let about = |file: &str| names.iter().find(|name| name.ends_with(file)).unwrap().clone();
        let metadata = String::from_utf8(read(&about("/METADATA"))).unwrap();
        assert!(metadata.contains("\nRequires-Python: >=3.11\n") && metadata.contains("; extra == \"test\"\n"), "{metadata}");
        assert_eq!(read(&about("/entry_points.txt")), b"[console_scripts]\nassay=assay.__main__:main\n");
        let record = String::from_utf8(read(&about("/RECORD"))).unwrap();
        assert_eq!(record.lines().count(), names.len());
        for line in record.lines() {
            let [name, digest, size] = line.split(',').collect::<Vec<_>>()[..] else { panic!("{line}") };
            let bytes = read(name);
            let own = if name.ends_with("/RECORD") { String::new() } else { bytes.len().to_string() };
            assert_eq!(size, own, "{name}");
            let expected = format!("sha256={}", URL_SAFE_NO_PAD.encode(Sha256::digest(&bytes)));
            assert!(digest == expected || own.is_empty(), "{name}: {digest}");
        }
    }

    #[test]
    fn a_range_of_pythons_that_has_no_least_version_is_refused() {
        assert!(tag("==3.12", &Platform::Glibc(2, 17)).unwrap_err().to_string().contains(">=3.11"));
    }
}
