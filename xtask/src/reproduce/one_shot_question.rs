//! `cargo xtask reproduce one-shot`: how far accuracies in a shared network agree with those of cells trained each by itself.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use assay_results::correlation::{Correlation, RANDOM};
use assay_results::{SearchSummary, StudySummary};
use clap::Args;
use miette::bail;
use toml_edit::Value;

use super::search::{Outcome, Search};
use super::study::Study;
use super::summary::machine;
use crate::{child, project};

/// The ways of training the network, each with what its weights learn on.
const METHODS: [(&str, &str); 3] = [
    ("rsps", "one cell a step, drawn uniformly"),
    ("gdas", "one cell a step, drawn by Gumbel noise on what mixes operators"),
    ("setn", "one cell a step, drawn uniformly; what mixes operators learns on all of them"),
];

/// What needs no training.
const PROXIES: [&str; 5] = ["params", "flops", "naswot", "swap", "synflow"];

/// Kendall's τ-b of accuracies in the networks of RSPS, GDAS and SETN over 1,000 cells of NAS-Bench-201, beside proxies
///
/// Takes some fifteen minutes on two idle cores. What is trained and measured is kept under results/one-shot: interrupted, the same
/// command goes on where it was.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  cargo xtask reproduce one-shot
  cargo xtask reproduce one-shot --sample 20 --epochs 2 --out first-look.md

Needs the images of CIFAR-10 (assay data fetch cifar10) and the table (assay benchmark import nas-bench-201 TABLE).")]
pub(crate) struct OneShot {
    /// Where CIFAR-10 is: its folder or archive [default: datasets/cifar10 in the data directory]
    #[arg(long, value_name = "PATH")]
    images: Option<PathBuf>,
    /// How many cells
    #[arg(long, value_name = "N", default_value_t = 1000, value_parser = clap::value_parser!(u32).range(2..))]
    sample: u32,
    /// Epochs of each network's training
    #[arg(long, value_name = "N", default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..))]
    epochs: u32,
    /// Images of each half, one of which weights learn from
    #[arg(long, value_name = "N", default_value_t = 5000, value_parser = clap::value_parser!(u32).range(500..))]
    half: u32,
    /// Where the document is written [default: results/reference/one-shot-nas-bench-201.md]
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

/// A trained network, and what it says of cells.
struct Asked {
    method: &'static str,
    search: SearchSummary,
    study: StudySummary,
}

impl OneShot {
    pub(crate) fn run(self) -> miette::Result<()> {
        let assay = project::build_assay()?;
        child::outlive_interrupts()?;
        let mut asked = Vec::new();
        for (method, _) in METHODS {
            let (run, search) = self.train(&assay, method)?;
            // Absolute, because the working directory of the study need not be this one.
            let run = std::path::absolute(&run).unwrap_or(run);
            let settings = vec![("proxies.one-shot.search", Value::from(run.display().to_string()))];
            let study = self.study(&format!("study-{method}"), settings).make(&assay)?;
            asked.push(Asked { method, search, study: study.summary });
        }
        let proxies: toml_edit::Array = PROXIES.into_iter().collect();
        let untrained = self.study("study-proxies", vec![("study.proxies", proxies.into())]).make(&assay)?;
        let text = render(&self.command_line(), &asked, &untrained.summary);
        project::write_result(self.out, "one-shot-nas-bench-201.md", &text)
    }

    /// One folder for each size that can be asked for.
    fn folder(&self) -> PathBuf {
        PathBuf::from("one-shot").join(format!("{}-cells-{}-epochs-{}-images", self.sample, self.epochs, self.half))
    }

    /// The network of a method; its folder and what the search says.
    fn train(&self, assay: &Path, method: &str) -> miette::Result<(PathBuf, SearchSummary)> {
        let run = project::root().join("results").join(self.folder()).join(method);
        let mut settings: Vec<(String, Value)> = [("epochs", self.epochs), ("images", self.half)]
            .map(|(key, value)| (format!("strategy.{key}"), i64::from(value).into()))
            .into();
        settings.extend(self.images.iter().map(|path| ("dataset.path".to_owned(), Value::from(path.display().to_string()))));
        let experiment = project::root().join("configs").join(format!("search-{method}-nas-bench-201.toml"));
        eprintln!("network of {method} ({})", run.display());
        let search = Search { experiment, run: run.clone(), seed: 0, settings, threads: None };
        match search.make(assay)? {
            Outcome::Found(summary) => Ok((run, *summary)),
            Outcome::NoDataset => bail!("CIFAR-10 is not here: run `assay data fetch cifar10`, or name it: --images PATH"),
        }
    }

