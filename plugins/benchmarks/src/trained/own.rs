//! The benchmark: trainings that a study is to make, or what a table holds of such.

use std::path::PathBuf;

use assay_core::number::grouped;
use assay_core::plugin::import::table_file;
use assay_core::plugin::{Accuracy, Benchmark, BenchmarkError, TrainingRuns, TrainingUse};

use super::NAME;
use super::table::{Accuracies, Table};
use crate::parts::lookup::OnDemand;
use crate::parts::table::runs_of;

/// The benchmark. Its table is opened when it is first needed, or by [`Benchmark::check`].
#[derive(Debug)]
pub(super) struct Own {
    /// What a study trains; nothing where a table is read.
    uses: Vec<TrainingUse>,
    path: Option<PathBuf>,
    targets: Option<Vec<String>>,
    table: OnDemand<Table>,
}

impl Own {
    pub(super) fn new(uses: Vec<TrainingUse>, path: Option<PathBuf>, targets: Option<Vec<String>>) -> Self {
        Self { uses, path, targets, table: OnDemand::not_yet() }
    }

    /// The table, with the columns that were chosen.
    fn table(&self) -> Result<&Table, BenchmarkError> {
        if !self.uses.is_empty() {
            let problem =
                "`benchmark.train` trains the architectures of a study: there is nothing to look up; leave it out to read a table";
            return Err(BenchmarkError::Unreadable(problem.into()));
        }
        self.table.get(|| {
            let file = table_file(NAME, self.path.as_deref())?;
            let mut table = Table::read(&file).map_err(|error| BenchmarkError::Unreadable(error.to_string()))?;
            let Some(targets) = &self.targets else { return Ok(table) };
            let known: Vec<&str> = table.accuracies.iter().map(|column| column.name.as_str()).collect();
            if let Some(name) = targets.iter().find(|name| !known.contains(&name.as_str())) {
                let problem = format!("{} has no column of accuracies `{name}`; it has {}", file.display(), known.join(", "));
                return Err(BenchmarkError::Unreadable(problem));
            }
            table.accuracies.retain(|column| targets.contains(&column.name));
            Ok(table)
        })
    }

    /// An architecture's row, where every column has an accuracy of it.
    fn row(&self, architecture: &str) -> Result<(&Table, usize), BenchmarkError> {
        let table = self.table()?;
        let row = table.rows.get(architecture).copied().filter(|row| is_complete(table, *row));
        row.map(|row| (table, row)).ok_or_else(|| BenchmarkError::UnknownArchitecture(architecture.to_owned()))
    }
}

fn is_complete(table: &Table, row: usize) -> bool {
    table.accuracies.iter().all(|column| column.mean(row).is_some())
}

impl Benchmark for Own {
    fn describe(&self) -> String {
        match self.table() {
            Ok(table) => format!("{} architectures of one's own, {}", grouped(table.architectures.len() as u128), table.training),
            Err(_) => match self.uses.first() {
                Some(TrainingUse { repeats: 1, .. }) => "trainings of this study".into(),
                Some(TrainingUse { repeats, .. }) => format!("trainings of this study, mean of {repeats} of each architecture"),
                None => "architectures of one's own".into(),
            },
        }
    }

    fn check(&self) -> Result<(), BenchmarkError> {
        if self.uses.is_empty() { self.table().map(drop) } else { Ok(()) }
    }

    fn trainings(&self) -> Vec<TrainingUse> {
        self.uses.clone()
    }

    fn accuracies(&self, architecture: &str) -> Result<Vec<Accuracy>, BenchmarkError> {
        let (table, row) = self.row(architecture)?;
        let accuracy = |column: &Accuracies| {
            Some(Accuracy { target: column.name.clone(), title: column.name.replace('_', " "), percent: column.mean(row)? })
        };
        Ok(table.accuracies.iter().filter_map(accuracy).collect())
    }

    fn architectures(&self) -> Result<Option<Vec<String>>, BenchmarkError> {
        if !self.uses.is_empty() {
            return Ok(None);
        }
        let table = self.table()?;
        let held = table.architectures.iter().enumerate().filter(|(row, _)| is_complete(table, *row));
        Ok(Some(held.map(|(_, architecture)| architecture.clone()).collect()))
    }

    fn training_runs(&self, architecture: &str) -> Result<Vec<TrainingRuns>, BenchmarkError> {
        let (table, row) = self.row(architecture)?;
        let runs = |column: &Accuracies| TrainingRuns { target: runs_of(&column.name), percent: column.seeds[row].clone() };
        Ok(table.accuracies.iter().filter(|column| column.seeds[row].len() > 1).map(runs).collect())
    }

    fn holds(&self) -> String {
        match self.table().map(|table| table.architectures.as_slice()) {
            Ok([first, others @ ..]) => format!("it holds {} architectures, such as {first}", grouped(1 + others.len() as u128)),
            Ok([]) | Err(_) => self.describe(),
        }
    }
}
