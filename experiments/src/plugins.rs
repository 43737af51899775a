//! Every plugin that an experiment may name: those of this build, those that the process [brings](brought), and those that are loaded
//! at run time.
//!
//! Files to load are named, one after the other, by the folder `plugins` of the data directory, the variable
//! [`VARIABLE`], and the section `[plugins]` of the experiment.

pub mod brought;

use std::path::{Path, PathBuf};

use assay_core::data::user_data_directory;
use assay_core::experiment::{Layers, PluginFiles, Plugins, TimeLimit};
use assay_core::plugin::RegistryError;
use assay_plugin_host::{Entries, LoadError, Terms};
use assay_results::files::EXPERIMENT;

use crate::failure::Failure;
use crate::output::tell;

/// The variable that names files to load, and folders of them, as `PATH` names folders.
pub const VARIABLE: &str = "ASSAY_PLUGINS";

/// Those of this build alone.
///
/// # Errors
/// If two plugins of one kind share a name.
pub fn linked() -> Result<Plugins, Failure> {
    Plugins::collect().map_err(|error| Failure::new(error.to_string()))
}

/// Those of this build and of the user; no experiment names more.
///
/// # Errors
/// If a file cannot be loaded, or two plugins of one kind share a name.
pub fn installed() -> Result<Plugins, Failure> {
    named(&PluginFiles::default(), false)
}

/// Those that this experiment file may name, in this environment.
///
/// # Errors
/// As [`of`], or if the file cannot be read.
pub fn of_file(file: &Path) -> Result<Plugins, Failure> {
    of(&Layers::new().file(file)?.environment())
}

/// Those that the experiment of these layers may name. Where it turns failures into undefined scores, what cannot be loaded
/// is only reported.
///
/// # Errors
/// If a file cannot be loaded, or two plugins of one kind share a name.
pub fn of(layers: &Layers) -> Result<Plugins, Failure> {
    named(&layers.plugin_files(), layers.skips_errors())
}

/// Those of the experiment of a run that is already there, with these keys set anew.
///
/// # Errors
/// As [`of`], or if what is set cannot be read; what else is wrong with the experiment is reported when it is read.
pub fn of_run(run: &Path, set: &[String]) -> Result<Plugins, Failure> {
    let Ok(mut layers) = Layers::new().file(&run.join(EXPERIMENT)) else { return linked() };
    for assignment in set {
        layers = layers.set(assignment)?;
    }
    of(&layers)
}

fn named(files: &PluginFiles, skips_errors: bool) -> Result<Plugins, Failure> {
    let mut paths: Vec<PathBuf> =
        user_data_directory().ok().map(|data| data.join("plugins")).filter(|folder| folder.is_dir()).into_iter().collect();
    paths.extend(std::env::var_os(VARIABLE).iter().flat_map(std::env::split_paths).filter(|path| !path.as_os_str().is_empty()));
    paths.extend(files.path.iter().cloned());
    let terms = Terms { isolate: files.isolate, timeout: files.timeout.map(TimeLimit::duration) };
    let (found, errors) = assay_plugin_host::load(&paths, terms);
    let mut plugins = linked()?;
    brought::join(&mut plugins).map_err(|error| Failure::new(error.to_string()))?;
    if let Some(first) = errors.first().filter(|_| !skips_errors) {
        return Err(Failure::new(first.to_string()).with_help(first.help()));
    }
    for error in &errors {
        tell!("{error}; {}", error.help());
    }
    plugins.unavailable.extend(errors.iter().map(LoadError::to_string));
    for entries in found {
        match join(&mut plugins, &entries) {
            Ok(()) => {}
            Err(error) if skips_errors => {
                tell!("{error}");
                plugins.unavailable.push(error.to_string());
            }
            Err(error) => {
                return Err(Failure::new(error.to_string())
                    .with_help("take one of the two out of plugins.path, or rename a plugin and build it again"));
            }
        }
    }
    Ok(plugins)
}

/// Adds the entries of one file; none of them, where a name is taken.
fn join(plugins: &mut Plugins, entries: &Entries) -> Result<(), RegistryError> {
    plugins.spaces.check(&entries.spaces)?;
    plugins.proxies.check(&entries.proxies)?;
    plugins.strategies.check(&entries.strategies)?;
    plugins.spaces.join(&entries.spaces);
    plugins.proxies.join(&entries.proxies);
    plugins.strategies.join(&entries.strategies);
    Ok(())
}

