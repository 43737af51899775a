//! What a benchmark's table knows of architectures.

use std::path::Path;

use assay_core::plugin::{Benchmark, BenchmarkEntry, BenchmarkError, Figure, Recorded, RegistryError, Settings};
use assay_core::score::Reading;
use serde_json::{Value, json};

use crate::failure::Failure;

/// A benchmark that is asked for entries.
pub struct Records {
    name: String,
    benchmark: Box<dyn Benchmark>,
}

impl Records {
    /// The benchmark of this name, over the imported table or this one.
    ///
    /// # Errors
    /// If there is no such benchmark, or it does not read a table that is named.
    pub fn open(name: &str, table: Option<&Path>) -> Result<Self, Failure> {
        let benchmarks = crate::plugins::installed()?.benchmarks;
        let path = table.map(|file| file.to_string_lossy().into_owned());
        let settings = path.map_or_else(Settings::none, |path| Settings::none().with("path", path));
        let benchmark = benchmarks.build(name, &settings).map_err(|error| match error {
            RegistryError::Settings { error, .. } if error.key == "path" => {
                Failure::new(format!("{name} does not read a table from a file that is named: {}", error.problem)).of_what_was_asked()
            }
            other => Failure::new(other.to_string()).of_what_was_asked(),
        })?;
        Ok(Self { name: name.to_owned(), benchmark })
    }

    /// What is recorded of an architecture, in any notation of the space, or of one of the benchmark's numbers. Messages begin
    /// with the place.
    ///
    /// # Errors
    /// If the table is not here or does not hold it, with what the table has instead.
    pub fn entry(&self, wanted: &str, place: &str) -> Result<BenchmarkEntry, Failure> {
        self.benchmark.entry(wanted).map_err(|error| match &error {
            BenchmarkError::NotImported(_) => Failure::new(error.to_string()).of_missing_data(),
            BenchmarkError::Unreadable(_) => Failure::new(error.to_string()),
            BenchmarkError::UnknownArchitecture(_) | BenchmarkError::NotAnArchitecture { .. } => {
                let help = format!("{}: {}", self.name, self.benchmark.holds());
                Failure::new(format!("{place}{error}")).with_help(help).of_what_was_asked()
            }
        })
    }
}

/// An entry for programs.
#[must_use]
pub fn as_json(entry: &BenchmarkEntry) -> Value {
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
