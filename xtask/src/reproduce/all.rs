//! `cargo xtask reproduce all`: every result, one after the other.

use std::time::{Duration, Instant};

use clap::{Args, Parser};
use miette::IntoDiagnostic;

use super::Reproduce;
use super::datasets::{CIFAR10, DATASETS, Dataset, IMAGENET_1K, Images, NAS_BENCH_201};
use crate::child;

/// A result that is made again.
struct Target {
    name: &'static str,
    /// The datasets that its `--data` may name.
    datasets: &'static [&'static Dataset],
}

/// Every result, in the order in which they are made. A new one joins with its line.
static TARGETS: &[Target] = &[
    Target { name: "table1", datasets: &NAS_BENCH_201 },
    Target { name: "table2", datasets: &[&CIFAR10] },
    Target { name: "table3", datasets: &[&CIFAR10, &IMAGENET_1K] },
    Target { name: "table4", datasets: &NAS_BENCH_201 },
    Target { name: "table5", datasets: &NAS_BENCH_201 },
    Target { name: "fig1", datasets: &NAS_BENCH_201 },
    Target { name: "fig3", datasets: &NAS_BENCH_201 },
    Target { name: "fig4", datasets: &NAS_BENCH_201 },
    Target { name: "fig5", datasets: &NAS_BENCH_201 },
    Target { name: "fig8", datasets: &[&CIFAR10] },
    Target { name: "fig9", datasets: &NAS_BENCH_201 },
    Target { name: "correlation", datasets: &[] },
    Target { name: "correlation-darts", datasets: &[] },
    Target { name: "own-truth", datasets: &[] },
    Target { name: "one-shot", datasets: &[] },
    Target { name: "pretext", datasets: &[] },
];

/// Every published result that is made again here, one after the other
///
/// What is finished is kept: interrupted, the same command goes on where it was, and a second one only writes again.
#[derive(Debug, Args)]
#[command(after_help = "\
Example:
  cargo xtask reproduce all --data cifar100=cifar100_sample.bin --data imagenet16-120=imagenet16_sample.bin")]
pub(crate) struct All {
    /// Images to use in place of a dataset: cifar10, cifar100, imagenet16-120 or imagenet-1k (this one also a folder)
    #[arg(long, value_name = "NAME=PATH", value_parser = images)]
    data: Vec<Images>,
}

/// A command line as the user would type it.
#[derive(Debug, Parser)]
struct Line {
    #[command(flatten)]
    reproduce: Reproduce,
}

fn images(text: &str) -> Result<Images, String> {
    Images::parse(text, &DATASETS)
}

impl All {
    pub(crate) fn run(self) -> miette::Result<()> {
        let began = Instant::now();
        for Target { name, datasets } in TARGETS {
            let its_own = |images: &&Images| datasets.iter().any(|dataset| dataset.name == images.dataset.name);
            let images = self.data.iter().filter(its_own).flat_map(Images::arguments);
            let words = ["reproduce".to_owned(), (*name).to_owned()].into_iter().chain(images);
            eprintln!("{name}:");
            let begun = Instant::now();
            Line::try_parse_from(words).into_diagnostic()?.reproduce.run()?;
            eprintln!("{name}: {}", words_of(begun.elapsed()));
            if child::interrupted() {
                super::search::stop();
            }
        }
        eprintln!("all {} results: {}", TARGETS.len(), words_of(began.elapsed()));
        Ok(())
    }
}

fn words_of(time: Duration) -> String {
    let seconds = time.as_secs();
    if seconds < 120 { format!("{seconds} s") } else { format!("{} min {} s", seconds / 60, seconds % 60) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_target_is_a_result_and_takes_what_it_is_given() {
        let file = tempfile::NamedTempFile::new().unwrap();
        for Target { name, datasets } in TARGETS {
            let images = datasets.iter().map(|dataset| format!("--data={}={}", dataset.name, file.path().display()));
            let words = ["reproduce".to_owned(), (*name).to_owned()].into_iter().chain(images);
            Line::try_parse_from(words).unwrap_or_else(|error| panic!("{name}: {error}"));
        }
    }
}
