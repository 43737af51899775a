//! `cargo xtask reproduce table1`: searches of NAS-Bench-201, without and with accuracies.
#![allow(clippy::print_stdout, reason = "the table goes to standard output")]

use std::path::{Path, PathBuf};

use clap::Args;
use miette::miette;
use serde::Deserialize;

use super::datasets::{Dataset, NAS_BENCH_201};
use super::one_shot;
use super::page::{Block, Column, Entry, Page, render};
use super::published::{BUDGETED, NAS_BENCH_201_PAPER, NASWOT, OPTIMAL, RESNET, TE_NAS, TE_NAS_PAPER, TRAINING};
use super::searches::{Conditions, Way};
use crate::project;

/// Our search without training that is compared with TE-NAS: its experiment, chosen on CIFAR-10 alone.
const OURS: &str = "configs/search-training-free-nas-bench-201.toml";
/// Rows that stand apart from the published ones.
const SHARING: &str = "Sharing weights, under a reduced schedule that no published number can be expected of";
/// None of them served in the trials that it was chosen by.
const OURS_SEEDS: std::ops::Range<u64> = 100..110;

/// Searches of NAS-Bench-201: TE-NAS on three datasets × seeds, what trains nothing, and what does, beside published rows
///
/// What is finished is kept under results/te-nas and results/training-free: interrupted, the same command goes on where it
/// was.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  cargo xtask reproduce table1
  cargo xtask reproduce table1 --seeds 0-1 --data cifar10=cifar10_sample.bin

A dataset that is not here leaves its column empty. A stand-in is a file of flat records (label bytes, then the planes red,
green, blue): cifar10 1 + 3072 bytes an image, cifar100 2 + 3072 (the fine label second), imagenet16-120 1 + 768.")]
pub(crate) struct Table1 {
    #[command(flatten)]
    conditions: Conditions,
    /// Where the table is written [default: results/reference/table1.md]
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

/// A row that the example `baselines` computes from the table.
#[derive(Debug, Deserialize)]
struct Baseline {
    method: String,
    /// Whether it looks at recorded accuracies while it searches.
    looks: bool,
    accuracies: Vec<String>,
    cost: String,
}

#[derive(Debug, Deserialize)]
struct Baselines {
    rows: Vec<Baseline>,
    notes: Vec<String>,
}

impl Table1 {
    pub(crate) fn run(self) -> miette::Result<()> {
        let assay = self.conditions.prepare()?;
        // What is computed from the table of accuracies alone, in seconds.
        let baselines: Baselines = project::ask_example("baselines", &[])?;
        let printed = |looks: bool| {
            let rows = baselines.rows.iter().filter(move |row| row.looks == looks);
            rows.map(|row| Entry::Printed {
                method: format!("{} (Assay)", row.method),
                accuracies: row.accuracies.clone(),
                cost: row.cost.clone(),
                device: "the table".into(),
            })
        };
        let te_nas = self.on_all(&assay, |dataset| self.conditions.te_nas(dataset, "", Vec::new()))?;
        let ours = self.on_all(&assay, ours)?;
        let mut free = vec![Entry::published(&NASWOT), Entry::published(&TE_NAS)];
        free.push(Entry::Searched { method: "TE-NAS (Assay)".into(), columns: te_nas });
        free.push(Entry::Searched { method: "training-free (Assay)".into(), columns: ours });
        free.extend(printed(false));
        let mut looking: Vec<Entry> = TRAINING.iter().chain(&BUDGETED).map(Entry::published).collect();
        looking.extend(printed(true));
        let mut blocks = vec![
            Block { title: "Without looking at an accuracy", rows: free },
            Block { title: "Looking at accuracies, or training", rows: looking },
        ];
        let mut notes = baselines.notes;
        // Searches that take minutes each and have a page of their own.
        let sharing = one_shot::finished()?;
        if !sharing.is_empty() {
            blocks.push(Block { title: SHARING, rows: one_shot::entries(&sharing)? });
            notes.push("Sharing weights: made by cargo xtask reproduce one-shot-searches, all on CIFAR-10.".into());
            notes.extend(one_shot::notes(&sharing));
        }
        blocks.push(Block { title: "Not searched", rows: vec![Entry::published(&RESNET), Entry::published(&OPTIMAL)] });
        let page = Page {
            title: "Searches of NAS-Bench-201",
            published: format!(
                "Table 1 of {TE_NAS_PAPER}; REA, random search and REINFORCE: means over 500 seeds in {NAS_BENCH_201_PAPER}"
            ),
            command: self.conditions.command_line("table1"),
            about: vec![
                "Test accuracy in per cent: mean (standard deviation, n − 1) over seeds of the architectures found.".into(),
                "Searches without accuracies ran on the dataset whose accuracy is reported. Cost of ours: mean wall time and mean processor time of a search in seconds, by dataset; wall time depends on what else the machine does.".into(),
            ],
            datasets: NAS_BENCH_201.to_vec(),
            blocks,
            notes,
        };
        finish(&page, self.out, "table1.md")
    }

    fn on_all(&self, assay: &Path, way: impl Fn(&'static Dataset) -> Way) -> miette::Result<Vec<Column>> {
        NAS_BENCH_201.iter().map(|dataset| self.conditions.search(assay, dataset, &way(dataset))).collect()
    }
}

fn ours(dataset: &'static Dataset) -> Way {
    let settings = vec![("dataset.name", dataset.name.into())];
    Way { folder: "training-free".into(), experiment: OURS.into(), settings, seeds: Some(OURS_SEEDS.collect()) }
}

/// Prints a page and writes it.
pub(super) fn finish(page: &Page, out: Option<PathBuf>, name: &str) -> miette::Result<()> {
    let text = render(page).map_err(|because| unknown(&because))?;
    print!("{text}");
    project::write_result(out, name, &text)
}

/// Why a page cannot be written, and what to do about it.
pub(super) fn unknown(because: &str) -> miette::Report {
    miette!(
        help = "import the table, remove the `summary.json` of the searches without accuracies, and run this again; no measurement is lost",
        "the accuracy of a search is not known: {because}"
    )
}
