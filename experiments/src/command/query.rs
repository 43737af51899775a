//! `assay benchmark query`: what a table knows of architectures.

use std::path::PathBuf;

use assay_core::plugin::{BenchmarkEntry, Figure, Recorded};
use assay_core::score::Reading;
use clap::Args;
use serde_json::Value;

use super::Ending;
use super::tabular::{render, table};
use crate::architectures::Architectures;
use crate::failure::Failure;
use crate::output::{self, OutputError, out};
use crate::records::{Records, as_json};

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
        let records = Records::open(&self.name, self.table.as_deref())?;
        let wanted = Architectures::read(&self.architectures)?;
        let entry = |(position, text): (usize, &String)| records.entry(text, &wanted.place(position));
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
