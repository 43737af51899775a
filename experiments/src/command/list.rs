//! `assay list`: what this build knows.
#![allow(clippy::print_stdout, reason = "results go to standard output")]

use std::path::PathBuf;

use assay_core::experiment::Layers;
use assay_core::plugin::{Kind, Origin, Registry};
use clap::{Args, ValueEnum};

use super::Ending;
use super::tabular::{render, table};

/// List spaces, proxies, aggregates of proxies, strategies, benchmarks, datasets or engines, and their settings
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  assay list proxies --verbose
  assay list proxies --verbose --config study.toml     with the plugins that it loads")]
pub(super) struct List {
    /// What to list
    #[arg(value_enum)]
    what: What,
    /// With the settings of each: type, default, meaning
    #[arg(long, short)]
    verbose: bool,
    /// With the plugins of this experiment file
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum What {
    Spaces,
    Proxies,
    Aggregates,
    Strategies,
    Benchmarks,
    Datasets,
    Engines,
}

impl List {
    pub(super) fn run(self) -> Result<(), Ending> {
        let plugins = match &self.config {
            Some(file) => crate::plugins::of(&Layers::new().file(file)?.environment())?,
            None => crate::plugins::installed()?,
        };
        match self.what {
            What::Spaces => self.print(&plugins.spaces),
            What::Proxies => self.print(&plugins.proxies),
            What::Aggregates => self.print(&plugins.aggregates),
            What::Strategies => self.print(&plugins.strategies),
            What::Benchmarks => self.print(&plugins.benchmarks),
            What::Datasets => self.print(&plugins.datasets),
            What::Engines => self.print(&plugins.engines),
        }
        Ok(())
    }

    fn print<T: ?Sized + Kind>(&self, registry: &Registry<T>) {
        if !self.verbose {
            return print_names(registry.iter().map(|entry| (entry.name, entry.summary)));
        }
        for (position, entry) in registry.iter().enumerate() {
            if position > 0 {
                println!();
            }
            println!("{}\n  {}", entry.name, entry.summary);
            if let Origin::File(_) = entry.origin {
                println!("  from {}", entry.origin);
            }
            if entry.settings.is_empty() {
                println!("  no settings");
                continue;
            }
            let mut rows = table(&["setting", "takes", "default", "meaning"]);
            for setting in entry.settings {
                rows.add_row([setting.name, &setting.kind.to_string(), &setting.default_text(), setting.help]);
            }
            render(&rows).lines().for_each(|line| println!("  {line}"));
        }
    }
}

fn print_names<'a>(entries: impl Iterator<Item = (&'a str, &'a str)>) {
    let mut rows = table(&[]);
    for (name, summary) in entries {
        rows.add_row([name, summary]);
    }
    println!("{}", render(&rows));
}
