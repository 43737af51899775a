//! A benchmark whose table has every architecture of its space: accuracies, costs and single training runs by column.

use std::path::{Path, PathBuf};

use assay_core::number::grouped;
use assay_core::plugin::import::table_file;
use assay_core::plugin::{Accuracy, Benchmark, BenchmarkEntry, BenchmarkError, Cost, SettingsError, TrainingRuns};
use assay_core::score::Reading;

use super::chosen::{Chosen, Target, Targets};
use super::on_demand::OnDemand;
use super::wanted::{holds, number};
use crate::parts::table::{ABSENT, Checked, Column, Content, Layout, Values, runs_of};

/// The benchmark. The table is opened when it is first needed, or by [`Benchmark::check`].
#[derive(Debug)]
pub(crate) struct WholeSpace {
    layout: &'static Layout,
    path: Option<PathBuf>,
    targets: Targets,
    /// Columns of single training runs to report where the targets have none of their own.
    other_runs: &'static [&'static str],
    table: OnDemand<Table>,
    all: OnDemand<All>,
}

/// What is known of each architecture, by its key.
#[derive(Debug)]
struct Table {
    /// One row an architecture, one column a target.
    accuracies: Vec<f64>,
    /// One row an architecture, one column a cost.
    costs: Vec<Option<f64>>,
    indices: Vec<u32>,
    /// Columns of single training runs: name, training, and for each architecture its accuracies.
    runs: Vec<(&'static str, &'static str, Vec<Vec<f64>>)>,
}

/// The whole table, for whoever asks for all of an architecture.
#[derive(Debug)]
struct All {
    checked: Checked,
    /// The index of each architecture, by its key.
    indices: Vec<usize>,
}

impl WholeSpace {
    /// The benchmark of this layout, reporting these columns.
    pub(crate) fn new(layout: &'static Layout, chosen: Chosen, other_runs: &'static [&'static str]) -> Result<Self, SettingsError> {
        let targets = Targets::choose((layout.columns)(), &chosen)?;
        Ok(Self { layout, path: chosen.path, targets, other_runs, table: OnDemand::not_yet(), all: OnDemand::not_yet() })
    }

    fn table(&self) -> Result<&Table, BenchmarkError> {
        self.table.get(|| self.read(&table_file(self.layout.name, self.path.as_deref())?))
    }

    fn checked(&self, file: &Path) -> Result<Checked, BenchmarkError> {
        Checked::read(file, self.layout).map_err(|error| BenchmarkError::Unreadable(error.to_string()))
    }

    fn all(&self) -> Result<&All, BenchmarkError> {
        self.all.get(|| {
            let checked = self.checked(&table_file(self.layout.name, self.path.as_deref())?)?;
            let mut indices = vec![0; self.layout.count];
            (0..).zip(&checked.keys).for_each(|(index, key)| indices[*key] = index);
            Ok(All { checked, indices })
        })
    }

    fn read(&self, file: &Path) -> Result<Table, BenchmarkError> {
        let unreadable = |problem: String| BenchmarkError::Unreadable(problem);
        let checked = self.checked(file)?;
        let absent = |column: &str, setting: &str| {
            unreadable(format!(
                "{} has no column `{column}`; import what has it, or choose other `{setting}`; it has {}",
                file.display(),
                checked.names().filter(|name| !matches!(*name, "index" | "arch" | "isomorph")).collect::<Vec<_>>().join(", ")
            ))
        };
        let Targets { accuracies: targets, costs: measures, .. } = &self.targets;
        let mut accuracies = vec![0.0; self.layout.count * targets.len()];
        for (position, target) in targets.iter().enumerate() {
            let column = checked.values(target.column).ok_or_else(|| absent(target.column, "targets"))?;
            for (row, key) in checked.keys.iter().enumerate() {
                // An accuracy that is not a number was refused.
                accuracies[key * targets.len() + position] = column.number(row).unwrap_or_default();
            }
        }
        let mut costs = vec![None; self.layout.count * measures.len()];
        for (position, cost) in measures.iter().enumerate() {
            let column = checked.values(cost.column).ok_or_else(|| absent(cost.column, "costs"))?;
            for (row, key) in checked.keys.iter().enumerate() {
                costs[key * measures.len() + position] = column.number(row);
            }
        }
        let mut indices = vec![0; self.layout.count];
        (0..).zip(&checked.keys).for_each(|(index, key)| indices[*key] = index);
        Ok(Table { accuracies, costs, indices, runs: self.runs(&checked) })
    }

    /// The single training runs of the targets; where none has any, the other ones.
    fn runs(&self, checked: &Checked) -> Vec<(&'static str, &'static str, Vec<Vec<f64>>)> {
        let read = |name: &str| {
            let column = (self.layout.columns)().iter().find(|column| column.name == name)?;
            let Content::Runs { training } = column.content else { return None };
            let mut runs = vec![Vec::new(); self.layout.count];
            let values = checked.values(name)?;
            for (row, key) in checked.keys.iter().enumerate() {
                runs[*key] = values.runs(row);
            }
            Some((column.name.as_str(), training, runs))
        };
        let of_targets: Vec<_> = self.targets.accuracies.iter().filter_map(|target| read(&runs_of(target.column))).collect();
        if of_targets.is_empty() { self.other_runs.iter().filter_map(|name| read(name)).collect() } else { of_targets }
    }

    /// The row of an architecture.
    fn row(&self, architecture: &str) -> Result<usize, BenchmarkError> {
        self.layout.key(architecture).ok_or_else(|| BenchmarkError::UnknownArchitecture(architecture.to_owned()))
    }
}

impl Benchmark for WholeSpace {
    fn describe(&self) -> String {
        format!("{}, {}, {} architectures", self.layout.title, self.targets.training, grouped(self.layout.count as u128))
    }

