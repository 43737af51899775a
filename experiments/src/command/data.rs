//! `assay data`: fetches datasets.

use std::ops::ControlFlow;
use std::path::PathBuf;

use clap::{Args, Subcommand};
use indicatif::{ProgressBar, ProgressStyle};

use super::Ending;
use super::tabular::{render, table};
use crate::datasets::{FetchError, Progress, fetch, folder_of, places};
use crate::failure::Failure;
use crate::interrupt::Interrupt;
use crate::output::{out, tell};

/// Fetch a dataset, or list the datasets
#[derive(Debug, Args)]
#[command(arg_required_else_help = true, after_help = "Example: assay data fetch cifar10")]
pub(super) struct Data {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// List the datasets and where their files are looked for
    #[command(after_help = "Example: assay data list")]
    List,
    /// Download a dataset, check it and put it where the dataset of that name looks for it
    #[command(after_help = "\
Example: assay data fetch cifar10

What was downloaded of an interrupted fetch is continued. The data directory is ASSAY_DATA, else the platform's.")]
    Fetch {
        /// The dataset's name
        #[arg(value_name = "NAME")]
        name: String,
        /// Another folder [default: datasets/NAME in the data directory]
        #[arg(long, value_name = "DIR")]
        into: Option<PathBuf>,
    },
}

impl Data {
    pub(super) fn run(self) -> Result<(), Ending> {
        match self.action {
            Action::List => list(),
            Action::Fetch { name, into } => {
                let into = match into {
                    Some(into) => into,
                    None => folder_of(&name)?,
                };
                fetch_into(&name, &into)
            }
        }
    }
}

fn list() -> Result<(), Ending> {
    let mut rows = table(&["dataset", "files", "what it is"]);
    for place in places()? {
        let here = if place.folder.exists() { place.folder.display().to_string() } else { "none in the data directory".into() };
        rows.add_row([place.name, &here, place.summary]);
    }
    out!("{}", render(&rows))?;
    Ok(())
}

fn fetch_into(name: &str, into: &std::path::Path) -> Result<(), Ending> {
    let interrupt = Interrupt::listen(|| tell!("Stopping; press Ctrl-C again to end at once."))
        .map_err(|error| Failure::new(format!("Ctrl-C cannot be listened for: {error}")))?;
    let bar = ProgressBar::no_length();
    if let Ok(style) = ProgressStyle::with_template("{msg} [{wide_bar}] {bytes}/{total_bytes} · {bytes_per_sec} · {eta} left") {
        bar.set_style(style.progress_chars("=> "));
    }
    let mut report = |progress: Progress<'_>| {
        match progress {
            Progress::Asking { source } => bar.suspend(|| tell!("asking {source}")),
            Progress::Unavailable { source, reason } => bar.suspend(|| tell!("{source} cannot serve: {reason}")),
            Progress::Downloading { done, total } => {
                bar.set_message("downloading");
                total.into_iter().for_each(|total| bar.set_length(total));
                bar.set_position(done);
            }
            Progress::Unpacking { file } => bar.set_message(format!("checking {file}")),
        }
        if interrupt.is_asked() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    };
    let fetched = fetch(name, into, &mut report);
    bar.finish_and_clear();
    match fetched {
        Ok(fetched) => {
            out!("{}: {}\nfrom {}", fetched.folder.display(), fetched.files.join(", "), fetched.source)?;
            Ok(())
        }
        Err(error @ FetchError::Stopped) => {
            tell!("{error}");
            Err(Ending::Interrupted)
        }
        Err(error) => Err(Failure::new(error.to_string()).into()),
    }
}
