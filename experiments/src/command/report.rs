//! `assay report`: a page, pictures and tables of finished runs.

use std::path::PathBuf;

use assay_report::{Appearance, Content, ReportError, Run, Written};
use clap::Args;

use super::Ending;
use super::tabular::{render, table};
use crate::failure::Failure;
use crate::output::{OutputError, out, tell};

/// The folder of a run's own report.
const FOLDER: &str = "report";

/// Write a report of finished runs: a page, pictures, and tables as CSV, Markdown and LaTeX
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  assay report results/correlation-nas-bench-201-trivial-seed0-…
  assay report results/quickstart-seed0-… results/quickstart-seed1-… --output comparison
  assay report results/train-small-cifar10-seed0-…

The page is one file, index.html, that needs no network. Beside it: figures/*.{svg,png} and tables/*.{csv,md,tex}.
It reads run folders and nothing else: no benchmark and no plugin has to be there. Several runs are compared column by column.")]
pub struct Report {
    /// The run folders
    #[arg(value_name = "RUN", required = true)]
    pub runs: Vec<PathBuf>,
    /// Where to write [default: the folder `report` of the run, if it is one run]
    #[arg(long, value_name = "DIR")]
    pub output: Option<PathBuf>,
    /// Colour scatter plots by the count of this operator [default: that whose count goes best with the accuracy]
    #[arg(long, value_name = "OPERATOR")]
    pub colour: Option<String>,
    /// A sentence below every chart and table, before its protocol
    #[arg(long, value_name = "TEXT")]
    pub caption: Option<String>,
}

impl Report {
    pub(super) fn run(self) -> Result<(), Ending> {
        let (content, written) = self.write()?;
        Ok(print(&content, &written)?)
    }

    /// Writes the report, and gives what stands in it and where.
    ///
    /// # Errors
    /// If a run cannot be read, or a file cannot be written.
    pub fn write(&self) -> Result<(Content, Written), Failure> {
        let output = match (&self.output, self.runs.as_slice()) {
            (Some(output), _) => output.clone(),
            (None, [run]) => run.join(FOLDER),
            (None, runs) => {
                let problem = format!("where the report of {} runs goes has to be said", runs.len());
                return Err(Failure::new(problem).with_help("name a folder: --output comparison").of_what_was_asked());
            }
        };
        let runs = self.runs.iter().map(|run| Run::read(run)).collect::<Result<Vec<_>, _>>()?;
        let content = assay_report::content(&runs, &Appearance { colour: self.colour.clone(), caption: self.caption.clone() })?;
        let written = assay_report::write(&content, &output)?;
        Ok((content, written))
    }
}

impl From<ReportError> for Failure {
    fn from(error: ReportError) -> Self {
        let failure = Self::new(error.to_string());
        match error.help() {
            Some(help) => failure.with_help(help),
            None => failure,
        }
    }
}

fn print(content: &Content, written: &Written) -> Result<(), OutputError> {
    let shown = content.sections().filter_map(|section| section.table().filter(|table| table.is_short).map(|table| (section, table)));
    for (section, short) in shown {
        let titles: Vec<&str> = short.grid.head.iter().map(String::as_str).collect();
        let mut lines = table(&titles);
        for row in &short.grid.rows {
            lines.add_row(row.clone());
        }
        out!("{}\n{}\n", short.grid.title, render(&lines))?;
        for note in &section.notes {
            out!("{note}")?;
        }
        out!("")?;
    }
    for problem in content.left_out() {
        tell!("{problem}");
    }
    let Written { page, tables, figures } = written;
    out!("page     {}", page.display())?;
    out!("tables   {} (each as .csv, .md and .tex) in {}", tables.1, tables.0.display())?;
    out!("figures  {} (each as .svg and .png) in {}", figures.1, figures.0.display())
}
