//! `cargo xtask reproduce scores`: what proxies say of whole spaces, as small tables that studies read back.

use std::path::{Path, PathBuf};
use std::process::Command;

use clap::{Args, ValueEnum};
use miette::{IntoDiagnostic, WrapErr, bail, miette};
use toml_edit::{DocumentMut, Value};

use super::conditions::word;
use super::study::Study;
use crate::{child, project};

/// A space with an experiment file of this task.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Space {
    NasBench201,
    Darts,
    NasBench101,
    NasBenchMacro,
    NatsBenchSize,
}

/// Proxies that are measured together, the cheap ones first: what is finished of them is a table already.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Group {
    /// What is counted or drawn without an image
    Counts,
    /// One image, or one of ones
    Cheap,
    /// A pass or two over a minibatch
    Passes,
    /// Several passes, or matrices of features
    Middling,
    /// The rest of the file's proxies: seconds a network
    Dear,
}

/// Scores of all cells of NAS-Bench-201 and of samples of other spaces, as one small parquet table a space
///
/// Architectures that compute the same are measured once (NAS-Bench-201: 6,466 classes of 15,625 cells). The first four groups of
/// proxies take some two hours on two cores for the whole of NAS-Bench-201. What is measured is kept under results/scores:
/// interrupted, the same command goes on where it was.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  cargo xtask reproduce scores
  cargo xtask reproduce scores --spaces darts,nas-bench-101 --groups counts,cheap
  cargo xtask reproduce scores --spaces nas-bench-201 --shard 1/4     on four machines, and then, where all folders are:
  cargo xtask reproduce scores --spaces nas-bench-201 --merge 4
  assay correlate configs/scores-nas-bench-201.toml --set study.scores=results/reference/scores-nas-bench-201.parquet

Needs the images of CIFAR-10 (assay data fetch cifar10) and the spaces' tables (assay benchmark import NAME TABLE).")]
pub(crate) struct Scores {
    /// The spaces
    #[arg(long, value_enum, value_delimiter = ',', default_values_t = [Space::NasBench201, Space::Darts, Space::NasBench101])]
    spaces: Vec<Space>,
    /// The groups of proxies
    #[arg(long, value_enum, value_delimiter = ',', default_values_t = [Group::Counts, Group::Cheap, Group::Passes, Group::Middling])]
    groups: Vec<Group>,
    /// How many architectures of each space, drawn with seed 0, in place of those that its file has
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(2..))]
    sample: Option<u32>,
    /// Images of a minibatch, in place of those that the files have
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=65_536))]
    batch: Option<u32>,
    /// Make only this part of the measurements, such as 2/4
    #[arg(long, value_name = "I/N", conflicts_with = "merge")]
    shard: Option<String>,
    /// Join so many parts, made with --shard, before what is missing is measured
    #[arg(long, value_name = "N")]
    merge: Option<u32>,
    /// Worker threads [default: all cores]
    #[arg(long, value_name = "N")]
    threads: Option<u16>,
    /// Where CIFAR-10 is: its folder or archive [default: datasets/cifar10 in the data directory]
    #[arg(long, value_name = "PATH")]
    images: Option<PathBuf>,
    /// The folder of the tables [default: results/reference]
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
}

impl Space {
    /// The name of its experiment file.
    fn experiment(self) -> &'static str {
        match self {
            Self::NasBench201 => "scores-nas-bench-201",
            Self::Darts => "scores-darts",
            Self::NasBench101 => "scores-nas-bench-101",
            Self::NasBenchMacro => "scores-nas-bench-macro",
            Self::NatsBenchSize => "scores-nats-bench-size",
        }
    }

    /// The proxies of its file, and those of them that read a minibatch.
    fn proxies(self) -> miette::Result<(Vec<String>, Vec<String>)> {
        let file = project::root().join("configs").join(self.experiment()).with_extension("toml");
        let told = || format!("{} cannot be read", file.display());
        let text = std::fs::read_to_string(&file).into_diagnostic().wrap_err_with(told)?;
        let document: DocumentMut = text.parse().into_diagnostic().wrap_err_with(told)?;
        let proxies = document.get("study").and_then(|study| study.get("proxies")).and_then(|proxies| proxies.as_array());
        let proxies = proxies.ok_or_else(|| miette!("{} names no proxies", file.display()))?;
        let proxies: Vec<String> = proxies.iter().filter_map(|proxy| proxy.as_str().map(str::to_owned)).collect();
        let section = |proxy: &&String| document.get("proxies").and_then(|proxies| proxies.get(proxy.as_str()));
        let of_batches = |proxy: &&String| section(proxy).is_some_and(|settings| settings.get("batch").is_some());
        let batched = proxies.iter().filter(of_batches).cloned().collect();
        Ok((proxies, batched))
    }
}

/// The groups that have a list. What no list has is dear.
const LISTED: [(Group, &[&str]); 4] = [
    (Group::Counts, &["params", "flops", "trainable-layers", "live-params", "skip-length", "l2-norm", "linear-regions"]),
    (Group::Cheap, &["synflow", "log-synflow", "meco"]),
    (Group::Passes, &["grad-norm", "snip", "fisher", "plain", "jacob-cov", "naswot", "swap"]),
    (Group::Middling, &["az-expressivity", "az-progressivity", "az-trainability", "zen", "zico"]),
];

