//! `cargo xtask reproduce training-free`: searches led by scores that need no training, with equal budgets.
#![allow(clippy::print_stdout, reason = "the page goes to standard output")]

mod elsewhere;
mod estimate;
mod methods;

use std::path::{Path, PathBuf};

use clap::Args;
use miette::bail;

use super::conditions::{Seeds, seeds};
use super::datasets::{CIFAR10, Dataset, Images, NAS_BENCH_201};
use super::page::{Block, Column, Entry, Page, render};
use super::published::{NASWOT, OPTIMAL, TE_NAS, TE_NAS_PAPER};
use super::searches::{Conditions, images};
use super::table1::unknown;
use crate::project;
use elsewhere::SPACES;
use estimate::First;
use methods::{Dealt, METHODS, Method, On, Scores};

/// Searches of three spaces by scores without training and by accuracies themselves, 20 seeds
///
/// Some measure each network that they meet, as a user does who has no scores; they search with few seeds, and one search of each is
/// made first, so that it can be said how long the others take. What is finished is kept under results/training-free-searches:
/// interrupted, the same command goes on where it was.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  cargo xtask reproduce training-free
  cargo xtask reproduce training-free --estimate
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
    /// With how many of them methods search that take a minute or so a search
    #[arg(long, value_name = "N", default_value_t = FEW, value_parser = clap::value_parser!(u16).range(1..))]
    dear_seeds: u16,
    /// These methods alone
    #[arg(long, value_name = "NAMES", value_delimiter = ',', value_parser = METHODS.map(|method| method.name))]
    methods: Vec<String>,
    /// Make the first search of each method that measures, say how long the others take, and stop
    #[arg(long)]
    estimate: bool,
    /// Make no search, and write the page of those that are finished
    #[arg(long, conflicts_with = "estimate")]
    finished: bool,
    /// Worker threads of a search; its result does not depend on them [default: all cores]
    #[arg(long, value_name = "N")]
    threads: Option<u16>,
    /// Where the page is written [default: results/reference/training-free-searches.md]
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

/// The seeds of dear methods, unless more are asked for.
const FEW: u16 = 3;

impl TrainingFree {
    pub(crate) fn run(self) -> miette::Result<()> {
        let conditions = Conditions::plain(self.data.clone(), self.seeds.clone(), self.threads);
        let assay = conditions.prepare()?;
        let seeds = Dealt { all: self.seeds.0.clone(), dear: self.dear_seeds.into() };
        let wanted = METHODS.iter().filter(|method| self.methods.is_empty() || self.methods.iter().any(|name| name == method.name));
        let wanted: Vec<&Method> = wanted.collect();
        if !self.finished {
            eprint!("{}", estimate::told(&self.first_searches(&conditions, &assay, &wanted, &seeds)?));
        }
        if self.estimate {
            return Ok(());
        }
        let are_wanted = |run: &Path| !self.finished || is_finished(run);
        let (mut measured, mut others) = (vec![Entry::published(&NASWOT), Entry::published(&TE_NAS)], Vec::new());
        for method in wanted.iter().filter(|method| method.on != On::OtherSpaces) {
            let way = method.way(&CIFAR10, Vec::new())?;
            let its = method.its(&seeds).into_iter().filter(|seed| are_wanted(&conditions.run_folder(&CIFAR10, &way, *seed)));
            let its: Vec<u64> = its.collect();
            if its.is_empty() {
                continue;
            }
            let column = |dataset: &'static Dataset| column(&conditions, &assay, method, dataset, its.clone());
            let columns = NAS_BENCH_201.iter().map(|dataset| column(dataset)).collect::<miette::Result<_>>()?;
            let rows = if method.scores == Scores::Measured { &mut measured } else { &mut others };
            rows.push(Entry::Searched { method: method.row(&[its.len()]), columns });
        }
        others.push(Entry::published(&OPTIMAL));
        let mut notes = vec![READ.to_owned()];
        notes.extend(self.finished.then(|| UNFINISHED.to_owned()));
        let page = Page {
            title: "Searches without training",
            published: format!("Table 1 of {TE_NAS_PAPER}"),
            command: self.command_line(),
            about: vec![
                "Test accuracy in per cent: mean (standard deviation, n − 1) over seeds of the architectures found in NAS-Bench-201.".into(),
                "Each searched on CIFAR-10, and the cells found are judged on all three datasets, within 180 evaluations where its name says nothing else. Cost: mean wall time and mean processor time of a search in seconds; wall time depends on what else the machine does.".into(),
            ],
            datasets: NAS_BENCH_201.to_vec(),
            blocks: vec![Block { title: MEASURED, rows: measured }, Block { title: COUNTED, rows: others }],
            notes,
        };
        let text = render(&page).map_err(|because| unknown(&because))?;
        let elsewhere: Vec<&Method> = wanted.into_iter().filter(|method| method.on != On::NasBench201).collect();
        let text = text + &elsewhere::table(&assay, &elsewhere, &seeds, &are_wanted, self.threads)?;
        print!("{text}");
        project::write_result(self.out, "training-free-searches.md", &text)
    }

