//! Which columns of a table a benchmark reports.

use std::path::PathBuf;

use assay_core::plugin::SettingsError;

use crate::parts::table::{Column, Content};

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
pub(crate) struct Target {
    pub(crate) column: &'static str,
    pub(crate) title: &'static str,
    /// What a cost is measured in; empty for an accuracy.
    pub(crate) unit: &'static str,
}

/// What to report: accuracies of one training, and costs.
#[derive(Debug)]
pub(crate) struct Targets {
    /// How the networks were trained.
    pub(crate) training: &'static str,
    pub(crate) accuracies: Vec<Target>,
    pub(crate) costs: Vec<Target>,
}

impl Targets {
    /// Those of the columns that were chosen.
    pub(crate) fn choose(columns: &'static [Column], chosen: &Chosen) -> Result<Self, SettingsError> {
        let known: Vec<&str> = accuracies(columns).map(|(name, ..)| name).collect();
        let wrong = |problem: String| SettingsError {
            help: Some(format!("known: {}", known.join(", "))),
            ..SettingsError::new("targets", problem)
        };
        let mut training_of: Option<(&str, &str)> = None;
        let mut targets: Vec<Target> = Vec::new();
        for name in &chosen.targets {
            let Some((column, training, title)) = accuracies(columns).find(|(column, ..)| column == name) else {
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
        Ok(Self { training, accuracies: targets, costs: chosen_costs(columns, &chosen.costs)? })
    }
}

fn chosen_costs(columns: &'static [Column], names: &[String]) -> Result<Vec<Target>, SettingsError> {
    let mut chosen: Vec<Target> = Vec::new();
    for name in names {
        let problem = match costs(columns).find(|(column, ..)| column == name) {
            None => format!("`{name}` is not a cost of the table"),
            Some((column, ..)) if chosen.iter().any(|other| other.column == column) => format!("`{name}` is there twice"),
            Some((column, title, unit)) => {
                chosen.push(Target { column, title, unit });
                continue;
            }
        };
        let known: Vec<&str> = costs(columns).map(|(column, ..)| column).collect();
        return Err(SettingsError { help: Some(format!("known: {}", known.join(", "))), ..SettingsError::new("costs", problem) });
    }
    Ok(chosen)
}

/// The columns of accuracies, with how they were trained and a name for people.
fn accuracies(columns: &'static [Column]) -> impl Iterator<Item = (&'static str, &'static str, &'static str)> {
    columns.iter().filter_map(|column| match &column.content {
        Content::Accuracy { training, title } => Some((column.name.as_str(), *training, title.as_str())),
        _ => None,
    })
}

/// The columns of costs, with a name for people and a unit.
fn costs(columns: &'static [Column]) -> impl Iterator<Item = (&'static str, &'static str, &'static str)> {
    columns.iter().filter_map(|column| match &column.content {
        Content::Cost { title, unit, .. } => Some((column.name.as_str(), title.as_str(), *unit)),
        _ => None,
    })
}
