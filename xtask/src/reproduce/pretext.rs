//! `cargo xtask reproduce pretext`: whether cells that learn a task without labels stand in the order of those that learn labels.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use assay_results::StudySummary;
use assay_results::tables::trained;
use assay_statistics::{Pairs, kendall};
use clap::Args;
use miette::{IntoDiagnostic, WrapErr, miette};

use super::study::Study;
use super::summary::machine;
use crate::{child, project};

/// What is learned, each with its batch and its first learning rate: those of the released code of UnNAS for CIFAR-10, at a batch as
/// large as the short training allows.
const OBJECTIVES: [(&str, &str, &str); 4] =
    [("classification", "64", "0.1"), ("rotation", "32", "0.05"), ("colorization", "64", "0.1"), ("jigsaw", "32", "0.05")];

/// τ-b of pretext accuracies with supervised ones over 40 trained NAS-Bench-201 cells: the sample-based study of UnNAS, in small
///
/// Takes some twenty minutes on two idle cores. What is trained is kept under results/pretext: interrupted, the same command goes on
/// where it was.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  cargo xtask reproduce pretext
  cargo xtask reproduce pretext --sample 6 --out first-look.md

Needs the images of CIFAR-10 (assay data fetch cifar10).")]
pub(crate) struct Pretext {
    /// Where CIFAR-10 is: its folder or archive [default: datasets/cifar10 in the data directory]
    #[arg(long, value_name = "PATH")]
    images: Option<PathBuf>,
    /// How many cells
    #[arg(long, value_name = "N", default_value_t = 40, value_parser = clap::value_parser!(u32).range(2..))]
    sample: u32,
    /// Images that each is trained on
    #[arg(long, value_name = "N", default_value_t = 1000, value_parser = clap::value_parser!(u32).range(2..))]
    train: u32,
    /// Where the document is written [default: results/reference/pretext-nas-bench-201.md]
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

/// The cells trained for one task.
struct Learned {
    objective: &'static str,
    summary: StudySummary,
    /// Accuracies by cell, in per cent.
    accuracies: BTreeMap<String, f64>,
}

impl Pretext {
    pub(crate) fn run(self) -> miette::Result<()> {
        let assay = project::build_assay()?;
        child::outlive_interrupts()?;
        let mut all = Vec::new();
        for (objective, batch, rate) in OBJECTIVES {
            let mut settings = vec![
                format!("training.objective=\"{objective}\""),
                format!("training.batch={batch}"),
                format!("training.learning_rate={rate}"),
                format!("training.images={}", self.train),
                format!("study.sample={}", self.sample),
            ];
            if let Some(path) = &self.images {
                let path = toml_edit::Value::from(path.display().to_string());
                settings.extend([format!("dataset.path={path}"), format!("test.path={path}")]);
            }
            let folder = PathBuf::from("pretext").join(format!("{}-cells-{}-images", self.sample, self.train)).join(objective);
            let made = Study { experiment: "pretext-nas-bench-201", folder, settings }.make(&assay)?;
            let accuracies = read(&made.run.join(trained::FILE))?;
            all.push(Learned { objective, summary: made.summary, accuracies });
        }
        let text = render(&self.command_line(), &all);
        project::write_result(self.out, "pretext-nas-bench-201.md", &text)
    }

    /// The command that makes the same document, wherever images lie.
    fn command_line(&self) -> String {
        let mut words = "cargo xtask reproduce pretext".to_owned();
        for (name, value, usual) in [("sample", self.sample, 40), ("train", self.train, 1000)] {
            if value != usual {
                // Writing to a string does not fail.
                let _ = write!(words, " --{name} {value}");
            }
        }
        words
    }
}

/// The last accuracy of each cell of a table of trained cells.
fn read(table: &Path) -> miette::Result<BTreeMap<String, f64>> {
    let told = || format!("{} cannot be read", table.display());
    let mut reader = csv::Reader::from_path(table).into_diagnostic().wrap_err_with(told)?;
    let head = reader.headers().into_diagnostic().wrap_err_with(told)?.clone();
    let seeds = head.iter().enumerate().filter(|(_, name)| name.ends_with(&trained::seeds(""))).last();
    // The mean stands before them.
    let column = seeds.and_then(|(seeds, _)| seeds.checked_sub(1)).ok_or_else(|| miette!("{} has no accuracies", table.display()))?;
    let mut accuracies = BTreeMap::new();
    for row in reader.records() {
        let row = row.into_diagnostic().wrap_err_with(told)?;
        if let (Some(cell), Some(Ok(accuracy))) = (row.get(0), row.get(column).map(str::parse)) {
            accuracies.insert(cell.to_owned(), accuracy);
        }
    }
    Ok(accuracies)
}

/// τ-b over the cells that both have.
fn tau(one: &Learned, other: &Learned) -> Option<f64> {
    let both = one.accuracies.iter().filter_map(|(cell, own)| Some((*own, *other.accuracies.get(cell)?)));
    let (own, theirs): (Vec<f64>, Vec<f64>) = both.unzip();
    Pairs::new(&own, &theirs).ok().as_ref().and_then(kendall::tau_b)
}

fn render(command: &str, all: &[Learned]) -> String {
    let cells = all.first().map_or(0, |learned| learned.accuracies.len());
    let names: Vec<&str> = all.iter().map(|learned| learned.objective).collect();
    let mut text = format!(
        "# Cells without labels: the sample-based study of UnNAS, in small\n\nMade by\n\n```\n{command}\n```\n\n\
         {cells} cells of NAS-Bench-201, each trained shortly for each of four tasks, and Kendall's τ-b between the accuracies of the \
         tasks over the cells. The published study trains cells for 100 epochs on all images; no published number can be expected of \
         this one.\n\n| task | lowest (%) | mean (%) | highest (%) | {} |\n|:---|---:|---:|---:|{}\n",
        names.join(" | "),
        "---:|".repeat(names.len())
    );
    for learned in all {
        let values: Vec<f64> = learned.accuracies.values().copied().collect();
        let mean = values.iter().sum::<f64>() / values.len().max(1) as f64;
        let (least, most) =
            values.iter().fold((f64::INFINITY, f64::NEG_INFINITY), |(least, most), value| (least.min(*value), most.max(*value)));
        let taus = all.iter().map(|other| match std::ptr::eq(learned, other) {
            true => "–".to_owned(),
            false => tau(learned, other).map_or_else(|| "–".to_owned(), |tau| format!("{tau:.3}")),
        });
        let taus: Vec<String> = taus.collect();
        let _ = writeln!(text, "| {} | {least:.2} | {mean:.2} | {most:.2} | {} |", learned.objective, taus.join(" | "));
    }
    text += "\n## Cost and protocol\n\n";
    for learned in all {
        let seconds: f64 = learned.summary.times.phases.values().map(|phase| phase.all_thread_seconds()).sum();
        let _ = writeln!(text, "- {}: {:.1} minutes of one thread; {}.", learned.objective, seconds / 60.0, learned.summary.protocol);
    }
    if let Some(first) = all.first() {
        let _ = writeln!(text, "- On {}.", machine(&first.summary.machine));
    }
    text
}