impl Group {
    /// Those of these proxies that it has.
    fn of(self, proxies: &[String]) -> Vec<&str> {
        let group = |proxy: &str| LISTED.iter().find(|(_, list)| list.contains(&proxy)).map_or(Self::Dear, |(group, _)| *group);
        proxies.iter().map(String::as_str).filter(|proxy| group(proxy) == self).collect()
    }
}

impl Scores {
    pub(crate) fn run(self) -> miette::Result<()> {
        let assay = project::build_assay()?;
        child::outlive_interrupts()?;
        for space in &self.spaces {
            let (proxies, batched) = space.proxies()?;
            let mut runs = Vec::new();
            for group in &self.groups {
                let of_group = group.of(&proxies);
                if of_group.is_empty() {
                    continue;
                }
                let batch = |batch: u32| {
                    let read = of_group.iter().filter(|proxy| batched.iter().any(|own| own == *proxy));
                    read.map(|proxy| format!("proxies.{proxy}.batch={batch}")).collect()
                };
                let batches = self.batch.map_or(Vec::new(), batch);
                runs.push(self.make(&assay, *space, *group, &of_group, batches)?);
            }
            if self.shard.is_none() {
                self.collect(&assay, *space, &runs)?;
            }
        }
        Ok(())
    }

    /// Measures one group of one space, or what is left of it, and gives its folder.
    fn make(&self, assay: &Path, space: Space, group: Group, proxies: &[&str], batches: Vec<String>) -> miette::Result<PathBuf> {
        let folder = Path::new("scores").join(word(space)).join(self.part().unwrap_or("whole".into())).join(word(group));
        let names: toml_edit::Array = proxies.iter().copied().collect();
        let mut settings = vec![format!("study.proxies={}", Value::from(names))];
        settings.extend(batches);
        settings.extend(self.sample.map(|sample| format!("study.sample={sample}")));
        settings.extend(self.images.as_ref().map(|path| format!("dataset.path={}", Value::from(path.display().to_string()))));
        settings.extend(self.threads.map(|threads| format!("threads={threads}")));
        let study = |folder: PathBuf| Study { experiment: space.experiment(), folder, settings: settings.clone() };
        let of_shard = |number: u32, of: u32| folder.with_file_name(format!("{}-{number}-of-{of}", word(group)));
        if let Some(shard) = &self.shard {
            let numbers = shard.split_once('/').and_then(|(number, of)| Some((number.parse().ok()?, of.parse().ok()?)));
            let (number, of) = numbers.ok_or_else(|| miette!("`{shard}` is not a part: write 2/4 for the second of four"))?;
            let mut part = study(of_shard(number, of));
            part.settings.push(format!("study.shard=\"{shard}\""));
            return part.run(assay);
        }
        let whole = project::root().join("results").join(&folder);
        if let Some(of) = self.merge.filter(|_| !whole.exists()) {
            let parts = (1..=of).map(|number| project::root().join("results").join(of_shard(number, of)));
            let mut command = Command::new(assay);
            command.arg("merge").args(parts).arg("--run-dir").arg(&whole);
            match child::run(&mut command)? {
                child::Ending::Done => {}
                child::Ending::Interrupted => super::search::stop(),
                child::Ending::NoData | child::Ending::Failed => bail!("the parts cannot be joined: {command:?}"),
            }
        }
        study(folder).run(assay)
    }

    /// What is otherwise than in the files, in names of files: `600-batch-16`.
    fn part(&self) -> Option<String> {
        let sample = self.sample.map(|sample| sample.to_string());
        let batch = self.batch.map(|batch| format!("batch-{batch}"));
        let parts: Vec<String> = sample.into_iter().chain(batch).collect();
        (!parts.is_empty()).then(|| parts.join("-"))
    }

    /// Joins the groups of a space in one table.
    fn collect(&self, assay: &Path, space: Space, runs: &[PathBuf]) -> miette::Result<()> {
        let folder = self.out.clone().unwrap_or_else(|| project::root().join("results/reference"));
        std::fs::create_dir_all(&folder).into_diagnostic().wrap_err_with(|| format!("{} cannot be made", folder.display()))?;
        let part = self.part().map_or(String::new(), |part| format!("-{part}"));
        let table = folder.join(format!("{}{part}.parquet", space.experiment()));
        let mut command = Command::new(assay);
        command.arg("collect").args(runs).arg("--output").arg(&table);
        match child::run(&mut command)? {
            child::Ending::Done => Ok(()),
            child::Ending::Interrupted => super::search::stop(),
            child::Ending::NoData | child::Ending::Failed => bail!("the table cannot be made: {command:?}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_space_has_its_file_and_each_of_its_proxies_is_in_one_group() {
        for space in Space::value_variants() {
            let (proxies, batched) = space.proxies().unwrap();
            assert!(batched.iter().all(|proxy| proxies.contains(proxy)) && !batched.is_empty(), "{space:?}");
            let mut dealt: Vec<&str> = Group::value_variants().iter().flat_map(|group| group.of(&proxies)).collect();
            let mut all: Vec<&str> = proxies.iter().map(String::as_str).collect();
            dealt.sort_unstable();
            all.sort_unstable();
            assert_eq!(dealt, all, "{space:?}");
            assert!(!Group::Cheap.of(&proxies).is_empty() && !Group::Counts.of(&proxies).is_empty(), "{space:?}");
        }
    }
}
