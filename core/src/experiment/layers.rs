//! The layers of an experiment: file < environment < `--set`.

use std::ffi::OsString;
use std::io;
use std::path::Path;
use std::sync::Arc;

use figment::providers::Serialized;
use figment::value::{Dict, Map};
use figment::{Figment, Metadata, Profile, Provider, Source};
use serde::Serialize;
use toml_edit::{Document, Key};

use super::environment::{self, ENVIRONMENT_PREFIX};
use super::merged::{File, Merged};
use super::nesting::{DEEPEST, TooDeep, too_deep};
use super::{Experiment, ExperimentError, OnError, Place, PluginFiles, Plugins, Problem, Purpose};
use crate::data::read_small_file;
use crate::plugin::{Declared, SearchSpace, Settings};

/// An experiment file has at most this part of what is read of files: 4 MiB where nothing else is set. What is made of its keys
/// takes some hundred times as much memory.
const FILE_PART: u64 = 256;

/// Collects the layers of an experiment; later layers win.
#[derive(Clone, Debug, Default)]
pub struct Layers {
    figment: Figment,
    file: Option<File>,
    /// Experiment name where no layer gives one.
    fallback_name: Option<String>,
}

/// A layer as plain data, with where it came from.
struct Layer {
    metadata: Metadata,
    dict: Dict,
}

impl Provider for Layer {
    fn metadata(&self) -> Metadata {
        self.metadata.clone()
    }

    fn data(&self) -> Result<Map<Profile, Dict>, figment::Error> {
        Ok(Profile::Default.collect(self.dict.clone()))
    }
}

impl Layers {
    /// No layer yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// A value for `key` (`space.name`) where no other layer gives one.
    #[must_use]
    pub fn default_value(mut self, key: &str, value: impl Serialize) -> Self {
        self.figment = self.figment.join(Serialized::default(key, value));
        self
    }

    /// The experiment file.
    ///
    /// # Errors
    /// If it cannot be read or is not TOML; the problem points at the offending byte.
    pub fn file(self, path: &Path) -> Result<Self, ExperimentError> {
        let text = read_small_file(path, FILE_PART)
            .and_then(|bytes| String::from_utf8(bytes).map_err(|_| io::Error::other("it is not UTF-8 text")));
        let wrong = |error| Problem::elsewhere(format!("the experiment file `{}` cannot be read: {error}", path.display()));
        self.text(path, text.map_err(wrong)?)
    }

    /// An experiment file's text, under the path that messages name.
    ///
    /// # Errors
    /// If it is not TOML; the problem points at the offending byte.
    pub fn text(mut self, path: &Path, text: String) -> Result<Self, ExperimentError> {
        let shared: Arc<str> = text.as_str().into();
        let syntax = |message: &str, span: Option<std::ops::Range<usize>>| Problem {
            message: format!("not valid TOML: {}", message.trim_end()),
            help: None,
            place: Place::File { path: path.to_owned(), text: shared.clone(), span: span.unwrap_or(0..0) },
        };
        if let Some(TooDeep { problem, span }) = too_deep(&text) {
            let place = Place::File { path: path.to_owned(), text: shared, span };
            return Err(Problem { message: problem, help: None, place }.into());
        }
        let document = Document::parse(text).map_err(|error| syntax(error.message(), error.span()))?;
        let dict: Dict = toml_edit::de::from_document(document.clone()).map_err(|error| syntax(error.message(), error.span()))?;
        let metadata = Metadata::from("experiment file", Source::File(path.to_owned()));
        self.figment = self.figment.merge(Layer { metadata, dict });
        self.fallback_name = path.file_stem().map(|stem| stem.to_string_lossy().into_owned());
        self.file = Some(File { path: path.to_owned(), text: shared, document });
        Ok(self)
    }

    /// Variables of the environment that begin with [`ENVIRONMENT_PREFIX`]. `_` in a proxy's name stands for `-`.
    #[must_use]
    pub fn environment(self) -> Self {
        self.variables(std::env::vars_os())
    }

    /// Those of these variables that begin with [`ENVIRONMENT_PREFIX`], as if they were the environment.
    #[must_use]
    pub fn variables(mut self, variables: impl IntoIterator<Item = (OsString, OsString)>) -> Self {
        let metadata = Metadata::named(format!("`{ENVIRONMENT_PREFIX}` environment variable(s)"));
        self.figment = self.figment.merge(Layer { metadata, dict: environment::layer(variables) });
        self
    }

