//! `cargo xtask book`: the documents of this repository as one book, to be read without a network.
#![allow(clippy::print_stdout, reason = "where the book is goes to standard output")]

mod gallery;
mod html;
mod pages;

use std::path::{Path, PathBuf};
use std::process::Command;

use clap::Args;
use miette::{IntoDiagnostic, WrapErr, bail};

use crate::project;

/// What makes HTML of pages, and how one gets it.
const BUILDER: &str = "mdbook";
const INSTALL: &str = "cargo install mdbook --locked --no-default-features --features search";

/// Build the book of all documents, with its pictures: target/book/html
#[derive(Debug, Args)]
#[command(after_help = "\
Example: cargo xtask book && xdg-open target/book/html/index.html

It needs mdbook: cargo install mdbook --locked --no-default-features --features search
The pictures of the gallery are made by the commands that stand on its page.")]
pub(crate) struct Book {
    /// The folder to make it in
    #[arg(long, value_name = "DIR")]
    output: Option<PathBuf>,
    /// The program that makes the pictures, where it is built already
    #[arg(long, value_name = "FILE")]
    program: Option<PathBuf>,
    /// mdbook [default: what the variable MDBOOK names, else what is found by its name]
    #[arg(long, value_name = "FILE")]
    mdbook: Option<PathBuf>,
}

impl Book {
    pub(crate) fn run(self) -> miette::Result<()> {
        let builder = self.mdbook.unwrap_or_else(builder);
        if !is_there(&builder) {
            bail!(help = format!("install it with `{INSTALL}`, or name it with --mdbook"), "{} cannot be started", builder.display());
        }
        let assay = self.program.map_or_else(project::build_assay, Ok)?;
        let folder = self.output.unwrap_or_else(|| project::root().join("target/book"));
        let index = build(&builder, &assay, &folder)?;
        println!("{}", index.display());
        Ok(())
    }
}

/// What is called where nothing is named.
fn builder() -> PathBuf {
    std::env::var_os("MDBOOK").map_or_else(|| PathBuf::from(BUILDER), PathBuf::from)
}

/// Whether the program can be started.
fn is_there(builder: &Path) -> bool {
    Command::new(builder).arg("--version").output().is_ok_and(|said| said.status.success())
}

/// Makes the book in this folder, and gives its first page.
fn build(builder: &Path, assay: &Path, folder: &Path) -> miette::Result<PathBuf> {
    let wrong = |what: &str| format!("{what} {}", folder.display());
    if folder.exists() {
        // Only what an earlier book left: another folder that was named by mistake stays.
        if !folder.join("book.toml").is_file() && folder.read_dir().is_ok_and(|mut entries| entries.next().is_some()) {
            bail!(help = "name an empty folder with --output", "{} holds other things than a book", folder.display());
        }
        std::fs::remove_dir_all(folder).into_diagnostic().wrap_err_with(|| wrong("an earlier book cannot be removed from"))?;
    }
    let source = folder.join("src");
    pages::write(&project::root().join("."), &source)?;
    std::fs::copy(project::root().join("docs/book.toml"), folder.join("book.toml"))
        .into_diagnostic()
        .wrap_err_with(|| wrong("the book's settings cannot be copied to"))?;
    gallery::make(assay, &source)?;
    let mut command = Command::new(builder);
    let said = command.arg("build").arg(folder).output().into_diagnostic().wrap_err("mdbook cannot be started")?;
    if !said.status.success() {
        bail!("{command:?} failed: {}", String::from_utf8_lossy(&said.stderr));
    }
    let html = folder.join("html");
    let findings = html::check(&html).into_diagnostic().wrap_err("the finished book cannot be read")?;
    if !findings.is_empty() {
        bail!("the book is not whole: {}", findings.join("; "));
    }
    Ok(html.join("index.html"))
}

#[cfg(test)]
mod tests;
