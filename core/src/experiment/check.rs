//! Checks merged layers against what the experiment file's form and the plugins know.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

use super::form::{Keys, section_names};
use super::list::ArchitectureList;
use super::merged::Merged;
use super::{
    Experiment, ExperimentError, OnError, Place, PluginFiles, Plugins, Problem, Purpose, Section, Study, Training, TrainingRecipe, VERSION,
};
use crate::plugin::{Declared, Entry, Kind, Registry, RegistryError, Setting, Settings, ValueKind, suggestion};

/// The engine of an experiment that names none.
const DEFAULT_ENGINE: &str = "cpu";

/// What the layers say, as far as it is right, with what is wrong.
struct Sections {
    keys: Keys,
    plugin_files: PluginFiles,
    engine: Section,
    space: Option<Section>,
    dataset: Option<Section>,
    strategy: Option<Section>,
    proxies: BTreeMap<String, Settings>,
    benchmark: Option<Section>,
    study: Option<Study>,
    listed: Option<ArchitectureList>,
    training: Option<Training>,
    test: Option<Section>,
    problems: Vec<Problem>,
}

/// Checks an experiment that is for this purpose.
pub(super) fn check(
    values: Map<String, Value>,
    merged: Merged,
    fallback_name: Option<String>,
    purpose: Purpose,
    plugins: &Plugins,
) -> Result<Experiment, ExperimentError> {
    let mut sections = sections(values, &merged, Some(purpose), plugins)?;
    let name = sections.keys.name.or(fallback_name).unwrap_or_else(|| "experiment".into());
    if name.is_empty() || name.starts_with('.') || name.contains(['/', '\\', '\0']) {
        let message = format!("`name`: `{name}` cannot be the name of a folder");
        sections.problems.push(Problem { message, help: None, place: merged.place(&["name"], true) });
    }
    match (sections.space, sections.dataset) {
        (Some(space), Some(dataset)) if sections.problems.is_empty() => Ok(Experiment {
            name,
            seed: sections.keys.seed,
            threads: sections.keys.threads,
            output: sections.keys.output,
            on_error: sections.keys.on_error,
            plugins: sections.plugin_files,
            engine: sections.engine,
            space,
            dataset,
            strategy: sections.strategy,
            proxies: sections.proxies,
            benchmark: sections.benchmark,
            study: sections.study,
            listed: sections.listed,
            training: sections.training,
            test: sections.test,
            merged,
        }),
        _ => Err(in_order(sections.problems)),
    }
}

/// Checks layers of which only the space is needed. Whatever else they say is checked as well.
pub(super) fn check_space(values: Map<String, Value>, merged: &Merged, plugins: &Plugins) -> Result<Section, ExperimentError> {
    let Sections { space, problems, .. } = sections(values, merged, None, plugins)?;
    space.filter(|_| problems.is_empty()).ok_or_else(|| in_order(problems))
}

/// As the problems stand in the file; what stands nowhere or in another layer comes after.
fn in_order(mut problems: Vec<Problem>) -> ExperimentError {
    problems.sort_by_key(|problem| problem.place.position().unwrap_or(usize::MAX));
    ExperimentError { problems, is_missing_data: false }
}

