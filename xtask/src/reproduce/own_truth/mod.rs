//! `cargo xtask reproduce own-truth`: how far short trainings of one's own can be trusted as ground truth.

mod render;

use std::path::PathBuf;

use assay_results::tables::trained;
use clap::Args;
use toml_edit::Value;

use super::study::Study;
use crate::{child, project};

/// Ten proxies against short trainings of 60 NAS-Bench-201 cells, beside the same against the recorded accuracies
///
/// Takes some twenty minutes on two idle cores. What is trained and measured is kept under results/own-truth: interrupted, the
/// same command goes on where it was.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  cargo xtask reproduce own-truth
  cargo xtask reproduce own-truth --sample 10 --out first-look.md

Needs the images of CIFAR-10 (assay data fetch cifar10) and the table (assay benchmark import nas-bench-201 TABLE).")]
pub(crate) struct OwnTruth {
    /// Where CIFAR-10 is: its folder or archive [default: datasets/cifar10 in the data directory]
    #[arg(long, value_name = "PATH")]
    images: Option<PathBuf>,
    /// How many cells, in place of 60
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(2..))]
    sample: Option<u32>,
    /// Where the document is written [default: results/reference/own-truth-nas-bench-201.md]
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

impl OwnTruth {
    pub(crate) fn run(self) -> miette::Result<()> {
        let assay = project::build_assay()?;
        child::outlive_interrupts()?;
        let part = self.sample.map_or("whole".into(), |sample| sample.to_string());
        let study = |experiment: &'static str, name: &str, settings: Vec<(&str, Value)>| Study {
            experiment,
            folder: PathBuf::from("own-truth").join(&part).join(name),
            settings: settings.into_iter().map(|(key, value)| format!("{key}={value}")).collect(),
        };
        let made = study("own-truth-nas-bench-201", "made", self.settings(true)).make(&assay)?;
        let mut settings = self.settings(false);
        // Absolute, because the working directory of the study need not be this one.
        let table = std::path::absolute(made.run.join(trained::FILE)).unwrap_or_else(|_| made.run.join(trained::FILE));
        settings.push(("proxies.recorded.path", table.display().to_string().into()));
        let recorded = study("own-truth-nas-bench-201-recorded", "recorded", settings).make(&assay)?;
        let text = render::render(&self.command_line(), &made.summary, &recorded.summary);
        project::write_result(self.out, "own-truth-nas-bench-201.md", &text)
    }

    /// What both studies set; the images to judge by only where something is trained.
    fn settings(&self, trains: bool) -> Vec<(&'static str, Value)> {
        let mut settings: Vec<(&'static str, Value)> = Vec::new();
        if let Some(sample) = self.sample {
            settings.push(("study.sample", i64::from(sample).into()));
        }
        if let Some(path) = &self.images {
            let path = path.display().to_string();
            settings.push(("dataset.path", path.clone().into()));
            if trains {
                settings.push(("test.path", path.into()));
            }
        }
        settings
    }

    /// The command that makes the same document, wherever images lie.
    fn command_line(&self) -> String {
        let sample = self.sample.map_or(String::new(), |sample| format!(" --sample {sample}"));
        format!("cargo xtask reproduce own-truth{sample}")
    }
}
