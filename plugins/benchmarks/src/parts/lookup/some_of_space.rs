//! A benchmark whose table has some architectures of a space: import and lookup.
//!
//! Such a benchmark says what its table is ([`Sample`]); [`SomeOfSpace`] does the rest.

use std::collections::HashMap;
use std::fmt::{Debug, Display};
use std::hash::Hash;
use std::path::{Path, PathBuf};

use assay_core::plugin::import::{ImportError, Imported, Report, table_file};
use assay_core::plugin::{Accuracy, ArchitectureError, Benchmark, BenchmarkEntry, BenchmarkError, Cost, SettingsError, TrainingRuns};
use assay_core::score::Reading;
use polars::prelude::{Column as Series, DataFrame};

use super::chosen::{Chosen, Target, Targets};
use super::on_demand::OnDemand;
use super::wanted::{holds, number};
use crate::parts::table::{ABSENT, Column, Content, Lock, RawTable, Values, encode, figures, runs_of, single, store};

/// A table of some architectures of a space.
pub(crate) trait Sample: Debug + Send + Sync + 'static {
    /// An architecture of the table; shown as its space writes it.
    type Architecture: Debug + Display + Send + Sync;
    /// What an architecture is found by: the same for all texts of one architecture.
    type Key: Debug + Eq + Hash + Send + Sync;

    /// The benchmark's name in experiment files.
    const NAME: &'static str;
    /// Rows of the table.
    const COUNT: usize;
    /// What an architecture looks like, for messages.
    const EXAMPLE: &'static str;

    /// One line for protocols.
    fn describe(targets: &Targets) -> String;

    /// The columns of figures. The first is the accuracy that every table has.
    fn columns() -> &'static [Column];

    /// Reads and checks a table: the user's, or what an import of it kept. Of the figures, those that are `wanted` are read.
    fn read(file: &Path, wanted: &dyn Fn(&str) -> bool) -> Result<Records<Self::Architecture, Self::Key>, ImportError>;

    /// Reads and checks what a user imports, with all its figures: a table, unless the benchmark knows other files.
    fn read_source(source: &Path, _report: &mut Report<'_>) -> Result<Records<Self::Architecture, Self::Key>, ImportError> {
        Self::read(source, &|_| true)
    }

    /// Reads an architecture.
    fn parse(text: &str) -> Result<Self::Architecture, ArchitectureError>;

    /// What the architecture is found by.
    fn key(architecture: &Self::Architecture) -> Self::Key;
}

