//! `cargo xtask new-plugin`: a crate for a plugin of one's own, which compiles, has a test and a README.
#![allow(clippy::print_stdout, reason = "what to do next goes to standard output")]

use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use miette::{IntoDiagnostic, WrapErr, bail};

use crate::project;

/// Make a crate for a plugin: linked into a program of its own, or loaded at run time
#[derive(Debug, Args)]
#[command(
    arg_required_else_help = true,
    after_help = "\
Examples:
  cargo xtask new-plugin proxy my-proxy --dynamic       a shared library, found by plugins.path
  cargo xtask new-plugin proxy my-proxy --path ../      in ../my-proxy, linked into a program of its own"
)]
pub(crate) struct NewPlugin {
    /// The kind of plugin
    #[arg(value_enum)]
    kind: Kind,
    /// Its name in experiment files, in kebab-case; also the crate's
    name: String,
    /// Loaded at run time from a shared library, by a stable interface, in place of linked
    #[arg(long)]
    dynamic: bool,
    /// The folder in which the crate's folder is made
    #[arg(long, value_name = "DIR", default_value = ".")]
    path: PathBuf,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Kind {
    /// A zero-cost proxy
    Proxy,
}

const DYNAMIC: &[(&str, &str)] = &[
    ("Cargo.toml", include_str!("templates/dynamic/Cargo.toml")),
    ("README.md", include_str!("templates/dynamic/README.md")),
    ("study.toml", include_str!("templates/dynamic/study.toml")),
    ("src/lib.rs", include_str!("templates/dynamic/lib.rs")),
];

const LINKED: &[(&str, &str)] = &[
    ("Cargo.toml", include_str!("templates/linked/Cargo.toml")),
    ("README.md", include_str!("templates/linked/README.md")),
    ("study.toml", include_str!("templates/linked/study.toml")),
    ("src/lib.rs", include_str!("templates/linked/lib.rs")),
    ("src/main.rs", include_str!("templates/linked/main.rs")),
];

impl NewPlugin {
    pub(crate) fn run(self) -> miette::Result<()> {
        let Kind::Proxy = self.kind;
        let assay = project::root().join(".").canonicalize().into_diagnostic().wrap_err("the repository cannot be found")?;
        let folder = write(&self.path, &self.name, self.dynamic, &assay)?;
        println!("{} is there; its README.md says how to build it and use it.", folder.display());
        Ok(())
    }
}

/// Writes the crate and gives its folder. `assay` is the repository that it depends on.
fn write(into: &Path, name: &str, dynamic: bool, assay: &Path) -> miette::Result<PathBuf> {
    let is_kebab_case =
        name.split('-').all(|word| !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit()));
    if !is_kebab_case || !name.starts_with(|first: char| first.is_ascii_lowercase()) {
        bail!("`{name}` cannot be the name of a plugin: write it in kebab-case, such as my-proxy");
    }
    let folder = into.join(name);
    if folder.exists() {
        bail!("{} is there already; choose another name, or another folder with --path", folder.display());
    }
    let version = env!("CARGO_PKG_RUST_VERSION");
    let library = name.replace('-', "_");
    let kind: String = name.split('-').map(capitalised).collect();
    let values = [("NAME", name), ("LIBRARY", &library), ("TYPE", &kind), ("RUST", version), ("ASSAY", &assay.display().to_string())];
    for (file, template) in if dynamic { DYNAMIC } else { LINKED } {
        let text = values.iter().fold((*template).to_owned(), |text, (key, value)| text.replace(&format!("{{{{{key}}}}}"), value));
        project::write_whole(&folder.join(file), &text)?;
    }
    Ok(folder)
}

fn capitalised(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map(|first| first.to_ascii_uppercase().to_string() + letters.as_str()).unwrap_or_default()
}

#[cfg(test)]
mod tests;
