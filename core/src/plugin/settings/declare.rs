//! The macro that makes a struct of settings, and everything else that is to be known of them, from one declaration.

use serde::{Deserialize, Deserializer, de};
use serde_json::Value;

use super::{DefaultValue, Setting, Settings, SettingsError, ValueKind};

/// A struct of settings. [`settings!`](crate::settings) makes them.
pub trait Declared: Sized {
    /// The settings, in the order in which they are declared.
    const SETTINGS: &'static [Setting];

    /// Takes its values out of `given`, and leaves what it does not know.
    ///
    /// # Errors
    /// If a value has the wrong type, or one is missing that must be given.
    fn take(given: &mut Settings) -> Result<Self, SettingsError>;

    /// The value of the setting of this name. Nothing where it has none.
    fn value_of(&self, name: &str) -> Option<Value>;

    /// The declared default of the setting of this name. Nothing where it is told in words, or there is none.
    fn default_of(name: &str) -> Option<Value>;

    /// All values, by name.
    fn values(&self) -> Settings {
        Self::SETTINGS.iter().filter_map(|setting| Some((setting.name.to_owned(), self.value_of(setting.name)?))).collect()
    }
}

/// A struct of settings that each have a default: others can have all of them, with defaults of their own.
pub trait Group: Declared + Default {
    /// These values, but for those that are given.
    ///
    /// # Errors
    /// If a value has the wrong type.
    fn or_given(self, given: &mut Settings) -> Result<Self, SettingsError>;
}

/// No settings.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct NoSettings;

impl Declared for NoSettings {
    const SETTINGS: &'static [Setting] = &[];

    fn take(_: &mut Settings) -> Result<Self, SettingsError> {
        Ok(Self)
    }

    fn value_of(&self, _: &str) -> Option<Value> {
        None
    }

    fn default_of(_: &str) -> Option<Value> {
        None
    }
}

/// How many settings there are.
#[must_use]
pub const fn total(parts: &[&[Setting]]) -> usize {
    let (mut sum, mut part) = (0, 0);
    while part < parts.len() {
        sum += parts[part].len();
        part += 1;
    }
    sum
}

/// All of them in one list. Defaults that are values are those of the struct that they are joined in.
#[must_use]
pub const fn joined<const N: usize>(parts: &[&[Setting]], default_of: fn(&str) -> Option<Value>) -> [Setting; N] {
    let mut all = [Setting { name: "", kind: ValueKind::Flag, default: DefaultValue::None, help: "" }; N];
    let (mut count, mut part) = (0, 0);
    while part < parts.len() {
        let mut position = 0;
        while position < parts[part].len() {
            all[count] = parts[part][position];
            if let DefaultValue::Value(_) = all[count].default {
                all[count].default = DefaultValue::Value(default_of);
            }
            count += 1;
            position += 1;
        }
        part += 1;
    }
    all
}

/// Reads a struct of settings from any format.
///
/// # Errors
/// As [`Settings::read`].
pub fn deserialize<'de, T: Declared, D: Deserializer<'de>>(deserializer: D) -> Result<T, D::Error> {
    Settings::deserialize(deserializer)?.read().map_err(de::Error::custom)
}

/// Reads a table of settings inside others.
///
/// # Errors
/// As [`Settings::read`]; the key is dotted.
pub fn table<T: Declared>(key: &str, value: Value) -> Result<T, SettingsError> {
    match value {
        Value::Object(table) => Settings(table).read().map_err(|error| error.within(key)),
        other => Err(SettingsError::new(key, format!("must be {}, is {other}", ValueKind::Table(T::SETTINGS)))),
    }
}