/// Checks every section that is there, and that those are there that this purpose needs: without one, the space alone.
fn sections(
    mut values: Map<String, Value>,
    merged: &Merged,
    purpose: Option<Purpose>,
    plugins: &Plugins,
) -> Result<Sections, ExperimentError> {
    let mut checker = Checker { merged, problems: Vec::new(), skips_errors: false };
    // Another version may mean anything by its keys: nothing else is worth saying. Only runs are repeated from their files.
    let is_run = purpose.is_some_and(|purpose| purpose != Purpose::Score);
    checker.version(values.get("version"), is_run)?;
    let keys = checker.keys(&values)?;
    checker.skips_errors = keys.on_error == OnError::Skip;

    let plugin_files = checker.plugin_files(&mut values);
    let default_engine = || Section { name: DEFAULT_ENGINE.into(), settings: Settings::none() };
    let engine = checker.section(&mut values, "engine").unwrap_or_else(default_engine);
    checker.plugin("engine", &engine, &plugins.engines);
    let space = checker.required(&mut values, "space", "the search space", &plugins.spaces);
    let dataset = match purpose {
        Some(_) => checker.required(&mut values, "dataset", "the images", &plugins.datasets),
        None => checker.section(&mut values, "dataset").inspect(|section| checker.plugin("dataset", section, &plugins.datasets)),
    };
    let strategy = match purpose {
        Some(Purpose::Search) => checker.required(&mut values, "strategy", "how to search", &plugins.strategies),
        _ => checker.section(&mut values, "strategy"),
    };
    let benchmark = checker.section(&mut values, "benchmark").inspect(|section| checker.plugin("benchmark", section, &plugins.benchmarks));
    let proxies = checker.proxies(&mut values, plugins);
    let listed = checker.listed(&mut values);
    let study = checker.study(&mut values, purpose, plugins);
    let training = checker.training(&mut values, purpose);
    let test = match purpose {
        Some(Purpose::Training) => checker.required(&mut values, "test", "the images that the network is tested on", &plugins.datasets),
        _ => checker.section(&mut values, "test").inspect(|section| checker.plugin("test", section, &plugins.datasets)),
    };
    let problems = checker.problems;
    Ok(Sections { keys, plugin_files, engine, space, dataset, strategy, proxies, benchmark, study, listed, training, test, problems })
}

struct Checker<'a> {
    merged: &'a Merged,
    problems: Vec<Problem>,
    skips_errors: bool,
}

