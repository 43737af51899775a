//! What plugins that are written in Python say of themselves, and how what they raise is told.

use std::sync::Arc;

use assay::failure::Failure;
use assay_core::plugin::{DefaultValue, Setting, Settings, SettingsError, ValueKind};
use pyo3::prelude::*;
use serde_json::Value;

use crate::waiting::{Told, current};

/// What is told of a plugin. Of the settings each has its name, its default as JSON, and what it does.
#[derive(Debug, FromPyObject)]
#[pyo3(from_item_all)]
pub(crate) struct About {
    pub(crate) name: String,
    pub(crate) summary: String,
    /// The file that it stands in.
    pub(crate) file: String,
    /// What protocols call it, with the hash of its source: another source is another plugin.
    pub(crate) source: String,
    settings: Vec<(String, String, String)>,
}

/// A value for the life of the program, as registries have it. Plugins are brought by hand, so these are few.
pub(crate) fn kept<T>(value: T) -> &'static T {
    Box::leak(Box::new(value))
}

impl About {
    /// The settings as registries have them, after those that all plugins of the kind share.
    ///
    /// # Errors
    /// If a default is of no kind that a setting can be, or a name is taken.
    pub(crate) fn settings(&self, shared: &[Setting]) -> Result<&'static [Setting], String> {
        let mut settings = shared.to_vec();
        for (name, default, help) in &self.settings {
            if settings.iter().any(|other| other.name == name) {
                return Err(format!("its argument `{name}` has the name of a setting that every such plugin has; rename it"));
            }
            let default: Value = serde_json::from_str(default).map_err(|error| format!("the default of `{name}`: {error}"))?;
            let kind = match &default {
                Value::Bool(_) => ValueKind::Flag,
                Value::Number(number) if number.is_i64() => ValueKind::Integer { min: i64::MIN, max: i64::MAX },
                Value::Number(_) => ValueKind::Number { min: f64::MIN, max: f64::MAX },
                Value::String(_) => ValueKind::Text,
                Value::Array(items) if items.iter().all(Value::is_number) && !items.is_empty() => ValueKind::Numbers,
                Value::Array(items) if items.iter().all(Value::is_string) => ValueKind::Texts,
                _ => return Err(format!("the default of `{name}` is {default}: a setting is a flag, a number, a text, or a list of them")),
            };
            let default = DefaultValue::Literal(kept(default));
            settings.push(Setting { name: kept(name.clone()), kind, default, help: kept(help.clone()) });
        }
        Ok(kept(settings))
    }

    /// What is given of the settings that all plugins of the kind share, and the plugin's own, with its defaults.
    ///
    /// # Errors
    /// If a default cannot be read.
    pub(crate) fn divided(&self, given: &Settings, shared: &[Setting]) -> Result<(Settings, Own), SettingsError> {
        let is_shared = |key: &str| shared.iter().any(|setting| setting.name == key);
        let part = |of_shared: bool| -> Settings {
            let part = given.iter().filter(|(key, _)| is_shared(key) == of_shared);
            part.map(|(key, value)| (key.clone(), value.clone())).collect()
        };
        let default = |(name, default, _): &(String, String, String)| match serde_json::from_str::<Value>(default) {
            Ok(value) => Ok((name.clone(), value)),
            Err(error) => Err(SettingsError::new(name, error.to_string())),
        };
        let defaults = self.settings.iter().map(default).collect::<Result<Settings, _>>()?;
        Ok((part(true), Own { settings: part(false).or(&defaults), told: current() }))
    }
}

/// The settings of one plugin that was made, and who is told what it raises.
pub(crate) struct Own {
    settings: Settings,
    told: Option<Arc<Told>>,
}

impl Own {
    /// As JSON.
    pub(crate) fn json(&self) -> String {
        Value::from(self.settings.clone()).to_string()
    }

    /// Whether the work that the plugin is part of is to end.
    pub(crate) fn is_interrupted(&self) -> bool {
        self.told.as_ref().is_some_and(|told| told.is_interrupted())
    }

    /// The plugin ends the work that it is part of, for this reason.
    pub(crate) fn gives_up(&self, failure: Failure) {
        if let Some(told) = &self.told {
            told.gives_up(failure);
        }
    }

    /// For protocols: `base 10, `.
    pub(crate) fn clause(&self) -> String {
        self.settings.iter().map(|(name, value)| format!("{name} {value}, ")).collect()
    }

    /// What a plugin raised, in one line. The traceback goes to the run's log, and the exception to who waits for the work.
    pub(crate) fn failed(&self, py: Python<'_>, kind: &str, name: &str, raised: PyErr) -> String {
        let value = raised.value(py);
        let traceback = || -> PyResult<String> {
            let lines: Vec<String> = py.import("traceback")?.call_method1("format_exception", (value,))?.extract()?;
            Ok(lines.concat())
        };
        let traceback = traceback().unwrap_or_else(|error| format!("(there is no traceback: {error})"));
        tracing::error!(target: "assay::python", "{kind} `{name}` raised:\n{traceback}");
        let problem = format!("{kind} `{name}` raised {raised}");
        if let Some(told) = &self.told {
            told.raised(raised);
        }
        problem
    }
}
