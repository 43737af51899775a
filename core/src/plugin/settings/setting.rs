//! What a plugin says of one setting: name, values, default, meaning.

use serde_json::Value;

/// One setting that a plugin understands. [`settings!`](crate::settings) makes them.
#[derive(Clone, Copy, Debug)]
pub struct Setting {
    /// The key in the experiment file, in `snake_case`.
    pub name: &'static str,
    /// What values it takes.
    pub kind: ValueKind,
    /// What holds where it is not given.
    pub default: DefaultValue,
    /// What it does, in one line.
    pub help: &'static str,
}

/// What values a setting takes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum ValueKind {
    /// A whole number in a range, both ends included.
    Integer {
        /// The smallest.
        min: i64,
        /// The largest.
        max: i64,
    },
    /// A finite number in a range, both ends included.
    Number {
        /// The smallest.
        min: f64,
        /// The largest.
        max: f64,
    },
    /// `true` or `false`.
    Flag,
    /// Any text.
    Text,
    /// One of these words.
    Choice(&'static [&'static str]),
    /// A file or folder.
    Path,
    /// A list of texts.
    Texts,
    /// A list of finite numbers.
    Numbers,
    /// A table of these settings: `budget = { evaluations = 500 }`.
    Table(&'static [Setting]),
}

/// What holds where a setting is not given.
#[derive(Clone, Copy, Debug)]
pub enum DefaultValue {
    /// A value. The function gives the default of every setting of the same struct by name, so that a default is written once,
    /// where the struct is.
    Value(fn(&str) -> Option<Value>),
    /// A value that a plugin in a file declares.
    Literal(&'static Value),
    /// It depends, in these words.
    Words(&'static str),
    /// Nothing: the setting must be given.
    Required,
    /// No value.
    None,
}

impl Setting {
    /// The default as a value, if it is one.
    #[must_use]
    pub fn default_value(&self) -> Option<Value> {
        match self.default {
            DefaultValue::Value(of) => of(self.name),
            DefaultValue::Literal(value) => Some(value.clone()),
            DefaultValue::Words(_) | DefaultValue::Required | DefaultValue::None => None,
        }
    }

    /// The default as a user would write it (`"best"`, `72`, `true`), or in words.
    #[must_use]
    pub fn default_text(&self) -> String {
        match (self.default, self.default_value()) {
            (_, Some(value)) => written(&value),
            (DefaultValue::Words(words), None) => words.to_owned(),
            (DefaultValue::Required, None) => "must be given".to_owned(),
            (_, None) => "none".to_owned(),
        }
    }
}

/// A value as a user writes it in an experiment file.
fn written(value: &Value) -> String {
    let list = |items: Vec<String>, [open, close]: [&str; 2]| {
        if items.is_empty() { format!("{open}{close}").replace(' ', "") } else { format!("{open}{}{close}", items.join(", ")) }
    };
    match value {
        Value::Number(number) => match number.as_f64() {
            Some(small) if small != 0.0 && small.abs() < 1e-3 => format!("{small:e}"),
            Some(real) if number.is_f64() => real.to_string(),
            _ => number.to_string(),
        },
        Value::Array(items) => list(items.iter().map(written).collect(), ["[", "]"]),
        Value::Object(table) => list(table.iter().map(|(key, value)| format!("{key} = {}", written(value))).collect(), ["{ ", " }"]),
        // Texts and flags are written in TOML as in JSON.
        _ => value.to_string(),
    }
}

/// Schemas are equal where they declare the same names and kinds.
impl PartialEq for Setting {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name && self.kind == other.kind
    }
}

impl std::fmt::Display for ValueKind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Integer { min, max: i64::MAX } => write!(f, "a whole number, {min} or more"),
            Self::Integer { min, max } => write!(f, "a whole number from {min} to {max}"),
            Self::Number { min: f64::MIN, max: f64::MAX } => f.write_str("a number"),
            Self::Number { min, max } => write!(f, "a number from {min} to {max}"),
            Self::Flag => f.write_str("true or false"),
            Self::Text => f.write_str("a text"),
            Self::Choice(words) => write!(f, "one of \"{}\"", words.join("\", \"")),
            Self::Path => f.write_str("a path"),
            Self::Texts => f.write_str("a list of texts"),
            Self::Numbers => f.write_str("a list of numbers"),
            Self::Table(settings) => {
                let names: Vec<&str> = settings.iter().map(|setting| setting.name).collect();
                write!(f, "a table {{ … }} of {}", names.join(", "))
            }
        }
    }
}

impl ValueKind {
    /// Whether a value is one of these.
    #[must_use]
    pub fn accepts(&self, value: &Value) -> bool {
        match self {
            Self::Integer { min, max } => value.as_i64().is_some_and(|number| (*min..=*max).contains(&number)),
            Self::Number { min, max } => value.as_f64().is_some_and(|number| (*min..=*max).contains(&number)),
            Self::Flag => value.is_boolean(),
            Self::Text | Self::Path => value.is_string(),
            Self::Choice(words) => value.as_str().is_some_and(|word| words.contains(&word)),
            Self::Texts => value.as_array().is_some_and(|list| list.iter().all(Value::is_string)),
            Self::Numbers => value.as_array().is_some_and(|list| list.iter().all(|item| item.as_f64().is_some())),
            Self::Table(_) => value.is_object(),
        }
    }
}
