//! `cargo xtask bench`: how fast the CPU engine is, against the machine's peak and against burn-flex.
#![allow(clippy::print_stdout, reason = "the table goes to standard output")]

mod columns;
mod figures;
mod learning;
mod networks;
mod rates;
mod render;
mod supernet;

use std::num::NonZeroU16;
use std::path::{Path, PathBuf};
use std::process::Command;

use clap::{Args, ValueEnum};
use miette::{IntoDiagnostic, WrapErr, bail};
use serde_json::{Map, Value};

use crate::{child, project};
use figures::Figures;

/// Measure the speed of the CPU engine against the machine's multiply-add peak and against burn-flex
///
/// Everything is measured in one run, in turn, and the shortest times count. Leave the machine alone meanwhile.
#[derive(Debug, Args)]
#[command(
    arg_required_else_help = true,
    after_help = "\
Examples:
  cargo xtask bench ntk
  cargo xtask bench all --json speed.json
  cargo xtask bench networks
  cargo xtask bench train --rounds 3
  cargo xtask bench supernet --rounds 2 --json supernet.json
  cargo xtask bench space --proxies naswot,synflow"
)]
pub(crate) struct Bench {
    /// What is measured
    #[arg(value_enum)]
    what: What,
    /// Write the figures to this file, too
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// Rounds in which everything is measured in turn
    #[arg(long, value_name = "N", default_value = "5")]
    rounds: NonZeroU16,
    /// Of `space`: architectures in the sample
    #[arg(long, value_name = "N", default_value = "64")]
    sample: NonZeroU16,
    /// Of `space`: the proxies, with their default settings
    #[arg(long, value_name = "NAMES", value_delimiter = ',', default_value = "params,flops,naswot,synflow")]
    proxies: Vec<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum What {
    /// κ, the condition number of the neural tangent kernel: of two supernets and a single path
    Ntk,
    /// Forward plus backward of a NAS-Bench-201 network
    Network,
    /// Both in one run
    All,
    /// Forward plus backward of ResNet-18 and MobileNetV2, beside burn-flex and PyTorch
    Networks,
    /// Images a second of training, beside burn-flex and PyTorch
    Train,
    /// Images a second of what searches do that share weights, and memory, beside PyTorch
    Supernet,
    /// How long proxies take over all of NAS-Bench-201, from a sample of it
    Space,
}

impl Bench {
    pub(crate) fn run(self) -> miette::Result<()> {
        // Before the build, which is a load of its own.
        let load = sysinfo::System::load_average().one;
        let (package, example) = match self.what {
            What::Space => ("assay", "rates"),
            What::Train | What::Supernet => ("assay", "learning"),
            What::Ntk | What::Network | What::All | What::Networks => ("assay-cpu", "bench"),
        };
        let program = project::build_example(package, example)?;
        child::outlive_interrupts()?;
        let text = self.measure(&program)?;
        let mut values: Map<String, Value> =
            serde_json::from_str(&text).into_diagnostic().wrap_err("the measuring program printed no figures")?;
        values.insert("load_before".into(), load.into());
        let values = Value::Object(values);
        match self.what {
            What::Space => println!("{}", rates::Rates::read(&values)?.render()),
            What::Networks => println!("{}", networks::render(&values)?),
            What::Train => println!("{}", learning::render(&values)?),
            What::Supernet => println!("{}", supernet::render(&values)?),
            What::Ntk | What::Network | What::All => {
                let figures = Figures::read(&values, self.what != What::Network, self.what != What::Ntk)?;
                println!("{}", render::render(&figures));
            }
        }
        if let Some(warning) = render::busy(load) {
            eprintln!("{warning}");
        }
        if let Some(file) = &self.json {
            project::write_whole(file, &format!("{values:#}\n"))?;
            eprintln!("written to {}", file.display());
        }
        Ok(())
    }

    /// Runs the measuring program and gives what it printed.
    fn measure(&self, program: &Path) -> miette::Result<String> {
        let printed = tempfile::NamedTempFile::new().into_diagnostic().wrap_err("no temporary file can be made")?;
        let mut command = Command::new(program);
        match self.what {
            What::Space => command.arg(self.sample.to_string()).args(&self.proxies),
            _ => command.args(self.what.to_possible_value().map(|value| value.get_name().to_owned())).arg(self.rounds.to_string()),
        };
        command.stdout(printed.reopen().into_diagnostic().wrap_err("the temporary file cannot be opened")?);
        match child::run(&mut command)? {
            child::Ending::Done => std::fs::read_to_string(printed.path()).into_diagnostic().wrap_err("the figures cannot be read"),
            child::Ending::Interrupted => {
                eprintln!("Interrupted; nothing is kept.");
                std::process::exit(child::INTERRUPTED)
            }
            child::Ending::NoData | child::Ending::Failed => bail!("the measurement failed: {command:?}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::{Parser, error::ErrorKind};

    use super::*;

    #[derive(Debug, Parser)]
    struct Line {
        #[command(flatten)]
        bench: Bench,
    }

    #[test]
    fn what_is_measured_has_to_be_named_and_known() {
        let parse = |line: &str| Line::try_parse_from(line.split(' '));
        let bench = parse("bench all --json speed.json --rounds 3").unwrap().bench;
        assert_eq!((bench.what, bench.json, bench.rounds.get()), (What::All, Some("speed.json".into()), 3));
        assert_eq!(parse("bench ntk").unwrap().bench.rounds.get(), 5);
        for (wrong, kind) in [
            ("bench kappa", ErrorKind::InvalidValue),
            ("bench ntk --rounds 0", ErrorKind::ValueValidation),
            ("bench ntk --fast", ErrorKind::UnknownArgument),
        ] {
            assert_eq!(parse(wrong).unwrap_err().kind(), kind, "{wrong}");
        }
    }
}