#[cfg(test)]
mod tests {
    use assay_core::plugin::{DefaultValue, Entry, Kind, Proxy, Registry, Setting, Settings, ValueKind};
    use assay_results::present::latex::escaped;

    use super::*;

    /// Some value of a setting that must be given.
    fn some(kind: ValueKind) -> serde_json::Value {
        match kind {
            ValueKind::Integer { min, .. } => min.into(),
            ValueKind::Number { min, .. } => min.into(),
            ValueKind::Flag => true.into(),
            ValueKind::Text | ValueKind::Path => "something".into(),
            ValueKind::Choice(words) => words[0].into(),
            ValueKind::Texts => ["something"].as_slice().into(),
            ValueKind::Numbers => [1.0].as_slice().into(),
            ValueKind::Table(settings) => required(settings).into(),
        }
    }

    fn required(settings: &[Setting]) -> Settings {
        let required = settings.iter().filter(|setting| matches!(setting.default, DefaultValue::Required));
        required.map(|setting| (setting.name.to_owned(), some(setting.kind))).collect()
    }

    fn check<T: ?Sized>(entry: &Entry<T>, kind: &str) {
        let defaults = entry.settings.iter().filter_map(|setting| Some((setting.name.to_owned(), setting.default_value()?)));
        let (defaults, required) = (defaults.collect::<Settings>(), required(entry.settings));
        let plugin = format!("{kind} `{}`", entry.name);
        assert_eq!(defaults.check(entry.settings), Ok(()), "{plugin}: a default is not among the values that the setting takes");
        let without = (entry.resolve)(&required).unwrap_or_else(|error| panic!("{plugin}: {error}"));
        let with = (entry.resolve)(&defaults.clone().or(&required)).unwrap_or_else(|error| panic!("{plugin}: {error}"));
        assert_eq!(without, with, "{plugin}: what it takes for granted is not what it declares");
        for setting in entry.settings {
            let (name, value) = (setting.name, without.iter().find(|(key, _)| *key == setting.name));
            let is_told = value.is_some() != matches!(setting.default, DefaultValue::Words(_) | DefaultValue::None);
            assert!(is_told, "{plugin}: `{name}` is {value:?}, its default {}", setting.default_text());
            assert!(!setting.help.is_empty(), "{plugin}: what `{name}` does is told nowhere");
        }
    }

    fn check_all<T: ?Sized + Kind>(registry: &Registry<T>) {
        assert!(registry.iter().count() > 0, "nothing is registered as {}", T::NAME);
        registry.iter().for_each(|entry| check(entry, T::NAME));
    }

    #[test]
    fn declared_defaults_are_those_that_plugins_read() {
        let plugins = linked().unwrap();
        check_all(&plugins.spaces);
        check_all(&plugins.proxies);
        check_all(&plugins.aggregates);
        check_all(&plugins.strategies);
        check_all(&plugins.benchmarks);
        check_all(&plugins.datasets);
        check_all(&plugins.engines);
    }

    /// The proxies that measure by themselves. The others need settings, which say where they look what up.
    fn measuring() -> Vec<(&'static str, Box<Proxy>)> {
        let proxies = linked().unwrap().proxies;
        let measuring = proxies.iter().filter(|entry| required(entry.settings) == Settings::none());
        let made: Vec<_> = measuring.map(|entry| (entry.name, proxies.build(entry.name, &Settings::none()).unwrap())).collect();
        assert_eq!(made.len() + 2, proxies.iter().count(), "`recorded` and `one-shot` alone need settings");
        made
    }

    #[test]
    fn proxies_that_count_something_say_what() {
        let told: Vec<String> = measuring().iter().filter_map(|(name, proxy)| Some(format!("{name}: {}", proxy.unit()?))).collect();
        insta::assert_snapshot!(told.join("\n"), @r"
        az-complexity: multiply-adds
        az-expressivity: nats
        az-progressivity: nats
        depth-spread: layers
        flops: multiply-adds
        linear-regions: regions
        live-params: parameters
        naswot: ln
        near: ranks
        params: parameters
        skip-length: nodes
        swap: patterns
        trainable-layers: layers
        vkdnw: nats
        vkdnw-single: tensors + nats
        wrcor: ln
        zen: ln
        zico: ln
        ");
    }

    #[test]
    fn nothing_that_a_proxy_says_of_itself_is_left_for_latex_to_stumble_over() {
        for (name, proxy) in measuring() {
            let protocol = proxy.protocol();
            assert!(escaped(&protocol).is_ascii(), "{name}: {}", escaped(&protocol));
        }
    }
}