/// A table that was checked. Rows are numbered as in the file.
#[derive(Debug)]
pub(crate) struct Records<A, K> {
    /// By row.
    pub(crate) architectures: Vec<A>,
    /// The row of each architecture: see [`rows`].
    pub(crate) rows: HashMap<K, usize>,
    /// What is recorded, by row; the first column is the accuracy that every table has.
    pub(crate) figures: Vec<(&'static Column, Values)>,
    /// What an import keeps of the architectures and of their first figure: reading it again gives the same records.
    pub(crate) columns: Vec<Series>,
    /// Columns that the benchmark does not know.
    pub(crate) ignored: Vec<String>,
}

/// The row of each architecture, if the table has all its rows and no architecture twice.
pub(crate) fn rows<R: Sample>(table: &RawTable, architectures: &[R::Architecture]) -> Result<HashMap<R::Key, usize>, ImportError> {
    let mut rows = HashMap::with_capacity(architectures.len());
    for (row, architecture) in architectures.iter().enumerate() {
        if let Some(first) = rows.insert(R::key(architecture), row) {
            return Err(table.duplicate(format!("architecture {architecture}"), first, row));
        }
    }
    if table.rows == R::COUNT {
        return Ok(rows);
    }
    let problem = format!("{} architectures, but {} are expected; is the file cut short?", table.rows, R::COUNT);
    Err(ImportError::Row { file: table.file.clone(), place: "all rows".into(), problem })
}

/// The figures beside the first that the table has and that are wanted.
pub(crate) fn further<R: Sample>(table: &RawTable, wanted: &dyn Fn(&str) -> bool) -> Result<Vec<(&'static Column, Values)>, ImportError> {
    let wanted = R::columns().iter().skip(1).filter(|column| wanted(&column.name));
    wanted.filter_map(|column| figures(table, column).map(|values| values.map(|values| (column, values))).transpose()).collect()
}

/// Checks a table and keeps it in the file `into`. Figures of an earlier import that this one does not have stay.
pub(crate) fn import<R: Sample>(source: &Path, into: &Path, report: &mut Report<'_>) -> Result<Imported, ImportError> {
    let Records { architectures, mut figures, mut columns, ignored, .. } = R::read_source(source, report)?;
    // Until the table is written: what another import adds meanwhile would be lost.
    let _lock = Lock::of(into, report)?;
    let mut kept = Vec::new();
    if into.exists() {
        let unfit = |problem: String| ImportError::Earlier { file: into.to_owned(), problem };
        let has = |name: &str| figures.iter().any(|(column, _)| column.name == name);
        let earlier = R::read(into, &|name| !has(name)).map_err(|error| unfit(error.to_string()))?;
        let order: Option<Vec<usize>> = architectures.iter().map(|architecture| earlier.rows.get(&R::key(architecture)).copied()).collect();
        let order = order.ok_or_else(|| unfit("it has other architectures".into()))?;
        let missing: Vec<_> = earlier.figures.into_iter().skip(1).filter(|(column, _)| !has(&column.name)).collect();
        kept.extend(missing.iter().map(|(column, _)| column.name.clone()));
        figures.extend(missing.into_iter().map(|(column, values)| (column, values.of_rows(&order))));
    }
    figures.sort_by_key(|(column, _)| R::columns().iter().position(|other| other.name == column.name));
    columns.extend(figures.into_iter().skip(1).map(|(column, values)| values.series(&column.name)));
    let names = columns.iter().map(|column| column.name().to_string()).collect();
    let stored = |problem: String| ImportError::Store { file: into.to_owned(), problem };
    let mut frame = DataFrame::new_infer_height(columns).map_err(|error| stored(error.to_string()))?;
    let bytes = store(into, |sink| encode(&mut frame, sink))?;
    Ok(Imported {
        benchmark: R::NAME,
        file: into.to_owned(),
        bytes,
        architectures: architectures.len(),
        columns: names,
        kept,
        ignored,
        left_out: Vec::new(),
    })
}

/// The benchmark of a table. The table is opened when it is first needed, or by [`Benchmark::check`].
#[derive(Debug)]
pub(crate) struct SomeOfSpace<R: Sample> {
    path: Option<PathBuf>,
    targets: Targets,
    records: OnDemand<Read<R>>,
    all: OnDemand<Read<R>>,
}

/// What was read for a benchmark.
type Read<R> = Records<<R as Sample>::Architecture, <R as Sample>::Key>;

impl<A, K> Records<A, K> {
    fn values(&self, column: &str) -> Option<(&'static Column, &Values)> {
        self.figures.iter().find(|(own, _)| own.name == column).map(|(column, values)| (*column, values))
    }
}

impl<R: Sample> SomeOfSpace<R> {
    pub(crate) fn new(chosen: Chosen) -> Result<Self, SettingsError> {
        let targets = Targets::choose(R::columns(), &chosen)?;
        Ok(Self { path: chosen.path, targets, records: OnDemand::not_yet(), all: OnDemand::not_yet() })
    }

    fn open(&self, wanted: &dyn Fn(&str) -> bool) -> Result<Read<R>, BenchmarkError> {
        let file = table_file(R::NAME, self.path.as_deref())?;
        R::read(&file, wanted).map_err(|error| BenchmarkError::Unreadable(error.to_string()))
    }