    /// The first search of each method that measures, wherever it searches.
    fn first_searches(&self, conditions: &Conditions, assay: &Path, methods: &[&Method], seeds: &Dealt) -> miette::Result<Vec<First>> {
        let is_left = |run: PathBuf| !is_finished(&run);
        let mut firsts = Vec::new();
        for method in methods.iter().filter(|method| method.scores == Scores::Measured) {
            let its = method.its(seeds);
            let Some(first) = its.first() else { continue };
            if method.on != On::OtherSpaces {
                let Column::Searched { searches, .. } = column(conditions, assay, method, &CIFAR10, vec![*first])? else {
                    bail!("{}", CIFAR10.absent());
                };
                let way = method.way(&CIFAR10, Vec::new())?;
                let left = its.iter().filter(|seed| is_left(conditions.run_folder(&CIFAR10, &way, **seed))).count();
                firsts.extend(searches.iter().map(|search| First::new(method.title.into(), search, left)));
            }
            if method.on != On::NasBench201 {
                for space in &SPACES {
                    let search = elsewhere::search(assay, method, space, *first, self.threads)?;
                    let left = its.iter().filter(|seed| is_left(elsewhere::folder(method, space, **seed))).count();
                    firsts.push(First::new(format!("{}, {}", method.title, space.title), &search, left));
                }
            }
        }
        Ok(firsts)
    }

    /// The command that makes the same page, wherever runs lie.
    fn command_line(&self) -> String {
        let mut words = vec!["cargo xtask reproduce training-free".to_owned()];
        words.extend(self.data.iter().flat_map(Images::arguments));
        if self.seeds.0 != (400..420).collect::<Vec<u64>>() {
            words.extend(["--seeds".into(), self.seeds.0.iter().map(u64::to_string).collect::<Vec<_>>().join(",")]);
        }
        if self.dear_seeds != FEW {
            words.extend(["--dear-seeds".into(), self.dear_seeds.to_string()]);
        }
        if self.finished {
            words.push("--finished".into());
        }
        if !self.methods.is_empty() {
            words.extend(["--methods".into(), self.methods.join(",")]);
        }
        words.join(" ")
    }
}

/// Titles of blocks.
const MEASURED: &str = "Each network measured when the search meets it";
const COUNTED: &str = "Scores counted, or read from a table of all cells";

/// Notes of the protocol.
const READ: &str = "Searches that are marked (read) measured nothing: scores are those of the table that the protocol names, and their cost is that of reading it. What it costs to measure as much is told in scores-nas-bench-201.md.";
const UNFINISHED: &str = "Of the seeds that were asked for, those are shown whose searches were finished when this page was written (--finished); each row says how many.";

/// Whether the search that is kept there came to its end.
fn is_finished(run: &Path) -> bool {
    run.join("summary.json").is_file()
}

/// Searches with these seeds. What is found on CIFAR-10 is judged on the other datasets too.
fn column(conditions: &Conditions, assay: &Path, method: &Method, dataset: &'static Dataset, seeds: Vec<u64>) -> miette::Result<Column> {
    if dataset.name != CIFAR10.name {
        return Ok(Column::FoundElsewhere(0));
    }
    conditions.search(assay, dataset, &method.way(dataset, seeds)?)
}
