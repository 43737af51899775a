//! `cargo xtask docs`: the reference pages in `docs/reference`, written from what `assay list` knows and from the comments at
//! the heads of the plugins' files.

mod head;
mod listed;
mod page;

use std::path::{Path, PathBuf};

use clap::Args;
use miette::{IntoDiagnostic, WrapErr, bail};

use crate::project;
use crate::source::{KINDS, Registered, Tree, registered};
use listed::Listed;

/// Where the pages are, from the root of the repository.
const FOLDER: &str = "docs/reference";
/// What `assay list` and its page are called for the form of experiment files.
const SECTIONS: (&str, &str) = ("sections", "experiment");

/// Write the reference pages of every plugin, every setting and the experiment file: docs/reference
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  cargo xtask docs
  cargo xtask docs --check       fails where a page is not up to date")]
pub(crate) struct Docs {
    /// Write nothing; fail where a page is not what would be written
    #[arg(long)]
    check: bool,
    /// The program, where it is built already
    #[arg(long, value_name = "FILE")]
    program: Option<PathBuf>,
}

/// A page and its text.
struct Page {
    file: String,
    text: String,
}

impl Docs {
    pub(crate) fn run(self) -> miette::Result<()> {
        let assay = self.program.map_or_else(project::build_assay, Ok)?;
        let tree = Tree::read(&project::root().join(".")).into_diagnostic().wrap_err("the repository cannot be read")?;
        let pages = pages(&registered(&tree), |what| Listed::of(&assay, what))?;
        if self.check {
            return check(&pages, &tree);
        }
        for Page { file, text } in &pages {
            project::write_whole(&project::root().join(file), text)?;
        }
        eprintln!("{} pages are in {}", pages.len(), project::root().join(FOLDER).display());
        Ok(())
    }
}

/// All pages; `list` gives what is listed under a name.
fn pages(registered: &[Registered<'_>], list: impl Fn(&str) -> miette::Result<Vec<Listed>>) -> miette::Result<Vec<Page>> {
    let mut pages = Vec::new();
    for (contract, kind) in KINDS {
        let sources: Vec<&Registered<'_>> = registered.iter().filter(|plugin| plugin.contract == contract).collect();
        pages.push(Page { file: file_of(kind), text: page::of_plugins(kind, &list(kind)?, &sources) });
    }
    let (sections, name) = SECTIONS;
    pages.push(Page { file: file_of(name), text: page::of_sections(&list(sections)?) });
    Ok(pages)
}

fn file_of(page: &str) -> String {
    Path::new(FOLDER).join(page).with_extension("md").display().to_string()
}

/// Whether the pages are what they would be written as, and there are no others.
fn check(pages: &[Page], tree: &Tree) -> miette::Result<()> {
    let is_stale = |page: &&Page| tree.file(&page.file).is_none_or(|file| file.text != page.text);
    let mut wrong: Vec<String> = pages.iter().filter(is_stale).map(|page| format!("{} is not up to date", page.file)).collect();
    let others = tree.files.iter().filter(|file| file.path.starts_with(FOLDER) && pages.iter().all(|page| page.file != file.path));
    wrong.extend(others.map(|file| format!("{} is not a page of any kind of plugin", file.path)));
    if !wrong.is_empty() {
        bail!(help = "run `cargo xtask docs`, and commit what it writes", "{}", wrong.join("; "));
    }
    Ok(())
}

#[cfg(test)]
mod tests;
