//! One generic registry for every kind of plugin.

use std::collections::BTreeMap;

use super::import::Importer;
use super::suggestion::suggestion;
use super::{Aggregate, Benchmark, Proxy, SearchSpace, SearchStrategy, Setting, Settings, SettingsError};
use crate::data::Dataset;
use crate::engine::EngineFactory;

/// A kind of plugin: what its registry is called in messages and experiment files.
pub trait Kind: 'static {
    /// Singular, for messages: `search space`.
    const NAME: &'static str;
    /// Every plugin of this kind that is linked into the program.
    fn entries() -> Vec<&'static Entry<Self>>;
    /// Every [`Forward`] of this kind that is linked into the program.
    fn forwards() -> Vec<&'static Forward<Self>>;
}

macro_rules! kinds {
    ($($contract:ty => $name:literal),* $(,)?) => {$(
        inventory::collect!(Entry<$contract>);
        inventory::collect!(Forward<$contract>);
        impl Kind for $contract {
            const NAME: &'static str = $name;
            fn entries() -> Vec<&'static Entry<Self>> {
                inventory::iter::<Entry<Self>>.into_iter().collect()
            }
            fn forwards() -> Vec<&'static Forward<Self>> {
                inventory::iter::<Forward<Self>>.into_iter().collect()
            }
        }
    )*};
}

kinds! {
    dyn SearchSpace => "search space",
    Proxy => "proxy",
    Aggregate => "aggregate",
    dyn SearchStrategy => "strategy",
    dyn Benchmark => "benchmark",
    Importer => "importer for benchmark",
    dyn Dataset => "dataset",
    dyn EngineFactory => "engine",
}

/// A registered plugin. Made by [`register!`](crate::register).
pub struct Entry<T: ?Sized + 'static> {
    /// The name in experiment files, in `kebab-case`.
    pub name: &'static str,
    /// What it is, in one line, with its source.
    pub summary: &'static str,
    /// Where it is from.
    pub origin: Origin,
    /// The settings it understands.
    pub settings: &'static [Setting],
    /// The settings as the plugin reads them: those given, and its default of every other.
    pub resolve: fn(&Settings) -> Result<Settings, SettingsError>,
    /// Makes one with checked settings.
    pub build: Build<T>,
}

/// A plugin in whose place another is made where certain settings are given: a method that is done in two ways, with settings of
/// their own. Made by [`forward!`](crate::forward).
pub struct Forward<T: ?Sized + 'static> {
    /// The plugin whose name is written.
    pub from: &'static str,
    /// The settings, any of which leads to the other.
    pub given: &'static [&'static str],
    /// The other plugin.
    pub to: &'static str,
    /// Of this kind.
    pub kind: std::marker::PhantomData<fn(&T)>,
}

/// Lets a name mean another plugin where certain settings are given: see [`Forward`](crate::plugin::Forward).
#[macro_export]
macro_rules! forward {
    ($contract:ty, from: $from:literal, given: [$($given:literal),+ $(,)?], to: $to:literal $(,)?) => {
        $crate::inventory::submit! {
            $crate::plugin::Forward::<$contract> { from: $from, given: &[$($given),+], to: $to, kind: ::std::marker::PhantomData }
        }
    };
}

/// Makes a plugin. One that is linked into the program is made by a function; one that is found at run time also needs to
/// know its file.
pub type Build<T> = &'static (dyn Fn(&Settings) -> Result<Box<T>, SettingsError> + Send + Sync);

/// Where a plugin is from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Origin {
    /// The crate of this name, linked into the program.
    Crate(&'static str),
    /// A file that was loaded at run time.
    File(&'static str),
}

impl std::fmt::Display for Origin {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Crate(name) => write!(f, "crate `{name}`"),
            Self::File(path) => write!(f, "file `{path}`"),
        }
    }
}

/// Registers a plugin under a name. `settings` names the struct of its settings, made by [`settings!`](crate::settings), and
/// `build` makes the plugin from one.
///
/// ```
/// use assay_core::plugin::{Aggregate, Component, Rule, SettingsError};
///
/// assay_core::settings! {
///     /// The settings of the aggregate.
///     pub struct Both {
///         /// how the two proxies are joined
///         pub rule: Rule = Rule::RankSum;
///     }
/// }
///
/// assay_core::register! {
///     Aggregate,
///     name: "both",
///     summary: "size and trainability together",
///     settings: Both,
///     build: |both| {
///         let components = vec![Component::new("params"), Component::new("ntk-condition")];
///         let made = Aggregate::new(components, both.rule);
///         Ok(Box::new(made.map_err(|error| SettingsError::new("rule", error.to_string()))?))
///     },
/// }
///
/// let aggregates = assay_core::plugin::Registry::<Aggregate>::collect()?;
/// assert!(aggregates.find("both").is_ok());
/// # Ok::<(), assay_core::plugin::RegistryError>(())
/// ```
///
/// A benchmark whose table is imported also tells its [`Importer`](crate::plugin::import::Importer), as the last field:
/// `importer: Importer { reads: "<table.csv>", extension: "parquet", import, supply: Supply::OwnCopy }`. Where the table may be
/// downloaded, the [`Supply`](crate::plugin::import::Supply) says from where, with checksums.
///
/// A plugin without settings has [`NoSettings`](crate::plugin::NoSettings). A crate that registers plugins must be named by the
/// binary (`use my_plugins as _;`), or the linker drops it.
#[macro_export]
macro_rules! register {
    (
        $contract:ty, name: $name:expr, summary: $summary:expr, settings: $settings:ty, build: $build:expr
        $(, importer: $importer:expr)? $(,)?
    ) => {
        $crate::inventory::submit! {
            $crate::plugin::Entry::<$contract> {
                name: $name,
                summary: $summary,
                origin: $crate::plugin::Origin::Crate(env!("CARGO_PKG_NAME")),
                settings: <$settings as $crate::plugin::Declared>::SETTINGS,
                resolve: |given| Ok($crate::plugin::Declared::values(&given.read::<$settings>()?)),
                build: &|given| {
                    let build: fn($settings) -> Result<Box<$contract>, $crate::plugin::SettingsError> = $build;
                    build(given.read()?)
                },
            }
        }
        $( $crate::register!(@importer $name, $summary, $importer); )?
    };
    (@importer $name:expr, $summary:expr, $importer:expr) => {
        $crate::register! {
            $crate::plugin::import::Importer,
            name: $name,
            summary: $summary,
            settings: $crate::plugin::NoSettings,
            build: |_| Ok(Box::new($importer)),
        }
    };
}

