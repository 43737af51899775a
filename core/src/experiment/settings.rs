//! The settings of an experiment by key, as runs are told apart by them.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{Experiment, ExperimentError, Plugins, Problem, Written};
use crate::plugin::{Kind, Registry, Setting, ValueKind};

/// The sections that name data.
const DATA: [&str; 3] = ["dataset", "test", "benchmark"];

/// The keys that say where the scores lie that a study or a search reads, which are known by their content too.
const SCORES: [&str; 2] = ["study.scores", "strategy.oracle.scores"];

impl Experiment {
    /// The settings that a result depends on, by key (`proxies.ntk-condition.batch`), as they are written: all but threads, the
    /// output folder, how plugins are run, and where they and data lie, which are known by their content.
    ///
    /// # Errors
    /// If a setting cannot be written.
    pub fn settings(&self, plugins: &Plugins) -> Result<BTreeMap<String, String>, ExperimentError> {
        let written = serde_json::to_value(Written { threads: None, output: None, ..self.written() });
        let written = written.map_err(|error| Problem::elsewhere(format!("the experiment cannot be written: {error}")))?;
        let mut settings = BTreeMap::new();
        flatten("", &written, &mut settings);
        settings.retain(|key, _| !is_of_plugins(key) && !SCORES.contains(&key.as_str()));
        for section in DATA {
            self.places(section, plugins).iter().for_each(|key| drop(settings.remove(&format!("{section}.{key}"))));
        }
        Ok(settings)
    }

    /// Whether this key says where data lies, or where plugins lie and how they are run, and nothing else.
    #[must_use]
    pub fn is_place(&self, key: &str, plugins: &Plugins) -> bool {
        let is_of_data =
            |(section, key): (&str, &str)| DATA.contains(&section) && self.places(section, plugins).iter().any(|own| own == key);
        is_of_plugins(key) || SCORES.contains(&key) || key.split_once('.').is_some_and(is_of_data)
    }

    /// The settings of a section that say where its data lies.
    fn places(&self, section: &str, plugins: &Plugins) -> Vec<String> {
        match section {
            "dataset" => paths(&plugins.datasets, &self.dataset.name),
            "test" => self.test.as_ref().map_or_else(Vec::new, |section| paths(&plugins.datasets, &section.name)),
            "benchmark" => self.benchmark.as_ref().map_or_else(Vec::new, |section| paths(&plugins.benchmarks, &section.name)),
            _ => Vec::new(),
        }
    }
}

/// Whether a key says where plugins lie and how they are run: what they give does not depend on it.
fn is_of_plugins(key: &str) -> bool {
    key.starts_with("plugins.")
}

/// The settings of this plugin that are paths; those inside tables are dotted.
fn paths<T: ?Sized + Kind>(registry: &Registry<T>, name: &str) -> Vec<String> {
    registry.find(name).map_or_else(|_| Vec::new(), |entry| paths_in(entry.settings))
}

fn paths_in(settings: &[Setting]) -> Vec<String> {
    let of = |setting: &Setting| match setting.kind {
        ValueKind::Path => vec![setting.name.to_owned()],
        ValueKind::Table(inner) => paths_in(inner).into_iter().map(|key| format!("{}.{key}", setting.name)).collect(),
        _ => Vec::new(),
    };
    settings.iter().flat_map(of).collect()
}

fn flatten(within: &str, value: &Value, into: &mut BTreeMap<String, String>) {
    match value {
        Value::Object(table) => {
            for (key, value) in table {
                let key = if within.is_empty() { key.clone() } else { format!("{within}.{key}") };
                flatten(&key, value, into);
            }
        }
        Value::Null => {}
        value => drop(into.insert(within.to_owned(), value.to_string())),
    }
}
