//! `cargo xtask reproduce table1`: TE-NAS on the three datasets of NAS-Bench-201.
#![allow(clippy::print_stdout, reason = "the table goes to standard output")]

mod render;

use std::path::{Path, PathBuf};
use std::process::Command;

use clap::{Args, ValueEnum};
use miette::{IntoDiagnostic, WrapErr, bail, miette};

use super::conditions::{Conditions, command_line, word};
use super::datasets::{CIFAR10, CIFAR100, Dataset, IMAGENET16_120, Images};
use super::search::{Outcome, Search};
use crate::{child, project};
use render::{Column, Table};

/// In the order of the table.
static DATASETS: [&Dataset; 3] = [&CIFAR10, &CIFAR100, &IMAGENET16_120];

/// TE-NAS on NAS-Bench-201: three datasets × seeds, beside the published row
///
/// What is finished is kept under results/table1: interrupted, the same command goes on where it was.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  cargo xtask reproduce table1
  cargo xtask reproduce table1 --seeds 0-1 --data cifar10=cifar10_sample.bin

A dataset that is not here leaves its column empty. A stand-in is a file of flat records (label bytes, then the planes red,
green, blue): cifar10 1 + 3072 bytes an image, cifar100 2 + 3072 (the fine label second), imagenet16-120 1 + 768.")]
pub(crate) struct Table1 {
    /// A file of images to use in place of a dataset: cifar10, cifar100 or imagenet16-120
    #[arg(long, value_name = "NAME=FILE", value_parser = images)]
    data: Vec<Images>,
    /// Where the table is written [default: results/reference/table1.md]
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Numbers of the released code, or of the paper
    #[arg(long, value_enum, default_value_t = Variant::Code)]
    variant: Variant,
    #[command(flatten)]
    conditions: Conditions,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Variant {
    Code,
    Paper,
}

fn images(text: &str) -> Result<Images, String> {
    Images::parse(text, &DATASETS)
}

impl Table1 {
    pub(crate) fn run(self) -> miette::Result<()> {
        if let Some(twice) = Images::twice(&self.data) {
            bail!("--data names {twice} twice");
        }
        let assay = project::build_assay()?;
        child::outlive_interrupts()?;
        require_benchmark(&assay)?;
        let mut columns = Vec::new();
        for (position, dataset) in DATASETS.iter().enumerate() {
            columns.push(self.search_dataset(&assay, dataset, position)?);
        }
        let columns = <[Column; 3]>::try_from(columns).map_err(|_| miette!("the table has three columns"))?;
        let page = render::render(&Table { command: command_line(), columns }).map_err(|because| {
            miette!(
                help = "import the table, remove the `summary.json` of the searches without accuracies, and run this again; no measurement is lost",
                "the accuracy of a search is not known: {because}"
            )
        })?;
        print!("{page}");
        let out = self.out.unwrap_or_else(|| project::root().join("results/reference/table1.md"));
        project::write_whole(&out, &page)?;
        eprintln!("written to {}", out.display());
        Ok(())
    }

    fn search_dataset(&self, assay: &Path, dataset: &'static Dataset, position: usize) -> miette::Result<Column> {
        let images = Images::of(&self.data, dataset);
        let seeds = &self.conditions.seeds.0;
        let mut searches = Vec::new();
        for (turn, seed) in seeds.iter().enumerate() {
            let search = self.search(dataset, images, *seed);
            let all = DATASETS.len() * seeds.len();
            eprintln!("search {} of {all}: {}, seed {seed} ({})", position * seeds.len() + turn + 1, dataset.title, search.run.display());
            match search.make(assay)? {
                Outcome::Found(summary) => searches.push(*summary),
                Outcome::NoDataset => return Ok(Column::NotRun(dataset.absent())),
            }
        }
        Ok(Column::Searched { searches, stand_in: images.and_then(Images::stand_in) })
    }

    fn search(&self, dataset: &Dataset, images: Option<&Images>, seed: u64) -> Search {
        let Conditions { pairing, threads, .. } = self.conditions;
        let conditions = format!("{}-{}", word(self.variant), word(pairing));
        let name = format!("{}{}-seed{seed}", dataset.name, images.map(Images::suffix).unwrap_or_default());
        let mut settings = self.conditions.settings(seed);
        settings.push(("strategy.variant".into(), word(self.variant).into()));
        settings.extend(images.map(Images::settings).unwrap_or_default());
        Search {
            experiment: project::root().join("configs").join(format!("tenas-nas-bench-201-{}.toml", dataset.name)),
            run: project::root().join("results/table1").join(conditions).join(name),
            seed,
            settings,
            threads,
        }
    }
}

/// Hours of searching without a table to look the results up in would be hours lost.
fn require_benchmark(assay: &Path) -> miette::Result<()> {
    let output = Command::new(assay).args(["benchmark", "list"]).output().into_diagnostic().wrap_err("assay cannot be started")?;
    let said = String::from_utf8_lossy(&output.stdout);
    let line = said.lines().find(|line| line.starts_with("nas-bench-201"));
    match line {
        Some(line) if line.contains("not imported") => Err(miette!(
            help = format!("import your copy once: {} benchmark import nas-bench-201 <table.csv>", assay.display()),
            "the accuracies of NAS-Bench-201 are not imported"
        )),
        Some(_) => Ok(()),
        None => Err(miette!("`assay benchmark list` does not name nas-bench-201: {said}{}", String::from_utf8_lossy(&output.stderr))),
    }
}
