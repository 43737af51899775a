//! `assay correlate`: runs a correlation study, or continues an interrupted one.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use assay_core::experiment::Shard;
use assay_results::present::correlations::overview;
use assay_results::present::document;
use assay_results::present::grid::Grid;
use assay_results::present::number::grouped;
use assay_results::present::published;
use assay_results::present::shell::argument;
use assay_results::{ShardSummary, StudySummary, Times};
use assay_run::study::{Finished, reasons};
use clap::Args;

use super::Ending;
use super::session::Session;
use super::show::Shown;
use super::tabular::{number, render, table};
use super::times::times;
use crate::failure::Failure;
use crate::log::LogFile;
use crate::output::{self, OutputError, out};
use crate::prepare;

/// Score architectures with proxies and correlate with a benchmark's accuracies
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  assay correlate configs/correlation-nas-bench-201-trivial.toml
  assay correlate configs/correlation-nas-bench-201-trivial.toml --set study.sample=1000 --set 'study.proxies=[\"flops\"]'
  assay correlate --resume results/correlation-…   continue this study
  assay correlate study.toml --shard 2/4           the second of four parts; assay merge joins them
  assay correlate --resume results/correlation-… --markdown --reasons why.toml > study.md

The file's [study] section says which proxies, over which architectures; [benchmark] says which accuracies. Without [benchmark]
architectures are scored only: assay report then shows how far proxies agree, and which operators and cells they prefer.
Every table has `live-params` and random choice in it; with published = true also what papers print, with its protocol.
Files: scores.parquet, correlations.{parquet,csv,md,tex}: of equal studies to the last byte, whatever the threads, however
interrupted or split. study.md, times.parquet, summary.json: these hold times too.")]
pub(super) struct Correlate {
    #[command(flatten)]
    session: Session,
    /// Make only this part of the measurements, such as 2/4; `assay merge` joins the parts
    #[arg(long, value_name = "I/N")]
    shard: Option<Shard>,
    /// Print the study's summary as JSON
    #[arg(long, conflicts_with = "markdown")]
    json: bool,
    /// Print the whole study as a Markdown document
    #[arg(long)]
    markdown: bool,
    /// Why figures differ from published ones, for the document: a TOML file whose [reasons] has a text a proxy
    #[arg(long, value_name = "FILE", requires = "markdown")]
    reasons: Option<PathBuf>,
}

impl Correlate {
    pub(super) fn run(mut self, log: &LogFile, logs_on_terminal: bool) -> Result<(), Ending> {
        // Before hours of measuring, not after.
        let reasons = self.reasons.as_deref().map(reasons::read).transpose()?.unwrap_or_default();
        if let Some(shard) = self.shard {
            if self.session.target().is_dir() {
                let problem = "a shard that is continued knows which it is";
                return Err(Failure::new(problem).with_help("leave out --shard, or name the experiment's file").into());
            }
            self.session = self.session.setting(format!("study.shard=\"{shard}\""));
        }
        let log = (log, logs_on_terminal);
        let (finished, path) = self.session.outcome(log, prepare::study)?;
        self.print(&finished, &path, &reasons)
    }

    fn print(&self, finished: &Finished, path: &Path, reasons: &BTreeMap<String, String>) -> Result<(), Ending> {
        match finished {
            Finished::Whole(study) if self.markdown => output::text(format_args!("{}", document::markdown(study, reasons)))?,
            Finished::Shard(_) if self.markdown => {
                let problem = format!("`{}` holds a shard, of which there are no tables", path.display());
                return Err(Failure::new(problem).with_help("join it with the others by assay merge").into());
            }
            finished => print_as(finished, path, self.json)?,
        }
        Ok(())
    }
}

/// Prints for people, or as JSON.
pub(super) fn print_as(finished: &Finished, path: &Path, as_json: bool) -> Result<(), Ending> {
    if as_json {
        let json = match finished {
            Finished::Whole(study) => serde_json::to_string_pretty(study),
            Finished::Shard(shard) => serde_json::to_string_pretty(shard),
        };
        output::json(&json.map_err(|error| Failure::new(error.to_string()))?)?;
    } else {
        match finished {
            Finished::Whole(study) => print_study(study, path)?,
            Finished::Shard(shard) => print_shard(shard, path)?,
        }
    }
    Ok(())
}

impl Shown for StudySummary {
    fn show(&self, folder: &Path) -> Result<(), Ending> {
        Ok(print_study(self, folder)?)
    }
}

impl Shown for ShardSummary {
    fn show(&self, folder: &Path) -> Result<(), Ending> {
        Ok(print_shard(self, folder)?)
    }
}

/// Prints what a shard is.
fn print_shard(summary: &ShardSummary, path: &Path) -> Result<(), OutputError> {
    let ((some, all), shard) = (summary.architectures, &summary.part.shard);
    out!("shard {shard} of {}: {some} of {all} architectures, {} measurements\n", summary.experiment, summary.measurements)?;
    out!("protocol: {}\n\n{}\n", summary.protocol, times(&summary.part.times))?;
    out!("shard folder  {}\nWhen all shards are finished: assay merge FOLDER …", path.display())
}

/// Prints the short table of a study.
fn print_study(summary: &StudySummary, path: &Path) -> Result<(), OutputError> {
    if summary.correlations.is_empty() {
        out!("{} architectures, scored\n", grouped(summary.architectures as u128))?;
    } else {
        print_correlations(summary)?;
    }
    for note in summary.notes() {
        out!("{note}")?;
    }
    out!("\n{}\n\nstudy folder  {}", times(&summary.times), path.display())?;
    if summary.correlations.is_empty() {
        out!("How far the proxies agree, and what they prefer: assay report {}", argument(&path.display().to_string()))?;
    }
    Ok(())
}

fn print_correlations(summary: &StudySummary) -> Result<(), OutputError> {
    let Grid { title, head, rows } = overview(&summary.correlations);
    let titles: Vec<&str> = head.iter().map(String::as_str).chain(["ms each"]).collect();
    let mut lines = table(&titles);
    for row in rows {
        let time = row.first().and_then(|proxy| milliseconds(&summary.times, proxy)).map_or("–".into(), number);
        lines.add_row(row.into_iter().chain([time]));
    }
    out!("{title}, {} architectures\n{}\n", summary.architectures, render(&lines))?;
    for Grid { title, head, rows } in published::grids(&summary.correlations, &summary.published) {
        let mut lines = table(&head.iter().map(String::as_str).collect::<Vec<_>>());
        lines.add_rows(rows);
        out!("{title}\n{}\n", render(&lines))?;
    }
    for note in published::notes(&summary.published) {
        out!("{note}")?;
    }
    Ok(())
}

/// The time of one measurement on its thread.
fn milliseconds(times: &Times, proxy: &str) -> Option<f64> {
    let phase = times.phases.get(proxy)?;
    let count = phase.measurements();
    (count > 0).then(|| 1000.0 * phase.all_thread_seconds() / count as f64)
}