    fn source_of(&self, target: &str) -> Option<&str> {
        self.layout.source_of(target)
    }

    fn check(&self) -> Result<(), BenchmarkError> {
        self.table().map(drop)
    }

    fn accuracies(&self, architecture: &str) -> Result<Vec<Accuracy>, BenchmarkError> {
        let table = self.table()?;
        let targets = &self.targets.accuracies;
        let row = &table.accuracies[self.row(architecture)? * targets.len()..][..targets.len()];
        let accuracy =
            |(target, percent): (&Target, &f64)| Accuracy { target: target.column.into(), title: target.title.into(), percent: *percent };
        Ok(targets.iter().zip(row).map(accuracy).collect())
    }

    fn costs(&self, architecture: &str) -> Result<Vec<Cost>, BenchmarkError> {
        let table = self.table()?;
        let costs = &self.targets.costs;
        let row = &table.costs[self.row(architecture)? * costs.len()..][..costs.len()];
        let cost = |(cost, value): (&Target, &Option<f64>)| Cost {
            target: cost.column.into(),
            title: cost.title.into(),
            unit: cost.unit.into(),
            reading: value.map_or_else(|| Reading::undefined(ABSENT), Reading::finite),
        };
        Ok(costs.iter().zip(row).map(cost).collect())
    }

    fn index(&self, architecture: &str) -> Result<Option<u32>, BenchmarkError> {
        let index = self.table()?.indices[self.row(architecture)?];
        Ok(self.layout.is_numbered.then_some(index))
    }

    fn training_runs(&self, architecture: &str) -> Result<Vec<TrainingRuns>, BenchmarkError> {
        let (table, row) = (self.table()?, self.row(architecture)?);
        let runs = |(name, training, runs): &(&str, &str, Vec<Vec<f64>>)| TrainingRuns {
            target: format!("{name} ({}, single runs)", training.trim_end_matches(", mean over trials")),
            percent: runs[row].clone(),
        };
        Ok(table.runs.iter().map(runs).collect())
    }

    fn entry(&self, wanted: &str) -> Result<BenchmarkEntry, BenchmarkError> {
        let (layout, All { checked, indices }) = (self.layout, self.all()?);
        let index = match layout.find(wanted) {
            Ok(key) => indices[key],
            Err(error) => number(layout.name, wanted, layout.is_numbered.then_some(layout.count), error.to_string())?,
        };
        let held = |column: &'static Column| checked.values(&column.name).map(|values| (column, values));
        let held: Vec<(&Column, &Values)> = (layout.columns)().iter().filter_map(held).collect();
        let text = held.iter().find_map(|(column, values)| match (&column.content, values) {
            (Content::Architecture, Values::Texts(texts)) => texts.get(index).cloned(),
            _ => None,
        });
        Ok(BenchmarkEntry {
            architecture: text.unwrap_or_else(|| wanted.to_owned()),
            index: u32::try_from(index).ok().filter(|_| layout.is_numbered),
            figures: held.iter().filter_map(|(column, values)| values.figure(column, index)).collect(),
        })
    }

    fn holds(&self) -> String {
        holds(self.layout.count, self.layout.example, self.layout.is_numbered)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use assay_core::plugin::Registry;
    use assay_core::subspace::Subspace;

    const LAYOUTS: [&Layout; 4] =
        [&crate::nas_bench_201::LAYOUT, &crate::nats_bench_size::LAYOUT, &crate::nas_bench_macro::LAYOUT, &crate::analog_nas_bench::LAYOUT];

    #[test]
    fn every_architecture_of_a_space_has_a_key_of_its_own_and_other_texts_have_none() {
        for layout in LAYOUTS {
            let space = (layout.space)();
            let whole = Subspace::whole(space.layout());
            assert_eq!(space.numbers(&whole), layout.count as u128);
            for key in 0..layout.count {
                let architecture = space.architecture(&whole, key as u128).unwrap();
                assert_eq!(layout.key(&space.write(&architecture).unwrap()), Some(key));
            }
            let others = [
                "",
                "0000000",
                "00000003",
                "8:8:8:8",
                "8:8:8:8:12",
                "|none~0|",
                "|none~1|+|none~0|none~1|+|none~0|none~1|none~2|",
                "|none~0|+|none~0|none~1|+|none~0|none~1|none~2|+",
                "|conv~0|+|none~0|none~1|+|none~0|none~1|none~2|",
            ];
            assert!(others.iter().all(|text| layout.key(text).is_none()), "{}", layout.name);
        }
    }

    #[test]
    fn every_layout_names_each_of_its_columns_once() {
        let names: Vec<&str> = Registry::<dyn Benchmark>::collect().unwrap().iter().map(|entry| entry.name).collect();
        for layout in LAYOUTS {
            assert!(names.contains(&layout.name));
            let mut columns: Vec<&str> = (layout.columns)().iter().map(|column| column.name.as_str()).collect();
            columns.sort_unstable();
            let all = columns.len();
            columns.dedup();
            assert_eq!(columns.len(), all, "{}", layout.name);
        }
    }
}
