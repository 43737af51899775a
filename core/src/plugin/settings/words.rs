//! Settings that are one of a few words.

use super::SettingsError;

/// An enum whose values users write as words. [`words!`](crate::words) makes them.
pub trait Words: Copy + Sized + 'static {
    /// The words, in the order of the values.
    const WORDS: &'static [&'static str];

    /// The word of this value.
    #[must_use]
    fn word(self) -> &'static str;

    /// The value of a word.
    #[must_use]
    fn of(word: &str) -> Option<Self>;
}

/// The value of a word, or what is wrong with it.
///
/// # Errors
/// If it is not one of the words; the error lists them.
pub fn parse<T: Words>(key: &str, word: &str) -> Result<T, SettingsError> {
    T::of(word).ok_or_else(|| SettingsError::new(key, format!("must be {}, is \"{word}\"", super::ValueKind::Choice(T::WORDS))))
}

/// Makes an enum whose values users write as words.
///
/// The word of each value stands beside it, and with `as` how protocols write it where that is another. The enum gets
/// [`Words`], `Display`, `Serialize`, `Deserialize`, and can be a setting's type in [`settings!`](crate::settings).
///
/// ```
/// use assay_core::plugin::Words;
///
/// assay_core::words! {
///     /// What a norm is taken of.
///     #[derive(Default)]
///     pub enum Norm {
///         /// Of each layer's weight; the norms are added.
///         #[default]
///         Layers = "layers",
///         /// Of all parameters together.
///         AllParameters = "all-parameters" as "all parameters",
///     }
/// }
///
/// assert_eq!(Norm::WORDS, ["layers", "all-parameters"]);
/// assert_eq!(Norm::of("layers"), Some(Norm::default()));
/// assert_eq!(Norm::AllParameters.to_string(), "all parameters");
/// ```
#[macro_export]
macro_rules! words {
    (
        $(#[$meta:meta])*
        $vis:vis enum $name:ident {
            $( $(#[$value_meta:meta])* $value:ident = $word:literal $(as $phrase:literal)? ),+ $(,)?
        }
    ) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        $vis enum $name {
            $( $(#[$value_meta])* $value ),+
        }

        impl $crate::plugin::Words for $name {
            const WORDS: &'static [&'static str] = &[$($word),+];

            fn word(self) -> &'static str {
                match self {
                    $( Self::$value => $word ),+
                }
            }

            fn of(word: &str) -> ::std::option::Option<Self> {
                match word {
                    $( $word => ::std::option::Option::Some(Self::$value), )+
                    _ => ::std::option::Option::None,
                }
            }
        }

        impl ::std::fmt::Display for $name {
            fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                f.pad(match self {
                    $( Self::$value => $crate::words!(@phrase $word $($phrase)?) ),+
                })
            }
        }

        impl $crate::plugin::SettingType for $name {
            const KIND: $crate::plugin::ValueKind = $crate::plugin::ValueKind::Choice(<Self as $crate::plugin::Words>::WORDS);
            type Range = ();

            fn read(key: &str, value: $crate::serde_json::Value) -> ::std::result::Result<Self, $crate::plugin::SettingsError> {
                $crate::plugin::macros::parse_word(key, &<::std::string::String as $crate::plugin::SettingType>::read(key, value)?)
            }

            fn value(&self) -> ::std::option::Option<$crate::serde_json::Value> {
                ::std::option::Option::Some($crate::plugin::Words::word(*self).into())
            }
        }

        impl $crate::serde::Serialize for $name {
            fn serialize<S: $crate::serde::Serializer>(&self, serializer: S) -> ::std::result::Result<S::Ok, S::Error> {
                serializer.serialize_str($crate::plugin::Words::word(*self))
            }
        }

        impl<'de> $crate::serde::Deserialize<'de> for $name {
            fn deserialize<D: $crate::serde::Deserializer<'de>>(deserializer: D) -> ::std::result::Result<Self, D::Error> {
                let word = <::std::string::String as $crate::serde::Deserialize>::deserialize(deserializer)?;
                <Self as $crate::plugin::Words>::of(&word).ok_or_else(|| {
                    $crate::serde::de::Error::unknown_variant(&word, <Self as $crate::plugin::Words>::WORDS)
                })
            }
        }
    };
    (@phrase $word:literal) => { $word };
    (@phrase $word:literal $phrase:literal) => { $phrase };
}
