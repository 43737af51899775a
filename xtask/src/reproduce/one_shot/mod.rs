//! `cargo xtask reproduce one-shot-searches`: searches of NAS-Bench-201 that share weights, under a schedule that ends within minutes.
#![allow(clippy::print_stdout, reason = "the table goes to standard output")]

mod methods;
mod page;

use std::path::{Path, PathBuf};
use std::str::FromStr;

use assay_results::SearchSummary;
use clap::Args;
use miette::{IntoDiagnostic, WrapErr, bail};
use toml_edit::Value;

use super::conditions::{Seeds, seed, seeds};
use super::datasets::CIFAR10;
use super::search::{Outcome, Search};
use super::searches::require_benchmark;
use super::summary::unreadable;
use crate::{child, project};
use methods::{METHODS, Method};
pub(super) use page::{Row, entries, notes};

/// Where the runs are.
const FOLDER: &str = "results/one-shot-searches";
/// The name of the folder of searches whose halves a seed draws.
const DRAWN: &str = "drawn";

/// NAS-Bench-201 searched by methods that share weights, on CIFAR-10 under a reduced schedule, with recorded accuracies of the cells
///
/// Takes less than half an hour on two cores. Every search is kept in a folder below results/one-shot-searches: interrupted, the
/// same command goes on where it was, and `reproduce table1` shows what is finished.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  cargo xtask reproduce one-shot-searches
  cargo xtask reproduce one-shot-searches --split search_splits.json --methods gdas,rsps --seeds 0

Needs all images of CIFAR-10 (assay data fetch cifar10) and the table (assay benchmark import nas-bench-201 TABLE).")]
pub(crate) struct OneShotSearches {
    /// A file with the benchmark's halves of CIFAR-10 under `cifar10` [default: halves drawn by the seed of each search]
    #[arg(long, value_name = "FILE")]
    split: Option<PathBuf>,
    /// Where CIFAR-10 is: its folder or archive [default: datasets/cifar10 in the data directory]
    #[arg(long, value_name = "PATH")]
    images: Option<PathBuf>,
    /// Seeds: 0,2 or 0-3 (both ends included)
    #[arg(long, default_value = "0-2", value_parser = seeds)]
    seeds: Seeds,
    /// These methods alone
    #[arg(long, value_name = "NAMES", value_delimiter = ',', value_parser = METHODS.map(|method| method.name))]
    methods: Vec<String>,
    /// Worker threads of a search; its result does not depend on them [default: all cores]
    #[arg(long, value_name = "N")]
    threads: Option<u16>,
    /// Where the table is written [default: results/reference/one-shot-searches.md]
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

impl OneShotSearches {
    pub(crate) fn run(self) -> miette::Result<()> {
        let assay = project::build_assay()?;
        child::outlive_interrupts()?;
        require_benchmark(&assay)?;
        let wanted = METHODS.iter().filter(|method| self.methods.is_empty() || self.methods.iter().any(|name| name == method.name));
        let wanted: Vec<&'static Method> = wanted.collect();
        let mut rows = Vec::new();
        for (turn, method) in wanted.iter().enumerate() {
            let mut searches = Vec::new();
            for number in &self.seeds.0 {
                let search = self.search(method, *number)?;
                eprintln!("method {} of {}: {}, seed {number} ({})", turn + 1, wanted.len(), method.title, search.run.display());
                match search.make(&assay)? {
                    Outcome::Found(summary) => searches.push(*summary),
                    Outcome::NoDataset => bail!("{}", CIFAR10.absent()),
                }
            }
            rows.push(Row { method, searches });
        }
        let text = page::render(&self.command_line(), &rows)?;
        print!("{text}");
        project::write_result(self.out, "one-shot-searches.md", &text)
    }

    /// The command that makes the same table, wherever images and runs lie.
    fn command_line(&self) -> String {
        let mut words = vec!["cargo xtask reproduce one-shot-searches".to_owned()];
        if let Some(split) = &self.split {
            words.extend(["--split".into(), split.display().to_string()]);
        }
        if self.seeds.0 != [0, 1, 2] {
            words.extend(["--seeds".into(), self.seeds.0.iter().map(u64::to_string).collect::<Vec<_>>().join(",")]);
        }
        if !self.methods.is_empty() {
            words.extend(["--methods".into(), self.methods.join(",")]);
        }
        words.join(" ")
    }

    fn search(&self, method: &Method, number: u64) -> miette::Result<Search> {
        let split = self.split.as_deref().and_then(Path::file_stem).map_or_else(|| DRAWN.into(), |stem| stem.display().to_string());
        let mut settings = vec![seed(number)];
        for (key, value) in method.settings {
            let value = Value::from_str(value).into_diagnostic().wrap_err_with(|| format!("the setting {key} of {}", method.name))?;
            settings.push((format!("strategy.{key}"), value));
        }
        let paths = [("strategy.halves.file", &self.split), ("dataset.path", &self.images)];
        settings.extend(paths.into_iter().filter_map(|(key, path)| Some((key.to_owned(), path.as_ref()?.display().to_string().into()))));
        Ok(Search {
            experiment: project::root().join(format!("configs/search-{}-nas-bench-201.toml", method.strategy)),
            run: project::root().join(FOLDER).join(split).join(format!("{}-seed{number}", method.name)),
            seed: number,
            settings,
            threads: self.threads,
        })
    }
}

/// The finished searches of the folder whose halves are those of the first split in alphabetical order, drawn ones last.
///
/// # Errors
/// If one that is finished cannot be read.
pub(super) fn finished() -> miette::Result<Vec<Row>> {
    let folder = project::root().join(FOLDER);
    let names = std::fs::read_dir(&folder).into_iter().flatten().filter_map(|entry| entry.ok()?.file_name().into_string().ok());
    let mut splits: Vec<String> = names.collect();
    splits.sort_by_key(|name| (name == DRAWN, name.clone()));
    let Some(split) = splits.first() else { return Ok(Vec::new()) };
    let mut rows = Vec::new();
    for method in &METHODS {
        let mut searches = Vec::new();
        for entry in std::fs::read_dir(folder.join(split)).into_iter().flatten().flatten() {
            let run = entry.path();
            let is_its_own = entry.file_name().to_str().and_then(|name| name.strip_prefix(method.name)?.strip_prefix("-seed")).is_some();
            if is_its_own && run.join(assay_results::files::SUMMARY).exists() {
                searches.push(SearchSummary::read(&run).map_err(|error| unreadable(&error, &run))?);
            }
        }
        searches.sort_by_key(|search| search.seed);
        if !searches.is_empty() {
            rows.push(Row { method, searches });
        }
    }
    Ok(rows)
}
