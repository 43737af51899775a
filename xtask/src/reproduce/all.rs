//! `cargo xtask reproduce all`: every result, one after the other.

use std::time::{Duration, Instant};

use clap::{Args, Parser};
use miette::IntoDiagnostic;

use super::Reproduce;
use super::searches::Images;
use crate::child;

/// A result that is made again.
struct Target {
    name: &'static str,
    /// Whether it takes `--data`.
    takes_images: bool,
}

/// Every result, in the order in which they are made. A new one joins with its line.
const TARGETS: &[Target] = &[
    Target { name: "table1", takes_images: true },
    Target { name: "table4", takes_images: true },
    Target { name: "table5", takes_images: true },
    Target { name: "fig1", takes_images: true },
    Target { name: "fig3", takes_images: true },
    Target { name: "fig4", takes_images: true },
    Target { name: "fig5", takes_images: true },
    Target { name: "fig9", takes_images: true },
    Target { name: "correlation", takes_images: false },
];

/// Every published result that is made again here, one after the other
///
/// What is finished is kept: interrupted, the same command goes on where it was, and a second one only writes again.
#[derive(Debug, Args)]
#[command(after_help = "\
Example:
  cargo xtask reproduce all --data cifar100=cifar100_sample.bin --data imagenet16-120=imagenet16_sample.bin")]
pub(crate) struct All {
    #[command(flatten)]
    images: Images,
}

/// A command line as the user would type it.
#[derive(Debug, Parser)]
struct Line {
    #[command(flatten)]
    reproduce: Reproduce,
}

impl All {
    pub(crate) fn run(self) -> miette::Result<()> {
        let began = Instant::now();
        for Target { name, takes_images } in TARGETS {
            let images = if *takes_images { self.images.arguments() } else { Vec::new() };
            let words = ["reproduce".to_owned(), (*name).to_owned()].into_iter().chain(images);
            eprintln!("{name}:");
            let begun = Instant::now();
            Line::try_parse_from(words).into_diagnostic()?.reproduce.run()?;
            eprintln!("{name}: {}", words_of(begun.elapsed()));
            if child::interrupted() {
                super::searches::stop();
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
        for Target { name, takes_images } in TARGETS {
            let images = format!("--data=cifar100={}", file.path().display());
            let words = ["reproduce", name].into_iter().chain(takes_images.then_some(images.as_str()));
            Line::try_parse_from(words).unwrap_or_else(|error| panic!("{name}: {error}"));
        }
    }
}
