//! The pictures and reports of the gallery, made by the commands on its page.

use std::path::Path;
use std::process::Command;

use assay_documents::{blocks, commands};
use miette::{IntoDiagnostic, WrapErr, bail};

use crate::project;

/// The page, and the folder beside it in which its commands leave what it shows.
const PAGE: &str = "docs/gallery.md";
const FOLDER: &str = "gallery";

/// Runs the commands, with `assay` for the program, and puts what they leave beside the page.
pub(super) fn make(assay: &Path, source: &Path) -> miette::Result<()> {
    let scratch = tempfile::tempdir().into_diagnostic().wrap_err("no temporary folder can be made")?;
    let page = std::fs::read_to_string(project::root().join(PAGE)).into_diagnostic().wrap_err_with(|| format!("{PAGE} cannot be read"))?;
    let blocks = blocks(&page);
    copy(&project::root().join("configs"), &scratch.path().join("configs"))?;
    for block in &blocks {
        if let Some(file) = block.file() {
            project::write_whole(&scratch.path().join(file), &block.text)?;
        }
    }
    let assay = assay.canonicalize().into_diagnostic().wrap_err_with(|| format!("{} is not there", assay.display()))?;
    for line in blocks.iter().filter(|block| block.language == "sh").flat_map(commands) {
        let mut command = Command::new("bash");
        command.arg("-c").arg(format!("assay() {{ \"$ASSAY\" \"$@\"; }}\n{}", line.text)).current_dir(scratch.path());
        // Without the data and the plugins of whoever builds the book.
        command.env("ASSAY", &assay).env("ASSAY_DATA", scratch.path().join("data")).env_remove("ASSAY_PLUGINS");
        let said = command.output().into_diagnostic().wrap_err("bash cannot be started")?;
        if !said.status.success() {
            bail!("{PAGE}:{}: `{}` failed: {}", line.line, line.text, String::from_utf8_lossy(&said.stderr));
        }
    }
    copy(&scratch.path().join(FOLDER), &source.join(PAGE).with_file_name(FOLDER))
}

/// Copies a folder with all that is in it.
fn copy(from: &Path, to: &Path) -> miette::Result<()> {
    let failed = || format!("{} cannot be copied", from.display());
    std::fs::create_dir_all(to).into_diagnostic().wrap_err_with(failed)?;
    for entry in std::fs::read_dir(from).into_diagnostic().wrap_err_with(failed)? {
        let entry = entry.into_diagnostic().wrap_err_with(failed)?;
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &target)?;
        } else {
            std::fs::copy(entry.path(), target).into_diagnostic().wrap_err_with(failed)?;
        }
    }
    Ok(())
}
