//! `assay list`: what this build knows.

use std::path::PathBuf;

use assay_core::experiment::{KEYS, Layers, OTHER_SECTIONS, PLUGIN_SECTIONS, SectionForm};
use assay_core::plugin::{Kind, Origin, Registry, Setting, ValueKind};
use clap::{Args, ValueEnum};
use serde_json::{Value, json};

use super::Ending;
use super::tabular::{render, table};
use crate::output::{self, out};

/// List spaces, proxies, aggregates of proxies, strategies, benchmarks, datasets or engines, and their settings
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  assay list proxies --verbose
  assay list proxies --verbose --config study.toml     with the plugins that it loads
  assay list sections --json                           the form of experiment files, for programs")]
pub(super) struct List {
    /// What to list
    #[arg(value_enum)]
    what: What,
    /// With the settings of each: type, default, meaning
    #[arg(long, short)]
    verbose: bool,
    /// As JSON: a list of names, summaries and settings
    #[arg(long, conflicts_with = "verbose")]
    json: bool,
    /// With the plugins of this experiment file
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum What {
    Spaces,
    Proxies,
    Aggregates,
    Strategies,
    Benchmarks,
    Datasets,
    Engines,
    /// The sections of experiment files
    Sections,
}

/// One thing that is listed.
struct Listed {
    name: &'static str,
    summary: &'static str,
    origin: Option<Origin>,
    settings: &'static [Setting],
}

impl List {
    pub(super) fn run(self) -> Result<(), Ending> {
        let plugins = match &self.config {
            Some(file) => crate::plugins::of(&Layers::new().file(file)?.environment())?,
            None => crate::plugins::installed()?,
        };
        let listed = match self.what {
            What::Spaces => registered(&plugins.spaces),
            What::Proxies => registered(&plugins.proxies),
            What::Aggregates => registered(&plugins.aggregates),
            What::Strategies => registered(&plugins.strategies),
            What::Benchmarks => registered(&plugins.benchmarks),
            What::Datasets => registered(&plugins.datasets),
            What::Engines => registered(&plugins.engines),
            What::Sections => sections(),
        };
        if self.json {
            output::json(&format!("{:#}", Value::from(listed.iter().map(Listed::json).collect::<Vec<_>>())))?;
        } else if self.verbose {
            out!("{}", listed.iter().map(Listed::described).collect::<Vec<_>>().join("\n\n"))?;
        } else {
            let mut rows = table(&[]);
            for Listed { name, summary, .. } in &listed {
                rows.add_row([name, summary]);
            }
            out!("{}", render(&rows))?;
        }
        Ok(())
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

impl Listed {
    /// For people, with a table of the settings.
    fn described(&self) -> String {
        let mut lines = vec![self.name.to_owned(), format!("  {}", self.summary)];
        if let Some(origin @ Origin::File(_)) = self.origin {
            lines.push(format!("  from {origin}"));
        }
        if self.settings.is_empty() {
            lines.push("  no settings".into());
            return lines.join("\n");
        }
        let mut rows = table(&["setting", "takes", "default", "meaning"]);
        for setting in self.settings {
            rows.add_row([setting.name, &setting.kind.to_string(), &setting.default_text(), setting.help]);
        }
        lines.extend(render(&rows).lines().map(|line| format!("  {line}")));
        lines.join("\n")
    }

    /// For programs.
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
