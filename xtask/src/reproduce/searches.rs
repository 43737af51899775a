//! Searches on the datasets of NAS-Bench-201, one a seed: what the tables of searches have in common.

use std::path::{Path, PathBuf};
use std::process::Command;

use clap::{Args, ValueEnum};
use miette::{IntoDiagnostic, WrapErr, bail, miette};
use toml_edit::Value;

use super::datasets::{DATASETS, Dataset};
use super::page::Column;
use super::summary::Summary;
use crate::{child, project};

/// Files of images in place of datasets.
#[derive(Clone, Debug, Default, Args)]
pub(super) struct Images {
    /// A file of images to use in place of a dataset: cifar10, cifar100 or imagenet16-120
    #[arg(long, value_name = "NAME=FILE", value_parser = stand_in)]
    pub(super) data: Vec<StandIn>,
}

/// How the searches of a table are made.
#[derive(Clone, Debug, Args)]
pub(super) struct Conditions {
    #[command(flatten)]
    images: Images,
    /// Seeds: 0,2 or 0-3 (both ends included)
    #[arg(long, default_value = "0-3", value_parser = seeds)]
    seeds: Seeds,
    /// Numbers of the released code, or of the paper
    #[arg(long, value_enum, default_value_t = Variant::Code)]
    variant: Variant,
    /// Whether the candidates of a round share their random draws
    #[arg(long, value_enum, default_value_t = Pairing::Common)]
    pairing: Pairing,
    /// Worker threads of a search; its result does not depend on them [default: all cores]
    #[arg(long, value_name = "N")]
    threads: Option<u16>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Variant {
    Code,
    Paper,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Pairing {
    Common,
    Independent,
}

/// A file in place of a dataset.
#[derive(Clone, Debug)]
pub(super) struct StandIn {
    dataset: &'static Dataset,
    pub(super) file: PathBuf,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Seeds(Vec<u64>);

fn stand_in(text: &str) -> Result<StandIn, String> {
    let (name, file) = text.split_once('=').ok_or("write NAME=FILE")?;
    let known = || DATASETS.each_ref().map(|dataset| dataset.name).join(", ");
    let dataset = Dataset::named(name).ok_or_else(|| format!("`{name}` is none of the table's datasets: {}", known()))?;
    let file = PathBuf::from(file);
    if !file.is_file() {
        return Err(format!("there is no file {}", file.display()));
    }
    Ok(StandIn { dataset, file })
}

fn seeds(text: &str) -> Result<Seeds, String> {
    let number = |text: &str| text.trim().parse::<u64>().map_err(|error| format!("`{text}`: {error}"));
    let mut seeds = Vec::new();
    for part in text.split(',') {
        match part.split_once("..").or_else(|| part.split_once('-')) {
            Some((first, last)) => seeds.extend(number(first)?..=number(last)?),
            None => seeds.push(number(part)?),
        }
    }
    let count = seeds.len();
    seeds.sort_unstable();
    seeds.dedup();
    match (count, seeds.len()) {
        (0, _) => Err(format!("`{text}` names no seed")),
        (count, distinct) if count > distinct => Err(format!("`{text}` names a seed twice")),
        _ => Ok(Seeds(seeds)),
    }
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

impl Images {
    /// The file in place of a dataset.
    pub(super) fn of(&self, dataset: &Dataset) -> Option<&StandIn> {
        self.data.iter().find(|stand_in| stand_in.dataset.name == dataset.name)
    }

    /// As they are written on the command line: ` --data NAME=FILE`, each.
    pub(super) fn arguments(&self) -> Vec<String> {
        self.data.iter().flat_map(|given| ["--data".to_owned(), format!("{}={}", given.dataset.name, given.file.display())]).collect()
    }

    fn check(&self) -> miette::Result<()> {
        let is_twice = |dataset: &&Dataset| self.data.iter().filter(|stand_in| stand_in.dataset.name == dataset.name).count() > 1;
        match DATASETS.iter().find(is_twice) {
            Some(dataset) => bail!("--data names {} twice", dataset.name),
            None => Ok(()),
        }
    }
}

impl Conditions {
    /// What has to hold before hours of searching: returns the program.
    pub(super) fn prepare(&self) -> miette::Result<PathBuf> {
        self.images.check()?;
        let assay = project::build_assay()?;
        child::outlive_interrupts()?;
        require_benchmark(&assay)?;
        Ok(assay)
    }

    /// The command that makes a result under these conditions.
    pub(super) fn command_line(&self, result: &str) -> String {
        let mut words = vec!["cargo xtask reproduce".to_owned(), result.to_owned()];
        words.extend(self.images.arguments().into_iter().map(|word| if word.contains([' ', '"']) { format!("{word:?}") } else { word }));
        if self.seeds.0 != [0, 1, 2, 3] {
            words.extend(["--seeds".into(), self.seeds.0.iter().map(u64::to_string).collect::<Vec<_>>().join(",")]);
        }
        if self.variant != Variant::Code {
            words.extend(["--variant".into(), word(self.variant)]);
        }
        if self.pairing != Pairing::Common {
            words.extend(["--pairing".into(), word(self.pairing)]);
        }
        words.join(" ")
    }

    /// The file of images in place of a dataset.
    pub(super) fn stand_in(&self, dataset: &Dataset) -> Option<&Path> {
        self.images.of(dataset).map(|stand_in| stand_in.file.as_path())
    }

    /// The seeds of the table.
    pub(super) fn seeds(&self) -> &[u64] {
        &self.seeds.0
    }

    /// Where a search of this seed is kept.
    pub(super) fn run_folder(&self, dataset: &Dataset, way: &Way, seed: u64) -> PathBuf {
        run_folder(dataset, self.images.of(dataset), way, seed)
    }

    /// TE-NAS on a dataset, with settings of the strategy on top of its experiment. `name` tells the runs apart; empty for
    /// the search as it was published.
    pub(super) fn te_nas(&self, dataset: &Dataset, name: &str, settings: Vec<(&'static str, Value)>) -> Way {
        let (variant, pairing) = (word(self.variant), word(self.pairing));
        let name = if name.is_empty() { String::new() } else { format!("-{name}") };
        let folder = format!("te-nas/{variant}-{pairing}{name}");
        let own = [("strategy.variant", Value::from(variant)), ("strategy.pairing", Value::from(pairing))];
        Way { folder, experiment: dataset.experiment(), settings: own.into_iter().chain(settings).collect(), seeds: None }
    }

    /// Searches a dataset, one search a seed; a dataset that is not here is not searched.
    pub(super) fn search(&self, assay: &Path, dataset: &'static Dataset, way: &Way) -> miette::Result<Column> {
        let stand_in = self.images.of(dataset);
        let mut searches = Vec::new();
        let seeds = way.seeds.as_ref().unwrap_or(&self.seeds.0);
        for (turn, seed) in seeds.iter().enumerate() {
            if child::interrupted() {
                stop();
            }
            let run = run_folder(dataset, stand_in, way, *seed);
            eprintln!("search {} of {}: {}, seed {seed} ({})", turn + 1, seeds.len(), dataset.title, run.display());
            let mut command = self.command(assay, dataset, stand_in, way, *seed, &run);
            match child::run(&mut command)? {
                child::Ending::Done => {}
                child::Ending::Interrupted => stop(),
                child::Ending::Failed(said) if stand_in.is_none() && !run.exists() && says_absent(&said) => {
                    return Ok(Column::NotRun(dataset.absent()));
                }
                child::Ending::Failed(_) => bail!("the search failed: {command:?}"),
            }
            let summary = Summary::read(&run)?.ok_or_else(|| miette!("{} has no summary although its search ended well", run.display()))?;
            if summary.seed != *seed {
                bail!("{} holds a search with seed {}, not {seed}; remove it and run this again", run.display(), summary.seed);
            }
            searches.push(summary);
        }
        Ok(Column::Searched { searches, stand_in: stand_in.map(|stand_in| stand_in.file.display().to_string()) })
    }

    fn command(&self, assay: &Path, dataset: &Dataset, stand_in: Option<&StandIn>, way: &Way, seed: u64, run: &Path) -> Command {
        let mut command = Command::new(assay);
        command.arg("run").arg(project::root().join(&way.experiment)).arg("--run-dir").arg(run);
        if run.exists() {
            command.arg("--resume");
        }
        let mut set = |key: &str, value: &Value| {
            command.arg("--set").arg(format!("{key}={value}"));
        };
        // A seed beyond TOML's integers is refused by the experiment file's own check.
        set("seed", &i64::try_from(seed).unwrap_or(-1).into());
        for (key, value) in &way.settings {
            set(key, value);
        }
        for (key, value) in stand_in.map(|stand_in| dataset.stand_in(&stand_in.file)).unwrap_or_default() {
            set(&format!("dataset.{key}"), &value);
        }
        if let Some(threads) = self.threads {
            command.arg("--threads").arg(threads.to_string());
        }
        command
    }
}

/// One folder for each thing that can be asked for here, so that a finished search is never taken for another one.
fn run_folder(dataset: &Dataset, stand_in: Option<&StandIn>, way: &Way, seed: u64) -> PathBuf {
    let images = stand_in.and_then(|stand_in| stand_in.file.file_stem()).map(|stem| format!("-on-{}", stem.display())).unwrap_or_default();
    project::root().join("results").join(&way.folder).join(format!("{}{images}-seed{seed}", dataset.name))
}

/// Ends the task after Ctrl-C.
pub(super) fn stop() -> ! {
    eprintln!("Interrupted. The same command goes on from here.");
    std::process::exit(child::INTERRUPTED)
}

fn word(value: impl ValueEnum) -> String {
    value.to_possible_value().map(|value| value.get_name().to_owned()).unwrap_or_default()
}

/// Hours of searching without a table to look the results up in would be hours lost.
pub(super) fn require_benchmark(assay: &Path) -> miette::Result<()> {
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

/// Whether an error message says that the dataset's files are not in the data directory: the only failure that leaves a
/// column empty. Messages are broken into lines and framed for the terminal.
pub(super) fn says_absent(said: &str) -> bool {
    let framing = |character: char| character.is_whitespace() || matches!(character, '│' | '×');
    let words: Vec<&str> = said.split(framing).filter(|word| !word.is_empty()).collect();
    words.join(" ").contains("`dataset.path`: not given, and there is no ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seeds_are_numbers_and_ranges_with_both_ends() {
        assert_eq!(seeds("0-3"), Ok(Seeds(vec![0, 1, 2, 3])));
        assert_eq!(seeds("0..3"), Ok(Seeds(vec![0, 1, 2, 3])));
        assert_eq!(seeds("7,2,4-5"), Ok(Seeds(vec![2, 4, 5, 7])));
        for wrong in ["", "a", "3-1", "1,1", "0-2,1", "-1", "1-"] {
            assert!(seeds(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_stand_in_must_name_a_dataset_of_the_table_and_a_file() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let given = stand_in(&format!("cifar100={}", file.path().display())).unwrap();
        assert_eq!((given.dataset.name, given.file.as_path()), ("cifar100", file.path()));
        assert_eq!(stand_in("cifar10").unwrap_err(), "write NAME=FILE");
        assert_eq!(stand_in("mnist=x").unwrap_err(), "`mnist` is none of the table's datasets: cifar10, cifar100, imagenet16-120");
        assert_eq!(stand_in("cifar10=nowhere.bin").unwrap_err(), "there is no file nowhere.bin");
    }

    #[test]
    fn only_the_absence_of_a_dataset_leaves_a_column_empty() {
        let absent =
            "  × `dataset.path`: not given, and there is no /home/someone/data/datasets/\n  │ cifar100\n    ╭─[configs/x.toml:11:8]";
        assert!(says_absent(absent));
        assert!(says_absent("  × `dataset.path`: not given, and\n  │ there is no /data/datasets/cifar100"));
        assert!(!says_absent("  × `dataset.path`: data_batch_1.bin is cut short"));
        assert!(!says_absent("  × `strategy.repeats`: must be a whole number, 1 or more, is 0"));
    }
}
