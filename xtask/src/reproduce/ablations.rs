//! `cargo xtask reproduce table4` and `table5`: TE-NAS on CIFAR-100 with one indicator alone, and with other combinations.

use std::path::PathBuf;

use clap::Args;
use toml_edit::{Array, Value};

use super::datasets::CIFAR100;
use super::page::{Block, Entry, Page};
use super::published::{Ablation, TABLE_4, TABLE_5, TE_NAS_PAPER};
use super::searches::Conditions;
use super::table1::finish;

/// TE-NAS on CIFAR-100 by κ alone, by R̂ alone and by both, beside Table 4
///
/// What is finished is kept under results/te-nas: interrupted, the same command goes on where it was.
#[derive(Debug, Args)]
#[command(after_help = "\
Example:
  cargo xtask reproduce table4 --data cifar100=cifar100_train_sample.bin")]
pub(crate) struct Table4 {
    #[command(flatten)]
    options: Options,
}

/// TE-NAS on CIFAR-100 with each of four ways to join its indicators, beside Table 5
///
/// What is finished is kept under results/te-nas: interrupted, the same command goes on where it was.
#[derive(Debug, Args)]
#[command(after_help = "\
Example:
  cargo xtask reproduce table5 --data cifar100=cifar100_train_sample.bin")]
pub(crate) struct Table5 {
    #[command(flatten)]
    options: Options,
}

#[derive(Debug, Args)]
struct Options {
    #[command(flatten)]
    conditions: Conditions,
    /// Where the table is written [default: results/reference/table4.md, table5.md]
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

/// A row: the name of its runs, and what it sets.
type Row = (&'static str, Vec<(&'static str, Value)>);

impl Table4 {
    pub(crate) fn run(self) -> miette::Result<()> {
        let only = |proxy: &'static str| -> Row { (proxy, vec![("strategy.indicators", Value::Array(Array::from_iter([proxy])))]) };
        let rows = [only("ntk-condition"), only("linear-regions"), ("", Vec::new())];
        self.options.run("table4", "TE-NAS with either indicator alone", "Table 4", TABLE_4.iter().zip(rows).collect())
    }
}

impl Table5 {
    pub(crate) fn run(self) -> miette::Result<()> {
        let joined = |rule: &'static str| -> Row { (rule, vec![("strategy.combination", rule.into())]) };
        let rows = [joined("minimum"), joined("maximum"), joined("numeric-sum"), ("", Vec::new())];
        self.options.run("table5", "TE-NAS with four combinations of its indicators", "Table 5", TABLE_5.iter().zip(rows).collect())
    }
}

impl Options {
    fn run(self, result: &str, title: &'static str, table: &str, rows: Vec<(&Ablation, Row)>) -> miette::Result<()> {
        let assay = self.conditions.prepare()?;
        let dataset = &CIFAR100;
        let mut entries = Vec::new();
        for (Ablation { method, cifar100 }, (name, settings)) in rows {
            entries.push(Entry::Printed {
                method: format!("{method} (published)"),
                accuracies: vec![(*cifar100).into()],
                cost: "–".into(),
                device: "GTX 1080 Ti".into(),
            });
            let way = self.conditions.te_nas(dataset, name, settings);
            entries.push(Entry::Searched {
                method: format!("{method} (Assay)"),
                columns: vec![self.conditions.search(&assay, dataset, &way)?],
            });
        }
        let page = Page {
            title,
            published: format!("{table} of {TE_NAS_PAPER}"),
            command: self.conditions.command_line(result),
            about: vec![
                "Test accuracy on CIFAR-100 in per cent: mean (standard deviation, n − 1) over seeds of the architectures found. The searched space is the 4,096 cells without `none`.".into(),
                "Cost: mean wall time and mean processor time of a search in seconds; wall time depends on what else the machine does.".into(),
            ],
            datasets: vec![dataset],
            blocks: vec![Block { title: "", rows: entries }],
            notes: vec![
                "Ranks order removals: 0 is pruned first. The numeric sum is Δκ − ΔR̂ of relative changes, each signed so that the largest speaks most for the removal; a ΔR̂ that is large means regions lost.".into(),
            ],
        };
        finish(&page, self.out, &format!("{result}.md"))
    }
}
