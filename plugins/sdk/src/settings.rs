//! Typed settings: declared beside the plugin, checked by the host before anything runs.

use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use crate::Error;
use crate::abi::{
    ASSAY_ANY_TEXT, ASSAY_CHOICE, ASSAY_FLAG, ASSAY_INTEGER, ASSAY_NUMBER, ASSAY_NUMBERS, ASSAY_PATH, ASSAY_TEXTS, AssaySetting, AssayText,
};

/// One setting that a plugin understands. `standard` is its value where users say nothing, as they would write it.
#[repr(transparent)]
#[derive(Clone, Copy, Debug)]
pub struct Setting(AssaySetting);

impl Setting {
    const fn new(name: &'static str, kind: u32, standard: &'static str, help: &'static str) -> Self {
        let (name, words, standard, help) = (AssayText::of(name), AssayText::of(""), AssayText::of(standard), AssayText::of(help));
        Self(AssaySetting { name, kind, min: 0.0, max: 0.0, words, standard, help })
    }

    /// A whole number in a range, both ends included.
    #[must_use]
    pub const fn integer(name: &'static str, min: i32, max: i32, standard: &'static str, help: &'static str) -> Self {
        let mut setting = Self::new(name, ASSAY_INTEGER, standard, help);
        setting.0.min = min as f64;
        setting.0.max = max as f64;
        setting
    }

    /// A finite number in a range, both ends included.
    #[must_use]
    pub const fn number(name: &'static str, min: f64, max: f64, standard: &'static str, help: &'static str) -> Self {
        let mut setting = Self::new(name, ASSAY_NUMBER, standard, help);
        setting.0.min = min;
        setting.0.max = max;
        setting
    }

    /// `true` or `false`.
    #[must_use]
    pub const fn flag(name: &'static str, standard: &'static str, help: &'static str) -> Self {
        Self::new(name, ASSAY_FLAG, standard, help)
    }

    /// Any text.
    #[must_use]
    pub const fn text(name: &'static str, standard: &'static str, help: &'static str) -> Self {
        Self::new(name, ASSAY_ANY_TEXT, standard, help)
    }

    /// One of these words, written with `|` between them: `sum|mean`.
    #[must_use]
    pub const fn choice(name: &'static str, words: &'static str, standard: &'static str, help: &'static str) -> Self {
        let mut setting = Self::new(name, ASSAY_CHOICE, standard, help);
        setting.0.words = AssayText::of(words);
        setting
    }

    /// A file or folder.
    #[must_use]
    pub const fn path(name: &'static str, standard: &'static str, help: &'static str) -> Self {
        Self::new(name, ASSAY_PATH, standard, help)
    }

    /// A list of texts.
    #[must_use]
    pub const fn texts(name: &'static str, standard: &'static str, help: &'static str) -> Self {
        Self::new(name, ASSAY_TEXTS, standard, help)
    }

    /// A list of finite numbers.
    #[must_use]
    pub const fn numbers(name: &'static str, standard: &'static str, help: &'static str) -> Self {
        Self::new(name, ASSAY_NUMBERS, standard, help)
    }

    /// A list of settings as it crosses the border.
    pub(crate) const fn table(settings: &'static [Self]) -> *const AssaySetting {
        settings.as_ptr().cast()
    }
}

/// What users set, checked against the declared settings. What they did not set is absent.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Settings(Map<String, Value>);

impl Settings {
    pub(crate) fn read(json: &str) -> Result<Self, Error> {
        serde_json::from_str(json).map(Self).map_err(|error| Error::new(format!("the settings are not a JSON object: {error}")))
    }

    /// One value.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.0.get(name)
    }

    /// As a struct whose serde defaults fill in what is absent.
    ///
    /// # Errors
    /// If a value does not fit.
    pub fn parse<T: DeserializeOwned>(&self) -> Result<T, Error> {
        serde_json::from_value(Value::Object(self.0.clone())).map_err(|error| Error::new(error.to_string()))
    }
}