    /// A study of the same cells.
    fn study(&self, name: &str, mut settings: Vec<(&str, Value)>) -> Study {
        settings.push(("study.sample", i64::from(self.sample).into()));
        settings.extend(self.images.iter().map(|path| ("dataset.path", Value::from(path.display().to_string()))));
        Study {
            experiment: "one-shot-nas-bench-201",
            folder: self.folder().join(name),
            settings: settings.into_iter().map(|(key, value)| format!("{key}={value}")).collect(),
        }
    }

    /// The command that makes the same document, wherever images lie.
    fn command_line(&self) -> String {
        let mut words = "cargo xtask reproduce one-shot".to_owned();
        for (name, value, usual) in [("sample", self.sample, 1000), ("epochs", self.epochs, 20), ("half", self.half, 5000)] {
            if value != usual {
                let _ = write!(words, " --{name} {value}");
            }
        }
        words
    }
}

/// `0.512 [0.401, 0.611]`.
fn tau(row: &Correlation) -> String {
    let Some(tau) = row.tau_b else { return "–".into() };
    let interval = row.interval().map_or(String::new(), |interval| format!(" [{:.3}, {:.3}]", interval.low, interval.high));
    format!("{tau:.3}{interval}")
}

/// A cell of a table where there is a number.
fn number(value: Option<f64>) -> String {
    value.map_or_else(|| "–".into(), |value| format!("{value:.3}"))
}

/// The rows of a study for these proxies, by the first target.
fn rows<'s>(study: &'s StudySummary, wanted: impl Fn(&str) -> bool + 's) -> impl Iterator<Item = &'s Correlation> {
    let target = study.targets.first().map(|target| target.column.as_str());
    study.correlations.iter().filter(move |row| Some(row.target.as_str()) == target && wanted(&row.proxy))
}

fn render(command: &str, asked: &[Asked], untrained: &StudySummary) -> String {
    let mut text = format!(
        "# The one-shot question on NAS-Bench-201\n\nMade by\n\n```\n{command}\n```\n\n\
         How far do accuracies in a network whose cells share weights agree with those of cells trained each by itself? Kendall's τ-b \
         over {} cells with the recorded accuracies on CIFAR-10's test images, with 95 % intervals. Networks were trained by a reduced \
         schedule (see the protocol); no published number can be expected of them.\n\n\
         | judge | trained on | τ-b | ρ | τ-b of the best 10 % | seconds of training |\n|:---|:---|---:|---:|---:|---:|\n",
        untrained.architectures
    );
    for Asked { method, search, study } in asked {
        let on = METHODS.iter().find(|(own, _)| own == method).map_or("", |(_, on)| on);
        for row in rows(study, |proxy| proxy == "one-shot") {
            let (rho, top) = (number(row.rho), number(row.tau_b_top_10_percent));
            // Writing to a string does not fail.
            let _ = writeln!(text, "| one-shot, {method} | {on} | {} | {rho} | {top} | {:.0} |", tau(row), search.times.total_wall_seconds);
        }
    }
    for row in rows(untrained, |proxy| proxy != RANDOM) {
        let (rho, top) = (number(row.rho), number(row.tau_b_top_10_percent));
        let _ = writeln!(text, "| {} | – | {} | {rho} | {top} | – |", row.proxy, tau(row));
    }
    let _ = write!(text, "\nOn {}.\n\n## Protocol\n\n", machine(&untrained.machine));
    for Asked { method, search, study } in asked {
        let _ = writeln!(text, "- The network of {method}: {}.\n- Judged by it: {}.", search.protocol, study.protocol);
    }
    let _ = writeln!(text, "- Proxies: {}.", untrained.protocol);
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reduced_command_says_so_and_keeps_its_runs_apart() {
        let of = |sample: u32| OneShot { images: None, sample, epochs: 20, half: 5000, out: None };
        assert_eq!(of(1000).command_line(), "cargo xtask reproduce one-shot");
        assert_eq!(of(20).command_line(), "cargo xtask reproduce one-shot --sample 20");
        assert_ne!(of(20).folder(), of(1000).folder());
    }
}
