//! Typed settings of plugins: declared beside the plugin, checked before anything runs.

mod declare;
mod setting;
mod types;
mod words;

pub use declare::{Declared, Group, NoSettings};
pub use setting::{DefaultValue, Setting, ValueKind};
pub use types::SettingType;
pub use words::Words;

// Called by what `settings!` and `words!` write.
#[doc(hidden)]
pub mod macros {
    pub use super::declare::{deserialize, joined, table, total};
    pub use super::types::{Optional, Real, Whole};
    pub use super::words::parse as parse_word;
}

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// The settings given to one plugin.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Settings(Map<String, Value>);

/// A setting that is wrong. The key is relative to the plugin's own table.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{key}`: {problem}")]
pub struct SettingsError {
    /// The offending key; dotted inside of a table.
    pub key: String,
    /// What is wrong with it.
    pub problem: String,
    /// What to write instead, if that is known.
    pub help: Option<String>,
    /// Whether the setting names data that is not here, and nothing else is wrong with it.
    pub is_missing_data: bool,
}

impl SettingsError {
    /// An error about one key.
    pub fn new(key: impl Into<String>, problem: impl Into<String>) -> Self {
        Self { key: key.into(), problem: problem.into(), help: None, is_missing_data: false }
    }

    /// That a setting which must be given is not.
    #[must_use]
    pub fn missing(key: &str, kind: ValueKind) -> Self {
        Self::new(key, format!("is missing; it must be {kind}"))
    }

    /// The same error, of a setting inside the table `key`.
    #[must_use]
    pub fn within(self, key: &str) -> Self {
        Self { key: format!("{key}.{}", self.key), ..self }
    }
}

impl Settings {
    /// No settings: every default.
    #[must_use]
    pub fn none() -> Self {
        Self::default()
    }

    /// With this value; a value already there is replaced.
    #[must_use]
    pub fn with(mut self, key: &str, value: impl Into<Value>) -> Self {
        self.0.insert(key.to_owned(), value.into());
        self
    }

    /// With the values of `fallback` for every key that is absent here.
    #[must_use]
    pub fn or(mut self, fallback: &Self) -> Self {
        for (key, value) in &fallback.0 {
            self.0.entry(key.clone()).or_insert_with(|| value.clone());
        }
        self
    }

    /// The given keys and values.
    pub fn iter(&self) -> impl Iterator<Item = (&String, &Value)> {
        self.0.iter()
    }

    /// Checks every key and value against what the plugin declares.
    ///
    /// # Errors
    /// On the first key that is unknown (with the nearest known name) or value of the wrong type or range.
    pub fn check(&self, schema: &[Setting]) -> Result<(), SettingsError> {
        for (key, value) in &self.0 {
            let Some(setting) = schema.iter().find(|setting| setting.name == key) else {
                let known: Vec<&str> = schema.iter().map(|setting| setting.name).collect();
                let help = Some(super::suggestion::suggestion(key, &known));
                return Err(SettingsError { help, ..SettingsError::new(key, "no such setting") });
            };
            if !setting.kind.accepts(value) {
                return Err(SettingsError::new(key, format!("must be {}, is {value}", setting.kind)));
            }
            if let (ValueKind::Table(inner), Value::Object(table)) = (setting.kind, value) {
                Self(table.clone()).check(inner).map_err(|error| error.within(key))?;
            }
        }
        Ok(())
    }

    /// The settings as the struct that declares them: what is absent has its default.
    ///
    /// # Errors
    /// On the first key that is unknown, value of the wrong type or range, or setting that is missing but must be given.
    pub fn read<T: Declared>(&self) -> Result<T, SettingsError> {
        self.check(T::SETTINGS)?;
        T::take(&mut self.clone())
    }

    /// Takes out the value of one setting, if it is given.
    ///
    /// # Errors
    /// If it has the wrong type.
    pub fn take<T: SettingType>(&mut self, key: &str) -> Result<Option<T>, SettingsError> {
        self.0.remove(key).map(|value| T::read(key, value)).transpose()
    }
}

impl From<Settings> for Value {
    fn from(settings: Settings) -> Self {
        Self::Object(settings.0)
    }
}

impl FromIterator<(String, Value)> for Settings {
    fn from_iter<I: IntoIterator<Item = (String, Value)>>(values: I) -> Self {
        Self(values.into_iter().collect())
    }
}
