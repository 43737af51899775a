//! What this build knows, as data: every plugin and section with its settings.

use assay_core::experiment::{KEYS, OTHER_SECTIONS, PLUGIN_SECTIONS, Plugins, SectionForm};
use assay_core::plugin::{Kind, Origin, Registry, Setting, ValueKind};
use clap::ValueEnum;
use serde_json::{Value, json};

use crate::failure::Failure;

/// What can be listed.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum What {
    /// Search spaces
    Spaces,
    /// Proxies
    Proxies,
    /// Aggregates of proxies
    Aggregates,
    /// Strategies of search
    Strategies,
    /// Benchmarks
    Benchmarks,
    /// Datasets
    Datasets,
    /// Engines
    Engines,
    /// The sections of experiment files
    Sections,
}

/// One thing that is listed.
#[derive(Clone, Copy, Debug)]
pub struct Listed {
    /// Its name in experiment files.
    pub name: &'static str,
    /// What it is, in one line.
    pub summary: &'static str,
    /// Where it is from; sections are from nowhere.
    pub origin: Option<Origin>,
    /// The settings that it understands.
    pub settings: &'static [Setting],
}

impl What {
    /// What is called so.
    ///
    /// # Errors
    /// If nothing is.
    pub fn called(name: &str) -> Result<Self, Failure> {
        <Self as ValueEnum>::from_str(name, false).map_err(|_| {
            let names: Vec<String> =
                Self::value_variants().iter().filter_map(|what| Some(what.to_possible_value()?.get_name().to_owned())).collect();
            Failure::new(format!("`{name}` cannot be listed; what can: {}", names.join(", "))).of_what_was_asked()
        })
    }

    /// All of it that there is with these plugins.
    #[must_use]
    pub fn listed(self, plugins: &Plugins) -> Vec<Listed> {
        match self {
            Self::Spaces => registered(&plugins.spaces),
            Self::Proxies => registered(&plugins.proxies),
            Self::Aggregates => registered(&plugins.aggregates),
            Self::Strategies => registered(&plugins.strategies),
            Self::Benchmarks => registered(&plugins.benchmarks),
            Self::Datasets => registered(&plugins.datasets),
            Self::Engines => registered(&plugins.engines),
            Self::Sections => sections(),
        }
    }
}

fn registered<T: ?Sized + Kind>(registry: &Registry<T>) -> Vec<Listed> {
    let listed = registry.iter().map(|entry| Listed {
        name: entry.name,
        summary: entry.summary,
        origin: Some(entry.origin),
        settings: entry.settings,
    });
    listed.collect()
}

fn sections() -> Vec<Listed> {
    let top = SectionForm { name: "(top)", summary: "what stands before the first section", settings: KEYS };
    let sections = [&top].into_iter().chain(PLUGIN_SECTIONS).chain(OTHER_SECTIONS);
    sections.map(|form| Listed { name: form.name, summary: form.summary, origin: None, settings: form.settings }).collect()
}

/// A list for programs: names, summaries, and settings with their types, ranges and defaults.
#[must_use]
pub fn as_json(listed: &[Listed]) -> Value {
    listed.iter().map(Listed::json).collect()
}

impl Listed {
    fn json(&self) -> Value {
        let mut value = json!({"name": self.name, "summary": self.summary, "settings": settings(self.settings)});
        match self.origin {
            Some(Origin::Crate(name)) => value["crate"] = name.into(),
            Some(Origin::File(path)) => value["file"] = path.into(),
            None => {}
        }
        value
    }
}

fn settings(settings: &[Setting]) -> Value {
    settings.iter().map(setting).collect()
}

fn setting(setting: &Setting) -> Value {
    let Setting { name, kind, help, .. } = setting;
    let mut value = json!({"name": name, "takes": kind.to_string(), "default": setting.default_text(), "help": help});
    let (form, bounds) = match kind {
        ValueKind::Integer { min, max: i64::MAX } => ("integer", json!({"min": min})),
        ValueKind::Integer { min, max } => ("integer", json!({"min": min, "max": max})),
        ValueKind::Number { min, max } => ("number", json!({"min": min, "max": max})),
        ValueKind::Flag => ("flag", json!({})),
        ValueKind::Text => ("text", json!({})),
        ValueKind::Choice(words) => ("choice", json!({"words": words})),
        ValueKind::Path => ("path", json!({})),
        ValueKind::Texts => ("texts", json!({})),
        ValueKind::Numbers => ("numbers", json!({})),
        ValueKind::Table(inner) => ("table", json!({"settings": self::settings(inner)})),
    };
    value["type"] = form.into();
    if let Some(default) = setting.default_value() {
        value["value"] = default;
    }
    if let (Value::Object(value), Value::Object(bounds)) = (&mut value, bounds) {
        value.extend(bounds);
    }
    value
}
