//! The types that a setting's value can have.

use std::ops::RangeInclusive;
use std::path::PathBuf;

use serde::de::DeserializeOwned;
use serde_json::Value;

use super::{SettingsError, ValueKind};

/// A type of values of settings. [`settings!`](crate::settings) and [`words!`](crate::words) implement it for what they make.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be the type of a setting",
    note = "an enum made by `words!` or a struct made by `settings!` is one"
)]
pub trait SettingType: Sized {
    /// What values it takes where no range is given.
    const KIND: ValueKind;

    /// What `in …` narrows: `Whole` or `Real` numbers; `()` for anything else.
    type Range;

    /// Reads a value of the setting `key`.
    ///
    /// # Errors
    /// If it has the wrong type.
    fn read(key: &str, value: Value) -> Result<Self, SettingsError>;

    /// The value; nothing where an optional one is absent.
    fn value(&self) -> Option<Value>;
}

/// Ranges of whole numbers.
#[derive(Clone, Copy, Debug)]
pub struct Whole;

/// Ranges of numbers.
#[derive(Clone, Copy, Debug)]
pub struct Real;

impl Whole {
    /// Numbers of this range, both ends included.
    #[must_use]
    pub const fn kind(range: &RangeInclusive<i64>) -> ValueKind {
        ValueKind::Integer { min: *range.start(), max: *range.end() }
    }
}

impl Real {
    /// Numbers of this range, both ends included.
    #[must_use]
    pub const fn kind(range: &RangeInclusive<f64>) -> ValueKind {
        ValueKind::Number { min: *range.start(), max: *range.end() }
    }
}

/// A setting's type that has a value for "not given": `Option`.
#[diagnostic::on_unimplemented(
    message = "a setting of type `{Self}` without a default is not optional",
    note = "write `= default`, or `Option<…>`, or `, must be given`"
)]
pub trait Optional {
    /// Not given.
    const ABSENT: Self;
}

impl<T> Optional for Option<T> {
    const ABSENT: Self = None;
}

impl<T: SettingType> SettingType for Option<T> {
    const KIND: ValueKind = T::KIND;
    type Range = T::Range;

    fn read(key: &str, value: Value) -> Result<Self, SettingsError> {
        T::read(key, value).map(Some)
    }

    fn value(&self) -> Option<Value> {
        self.as_ref().and_then(T::value)
    }
}

macro_rules! plain {
    ($($type:ty: $kind:expr, $range:ty;)*) => {$(
        impl SettingType for $type {
            const KIND: ValueKind = $kind;
            type Range = $range;

            fn read(key: &str, value: Value) -> Result<Self, SettingsError> {
                deserialized(key, value)
            }

            fn value(&self) -> Option<Value> {
                Some(serde_json::json!(self))
            }
        }
    )*};
}

plain! {
    usize: COUNT, Whole;
    u64: COUNT, Whole;
    u32: COUNT, Whole;
    i64: ValueKind::Integer { min: i64::MIN, max: i64::MAX }, Whole;
    f64: ValueKind::Number { min: f64::MIN, max: f64::MAX }, Real;
    bool: ValueKind::Flag, ();
    String: ValueKind::Text, ();
    PathBuf: ValueKind::Path, ();
    Vec<String>: ValueKind::Texts, ();
    Vec<PathBuf>: ValueKind::Texts, ();
    Vec<f64>: ValueKind::Numbers, ();
}

const COUNT: ValueKind = ValueKind::Integer { min: 0, max: i64::MAX };

fn deserialized<T: DeserializeOwned>(key: &str, value: Value) -> Result<T, SettingsError> {
    serde_json::from_value(value).map_err(|error| SettingsError::new(key, error.to_string()))
}