/// Makes a struct of settings: name, type, range, default and meaning of each stand once, on its field.
///
/// ```
/// use assay_core::network::Initialiser;
/// use assay_core::plugin::{Declared, Settings};
///
/// assay_core::settings! {
///     /// κ of the tangent kernel.
///     #[derive(Clone, Debug, PartialEq)]
///     pub struct NtkCondition {
///         /// images of the minibatch
///         pub batch: usize = 72, in 1..=65_536;
///         /// how parameters are drawn
///         pub initialiser: Initialiser = Initialiser::UniformFanIn;
///         /// the file that the kernel is kept in
///         pub path: Option<std::path::PathBuf>;
///         /// decimals
///         pub rounding: Option<usize>, otherwise "as many as `batch` allows", in 1..=15;
///     }
/// }
///
/// let defaults: NtkCondition = Settings::none().read()?;
/// assert_eq!(defaults, NtkCondition::default());
/// let given: NtkCondition = Settings::none().with("batch", 8).read()?;
/// assert_eq!(given, NtkCondition { batch: 8, ..NtkCondition::default() });
/// let error = Settings::none().with("batch", 0).read::<NtkCondition>().unwrap_err();
/// assert_eq!(error.to_string(), "`batch`: must be a whole number from 1 to 65536, is 0");
///
/// let defaults = NtkCondition::SETTINGS.iter().map(|setting| format!("{}: {}", setting.name, setting.default_text()));
/// let defaults: Vec<String> = defaults.collect();
/// assert_eq!(defaults, ["batch: 72", "initialiser: \"uniform-fan-in\"", "path: none", "rounding: as many as `batch` allows"]);
/// # Ok::<(), assay_core::plugin::SettingsError>(())
/// ```
///
/// The doc comment of a field is the meaning that users read: `assay list --verbose` and the reference pages show it. So it is one
/// line, without a capital or a full stop.
///
/// * A type is one of those that implement [`SettingType`](crate::plugin::SettingType): whole numbers, `f64`, `bool`, `String`,
///   `PathBuf`, `Vec<String>`, `Vec<PathBuf>`, `Vec<f64>`, an enum made by [`words!`](crate::words), another struct made by this macro (a table in
///   the file), or an `Option` of any of these.
/// * `= value` is the default. Without one, the type is an `Option`, which is `None` where the setting is not given; what
///   happens then can be said by `, otherwise "…"`. A setting with `, must be given` has no default; the struct
///   then has no `Default`.
/// * `, in 1..=9` is the range of a number.
/// * `with` adds all settings of another struct. Its defaults can be others than the struct's own:
///
/// ```
/// use assay_core::plugin::Settings;
///
/// assay_core::settings! {
///     /// The network.
///     #[derive(Clone, Debug, PartialEq)]
///     pub struct Size {
///         /// channels of the first stage
///         pub channels: usize = 16, in 1..=4096;
///         /// cells
///         pub cells: usize = 5, in 1..=100;
///     }
/// }
/// assay_core::settings! {
///     /// A proxy over a network of that size.
///     #[derive(Clone, Debug, PartialEq)]
///     pub struct Proxy {
///         with pub size: Size = Size { cells: 1, ..Size::default() };
///         /// which columns of the table are read
///         pub columns: Vec<String>, must be given;
///     }
/// }
///
/// let proxy: Proxy = Settings::none().with("columns", ["a", "b"].as_slice()).with("channels", 8).read()?;
/// assert_eq!(proxy.size, Size { channels: 8, cells: 1 });
/// assert!(Settings::none().read::<Proxy>().is_err(), "`columns` must be given");
/// # Ok::<(), assay_core::plugin::SettingsError>(())
/// ```
#[macro_export]
macro_rules! settings {
    (
        $(#[$meta:meta])*
        $vis:vis struct $name:ident {
            $( with $group_vis:vis $group:ident : $group_type:ty $(= $group_default:expr)? ; )*
            $(
                $(#[doc = $help:literal])+
                $(#[serde($($serde:tt)*)])*
                $field_vis:vis $field:ident : $type:ty
                $(= $default:expr)?
                $(, otherwise $words:literal)?
                $(, must $be:ident given)?
                $(, in $range:expr)? ;
            )*
        }
    ) => {
        $(#[$meta])*
        $vis struct $name {
            $(
                #[doc = concat!("The settings of [`", stringify!($group_type), "`].")]
                $group_vis $group: $group_type,
            )*
            $(
                $(#[doc = $help])+
                $(#[serde($($serde)*)])*
                $field_vis $field: $type,
            )*
        }

        impl $crate::plugin::Declared for $name {
            const SETTINGS: &'static [$crate::plugin::Setting] = {
                const PARTS: &[&[$crate::plugin::Setting]] = &[
                    $( <$group_type as $crate::plugin::Declared>::SETTINGS, )*
                    &[$(
                        $crate::plugin::Setting {
                            name: ::std::stringify!($field),
                            kind: $crate::settings!(@kind $type [$($range)?]),
                            default: $crate::settings!(@declared $name [$($default)?] [$($words)?] [$($be)?]),
                            help: ::std::concat!($($help),+).trim_ascii(),
                        },
                    )*],
                ];
                const ALL: [$crate::plugin::Setting; $crate::plugin::macros::total(PARTS)] =
                    $crate::plugin::macros::joined(PARTS, <$name as $crate::plugin::Declared>::default_of);
                &ALL
            };

            fn take(given: &mut $crate::plugin::Settings) -> ::std::result::Result<Self, $crate::plugin::SettingsError> {
                ::std::result::Result::Ok(Self {
                    $(
                        $group: $crate::plugin::Group::or_given(
                            $crate::settings!(@group $group_type [$($group_default)?]), given
                        )?,
                    )*
                    $(
                        $field: match given.take::<$type>(::std::stringify!($field))? {
                            ::std::option::Option::Some(value) => value,
                            ::std::option::Option::None => $crate::settings!(@absent $field $type [$($default)?] [$($be)?]),
                        },
                    )*
                })
            }

            fn value_of(&self, name: &str) -> ::std::option::Option<$crate::serde_json::Value> {
                $(
                    if let ::std::option::Option::Some(value) = $crate::plugin::Declared::value_of(&self.$group, name) {
                        return ::std::option::Option::Some(value);
                    }
                )*
                $(
                    if name == ::std::stringify!($field) {
                        return $crate::plugin::SettingType::value(&self.$field);
                    }
                )*
                ::std::option::Option::None
            }

            fn default_of(name: &str) -> ::std::option::Option<$crate::serde_json::Value> {
                // Nothing else uses the name where no setting has a default.
                let _: &str = name;
                $(
                    let group: $group_type = $crate::settings!(@group $group_type [$($group_default)?]);
                    if let ::std::option::Option::Some(value) = $crate::plugin::Declared::value_of(&group, name) {
                        return ::std::option::Option::Some(value);
                    }
                )*
                $($(
                    if name == ::std::stringify!($field) {
                        let default: $type = $default;
                        return $crate::plugin::SettingType::value(&default);
                    }
                )?)*
                ::std::option::Option::None
            }
        }

        impl $crate::plugin::SettingType for $name {
            const KIND: $crate::plugin::ValueKind = $crate::plugin::ValueKind::Table(<Self as $crate::plugin::Declared>::SETTINGS);
            type Range = ();

            fn read(key: &str, value: $crate::serde_json::Value) -> ::std::result::Result<Self, $crate::plugin::SettingsError> {
                $crate::plugin::macros::table(key, value)
            }

            fn value(&self) -> ::std::option::Option<$crate::serde_json::Value> {
                ::std::option::Option::Some($crate::plugin::Declared::values(self).into())
            }
        }

        impl<'de> $crate::serde::Deserialize<'de> for $name {
            fn deserialize<D: $crate::serde::Deserializer<'de>>(deserializer: D) -> ::std::result::Result<Self, D::Error> {
                $crate::plugin::macros::deserialize(deserializer)
            }
        }

        $crate::settings! { @complete [$($($be)?)*]
            impl ::std::default::Default for $name {
                fn default() -> Self {
                    Self {
                        $( $group: $crate::settings!(@group $group_type [$($group_default)?]), )*
                        $( $field: $crate::settings!(@absent $field $type [$($default)?] [$($be)?]), )*
                    }
                }
            }

            impl $crate::plugin::Group for $name {
                fn or_given(
                    self,
                    given: &mut $crate::plugin::Settings,
                ) -> ::std::result::Result<Self, $crate::plugin::SettingsError> {
                    ::std::result::Result::Ok(Self {
                        $( $group: $crate::plugin::Group::or_given(self.$group, given)?, )*
                        $( $field: given.take::<$type>(::std::stringify!($field))?.unwrap_or(self.$field), )*
                    })
                }
            }
        }
    };

    (@kind $type:ty []) => { <$type as $crate::plugin::SettingType>::KIND };
    (@kind $type:ty [$range:expr]) => { <<$type as $crate::plugin::SettingType>::Range>::kind(&($range)) };

    (@declared $name:ident [] [] []) => { $crate::plugin::DefaultValue::None };
    (@declared $name:ident [$default:expr] [] []) => {
        $crate::plugin::DefaultValue::Value(<$name as $crate::plugin::Declared>::default_of)
    };
    (@declared $name:ident [] [$words:literal] []) => { $crate::plugin::DefaultValue::Words($words) };
    (@declared $name:ident [] [] [$be:ident]) => { $crate::plugin::DefaultValue::Required };

    (@group $type:ty []) => { <$type as ::std::default::Default>::default() };
    (@group $type:ty [$default:expr]) => { $default };

    (@absent $field:ident $type:ty [] []) => { <$type as $crate::plugin::macros::Optional>::ABSENT };
    (@absent $field:ident $type:ty [$default:expr] []) => {{
        let default: $type = $default;
        default
    }};
    (@absent $field:ident $type:ty [] [$be:ident]) => {
        return ::std::result::Result::Err($crate::plugin::SettingsError::missing(
            ::std::stringify!($field),
            <$type as $crate::plugin::SettingType>::KIND,
        ))
    };

    (@complete [] $($item:item)*) => { $($item)* };
    (@complete [$($be:ident)+] $($item:item)*) => {};
}
