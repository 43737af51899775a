//! `cargo xtask reproduce trained-nas-bench-201`: cells trained by the benchmark's recipe, beside what it records of them.
#![allow(clippy::print_stdout, reason = "the table goes to standard output")]

mod recorded;
mod render;

use std::path::{Path, PathBuf};
use std::process::Command;

use assay_results::{TrainingSummary, exit};
use clap::Args;
use miette::{Report, bail, miette};
use toml_edit::Value;

use super::search::stop;
use super::summary::unreadable;
use crate::{child, project};
use recorded::Recorded;
use render::Row;

/// From the worst to the best that learns within 12 epochs, as the benchmark numbers them.
const CELLS: [usize; 8] = [5027, 24, 9669, 409, 2481, 4539, 12977, 6111];

const EXPERIMENT: &str = "configs/train-nas-bench-201-12-epochs.toml";

/// Eight cells of NAS-Bench-201 trained by its recipe for 12 epochs, beside its recorded accuracies
///
/// Takes some hours on two cores. Every training is kept in a folder below results/trained-nas-bench-201: interrupted, the same
/// command goes on where it was.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  cargo xtask reproduce trained-nas-bench-201 --split search_splits.json
  cargo xtask reproduce trained-nas-bench-201 --images cifar-10-batches-bin --cells 5027,24

Needs all images of CIFAR-10 (assay data fetch cifar10) and the table (assay benchmark import nas-bench-201 TABLE); without
them it ends with exit code 3.")]
pub(crate) struct TrainedNasBench201 {
    /// A file with the benchmark's halves of CIFAR-10 under `cifar10` [default: halves drawn by seed 0]
    #[arg(long, value_name = "FILE")]
    split: Option<PathBuf>,
    /// Where CIFAR-10 is: its folder or archive [default: datasets/cifar10 in the data directory]
    #[arg(long, value_name = "PATH")]
    images: Option<PathBuf>,
    /// Other cells, by their numbers in the benchmark
    #[arg(long, value_name = "INDICES", value_delimiter = ',', default_values_t = CELLS)]
    cells: Vec<usize>,
    /// Worker threads of a training; its result does not depend on them [default: all cores]
    #[arg(long, value_name = "N")]
    threads: Option<u16>,
    /// Where the table is written [default: results/reference/trained-nas-bench-201.md]
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

impl TrainedNasBench201 {
    pub(crate) fn run(self) -> miette::Result<()> {
        let assay = project::build_assay()?;
        child::outlive_interrupts()?;
        let recorded = recorded::of(&assay, &self.cells)?;
        let mut rows = Vec::new();
        for (turn, recorded) in recorded.into_iter().enumerate() {
            let run = self.run_folder(recorded.index);
            eprintln!("training {} of {}: cell {} ({})", turn + 1, self.cells.len(), recorded.index, run.display());
            let summary = match finished(&run)? {
                Some(summary) => summary,
                None => self.train(&assay, &recorded, &run)?,
            };
            check(&summary, &recorded, &run)?;
            rows.push(Row { recorded, summary });
        }
        let text = render::render(&self.command_line(), &rows);
        print!("{text}");
        project::write_result(self.out, "trained-nas-bench-201.md", &text)
    }

    /// The command that makes the same table, wherever images and runs lie.
    fn command_line(&self) -> String {
        let mut words = vec!["cargo xtask reproduce trained-nas-bench-201".to_owned()];
        if let Some(split) = &self.split {
            words.extend(["--split".into(), split.display().to_string()]);
        }
        if self.cells != CELLS {
            words.extend(["--cells".into(), self.cells.iter().map(usize::to_string).collect::<Vec<_>>().join(",")]);
        }
        words.join(" ")
    }

    /// One folder a split and cell, so that a finished training is not taken for another one.
    fn run_folder(&self, index: usize) -> PathBuf {
        let split = self.split.as_deref().and_then(Path::file_stem).map_or_else(|| "drawn".into(), |stem| stem.display().to_string());
        project::root().join("results/trained-nas-bench-201").join(split).join(format!("cell-{index}"))
    }

    /// Makes the training, or what is left of it.
    fn train(&self, assay: &Path, recorded: &Recorded, run: &Path) -> miette::Result<TrainingSummary> {
        if child::interrupted() {
            stop();
        }
        let mut command = Command::new(assay);
        command.arg("train").arg(project::root().join(EXPERIMENT)).arg("--run-dir").arg(run);
        if run.exists() {
            command.arg("--resume");
        }
        for (key, value) in self.settings(&recorded.cell) {
            command.arg("--set").arg(format!("{key}={value}"));
        }
        if let Some(threads) = self.threads {
            command.arg("--threads").arg(threads.to_string());
        }
        match child::run(&mut command)? {
            child::Ending::Done => TrainingSummary::read(run).map_err(|error| unreadable(&error, run)),
            child::Ending::Interrupted => stop(),
            child::Ending::NoData => without_data("CIFAR-10 is not here: run `assay data fetch cifar10`, or name it: --images PATH"),
            child::Ending::Failed => bail!("the training failed: {command:?}"),
        }
    }

    fn settings(&self, cell: &str) -> Vec<(&'static str, Value)> {
        let mut settings: Vec<(&'static str, Value)> = vec![("training.architecture", cell.into())];
        let keys = [("dataset.path", "test.path", &self.images), ("dataset.part.file", "test.part.file", &self.split)];
        for (train, test, path) in keys {
            let value = path.iter().map(|path| path.display().to_string());
            settings.extend(value.flat_map(|path| [(train, path.clone().into()), (test, path.into())]));
        }
        settings
    }
}

/// The training that a folder holds, if it is finished.
fn finished(run: &Path) -> miette::Result<Option<TrainingSummary>> {
    if !run.join(assay_results::files::SUMMARY).exists() {
        return Ok(None);
    }
    TrainingSummary::read(run).map(Some).map_err(|error| unreadable(&error, run))
}

/// Whether a training is the one that the table is about.
fn check(summary: &TrainingSummary, recorded: &Recorded, run: &Path) -> miette::Result<()> {
    let other = |what: String| -> Report {
        miette!(help = format!("remove {} and run this again", run.display()), "{} is not of this table: {what}", run.display())
    };
    if summary.architecture != recorded.cell {
        return Err(other(format!("it trained {}", summary.architecture)));
    }
    if (summary.epochs, summary.train_images, summary.test.images) != (12, 25_000, 25_000) {
        let TrainingSummary { epochs, train_images, test, .. } = summary;
        return Err(other(format!("{epochs} epochs on {train_images} images, validated on {}", test.images)));
    }
    Ok(())
}

/// Ends as `assay` does where nothing but data is missing.
fn without_data(problem: &str) -> ! {
    eprintln!("{problem}");
    std::process::exit(i32::from(exit::MISSING_DATA))
}
