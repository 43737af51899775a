//! A reference page as Markdown.

use std::fmt::Write;

use super::head;
use super::listed::{Listed, Setting};
use crate::source::Registered;

const WRITTEN: &str = "<!-- Written by `cargo xtask docs`; change the sources instead. -->\n\n";

/// What a page of plugins begins with: its title, and how such a plugin is named in an experiment file.
fn opening(kind: &str) -> (&'static str, &'static str) {
    match kind {
        "spaces" => ("Search spaces", "`[space]` names one: `name = \"…\"`, with its settings beside the name."),
        "proxies" => (
            "Proxies",
            "Scores without training. `proxies = [\"…\"]` of a `[study]` and many strategies name them; their settings stand in `[proxies.NAME]`.",
        ),
        "aggregates" => (
            "Aggregates of proxies",
            "Scores that compare the architectures of a set by several proxies. A `[study]` names them as it names proxies; their settings stand in `[proxies.NAME]`.",
        ),
        "strategies" => ("Search strategies", "`[strategy]` names one: `name = \"…\"`, with its settings beside the name."),
        "benchmarks" => (
            "Benchmarks",
            "Recorded accuracies and costs. `[benchmark]` names one: `name = \"…\"`, with its settings beside the name. A table is imported once, by `assay benchmark import` or `assay benchmark fetch`.",
        ),
        "datasets" => (
            "Datasets",
            "`[dataset]` names the images that are measured or trained on, `[test]` those that a trained network is tested on: `name = \"…\"`, with the settings beside the name.",
        ),
        "engines" => (
            "Engines",
            "What measures on networks. `[engine]` names one: `name = \"…\"`, with its settings beside the name; without it, it is `cpu`. A program that is built with `--features cuda` has `burn-cuda` as well.",
        ),
        _ => ("Plugins", ""),
    }
}

/// The page of a kind of plugin.
pub(super) fn of_plugins(kind: &str, listed: &[Listed], sources: &[&Registered<'_>]) -> String {
    let (title, about) = opening(kind);
    let mut page = format!("{WRITTEN}# {title}\n\n{about}\n\n");
    page += &rows(&["name", "what it is"], listed.iter().map(|plugin| vec![format!("[`{0}`](#{0})", plugin.name), plugin.summary.clone()]));
    let shared = Shared::among(listed);
    page += &shared.sections();
    for plugin in listed {
        let source = sources.iter().find(|source| source.name.as_deref() == Some(plugin.name.as_str()));
        let _ = write!(page, "\n## `{}`\n\n{}.\n", plugin.name, capitalised(&plugin.summary));
        if let Some(text) = source.and_then(|source| head::markdown(&source.head())) {
            let _ = write!(page, "\n{text}\n");
        }
        let _ = write!(page, "\n{}", table(&plugin.settings, &shared));
        let package = plugin.package.as_ref().map(|package| format!("Crate `{package}`"));
        let file = source.map(|source| format!("[{0}](../../{0})", source.file.path));
        let from: Vec<String> = package.into_iter().chain(file).collect();
        if !from.is_empty() {
            let _ = write!(page, "\n{}.\n", from.join(", "));
        }
    }
    page
}

/// The page of experiment files.
pub(super) fn of_sections(listed: &[Listed]) -> String {
    let mut page = format!(
        "{WRITTEN}# Experiment files\n\nAn experiment is a TOML file: keys that stand before the first section, and sections. \
         Every key can be overridden by the environment (`ASSAY_SET_SEED=1`, `ASSAY_SET_STRATEGY__PAIRING=common`) and by \
         `--set key=value`, which wins. Relative paths are relative to the working directory, those of plugins to the file.\n"
    );
    for section in listed {
        let title = if section.name.starts_with('(') { "Before the first section".into() } else { format!("`[{}]`", section.name) };
        let _ = write!(page, "\n## {title}\n\n{}.\n\n", capitalised(&section.summary));
        if !section.settings.is_empty() {
            page += &table(&section.settings, &Shared::default());
        }
        let plugins = match section.name.as_str() {
            "engine" => "engines",
            "space" => "spaces",
            "dataset" | "test" => "datasets",
            "strategy" => "strategies",
            "benchmark" => "benchmarks",
            "proxies" => "proxies",
            _ => continue,
        };
        let _ = write!(page, "\nThe names and their settings: [{plugins}]({plugins}.md).\n");
    }
    page.replace("\n\n\n", "\n\n")
}

/// Tables of settings that several plugins have: by name, what stands in them.
#[derive(Default)]
struct Shared<'a>(Vec<(&'a str, &'a [Setting])>);

impl<'a> Shared<'a> {
    /// Those that are the same in two plugins or more; of tables of one name but other settings, the first.
    fn among(listed: &'a [Listed]) -> Self {
        let tables: Vec<(&str, &[Setting])> = listed
            .iter()
            .flat_map(|plugin| &plugin.settings)
            .filter(|setting| !setting.settings.is_empty())
            .map(|setting| (setting.name.as_str(), setting.settings.as_slice()))
            .collect();
        let mut shared: Vec<(&str, &[Setting])> = Vec::new();
        for table in &tables {
            let is_new = shared.iter().all(|(name, _)| *name != table.0);
            if is_new && tables.iter().filter(|other| *other == table).count() > 1 {
                shared.push(*table);
            }
        }
        Self(shared)
    }

    /// A section of each.
    fn sections(&self) -> String {
        let section = |(name, settings): &(&str, &[Setting])| {
            let mut cells = Vec::new();
            add(&mut cells, &format!("{name}."), settings, &Self::default());
            let table = rows(&TITLES, cells.into_iter());
            format!("\n## The table `{name}`\n\nThese settings are the same wherever a table below links here.\n\n{table}")
        };
        self.0.iter().map(section).collect()
    }

    /// Whether this setting is one of them.
    fn has(&self, setting: &Setting) -> bool {
        self.0.contains(&(setting.name.as_str(), setting.settings.as_slice()))
    }
}

/// The columns of a table of settings.
const TITLES: [&str; 4] = ["setting", "takes", "default", "meaning"];

/// A table of settings; those of a table within follow its own row, unless they are told in a section of their own.
fn table(settings: &[Setting], shared: &Shared<'_>) -> String {
    if settings.is_empty() {
        return "No settings.\n".into();
    }
    let mut cells = Vec::new();
    add(&mut cells, "", settings, shared);
    rows(&TITLES, cells.into_iter())
}

fn add(cells: &mut Vec<Vec<String>>, within: &str, settings: &[Setting], shared: &Shared<'_>) {
    for setting in settings {
        let Setting { name, takes, default, value, help, settings } = setting;
        let (is_shared, path) = (shared.has(setting), format!("{within}{name}"));
        let default = if value.is_some() { format!("`{default}`") } else { default.clone() };
        let takes = if is_shared { format!("[a table](#the-table-{name})") } else { takes.clone() };
        cells.push(vec![format!("`{path}`"), takes, default, help.clone()]);
        if !is_shared {
            add(cells, &format!("{path}."), settings, shared);
        }
    }
}

fn rows(titles: &[&str], cells: impl Iterator<Item = Vec<String>>) -> String {
    let mut text = format!("| {} |\n|{}\n", titles.join(" | "), "---|".repeat(titles.len()));
    for row in cells {
        let row: Vec<String> = row.iter().map(|cell| cell.replace('|', "\\|")).collect();
        let _ = writeln!(text, "| {} |", row.join(" | "));
    }
    text
}

fn capitalised(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map(|first| first.to_uppercase().to_string() + letters.as_str()).unwrap_or_default()
}
