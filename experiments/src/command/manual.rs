//! `assay manual`: man pages, made of what `--help` says.

use std::path::{Path, PathBuf};

use clap::Args;
use clap_mangen::Man;

use super::Ending;
use crate::failure::Failure;
use crate::output::out;

/// Write man pages of the program and of each of its commands
#[derive(Debug, Args)]
#[command(after_help = "Example: assay manual ~/.local/share/man/man1      then: man assay-score")]
pub(super) struct Manual {
    /// The folder to write them into
    #[arg(value_name = "DIR")]
    folder: PathBuf,
}

impl Manual {
    /// Writes those of this command line.
    pub(super) fn run(self, mut arguments: clap::Command) -> Result<(), Ending> {
        std::fs::create_dir_all(&self.folder)
            .map_err(|error| Failure::new(format!("`{}` cannot be made: {error}", self.folder.display())))?;
        arguments.build();
        let mut written = 0;
        write(arguments, &self.folder, &mut written)?;
        out!("{written} pages are in {}", self.folder.display())?;
        Ok(())
    }
}

/// Writes the page of a command, and those of the commands within it.
fn write(command: clap::Command, folder: &Path, written: &mut u32) -> Result<(), Failure> {
    // `help` repeats all others.
    let within: Vec<clap::Command> =
        command.get_subcommands().filter(|one| !one.is_hide_set() && one.get_name() != "help").cloned().collect();
    let page = Man::new(command);
    let file = folder.join(page.get_filename());
    let mut text = Vec::new();
    page.render(&mut text)
        .and_then(|()| assay_whole_file::write(&file, &text))
        .map_err(|error| Failure::new(format!("`{}` cannot be written: {error}", file.display())))?;
    *written += 1;
    within.into_iter().try_for_each(|command| write(command, folder, written))
}