    /// One `key=value`: the key may be dotted, the value is TOML, or else a text.
    ///
    /// # Errors
    /// If there is no `=` or the key is not one.
    pub fn set(mut self, assignment: &str) -> Result<Self, ExperimentError> {
        let place = Place::Layer(format!("--set {assignment}"));
        let problem = |message: String| Problem { message, help: Some("write --set section.key=value".into()), place: place.clone() };
        let (key, value) = assignment.split_once('=').ok_or_else(|| problem("there is no `=`".into()))?;
        let keys = Key::parse(key.trim()).map_err(|error| problem(format!("`{key}` is not a key: {}", error.message())))?;
        if keys.len() > DEEPEST {
            return Err(problem(format!("a key has at most {DEEPEST} parts, not {}", keys.len())).into());
        }
        let value = value.trim();
        let value: figment::value::Value = toml_edit::de::from_str::<Dict>(&format!("value = {value}"))
            .ok()
            .filter(|dict| dict.len() == 1)
            .and_then(|mut dict| dict.remove("value"))
            .unwrap_or_else(|| value.to_owned().into());
        let nested = keys.iter().rev().fold(value, |inner, key| Dict::from([(key.get().to_owned(), inner)]).into());
        let dict = nested.into_dict().unwrap_or_default();
        self.figment = self.figment.merge(Layer { metadata: Metadata::named(format!("--set {assignment}")), dict });
        Ok(self)
    }

    /// Where the experiment's plugins are, which must be loaded before it is resolved. What is wrong with the section is
    /// reported then.
    #[must_use]
    pub fn plugin_files(&self) -> PluginFiles {
        let mut given = self.figment.extract_inner::<Settings>("plugins").unwrap_or_default();
        // An unknown key beside them, and a limit that is not a time, are reported later and hide no plugin.
        if PluginFiles::take(&mut given.clone()).is_err() {
            given = given.iter().filter(|(key, _)| key.as_str() != "timeout").map(|(key, value)| (key.clone(), value.clone())).collect();
        }
        PluginFiles::take(&mut given).unwrap_or_default().within(&self.merged().folder_of(&["plugins", "path"]))
    }

    /// Whether a layer has something at this key, such as the name of a section.
    #[must_use]
    pub fn has(&self, key: &str) -> bool {
        self.figment.find_value(key).is_ok()
    }

    /// Whether failures become undefined scores.
    #[must_use]
    pub fn skips_errors(&self) -> bool {
        self.figment.extract_inner::<OnError>("on_error").is_ok_and(|on_error| on_error == OnError::Skip)
    }

    /// The text that the layers so far give for a key (`dataset.name`), if they give one.
    #[must_use]
    pub fn value_of(&self, key: &str) -> Option<String> {
        self.figment.extract_inner::<String>(key).ok()
    }

    fn merged(&self) -> Merged {
        Merged::new(self.figment.clone(), self.file.clone())
    }

    /// Merges the layers and checks everything.
    ///
    /// # Errors
    /// With every problem found, each with its place.
    pub fn resolve(self, purpose: Purpose, plugins: &Plugins) -> Result<Experiment, ExperimentError> {
        let values = self.figment.extract().map_err(|error| Problem::elsewhere(error.to_string()))?;
        let merged = Merged::new(self.figment, self.file);
        super::check::check(values, merged, self.fallback_name, purpose, plugins)
    }

    /// The search space that the layers name, with its name, where nothing but a space is needed: no other section has to be
    /// there. Everything that is there is checked.
    ///
    /// # Errors
    /// With every problem found, each with its place.
    pub fn space(self, plugins: &Plugins) -> Result<(String, Box<dyn SearchSpace>), ExperimentError> {
        let values = self.figment.extract().map_err(|error| Problem::elsewhere(error.to_string()))?;
        let merged = Merged::new(self.figment, self.file);
        let section = super::check::check_space(values, &merged, plugins)?;
        let space = super::assemble::make(&merged, "space", &section, &plugins.spaces)?;
        Ok((section.name, space))
    }
}
