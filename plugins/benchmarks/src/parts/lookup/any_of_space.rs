//! A benchmark whose table has whichever architectures of a space, and of the columns that are known whichever it has.

use std::path::PathBuf;

use assay_core::number::grouped;
use assay_core::plugin::import::table_file;
use assay_core::plugin::{Accuracy, Benchmark, BenchmarkEntry, BenchmarkError, Cost, SettingsError};
use assay_core::score::Reading;

use super::chosen::{Chosen, Target, Targets};
use super::on_demand::OnDemand;
use crate::parts::table::{ABSENT, Column, Content, Held, Layout, Values};

/// The benchmark. The table is opened when it is first needed, or by [`Benchmark::check`].
#[derive(Debug)]
pub(crate) struct AnyOfSpace {
    layout: &'static Layout,
    path: Option<PathBuf>,
    targets: Option<Vec<String>>,
    costs: Vec<String>,
    /// The accuracies that are reported where nothing was chosen, as far as the table has them.
    usual: &'static [&'static str],
    table: OnDemand<Table>,
}

/// A table, and what of it is reported.
#[derive(Debug)]
struct Table {
    held: Held,
    targets: Targets,
}

impl AnyOfSpace {
    /// The benchmark of this layout, reporting these columns.
    pub(crate) fn new(
        layout: &'static Layout,
        path: Option<PathBuf>,
        (targets, costs): (Option<Vec<String>>, Vec<String>),
        usual: &'static [&'static str],
    ) -> Result<Self, SettingsError> {
        // What is wrong with names is said before anything is read.
        let named = targets.clone().unwrap_or_else(|| usual.iter().map(|name| (*name).to_owned()).collect());
        Targets::choose((layout.columns)(), &Chosen { path: None, targets: named, costs: costs.clone() })?;
        Ok(Self { layout, path, targets, costs, usual, table: OnDemand::not_yet() })
    }

    fn table(&self) -> Result<&Table, BenchmarkError> {
        self.table.get(|| {
            let file = table_file(self.layout.name, self.path.as_deref())?;
            let unreadable = |problem: String| BenchmarkError::Unreadable(problem);
            let held = Held::read(&file, self.layout).map_err(|error| unreadable(error.to_string()))?;
            let has = |name: &&str| held.numbers(name).is_some();
            let accuracies = || {
                let accuracies = held.columns.iter().filter(|(column, _)| matches!(column.content, Content::Accuracy { .. }));
                accuracies.map(|(column, _)| column.name.as_str()).collect::<Vec<_>>().join(", ")
            };
            let targets: Vec<String> = match &self.targets {
                Some(targets) => targets.clone(),
                None => self.usual.iter().filter(|name| has(name)).map(|name| (*name).to_owned()).collect(),
            };
            if targets.is_empty() {
                return Err(unreadable(format!(
                    "{} has none of {}; choose `targets` among its accuracies: {}",
                    file.display(),
                    self.usual.join(", "),
                    accuracies()
                )));
            }
            for (names, setting) in [(&targets, "targets"), (&self.costs, "costs")] {
                if let Some(name) = names.iter().find(|name| !has(&name.as_str())) {
                    return Err(unreadable(format!(
                        "{} has no column `{name}`; import what has it, or choose other `{setting}`; it has {}",
                        file.display(),
                        held.columns.iter().map(|(column, _)| column.name.as_str()).collect::<Vec<_>>().join(", ")
                    )));
                }
            }
            let chosen = Chosen { path: None, targets, costs: self.costs.clone() };
            let targets = Targets::choose((self.layout.columns)(), &chosen).map_err(|error| unreadable(error.to_string()))?;
            Ok(Table { held, targets })
        })
    }

    /// An architecture's row, if the table has all that is asked for of it.
    fn row(&self, architecture: &str) -> Result<(&Table, usize), BenchmarkError> {
        let table = self.table()?;
        let row = self.layout.written(architecture).ok().and_then(|written| table.held.rows.get(&written).copied());
        let row = row.filter(|row| table.is_complete(*row));
        row.map(|row| (table, row)).ok_or_else(|| BenchmarkError::UnknownArchitecture(architecture.to_owned()))
    }
}

impl Table {
    fn number(&self, column: &str, row: usize) -> Option<f64> {
        self.held.numbers(column).and_then(|numbers| numbers[row])
    }

    /// Whether every accuracy that is reported is there.
    fn is_complete(&self, row: usize) -> bool {
        self.targets.accuracies.iter().all(|target| self.number(target.column, row).is_some())
    }

    fn complete(&self) -> impl Iterator<Item = &String> {
        self.held.architectures.iter().enumerate().filter(|(row, _)| self.is_complete(*row)).map(|(_, architecture)| architecture)
    }
}

impl Benchmark for AnyOfSpace {
    fn describe(&self) -> String {
        match self.table() {
            Ok(table) => {
                let count = grouped(table.complete().count() as u128);
                format!("{}, {}, {count} architectures", self.layout.title, table.targets.training)
            }
            Err(_) => self.layout.title.into(),
        }
    }

    fn check(&self) -> Result<(), BenchmarkError> {
        self.table().map(drop)
    }

    fn accuracies(&self, architecture: &str) -> Result<Vec<Accuracy>, BenchmarkError> {
        let (table, row) = self.row(architecture)?;
        let accuracy = |Target { column, title, .. }: &Target| {
            Some(Accuracy { target: (*column).into(), title: (*title).into(), percent: table.number(column, row)? })
        };
        Ok(table.targets.accuracies.iter().filter_map(accuracy).collect())
    }

    fn costs(&self, architecture: &str) -> Result<Vec<Cost>, BenchmarkError> {
        let (table, row) = self.row(architecture)?;
        let cost = |Target { column, title, unit }: &Target| {
            let reading = table.number(column, row).map_or_else(|| Reading::undefined(ABSENT), Reading::finite);
            Cost { target: (*column).into(), title: (*title).into(), unit: (*unit).into(), reading }
        };
        Ok(table.targets.costs.iter().map(cost).collect())
    }

    fn architectures(&self) -> Result<Option<Vec<String>>, BenchmarkError> {
        let complete: Vec<String> = self.table()?.complete().cloned().collect();
        Ok((complete.len() < self.layout.count).then_some(complete))
    }

    fn entry(&self, wanted: &str) -> Result<BenchmarkEntry, BenchmarkError> {
        let held = &self.table()?.held;
        let architecture = self.layout.written(wanted);
        let architecture = architecture
            .map_err(|error| BenchmarkError::NotAnArchitecture { benchmark: self.layout.name.into(), problem: error.to_string() })?;
        let row = *held.rows.get(&architecture).ok_or_else(|| BenchmarkError::UnknownArchitecture(wanted.to_owned()))?;
        let recorded = held.columns.iter().filter(|(_, numbers)| numbers[row].is_some());
        let figure = |(column, numbers): &(&'static Column, Vec<Option<f64>>)| Values::Partial(vec![numbers[row]]).figure(column, 0);
        Ok(BenchmarkEntry { architecture, index: None, figures: recorded.filter_map(figure).collect() })
    }

    fn holds(&self) -> String {
        match self.table() {
            Ok(Table { held, .. }) => {
                let count = grouped(held.architectures.len() as u128);
                format!("it holds {count} architectures; write {}", self.layout.example.trim_end_matches(','))
            }
            Err(_) => self.describe(),
        }
    }
}
