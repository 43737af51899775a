//! A benchmark whose table has every architecture of its space: accuracies, costs and single training runs by column.

use std::path::{Path, PathBuf};

use assay_core::number::grouped;
use assay_core::plugin::import::table_file;
use assay_core::plugin::{Accuracy, Benchmark, BenchmarkError, Cost, SettingsError, TrainingRuns};
use assay_core::score::Reading;

use super::on_demand::OnDemand;
use crate::parts::table::{Checked, Content, Layout, runs_of};

/// Which table, and which of its columns.
#[derive(Clone, Debug)]
pub(crate) struct Chosen {
    /// A table to read instead of the imported one.
    pub(crate) path: Option<PathBuf>,
    /// Columns of accuracies.
    pub(crate) targets: Vec<String>,
    /// Columns of costs.
    pub(crate) costs: Vec<String>,
}

/// One accuracy or cost to report.
#[derive(Debug)]
struct Target {
    column: &'static str,
    title: &'static str,
    /// What a cost is measured in; empty for an accuracy.
    unit: &'static str,
}

/// The benchmark. The table is opened when it is first needed, or by [`Benchmark::check`].
#[derive(Debug)]
pub(crate) struct WholeSpace {
    layout: &'static Layout,
    path: Option<PathBuf>,
    training: &'static str,
    targets: Vec<Target>,
    costs: Vec<Target>,
    /// Columns of single training runs to report where the targets have none of their own.
    other_runs: &'static [&'static str],
    table: OnDemand<Table>,
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

impl WholeSpace {
    /// The benchmark of this layout, reporting these columns.
    pub(crate) fn new(layout: &'static Layout, chosen: Chosen, other_runs: &'static [&'static str]) -> Result<Self, SettingsError> {
        let known: Vec<&str> = layout.accuracies().map(|(name, ..)| name).collect();
        let wrong = |problem: String| SettingsError {
            help: Some(format!("known: {}", known.join(", "))),
            ..SettingsError::new("targets", problem)
        };
        let mut training_of: Option<(&str, &str)> = None;
        let mut targets: Vec<Target> = Vec::new();
        for name in &chosen.targets {
            let Some((column, training, title)) = layout.accuracies().find(|(column, ..)| column == name) else {
                return Err(wrong(format!("`{name}` is not an accuracy of the table")));
            };
            if targets.iter().any(|other| other.column == column) {
                return Err(wrong(format!("`{name}` is there twice")));
            }
            let (first, other) = *training_of.get_or_insert((training, column));
            if first != training {
                return Err(wrong(format!(
                    "`{other}` ({first}) and `{name}` ({training}) are not of one training, and must not share a table"
                )));
            }
            targets.push(Target { column, title, unit: "" });
        }
        let Some((training, _)) = training_of else {
            return Err(wrong("names no accuracy".into()));
        };
        let costs = Self::costs(layout, &chosen.costs)?;
        Ok(Self { layout, path: chosen.path, training, targets, costs, other_runs, table: OnDemand::not_yet() })
    }

    fn costs(layout: &'static Layout, names: &[String]) -> Result<Vec<Target>, SettingsError> {
        let mut costs: Vec<Target> = Vec::new();
        for name in names {
            let problem = match layout.costs().find(|(column, ..)| column == name) {
                None => format!("`{name}` is not a cost of the table"),
                Some((column, ..)) if costs.iter().any(|other| other.column == column) => format!("`{name}` is there twice"),
                Some((column, title, unit)) => {
                    costs.push(Target { column, title, unit });
                    continue;
                }
            };
            let known: Vec<&str> = layout.costs().map(|(column, ..)| column).collect();
            return Err(SettingsError { help: Some(format!("known: {}", known.join(", "))), ..SettingsError::new("costs", problem) });
        }
        Ok(costs)
    }

    fn table(&self) -> Result<&Table, BenchmarkError> {
        self.table.get(|| self.read(&table_file(self.layout.name, self.path.as_deref())?))
    }

    fn read(&self, file: &Path) -> Result<Table, BenchmarkError> {
        let unreadable = |problem: String| BenchmarkError::Unreadable(problem);
        let checked = Checked::read(file, self.layout).map_err(|error| unreadable(error.to_string()))?;
        let absent = |column: &str, setting: &str| {
            unreadable(format!(
                "{} has no column `{column}`; import what has it, or choose other `{setting}`; it has {}",
                file.display(),
                checked.names().filter(|name| !matches!(*name, "index" | "arch" | "isomorph")).collect::<Vec<_>>().join(", ")
            ))
        };
        let mut accuracies = vec![0.0; self.layout.count * self.targets.len()];
        for (position, target) in self.targets.iter().enumerate() {
            let column = checked.numbers(target.column).ok_or_else(|| absent(target.column, "targets"))?;
            for (key, value) in checked.keys.iter().zip(column) {
                accuracies[key * self.targets.len() + position] = *value;
            }
        }
        let mut costs = vec![None; self.layout.count * self.costs.len()];
        for (position, cost) in self.costs.iter().enumerate() {
            let column = checked.partial(cost.column).ok_or_else(|| absent(cost.column, "costs"))?;
            for (key, value) in checked.keys.iter().zip(column) {
                costs[key * self.costs.len() + position] = *value;
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
            for (key, text) in checked.keys.iter().zip(checked.texts(name)?) {
                runs[*key] = text.split_whitespace().filter_map(|run| run.parse().ok()).collect();
            }
            Some((column.name.as_str(), training, runs))
        };
        let of_targets: Vec<_> = self.targets.iter().filter_map(|target| read(&runs_of(target.column))).collect();
        if of_targets.is_empty() { self.other_runs.iter().filter_map(|name| read(name)).collect() } else { of_targets }
    }

    /// The row of an architecture.
    fn row(&self, architecture: &str) -> Result<usize, BenchmarkError> {
        self.layout.key(architecture).ok_or_else(|| BenchmarkError::UnknownArchitecture(architecture.to_owned()))
    }
}

impl Benchmark for WholeSpace {
    fn describe(&self) -> String {
        format!("{}, {}, {} architectures", self.layout.title, self.training, grouped(self.layout.count as u128))
    }

    fn source_of(&self, target: &str) -> Option<&str> {
        self.layout.source_of(target)
    }

    fn check(&self) -> Result<(), BenchmarkError> {
        self.table().map(drop)
    }

    fn accuracies(&self, architecture: &str) -> Result<Vec<Accuracy>, BenchmarkError> {
        let table = self.table()?;
        let row = &table.accuracies[self.row(architecture)? * self.targets.len()..][..self.targets.len()];
        let accuracy =
            |(target, percent): (&Target, &f64)| Accuracy { target: target.column.into(), title: target.title.into(), percent: *percent };
        Ok(self.targets.iter().zip(row).map(accuracy).collect())
    }

    fn costs(&self, architecture: &str) -> Result<Vec<Cost>, BenchmarkError> {
        let table = self.table()?;
        let row = &table.costs[self.row(architecture)? * self.costs.len()..][..self.costs.len()];
        let cost = |(cost, value): (&Target, &Option<f64>)| Cost {
            target: cost.column.into(),
            title: cost.title.into(),
            unit: cost.unit.into(),
            reading: value.map_or_else(|| Reading::undefined("the table records no value for this architecture"), Reading::finite),
        };
        Ok(self.costs.iter().zip(row).map(cost).collect())
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