    /// What was chosen, of every architecture.
    fn records(&self) -> Result<&Read<R>, BenchmarkError> {
        self.records.get(|| {
            let Targets { accuracies, costs, .. } = &self.targets;
            let is_run = |name: &str| accuracies.iter().any(|target| runs_of(target.column) == name);
            let records = self.open(&|name| accuracies.iter().chain(costs).any(|target| target.column == name) || is_run(name))?;
            for (targets, setting) in [(accuracies, "targets"), (costs, "costs")] {
                if let Some(Target { column, .. }) = targets.iter().find(|target| records.values(target.column).is_none()) {
                    let file = table_file(R::NAME, self.path.as_deref())?;
                    let problem = format!(
                        "{} has no column `{column}`; import what has it, or choose other `{setting}` (assay benchmark query {} 0 shows \
                         what it has)",
                        file.display(),
                        R::NAME
                    );
                    return Err(BenchmarkError::Unreadable(problem));
                }
            }
            Ok(records)
        })
    }

    fn row(&self, architecture: &str) -> Result<(&Read<R>, usize), BenchmarkError> {
        let records = self.records()?;
        let row = R::parse(architecture).ok().and_then(|architecture| records.rows.get(&R::key(&architecture)));
        row.map(|row| (records, *row)).ok_or_else(|| BenchmarkError::UnknownArchitecture(architecture.to_owned()))
    }
}

impl<R: Sample> Benchmark for SomeOfSpace<R> {
    fn describe(&self) -> String {
        R::describe(&self.targets)
    }

    fn check(&self) -> Result<(), BenchmarkError> {
        self.records().map(drop)
    }

    fn accuracies(&self, architecture: &str) -> Result<Vec<Accuracy>, BenchmarkError> {
        let (records, row) = self.row(architecture)?;
        let accuracy = |Target { column, title, .. }: &Target| {
            let percent = records.values(column).and_then(|(_, values)| values.number(row))?;
            Some(Accuracy { target: (*column).into(), title: (*title).into(), percent })
        };
        Ok(self.targets.accuracies.iter().filter_map(accuracy).collect())
    }

    fn costs(&self, architecture: &str) -> Result<Vec<Cost>, BenchmarkError> {
        let (records, row) = self.row(architecture)?;
        let cost = |Target { column, title, unit }: &Target| {
            let value = records.values(column).and_then(|(_, values)| values.number(row));
            let reading = value.map_or_else(|| Reading::undefined(ABSENT), Reading::finite);
            Cost { target: (*column).into(), title: (*title).into(), unit: (*unit).into(), reading }
        };
        Ok(self.targets.costs.iter().map(cost).collect())
    }

    fn architectures(&self) -> Result<Option<Vec<String>>, BenchmarkError> {
        Ok(Some(self.records()?.architectures.iter().map(ToString::to_string).collect()))
    }

    fn index(&self, architecture: &str) -> Result<Option<u32>, BenchmarkError> {
        let (_, row) = self.row(architecture)?;
        Ok(u32::try_from(row).ok())
    }

    fn training_runs(&self, architecture: &str) -> Result<Vec<TrainingRuns>, BenchmarkError> {
        let (records, row) = self.row(architecture)?;
        let runs = |target: &Target| {
            let (column, values) = records.values(&runs_of(target.column))?;
            let Content::Runs { training } = column.content else { return None };
            Some(TrainingRuns { target: format!("{} ({}, single runs)", column.name, single(training)), percent: values.runs(row) })
        };
        Ok(self.targets.accuracies.iter().filter_map(runs).collect())
    }

    fn entry(&self, wanted: &str) -> Result<BenchmarkEntry, BenchmarkError> {
        let all = self.all.get(|| self.open(&|_| true))?;
        let unknown = || BenchmarkError::UnknownArchitecture(wanted.to_owned());
        let row = match R::parse(wanted) {
            Ok(architecture) => *all.rows.get(&R::key(&architecture)).ok_or_else(unknown)?,
            Err(error) => number(R::NAME, wanted, Some(all.architectures.len()), error.to_string())?,
        };
        Ok(BenchmarkEntry {
            architecture: all.architectures[row].to_string(),
            index: u32::try_from(row).ok(),
            figures: all.figures.iter().filter_map(|(column, values)| values.figure(column, row)).collect(),
        })
    }

    fn holds(&self) -> String {
        holds(R::COUNT, R::EXAMPLE, true)
    }
}
