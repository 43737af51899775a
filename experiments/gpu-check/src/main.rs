//! What `cargo xtask gpu-check` packs: a program that checks and times an engine on a machine that has a graphics card and no network.
//!
//! Each part runs in a process of its own, on one engine, until it is done or its time is up, and writes what it found line by line:
//! what a killed process has found is not lost. `table` puts the parts of all engines side by side.
#![cfg_attr(test, allow(clippy::unwrap_used))]

mod bench;
mod kappa;
mod line;
mod memory;
mod oracles;
mod proxies;
mod pytorch;
mod subjects;
mod table;
mod training;

use std::path::PathBuf;
use std::time::Duration;

use assay_burn as _;
use assay_cpu as _;
use assay_datasets as _;
use assay_heap::Heap;
use assay_proxies as _;
use assay_spaces as _;
use clap::{Parser, Subcommand};

use bench::Bench;
use line::Part;

/// That of the program `assay`: where its memory comes from is part of what it takes.
#[global_allocator]
static HEAP: Heap = Heap;

/// Check and time an engine against oracles and against the CPU engine
#[derive(Debug, Parser)]
#[command(
    name = "assay-gpu-check",
    arg_required_else_help = true,
    after_help = "\
Examples:
  assay-gpu-check measure kappa --engine burn-cuda --data data --seconds 60 --output results/kappa.burn-cuda.jsonl
  assay-gpu-check table results"
)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run one part on one engine
    Measure {
        /// What is measured
        #[arg(value_enum)]
        part: Part,
        /// The engine, as experiment files name it
        #[arg(long)]
        engine: String,
        /// The folder with `oracles` and `images.bin`
        #[arg(long, value_name = "DIR")]
        data: PathBuf,
        /// When no more is begun
        #[arg(long, value_name = "N", default_value = "60")]
        seconds: u64,
        /// The file of what is found, a line each
        #[arg(long, value_name = "FILE")]
        output: PathBuf,
    },
    /// Write the networks and images that PyTorch is measured with
    Networks {
        /// The folder with `images.bin`
        #[arg(long, value_name = "DIR")]
        data: PathBuf,
        /// Where to write
        #[arg(long, value_name = "DIR")]
        output: PathBuf,
    },
    /// Put all parts in a folder side by side: `results.json` and `table.md` there, and the table on the screen
    Table {
        /// The folder
        folder: PathBuf,
    },
}

fn main() -> miette::Result<()> {
    match Arguments::parse().command {
        Command::Measure { part, engine, data, seconds, output } => {
            let mut bench = Bench::new(part, &engine, &data, Duration::from_secs(seconds), &output)?;
            match part {
                Part::Oracles => oracles::check(&mut bench)?,
                Part::Kappa => kappa::measure(&mut bench)?,
                Part::Training => training::measure(&mut bench)?,
                Part::Proxies => proxies::measure(&mut bench)?,
            }
            bench.end()
        }
        Command::Networks { data, output } => pytorch::write(&data, &output),
        Command::Table { folder } => table::write(&folder),
    }
}
