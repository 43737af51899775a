//! `cargo xtask reproduce correlation` and `correlation-darts`: proxies against recorded accuracies.

use std::path::{Path, PathBuf};
use std::process::Command;

use clap::Args;
use miette::{IntoDiagnostic, WrapErr, bail};

use super::study::Study;
use crate::{child, project};

/// Every proxy against the accuracies of 1,000 architectures of NAS-Bench-201, beside published correlations
///
/// Takes some twenty minutes on two cores. What is measured is kept under results/correlation: interrupted, the same command
/// goes on where it was.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  cargo xtask reproduce correlation
  cargo xtask reproduce correlation --sample 50 --out first-look.md

Needs the images of CIFAR-10 (assay data fetch cifar10) and the table (assay benchmark import nas-bench-201 TABLE).")]
pub(crate) struct Correlation {
    #[command(flatten)]
    extent: Extent,
    /// Where the document is written [default: results/reference/correlation-nas-bench-201.md]
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

/// κ, R̂ and other proxies against the accuracies of 1,000 genotypes of the DARTS space
///
/// Writes two documents: κ, R̂ and their rank sum in the networks that TE-NAS searches with, and other proxies in DARTS's search
/// network. What is measured is kept under results/correlation-darts: interrupted, the same command
/// goes on where it was.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  cargo xtask reproduce correlation-darts
  cargo xtask reproduce correlation-darts --sample 50 --out first-look

Needs the images of CIFAR-10 (assay data fetch cifar10) and the table (assay benchmark import darts-1000 TABLE).")]
pub(crate) struct CorrelationDarts {
    #[command(flatten)]
    extent: Extent,
    /// The folder of the two documents [default: results/reference]
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
}

/// How much of a study is made.
#[derive(Debug, Args)]
struct Extent {
    /// How many architectures to score, in place of those that the result has
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(2..))]
    sample: Option<u32>,
}

impl Correlation {
    pub(crate) fn run(self) -> miette::Result<()> {
        // What has been found out about how the experiment differs from what papers print.
        let reasons = project::root().join("results/reference/correlation-nas-bench-201.reasons.toml");
        let document = document(&prepare()?, "correlation-nas-bench-201", "correlation", &self.extent, Some(&reasons))?;
        project::write_result(self.out, "correlation-nas-bench-201.md", &document)
    }
}

impl CorrelationDarts {
    pub(crate) fn run(self) -> miette::Result<()> {
        let assay = prepare()?;
        let studies = [
            ("correlation-darts-1000.md", "correlation-darts", "correlation-darts/te-nas"),
            ("correlation-darts-1000-zero-cost.md", "correlation-darts-zero-cost", "correlation-darts/zero-cost"),
        ];
        for (file, experiment, folder) in studies {
            let document = document(&assay, experiment, folder, &self.extent, None)?;
            project::write_result(self.out.as_ref().map(|folder| folder.join(file)), file, &document)?;
        }
        Ok(())
    }
}

/// The program, and Ctrl-C left to it.
fn prepare() -> miette::Result<PathBuf> {
    let assay = project::build_assay()?;
    child::outlive_interrupts()?;
    Ok(assay)
}

/// Makes a study, or what is left of it, and prints it as Markdown.
fn document(assay: &Path, experiment: &'static str, folder: &str, extent: &Extent, reasons: Option<&Path>) -> miette::Result<String> {
    let part = extent.sample.map_or("whole".into(), |sample| format!("{sample}"));
    let settings = extent.sample.map(|sample| format!("study.sample={sample}")).into_iter().collect();
    let made = Study { experiment, folder: Path::new(folder).join(part), settings }.make(assay)?;
    let mut print = Command::new(assay);
    print.arg("correlate").arg("--resume").arg(&made.run).arg("--markdown");
    if let Some(reasons) = reasons {
        print.arg("--reasons").arg(reasons);
    }
    let printed = print.output().into_diagnostic().wrap_err("assay cannot be started")?;
    if !printed.status.success() {
        bail!("the document cannot be printed: {}", String::from_utf8_lossy(&printed.stderr));
    }
    Ok(String::from_utf8_lossy(&printed.stdout).into_owned())
}
