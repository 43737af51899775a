//! `cargo xtask gpu-check`: a pack that checks and times the CUDA engine on a machine that has a graphics card and no network.
#![allow(clippy::print_stdout, reason = "where the pack is goes to standard output")]

mod pack;

use std::path::{Path, PathBuf};
use std::process::Command;

use clap::{Args, ValueEnum};
use miette::{IntoDiagnostic, WrapErr, bail, miette};

use crate::{child, project};
use pack::Pack;

/// The version that the program looks functions of CUDA up by: 13.0, in cudarc's words. Without it, its build script asks `nvcc`.
const CUDA: (&str, &str) = ("CUDARC_CUDA_VERSION", "13000");
const PACKAGE: &str = "assay-gpu-check";

/// Pack what checks and times the CUDA engine on a machine with an NVIDIA card and no network
///
/// The pack is one file below 60 MB with a program, oracles, images and one script, `run.sh`, which ends within eight minutes and leaves
/// a table and its figures as JSON. The machine needs NVIDIA's driver with CUDA 13; PyTorch, if it is there, is the baseline.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  cargo xtask gpu-check                        builds the CUDA backend, which takes some minutes
  cargo xtask gpu-check --backend cpu --run    the same script here, with burn's CPU backend in place of CUDA")]
pub(crate) struct GpuCheck {
    /// The backend of burn that is checked
    #[arg(long, value_enum, default_value = "cuda")]
    backend: Backend,
    /// Unpack it and run its script here
    #[arg(long)]
    run: bool,
    /// Where to write
    #[arg(long, value_name = "DIR", default_value = "target/gpu-check")]
    output: PathBuf,
    /// The program, where it is built already
    #[arg(long, value_name = "FILE")]
    program: Option<PathBuf>,
    /// The reference data, with `oracles` and `data/images` [default: $ASSAY_SHARED, or ../shared]
    #[arg(long, value_name = "DIR")]
    shared: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Backend {
    /// NVIDIA cards
    Cuda,
    /// The processor: for a proof of the script where there is no card
    Cpu,
}

impl Backend {
    fn engine(self) -> &'static str {
        match self {
            Self::Cuda => "burn-cuda",
            Self::Cpu => "burn-flex",
        }
    }

    fn features(self) -> &'static [&'static str] {
        match self {
            Self::Cuda => &["cuda"],
            Self::Cpu => &[],
        }
    }

    /// Hundredths of the time that each part has. On the processor it only shows that everything runs.
    fn share(self) -> u32 {
        match self {
            Self::Cuda => 100,
            Self::Cpu => 40,
        }
    }
}

impl GpuCheck {
    pub(crate) fn run(self) -> miette::Result<()> {
        let shared = self.shared.or_else(|| std::env::var_os("ASSAY_SHARED").map(PathBuf::from));
        let shared = shared.unwrap_or_else(|| project::root().join("../shared"));
        let program = self.program.map_or_else(|| project::build_program(PACKAGE, self.backend.features(), &[CUDA]), Ok)?;
        let pack = Pack { engine: self.backend.engine(), share: self.backend.share(), program: &program, shared: &shared };
        std::fs::create_dir_all(&self.output).into_diagnostic().wrap_err_with(|| format!("{} cannot be made", self.output.display()))?;
        let file = pack.write(&self.output)?;
        if self.run { run(&file, &self.output) } else { Ok(()) }
    }
}

/// Unpacks it and runs its script.
fn run(file: &Path, output: &Path) -> miette::Result<()> {
    let unpacked = pack::unpack(file, output)?;
    let results = output.join("results");
    let mut command = Command::new("bash");
    command.arg(unpacked.join("run.sh")).arg(&results);
    child::outlive_interrupts()?;
    match child::run(&mut command)? {
        child::Ending::Done => Ok(()),
        child::Ending::Interrupted => bail!("interrupted; what was found so far is in {}", results.display()),
        child::Ending::NoData | child::Ending::Failed => {
            Err(miette!(help = format!("the files *.log in {} say what went wrong", results.display()), "the script failed"))
        }
    }
}

#[cfg(test)]
mod tests;
