//! `assay benchmark`: imports, fetches and queries ground truth.

use std::io::IsTerminal;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use assay_benchmarks::fetch::{self, FetchError, fetch};
use assay_core::data::user_data_directory;
use assay_core::plugin::import::{self, ImportError, Importer};
use clap::{Args, Subcommand};
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::{Value, json};

use super::Ending;
use super::query::Query;
use super::tabular::{render, table};
use crate::failure::Failure;
use crate::interrupt::Interrupt;
use crate::output::{self, out, tell};

/// Between two lines of progress where there is no terminal.
const PAUSE: Duration = Duration::from_secs(10);

/// Import, fetch or query a benchmark's ground truth, or list the benchmarks
#[derive(Debug, Args)]
#[command(arg_required_else_help = true, after_help = "Example: assay benchmark import nas-bench-201 nb201.csv")]
pub(super) struct Benchmark {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Check a table or an official file, every architecture of it, and keep its figures in the user's data directory
    ///
    /// What the source is, is found out from its content. Columns of earlier imports stay; columns of the same name are
    /// replaced. Of the official files no code is run, and no weights are read.
    #[command(after_help = "\
Examples:
  assay benchmark import nas-bench-201 nb201.csv                       a table, CSV or Parquet
  assay benchmark import nas-bench-201 NATS-tss-v1_0-3ffb9-simple      NATS-Bench topology, the unpacked folder
  assay benchmark import nas-bench-201 NAS-Bench-201-v1_1-096897.pth   NAS-Bench-201 v1.1, the torch file
  assay benchmark import nas-bench-201 HW-NAS-Bench-v1_0.pickle        latencies and energies (HW-NAS-Bench)
  assay benchmark import nas-bench-101 nasbench_only108.tfrecord       NAS-Bench-101, also nasbench_full.tfrecord
  assay benchmark import nats-bench-size NATS-sss-v1_0-50262-simple    NATS-Bench size, the unpacked folder
  assay benchmark import analog-nas-bench data.anb                     AnalogNAS-Bench

The data directory is ASSAY_DATA, else the platform's.")]
    Import {
        /// The benchmark's name
        #[arg(value_name = "BENCHMARK")]
        name: String,
        /// The table, official file or official folder
        #[arg(value_name = "SOURCE")]
        source: PathBuf,
    },
    /// Download a benchmark's ground truth and import it, where a package registry offers it
    #[command(after_help = "\
Example: assay benchmark fetch analog-nas-bench

analog-nas-bench comes from the PyPI package analog-nasbench through `pip download`, with the index you have configured;
a linked benchmark from where it says itself. Every file is checked, and none of its code is run. The official files of NAS-Bench-201 and NATS-Bench are on Google Drive only, which this command
does not speak with: for them it says what to download by hand, and how to import it.

The data directory is ASSAY_DATA, else the platform's.")]
    Fetch {
        /// The benchmark's name
        #[arg(value_name = "BENCHMARK")]
        name: String,
    },
    Query(Query),
    /// List the benchmarks and whether their tables are here
    #[command(after_help = "Example: assay benchmark list")]
    List {
        /// As JSON: a list of names, summaries, and whether the table is imported
        #[arg(long)]
        json: bool,
    },
}

impl Benchmark {
    pub(super) fn run(self) -> Result<(), Ending> {
        let data = user_data_directory().map_err(|error| Failure::new(error.to_string()))?;
        match self.action {
            Action::Import { name, source } => import(&name, &source, &data),
            Action::Fetch { name } => fetch_into(&name, &data),
            Action::Query(query) => query.run(),
            Action::List { json } => list(&data, json),
        }
    }
}

fn listen() -> Result<Interrupt, Failure> {
    Interrupt::listen(|| tell!("Stopping; press Ctrl-C again to end at once."))
        .map_err(|error| Failure::new(format!("Ctrl-C cannot be listened for: {error}")))
}

fn flow(interrupt: &Interrupt) -> ControlFlow<()> {
    if interrupt.is_asked() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
}

