//! `cargo xtask dist`: a release: the program, what belongs to it, and what it is made of.
#![allow(clippy::print_stdout, reason = "where the release is goes to standard output")]

mod bill;
mod expression;
mod licences;
mod parts;

use std::path::{Path, PathBuf};
use std::process::Command;

use clap::Args;
use miette::{IntoDiagnostic, WrapErr, bail};

use crate::archive::Archive;
use crate::project;
use licences::Allowed;
use parts::Parts;

/// The shells whose completions are a part of a release.
const SHELLS: [(&str, &str); 3] = [("bash", "assay"), ("zsh", "_assay"), ("fish", "assay.fish")];
/// Files and folders of the repository that are in a release as they are.
const AS_THEY_ARE: [&str; 6] = ["README.md", "CHANGELOG.md", "LICENSE-APACHE", "LICENSE-MIT", "configs", "plugins/sdk/include"];

/// Make a release: a tarball with licences, man pages and completions, and the list of its parts
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  cargo xtask dist
  cargo xtask dist --book target/book/html       with the book that `cargo xtask book` made

The tarball is the same to the last byte whenever it is made of the same program. It is for the system that it is made on.
The Python package is a wheel of its own: see python/README.md.")]
pub(crate) struct Dist {
    /// Where to write
    #[arg(long, value_name = "DIR", default_value = "target/dist")]
    output: PathBuf,
    /// The program, where it is built already
    #[arg(long, value_name = "FILE")]
    program: Option<PathBuf>,
    /// A finished book to put in
    #[arg(long, value_name = "DIR")]
    book: Option<PathBuf>,
}

impl Dist {
    pub(crate) fn run(self) -> miette::Result<()> {
        let target = target()?;
        let parts = Parts::of(&project::root().join("."), &target)?;
        let allowed = Allowed::read(&project::root().join("deny.toml"))?;
        let wrong = allowed.refused(&parts);
        if !wrong.is_empty() {
            let help = "do without the crate, or allow its licence in deny.toml after reading it";
            bail!(help = help, "licences that deny.toml does not allow: {}", wrong.join("; "));
        }
        let assay = self.program.map_or_else(project::build_assay, Ok)?;
        let name = format!("assay-{}-{target}", parts.version());
        let mut archive = Archive::new(&name);
        archive.program("bin/assay", &assay)?;
        for path in AS_THEY_ARE {
            archive.path(path, &project::root().join(path))?;
        }
        if let Some(book) = &self.book {
            if !book.join("index.html").is_file() {
                bail!(help = "make it with `cargo xtask book`", "{} has no index.html", book.display());
            }
            archive.path("book", book)?;
        }
        archive.text("THIRD-PARTY.md", &licences::told(&parts)?);
        let bill = bill::cyclonedx(&parts);
        archive.text("assay.cdx.json", &bill);
        made_by(&assay, &mut archive)?;
        std::fs::create_dir_all(&self.output).into_diagnostic().wrap_err_with(|| format!("{} cannot be made", self.output.display()))?;
        let file = self.output.join(format!("{name}.tar.gz"));
        let sum = archive.write(&file)?;
        project::write_whole(&self.output.join(format!("{name}.tar.gz.sha256")), &format!("{sum}  {name}.tar.gz\n"))?;
        project::write_whole(&self.output.join(format!("{name}.cdx.json")), &bill)?;
        println!("{}", file.display());
        Ok(())
    }
}

/// The system that programs are built for here.
fn target() -> miette::Result<String> {
    let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let said = Command::new(rustc).arg("-vV").output().into_diagnostic().wrap_err("rustc cannot be started")?;
    let text = String::from_utf8_lossy(&said.stdout).into_owned();
    let host = text.lines().find_map(|line| line.strip_prefix("host: "));
    host.map(str::to_owned).ok_or_else(|| miette::miette!("`rustc -vV` does not say what it builds for: {text}"))
}

/// What the program itself writes: man pages and completions.
fn made_by(assay: &Path, archive: &mut Archive) -> miette::Result<()> {
    let run = |arguments: &[&std::ffi::OsStr]| -> miette::Result<Vec<u8>> {
        let mut command = Command::new(assay);
        let said = command.args(arguments).output().into_diagnostic().wrap_err_with(|| format!("{} cannot be started", assay.display()))?;
        if !said.status.success() {
            bail!("{command:?} failed: {}", String::from_utf8_lossy(&said.stderr));
        }
        Ok(said.stdout)
    };
    for (shell, file) in SHELLS {
        let script = run(&["completions".as_ref(), shell.as_ref()])?;
        archive.bytes(&format!("completions/{shell}/{file}"), script);
    }
    let scratch = tempfile::tempdir().into_diagnostic().wrap_err("no temporary folder can be made")?;
    run(&["manual".as_ref(), scratch.path().as_os_str()])?;
    archive.path("share/man/man1", scratch.path())
}

#[cfg(test)]
mod tests;
