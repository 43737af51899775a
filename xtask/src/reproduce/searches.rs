//! Searches on the datasets of NAS-Bench-201, one a seed: what the tables of searches have in common.

use std::path::{Path, PathBuf};
use std::process::Command;

use clap::{Args, ValueEnum};
use miette::{IntoDiagnostic, WrapErr, bail, miette};
use serde::Deserialize;
use toml_edit::Value;

use super::conditions::{self, Pairing, Seeds, word};
use super::datasets::{Dataset, Images, NAS_BENCH_201};
use super::page::Column;
use super::search::{Outcome, Search};
use crate::{child, project};

/// How the searches of a table are made.
#[derive(Clone, Debug, Args)]
pub(super) struct Conditions {
    /// A file of images to use in place of a dataset: cifar10, cifar100 or imagenet16-120
    #[arg(long, value_name = "NAME=FILE", value_parser = images)]
    data: Vec<Images>,
    /// Numbers of the released code, or of the paper
    #[arg(long, value_enum, default_value_t = Variant::Code)]
    variant: Variant,
    #[command(flatten)]
    common: conditions::Conditions,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Variant {
    Code,
    Paper,
}

pub(super) fn images(text: &str) -> Result<Images, String> {
    Images::parse(text, &NAS_BENCH_201)
}

/// A way of searching, made from an experiment file.
#[derive(Clone, Debug)]
pub(super) struct Way {
    /// The folder of its runs below `results/`.
    pub(super) folder: String,
    /// The experiment file.
    pub(super) experiment: PathBuf,
    /// Settings on top of it.
    pub(super) settings: Vec<(&'static str, Value)>,
    /// Seeds, where they are not those of the table.
    pub(super) seeds: Option<Vec<u64>>,
}

impl Conditions {
    /// Searches that TE-NAS's numbers do not matter to.
    pub(super) fn plain(data: Vec<Images>, seeds: Seeds, threads: Option<u16>) -> Self {
        Self { data, variant: Variant::Code, common: conditions::Conditions { seeds, pairing: Pairing::Common, threads } }
    }

    /// What has to hold before hours of searching: returns the program.
    pub(super) fn prepare(&self) -> miette::Result<PathBuf> {
        if let Some(twice) = Images::twice(&self.data) {
            bail!("--data names {twice} twice");
        }
        let assay = project::build_assay()?;
        child::outlive_interrupts()?;
        require_benchmark(&assay)?;
        Ok(assay)
    }

    /// The command that makes a result under these conditions.
    pub(super) fn command_line(&self, result: &str) -> String {
        let variant = (self.variant != Variant::Code).then(|| ["--variant".to_owned(), word(self.variant)]);
        self.common.command_line(result, &self.data, variant.as_ref().map_or(&[], |variant| variant))
    }

    /// The images that are named for a dataset.
    pub(super) fn images(&self, dataset: &Dataset) -> Option<&Images> {
        Images::of(&self.data, dataset)
    }

    /// The seeds of the table.
    pub(super) fn seeds(&self) -> &[u64] {
        &self.common.seeds.0
    }

    /// Where a search of this seed is kept.
    pub(super) fn run_folder(&self, dataset: &Dataset, way: &Way, seed: u64) -> PathBuf {
        self.one(dataset, self.images(dataset), way, seed).run
    }

    /// TE-NAS on a dataset, with settings of the strategy on top of its experiment. `name` tells the runs apart; empty for
    /// the search as it was published.
    pub(super) fn te_nas(&self, dataset: &Dataset, name: &str, settings: Vec<(&'static str, Value)>) -> Way {
        let (variant, pairing) = (word(self.variant), word(self.common.pairing));
        let name = if name.is_empty() { String::new() } else { format!("-{name}") };
        let folder = format!("te-nas/{variant}-{pairing}{name}");
        let own = [("strategy.variant", Value::from(variant)), ("strategy.pairing", Value::from(pairing))];
        Way { folder, experiment: dataset.experiment(), settings: own.into_iter().chain(settings).collect(), seeds: None }
    }

    /// Searches a dataset, one search a seed; a dataset that is not here is not searched.
    pub(super) fn search(&self, assay: &Path, dataset: &'static Dataset, way: &Way) -> miette::Result<Column> {
        let images = self.images(dataset);
        let mut searches = Vec::new();
        let seeds = way.seeds.as_ref().unwrap_or(&self.common.seeds.0);
        for (turn, seed) in seeds.iter().enumerate() {
            let search = self.one(dataset, images, way, *seed);
            eprintln!("search {} of {}: {}, seed {seed} ({})", turn + 1, seeds.len(), dataset.title, search.run.display());
            match search.make(assay)? {
                Outcome::Found(summary) => searches.push(*summary),
                Outcome::NoDataset => return Ok(Column::NotRun(dataset.absent())),
            }
        }
        Ok(Column::Searched { searches, stand_in: images.and_then(Images::stand_in) })
    }

    fn one(&self, dataset: &Dataset, images: Option<&Images>, way: &Way, seed: u64) -> Search {
        let name = format!("{}{}-seed{seed}", dataset.name, images.map(Images::suffix).unwrap_or_default());
        let mut settings = vec![conditions::seed(seed)];
        settings.extend(way.settings.iter().map(|(key, value)| ((*key).to_owned(), value.clone())));
        settings.extend(images.map(Images::settings).unwrap_or_default());
        Search {
            experiment: project::root().join(&way.experiment),
            run: project::root().join("results").join(&way.folder).join(name),
            seed,
            settings,
            threads: self.common.threads,
        }
    }
}

/// A line of `assay benchmark list --json`.
#[derive(Debug, Deserialize)]
struct Benchmark {
    name: String,
    /// `None` where there is nothing to import.
    imported: Option<bool>,
}

/// Hours of searching without a table to look the results up in would be hours lost.
pub(super) fn require_benchmark(assay: &Path) -> miette::Result<()> {
    let mut command = Command::new(assay);
    command.args(["benchmark", "list", "--json"]);
    let output = command.output().into_diagnostic().wrap_err("assay cannot be started")?;
    let benchmarks: Vec<Benchmark> = serde_json::from_slice(&output.stdout)
        .into_diagnostic()
        .wrap_err_with(|| format!("{command:?} failed: {}", String::from_utf8_lossy(&output.stderr)))?;
    match benchmarks.iter().find(|benchmark| benchmark.name == "nas-bench-201") {
        Some(benchmark) if benchmark.imported == Some(true) => Ok(()),
        Some(_) => Err(miette!(
            help = format!("import your copy once: {} benchmark import nas-bench-201 <table.csv>", assay.display()),
            "the accuracies of NAS-Bench-201 are not imported"
        )),
        None => Err(miette!("{command:?} does not name nas-bench-201")),
    }
}