impl Checker<'_> {
    fn report(&mut self, message: impl Into<String>, help: Option<String>, place: Place) {
        self.problems.push(Problem { message: message.into(), help, place });
    }

    /// Where `must_be_given`, the version has to be there.
    fn version(&self, version: Option<&Value>, must_be_given: bool) -> Result<(), Problem> {
        let help = Some(format!("this program reads version = {VERSION}"));
        match version {
            Some(version) if version.as_i64() == Some(VERSION) => Ok(()),
            Some(version) => Err(Problem {
                message: format!("`version`: this program does not read experiment files of version {version}"),
                help,
                place: self.merged.place(&["version"], true),
            }),
            None if !must_be_given => Ok(()),
            None => Err(Problem {
                message: "`version` is missing".into(),
                help: Some(format!("begin the file with a line version = {VERSION}")),
                place: Place::Nowhere,
            }),
        }
    }

    /// Keys outside of sections. What is wrong with one is reported, and its default stands in for it.
    fn keys(&mut self, values: &Map<String, Value>) -> Result<Keys, Problem> {
        // The version was checked.
        let mut right = Settings::none().with("version", VERSION);
        for (key, value) in values {
            let is_section = section_names().any(|name| name == key);
            if is_section && value.is_object() {
                continue;
            }
            if is_section {
                let help = Some(format!("write [{key}] on a line of its own, and its settings below it"));
                self.report(format!("`{key}`: must be a section, is {value}"), help, self.merged.place(&[key], true));
            } else if !Keys::SETTINGS.iter().any(|setting| setting.name == key) {
                let known: Vec<&str> = Keys::SETTINGS.iter().map(|setting| setting.name).chain(section_names()).collect();
                let what = if value.is_object() { "section" } else { "key" };
                self.report(format!("`{key}`: no such {what}"), Some(suggestion(key, &known)), self.merged.place(&[key], false));
            } else if self.setting(&[], key, value, Keys::SETTINGS) {
                right = right.with(key, value.clone());
            }
        }
        right.read().map_err(|error| Problem::elsewhere(error.to_string()))
    }

    /// Whether one setting fits a schema; `within` is the path of its table.
    fn setting(&mut self, within: &[&str], key: &str, value: &Value, schema: &[Setting]) -> bool {
        let Err(error) = Settings::none().with(key, value.clone()).check(schema) else { return true };
        // Only what is unknown gets a suggestion.
        let known = error.help.is_none();
        let path: Vec<&str> = within.iter().copied().chain(error.key.split('.')).collect();
        self.report(format!("`{}`: {}", path.join("."), error.problem), error.help, self.merged.place(&path, known));
        false
    }

    fn settings(&mut self, within: &[&str], settings: &Settings, schema: &[Setting]) {
        for (key, value) in settings.iter() {
            self.setting(within, key, value, schema);
        }
    }

    fn plugin_files(&mut self, values: &mut Map<String, Value>) -> PluginFiles {
        let Some(Value::Object(table)) = values.remove("plugins") else { return PluginFiles::default() };
        // What is wrong was reported.
        let files: PluginFiles = self.table("plugins", table).unwrap_or_default();
        files.within(&self.merged.folder_of(&["plugins", "path"]))
    }

    /// Takes a section that names a plugin. A section without a name is reported.
    fn section(&mut self, values: &mut Map<String, Value>, section: &str) -> Option<Section> {
        let Some(Value::Object(mut table)) = values.remove(section) else { return None };
        match table.remove("name") {
            Some(Value::String(name)) => return Some(Section { name, settings: table.into_iter().collect() }),
            Some(other) => {
                self.report(format!("`{section}.name`: must be a text, is {other}"), None, self.merged.place(&[section, "name"], true));
            }
            None => self.report(format!("[{section}] has no `name`"), None, self.merged.place(&[section], false)),
        }
        None
    }

    fn required<T: ?Sized + Kind>(
        &mut self,
        values: &mut Map<String, Value>,
        section: &str,
        what: &str,
        registry: &Registry<T>,
    ) -> Option<Section> {
        if !values.contains_key(section) {
            let names: Vec<&str> = registry.iter().map(|entry| entry.name).collect();
            let help = format!("add a section [{section}] with a line name = \"…\"; known: {}", names.join(", "));
            self.report(format!("[{section}] is missing: {what}"), Some(help), Place::Nowhere);
        }
        let found = self.section(values, section)?;
        self.plugin(section, &found, registry);
        Some(found)
    }

    fn plugin<T: ?Sized + Kind>(&mut self, section: &str, found: &Section, registry: &Registry<T>) {
        let place = self.merged.place(&[section, "name"], true);
        if let Some(entry) = self.known(registry.meant(&found.name, &found.settings), place) {
            self.settings(&[section], &found.settings, entry.settings);
        }
    }

    fn known<T: ?Sized + Kind>(&mut self, found: Result<&'static Entry<T>, RegistryError>, place: Place) -> Option<&'static Entry<T>> {
        match found {
            Ok(entry) => Some(entry),
            Err(RegistryError::Unknown { kind, name, help }) => {
                self.report(format!("there is no {kind} `{name}`"), Some(help), place);
                None
            }
            Err(other) => {
                self.report(other.to_string(), None, place);
                None
            }
        }
    }

    /// Puts the architectures that a file lists in the place of its name.
    fn listed(&mut self, values: &mut Map<String, Value>) -> Option<ArchitectureList> {
        let Some(Value::Object(study)) = values.get_mut("study") else { return None };
        let Some(Value::String(name)) = study.get("architectures") else { return None };
        let keys = ["study", "architectures"];
        let read = ArchitectureList::read(&self.merged.folder_of(&keys).join(name));
        study.remove("architectures");
        match read {
            Ok(list) => {
                study.insert("architectures".into(), list.texts().collect());
                Some(list)
            }
            Err(error) => {
                let help = "name a file that has an architecture a line, or list them: architectures = [\"…\"]".into();
                self.report(format!("`study.architectures`: {error}"), Some(help), self.merged.place(&keys, true));
                None
            }
        }
    }

    fn study(&mut self, values: &mut Map<String, Value>, purpose: Option<Purpose>, plugins: &Plugins) -> Option<Study> {
        let Some(Value::Object(table)) = values.remove("study") else {
            if purpose == Some(Purpose::Study) {
                let help = "add a section [study] with a line proxies = [\"…\"]".into();
                self.report("[study] is missing: what to correlate", Some(help), Place::Nowhere);
            }
            return None;
        };
        let study: Study = self.table("study", table)?;
        let place = |key: &str| self.merged.place(&["study", key], true);
        if study.sample.is_some() && study.architectures.is_some() {
            let help = Some("remove one of them".into());
            self.report("`study.architectures`: a study is over a sample or over these, not both", help, place("architectures"));
        }
        let mut seen = BTreeSet::new();
        if let Some(twice) = study.proxies.iter().find(|name| !seen.insert(*name)) {
            self.report(format!("`study.proxies`: `{twice}` is there twice"), None, place("proxies"));
        }
        for name in &study.proxies {
            self.proxy_or_aggregate(name, self.merged.place(&["study", "proxies"], true), plugins);
        }
        Some(study)
    }

    fn training(&mut self, values: &mut Map<String, Value>, purpose: Option<Purpose>) -> Option<Training> {
        let Some(Value::Object(table)) = values.remove("training") else {
            if purpose == Some(Purpose::Training) {
                let help = "add a section [training] with a line architecture = \"…\"".into();
                self.report("[training] is missing: what to train", Some(help), Place::Nowhere);
            }
            return None;
        };
        let filled = TrainingRecipe::fill(table.into_iter().collect());
        let training: Training = self.table("training", filled.iter().map(|(key, value)| (key.clone(), value.clone())).collect())?;
        if purpose == Some(Purpose::Training) && training.architecture.is_none() {
            let help = "add a line architecture = \"…\" to [training]".into();
            self.report("[training]: missing field `architecture`", Some(help), self.merged.place(&["training"], false));
        }
        Some(training)
    }

    /// A section with settings of its own; none if something is wrong with them.
    fn table<T: Declared>(&mut self, section: &str, table: Map<String, Value>) -> Option<T> {
        let before = self.problems.len();
        let settings: Settings = table.into_iter().collect();
        self.settings(&[section], &settings, T::SETTINGS);
        if self.problems.len() > before {
            return None;
        }
        let error = match settings.read() {
            Ok(read) => return Some(read),
            Err(error) => error,
        };
        let key = error.key.as_str();
        if settings.iter().any(|(given, _)| given == key) {
            // It is of the right kind, but means nothing: not every text is a shard.
            let place = self.merged.place(&[section, key], true);
            self.report(format!("`{section}.{key}`: {}", error.problem), error.help, place);
        } else {
            let is_list = T::SETTINGS.iter().any(|setting| setting.name == key && setting.kind == ValueKind::Texts);
            let value = if is_list { "[\"…\"]" } else { "\"…\"" };
            let help = Some(format!("add a line {key} = {value} to [{section}]"));
            self.report(format!("[{section}]: missing field `{key}`"), help, self.merged.place(&[section], false));
        }
        None
    }

    fn proxies(&mut self, values: &mut Map<String, Value>, plugins: &Plugins) -> BTreeMap<String, Settings> {
        let Some(Value::Object(tables)) = values.remove("proxies") else { return Default::default() };
        let mut proxies = BTreeMap::new();
        for (name, table) in tables {
            let place = self.merged.place(&["proxies", &name], false);
            let Value::Object(table) = table else {
                let help = Some("write [proxies.NAME] on a line of its own, and the proxy's settings below it".into());
                self.report(format!("`proxies.{name}`: must be a section, is {table}"), help, place);
                continue;
            };
            let settings: Settings = table.into_iter().collect();
            if let Some(schema) = self.proxy_or_aggregate(&name, place, plugins) {
                self.settings(&["proxies", &name], &settings, schema);
            }
            proxies.insert(name, settings);
        }
        proxies
    }

    /// The settings of a proxy, or of an aggregate of proxies.
    fn proxy_or_aggregate(&mut self, name: &str, place: Place, plugins: &Plugins) -> Option<&'static [Setting]> {
        if let Ok(entry) = plugins.aggregates.find(name) {
            return Some(entry.settings);
        }
        if plugins.proxies.find(name).is_err() {
            if self.skips_errors && !plugins.unavailable.is_empty() {
                return None;
            }
            let aggregates = plugins.aggregates.iter().map(|entry| entry.name);
            let known: Vec<&str> = plugins.proxies.iter().map(|entry| entry.name).chain(aggregates).collect();
            self.report(format!("there is no proxy `{name}`"), Some(suggestion(name, &known)), place);
            return None;
        }
        self.known(plugins.proxies.find(name), place).map(|entry| entry.settings)
    }
}
