//! `assay benchmark query`: what a table knows of architectures.

use std::path::PathBuf;

use assay_core::plugin::{Benchmark, BenchmarkEntry, BenchmarkError, Figure, Recorded, RegistryError, Settings};
use assay_core::score::Reading;
use clap::Args;
use serde_json::{Value, json};

use super::Ending;
use super::tabular::{render, table};
use crate::architectures::Architectures;
use crate::failure::Failure;
use crate::output::{self, OutputError, out};

/// Print all that a benchmark's table knows of architectures: accuracies, single trainings, costs
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  assay benchmark query nas-bench-201 '|nor_conv_3x3~0|+|skip_connect~0|nor_conv_3x3~1|+|none~0|nor_conv_1x1~1|avg_pool_3x3~2|'
  assay benchmark query nas-bench-201 '(4,0,3,1,4,3)' 13714     another notation, and the benchmark's own number
  assay benchmark query darts-1000 @best.txt --json             a list: an architecture a line, # begins a comment
  head -3 best.txt | assay benchmark query nas-bench-101 -      a list on standard input")]
pub(super) struct Query {
    /// The benchmark's name
    #[arg(value_name = "BENCHMARK")]
    name: String,
    /// Architectures in any notation of the space, or their numbers in the benchmark; @FILE and - for lists, one a line
    #[arg(required = true, value_name = "ARCH|INDEX")]
    architectures: Vec<String>,
    /// A table to read instead of the imported one
    #[arg(long, value_name = "FILE")]
    table: Option<PathBuf>,
    /// As JSON: a list of architectures with their figures
    #[arg(long)]
    json: bool,
}

impl Query {
    pub(super) fn run(self) -> Result<(), Ending> {
        let benchmark = self.benchmark()?;
        let wanted = Architectures::read(&self.architectures)?;
        let entry = |(position, text): (usize, &String)| {
            benchmark.entry(text).map_err(|error| self.unknown(benchmark.as_ref(), &error, &wanted.place(position)))
        };
        let entries = wanted.texts.iter().enumerate().map(entry).collect::<Result<Vec<BenchmarkEntry>, Failure>>()?;
        if self.json {
            output::json(&format!("{:#}", entries.iter().map(as_json).collect::<Value>()))?;
            return Ok(());
        }
        for (position, entry) in entries.iter().enumerate() {
            if position > 0 {
                out!("")?;
            }
            self.print(entry)?;
        }
        Ok(())
    }

    fn benchmark(&self) -> Result<Box<dyn Benchmark>, Failure> {
        let benchmarks = crate::plugins::installed()?.benchmarks;
        let path = self.table.as_ref().map(|file| file.to_string_lossy().into_owned());
        let settings = path.map_or_else(Settings::none, |path| Settings::none().with("path", path));
        benchmarks.build(&self.name, &settings).map_err(|error| match error {
            RegistryError::Settings { error, .. } if error.key == "path" => {
                Failure::new(format!("{} does not read a table from a file that is named: {}", self.name, error.problem))
            }
            other => Failure::new(other.to_string()),
        })
    }

    /// Why there is no entry, with what the benchmark has instead.
    fn unknown(&self, benchmark: &dyn Benchmark, error: &BenchmarkError, place: &str) -> Failure {
        match error {
            BenchmarkError::NotImported(_) => Failure::new(error.to_string()).of_missing_data(),
            BenchmarkError::Unreadable(_) => Failure::new(error.to_string()),
            BenchmarkError::UnknownArchitecture(_) | BenchmarkError::NotAnArchitecture { .. } => {
                Failure::new(format!("{place}{error}")).with_help(format!("{}: {}", self.name, benchmark.holds()))
            }
        }
    }

    fn print(&self, entry: &BenchmarkEntry) -> Result<(), OutputError> {
        let index = entry.index.map_or_else(String::new, |index| format!(", index {index}"));
        out!("{}{index}\n{}\n", self.name, entry.architecture)?;
        let mut rows = table(&["column", "value", "unit", "what it is", "from"]);
        for Figure { column, title, source, unit, recorded } in &entry.figures {
            let value = match recorded {
                Recorded::One(Reading::Value(value)) => value.to_string(),
                Recorded::One(Reading::Undefined { because }) => format!("undefined: {because}"),
                Recorded::Runs(runs) => runs.iter().map(f64::to_string).collect::<Vec<_>>().join(" "),
            };
            rows.add_row([column, &value, unit, title, source.as_deref().unwrap_or_default()]);
        }
        out!("{}", render(&rows))
    }
}

fn as_json(entry: &BenchmarkEntry) -> Value {
    let figures = entry.figures.iter().map(|Figure { column, title, source, unit, recorded }| {
        let mut figure = json!({"column": column, "title": title, "source": source, "unit": unit});
        match recorded {
            Recorded::One(Reading::Value(value)) => figure["value"] = json!(value),
            Recorded::One(Reading::Undefined { because }) => {
                figure["value"] = Value::Null;
                figure["undefined"] = json!(because);
            }
            Recorded::Runs(runs) => figure["runs"] = json!(runs),
        }
        figure
    });
    json!({"architecture": entry.architecture, "index": entry.index, "figures": figures.collect::<Vec<_>>()})
}