fn import(name: &str, source: &Path, data: &Path) -> Result<(), Ending> {
    let interrupt = listen()?;
    let (bar, mut last) = (ProgressBar::no_length(), Instant::now());
    let mut is_told = false;
    let mut report = |progress: import::Progress| {
        let import::Progress::Reading { unit, done, total } = progress else {
            if !std::mem::replace(&mut is_told, true) {
                bar.suspend(|| tell!("waiting: another import is adding to the table of {name}"));
            }
            return flow(&interrupt);
        };
        if bar.length().is_none() {
            let template = match unit {
                "bytes" => "reading [{wide_bar}] {bytes}/{total_bytes} · {bytes_per_sec} · {eta} left",
                _ => "reading [{wide_bar}] {pos}/{len} architectures · {per_sec} · {eta} left",
            };
            if let Ok(style) = ProgressStyle::with_template(template) {
                bar.set_style(style.progress_chars("=> "));
            }
            bar.set_length(total);
        }
        bar.set_position(done);
        if !std::io::stderr().is_terminal() && last.elapsed() >= PAUSE {
            last = Instant::now();
            tell!("read {done} of {total} {unit}");
        }
        flow(&interrupt)
    };
    let imported = import::import(name, source, data, &mut report);
    bar.finish_and_clear();
    match imported {
        Ok(imported) => {
            out!("{imported}")?;
            Ok(())
        }
        Err(error @ ImportError::Stopped) => {
            tell!("{error}");
            Err(Ending::Interrupted)
        }
        Err(error) => Err(Failure::new(error.to_string()).into()),
    }
}

fn fetch_into(name: &str, data: &Path) -> Result<(), Ending> {
    let interrupt = listen()?;
    let bar = ProgressBar::new_spinner();
    let mut report = |progress: fetch::Progress<'_>| {
        match progress {
            fetch::Progress::Asking { source } => bar.suspend(|| tell!("asking {source}")),
            fetch::Progress::Unavailable { source, reason } => bar.suspend(|| tell!("{source} cannot serve: {reason}")),
            fetch::Progress::Downloading { done, .. } => {
                bar.set_message("downloading");
                bar.set_position(done);
            }
            fetch::Progress::Unpacking { file } => bar.set_message(format!("checking {file}")),
        }
        flow(&interrupt)
    };
    let fetched = fetch(name, data, &mut report);
    bar.finish_and_clear();
    match fetched {
        Ok(imported) => {
            out!("{imported}")?;
            Ok(())
        }
        Err(error @ FetchError::Stopped) => {
            tell!("{error}");
            Err(Ending::Interrupted)
        }
        Err(error) => Err(Failure::new(error.to_string()).into()),
    }
}

fn list(data: &Path, json: bool) -> Result<(), Ending> {
    let benchmarks = crate::plugins::linked()?.benchmarks;
    if json {
        // Null for a benchmark that has no table to import.
        let is_imported = |name: &str| Importer::of(name).ok().map(|importer| importer.file(name, data).exists());
        let listed =
            benchmarks.iter().map(|entry| json!({"name": entry.name, "summary": entry.summary, "imported": is_imported(entry.name)}));
        output::json(&format!("{:#}", Value::from_iter(listed)))?;
        return Ok(());
    }
    let mut rows = table(&["benchmark", "table", "what it is"]);
    for entry in benchmarks.iter() {
        let file = Importer::of(entry.name).map(|importer| importer.file(entry.name, data));
        let here = match file {
            Ok(file) if file.exists() => format!("imported: {}", file.display()),
            Ok(_) if fetch::fetchable().contains(&entry.name) => format!("not imported; assay benchmark fetch {}", entry.name),
            Ok(_) => "not imported".into(),
            Err(_) => "has no table to import".into(),
        };
        rows.add_row([entry.name, &here, entry.summary]);
    }
    out!("{}", render(&rows))?;
    Ok(())
}