/// Why a plugin cannot be had.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RegistryError {
    /// Two plugins have one name.
    #[error("two plugins are called {kind} `{name}`: one from {first}, one from {second}; rename one of them, or leave one out")]
    Duplicate {
        /// The kind of plugin.
        kind: &'static str,
        /// The name.
        name: &'static str,
        /// Where one is from.
        first: Origin,
        /// Where the other is from.
        second: Origin,
    },
    /// Nothing is registered under the name.
    #[error("there is no {kind} `{name}`; {help}")]
    Unknown {
        /// The kind of plugin.
        kind: &'static str,
        /// The name asked for.
        name: String,
        /// The nearest name, and all names.
        help: String,
    },
    /// The settings are wrong.
    #[error("{kind} `{name}`: {error}")]
    Settings {
        /// The kind of plugin.
        kind: &'static str,
        /// The plugin's name.
        name: String,
        /// Which setting, and what is wrong.
        error: SettingsError,
    },
}

/// Every plugin of one kind, by name.
pub struct Registry<T: ?Sized + 'static> {
    entries: BTreeMap<&'static str, &'static Entry<T>>,
    forwards: Vec<&'static Forward<T>>,
}

impl<T: ?Sized + Kind> Registry<T> {
    /// Everything that is linked into this program.
    ///
    /// # Errors
    /// If two plugins share a name; the error names both crates.
    pub fn collect() -> Result<Self, RegistryError> {
        Ok(Self { forwards: T::forwards(), ..Self::of(T::entries())? })
    }

    /// Whether these plugins, found at run time, can join.
    ///
    /// # Errors
    /// If two plugins would share a name; the error says where both are from.
    pub fn check(&self, found: &[&'static Entry<T>]) -> Result<(), RegistryError> {
        Self::of(self.iter().chain(found.iter().copied())).map(drop)
    }

    /// Adds these plugins, which were [checked](Self::check). Entries live as long as the program, as those that are linked do.
    pub fn join(&mut self, found: &[&'static Entry<T>]) {
        self.entries.extend(found.iter().map(|entry| (entry.name, *entry)));
    }

    /// These plugins.
    ///
    /// # Errors
    /// If two share a name; the error says where both are from.
    pub fn of(found: impl IntoIterator<Item = &'static Entry<T>>) -> Result<Self, RegistryError> {
        let mut entries: BTreeMap<&'static str, &'static Entry<T>> = BTreeMap::new();
        for entry in found {
            if let Some(other) = entries.insert(entry.name, entry) {
                // The order of registration differs between builds; the message must not.
                let (first, second) = (entry.origin.min(other.origin), entry.origin.max(other.origin));
                return Err(RegistryError::Duplicate { kind: T::NAME, name: entry.name, first, second });
            }
        }
        Ok(Self { entries, forwards: Vec::new() })
    }

    /// Every plugin, by name.
    pub fn iter(&self) -> impl Iterator<Item = &'static Entry<T>> {
        self.entries.values().copied()
    }

    /// The plugin of this name.
    ///
    /// # Errors
    /// If there is none; the message suggests the nearest name.
    pub fn find(&self, name: &str) -> Result<&'static Entry<T>, RegistryError> {
        self.entries.get(name).copied().ok_or_else(|| {
            let known: Vec<&str> = self.entries.keys().copied().collect();
            RegistryError::Unknown { kind: T::NAME, name: name.to_owned(), help: suggestion(name, &known) }
        })
    }

    /// The plugin that this name means with these settings.
    ///
    /// # Errors
    /// If there is none; the message suggests the nearest name.
    pub fn meant(&self, name: &str, settings: &Settings) -> Result<&'static Entry<T>, RegistryError> {
        let is_given =
            |forward: &&&Forward<T>| forward.from == name && forward.given.iter().any(|key| settings.iter().any(|(own, _)| own == key));
        self.find(self.forwards.iter().find(is_given).map_or(name, |forward| forward.to))
    }

    /// Makes the plugin that this name means with these settings, after checking them.
    ///
    /// # Errors
    /// If there is none, or its settings are wrong.
    pub fn build(&self, name: &str, settings: &Settings) -> Result<Box<T>, RegistryError> {
        let entry = self.meant(name, settings)?;
        let made = settings.check(entry.settings).and_then(|()| (entry.build)(settings));
        made.map_err(|error| RegistryError::Settings { kind: T::NAME, name: name.to_owned(), error })
    }
}
