//! `cargo xtask reproduce training-free`: searches led by scores that need no training, with equal budgets.
#![allow(clippy::print_stdout, reason = "the page goes to standard output")]

mod elsewhere;
mod methods;

use std::path::{Path, PathBuf};

use clap::Args;

use super::conditions::{Seeds, seeds};
use super::datasets::{CIFAR10, Dataset, Images, NAS_BENCH_201};
use super::page::{Block, Column, Entry, Page, render};
use super::published::{NASWOT, OPTIMAL, TE_NAS, TE_NAS_PAPER};
use super::searches::{Conditions, images};
use super::table1::unknown;
use crate::project;
use methods::{METHODS, Method};

/// Searches of three spaces by scores without training and by accuracies themselves, with equal budgets, 20 seeds
///
/// What is finished is kept under results/training-free-searches: interrupted, the same command goes on where it was.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  cargo xtask reproduce training-free
  cargo xtask reproduce training-free --methods duet,params --seeds 400-404

Needs the images of CIFAR-10 (assay data fetch cifar10) and the tables of nas-bench-201, nas-bench-101 and nas-bench-macro
(assay benchmark import NAME TABLE), or a stand-in for the images as for table1 (--data cifar10=FILE).")]
pub(crate) struct TrainingFree {
    /// A file of images to use in place of CIFAR-10: cifar10=FILE
    #[arg(long, value_name = "NAME=FILE", value_parser = images)]
    data: Vec<Images>,
    /// Seeds: 400,402 or 400-419 (both ends included)
    #[arg(long, default_value = "400-419", value_parser = seeds)]
    seeds: Seeds,
    /// These methods alone
    #[arg(long, value_name = "NAMES", value_delimiter = ',', value_parser = METHODS.map(|method| method.name))]
    methods: Vec<String>,
    /// Worker threads of a search; its result does not depend on them [default: all cores]
    #[arg(long, value_name = "N")]
    threads: Option<u16>,
    /// Where the page is written [default: results/reference/training-free-searches.md]
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

impl TrainingFree {
    pub(crate) fn run(self) -> miette::Result<()> {
        let conditions = Conditions::plain(self.data.clone(), self.seeds.clone(), self.threads);
        let assay = conditions.prepare()?;
        let wanted = METHODS.iter().filter(|method| self.methods.is_empty() || self.methods.iter().any(|name| name == method.name));
        let wanted: Vec<&Method> = wanted.collect();
        let mut rows = vec![Entry::published(&NASWOT), Entry::published(&TE_NAS)];
        for method in &wanted {
            let column = |dataset: &'static Dataset| self.column(&conditions, &assay, method, dataset);
            let columns = NAS_BENCH_201.iter().map(|dataset| column(dataset)).collect::<miette::Result<_>>()?;
            rows.push(Entry::Searched { method: self.title(method), columns });
        }
        rows.push(Entry::published(&OPTIMAL));
        let page = Page {
            title: "Searches without training, with equal budgets",
            published: format!("Table 1 of {TE_NAS_PAPER}"),
            command: self.command_line(),
            about: vec![
                "Test accuracy in per cent: mean (standard deviation, n − 1) over seeds of the architectures found in NAS-Bench-201.".into(),
                "Each searched on CIFAR-10, and the cells found are judged on all three datasets, within 180 evaluations where its name says nothing else. Cost: mean wall time and mean processor time of a search in seconds; wall time depends on what else the machine does. Where the protocol says that scores were read from a table, that is the time of reading it: measuring them took longer (`scores-nas-bench-201.md`).".into(),
            ],
            datasets: NAS_BENCH_201.to_vec(),
            blocks: vec![Block { title: "", rows }],
            notes: Vec::new(),
        };
        let text = render(&page).map_err(|because| unknown(&because))?;
        let elsewhere: Vec<&Method> = wanted.into_iter().filter(|method| method.travels).collect();
        let text = text + &elsewhere::table(&assay, &elsewhere, &self.seeds.0, self.threads)?;
        print!("{text}");
        project::write_result(self.out, "training-free-searches.md", &text)
    }

    fn title(&self, method: &Method) -> String {
        let seeds = self.seeds.0.len().min(method.seeds);
        format!("{}, {seeds} seed{} (Assay)", method.title, if seeds == 1 { "" } else { "s" })
    }

    fn column(&self, conditions: &Conditions, assay: &Path, method: &Method, dataset: &'static Dataset) -> miette::Result<Column> {
        if dataset.name != CIFAR10.name {
            return Ok(Column::FoundElsewhere(0));
        }
        conditions.search(assay, dataset, &method.way(dataset, &self.seeds.0)?)
    }

    /// The command that makes the same page, wherever runs lie.
    fn command_line(&self) -> String {
        let mut words = vec!["cargo xtask reproduce training-free".to_owned()];
        words.extend(self.data.iter().flat_map(Images::arguments));
        if self.seeds.0 != (400..420).collect::<Vec<u64>>() {
            words.extend(["--seeds".into(), self.seeds.0.iter().map(u64::to_string).collect::<Vec<_>>().join(",")]);
        }
        if !self.methods.is_empty() {
            words.extend(["--methods".into(), self.methods.join(",")]);
        }
        words.join(" ")
    }
}
