//! `assay completions`: what a shell completes commands and options with.

use clap::Args;
use clap_complete::Shell;

use super::Ending;
use crate::output;

/// What users type.
const NAME: &str = env!("CARGO_PKG_NAME");

/// Print the script by which a shell completes commands and options
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  assay completions bash > ~/.local/share/bash-completion/completions/assay
  assay completions zsh > ~/.zfunc/_assay          with `fpath+=~/.zfunc` in ~/.zshrc
  assay completions fish > ~/.config/fish/completions/assay.fish")]
pub(super) struct Completions {
    /// The shell
    #[arg(value_enum)]
    shell: Shell,
}

impl Completions {
    /// Prints it for this command line.
    pub(super) fn run(self, arguments: clap::Command) -> Result<(), Ending> {
        // Some of the generators name commands that are hidden.
        let mut shown = clap::Command::new(NAME)
            .args(arguments.get_arguments().cloned())
            .subcommands(arguments.get_subcommands().filter(|command| !command.is_hide_set()).cloned());
        // The generator cannot say that a write failed; into memory it cannot fail.
        let mut script = Vec::new();
        clap_complete::generate(self.shell, &mut shown, NAME, &mut script);
        Ok(output::bytes(&script)?)
    }
}
