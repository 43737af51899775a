//! What plugin files declare, as the registry has it: for the life of the program, like what is linked into it.
//!
//! Files are loaded once and never unloaded, so these lists only grow, and by a few entries a file.

use assay_core::plugin::{Entry, Proxy, SearchSpace, SearchStrategy, Setting, Settings, SettingsError};
use elsa::sync::FrozenVec;
use serde_json::Value;

static TEXTS: FrozenVec<Box<str>> = FrozenVec::new();
static WORDS: FrozenVec<Box<[&'static str]>> = FrozenVec::new();
static VALUES: FrozenVec<Box<Value>> = FrozenVec::new();
static SETTINGS: FrozenVec<Box<[Setting]>> = FrozenVec::new();

pub(crate) fn text(text: &str) -> &'static str {
    TEXTS.push_get(text.into())
}

/// The words of a choice.
pub(crate) fn words(words: &[&str]) -> &'static [&'static str] {
    WORDS.push_get(words.iter().map(|word| text(word)).collect())
}

/// A default.
pub(crate) fn value(value: Value) -> &'static Value {
    VALUES.push_get(Box::new(value))
}

pub(crate) fn settings(settings: impl Iterator<Item = Setting>) -> &'static [Setting] {
    SETTINGS.push_get(settings.collect())
}

/// Makes a plugin of a file.
type Maker<T> = dyn Fn(&Settings) -> Result<Box<T>, SettingsError> + Send + Sync;

/// The entries of one kind of plugin.
pub(crate) struct List<T: ?Sized + 'static> {
    entries: FrozenVec<Box<Entry<T>>>,
    makers: FrozenVec<Box<Maker<T>>>,
}

impl<T: ?Sized> List<T> {
    pub(crate) fn maker(
        &'static self,
        maker: impl Fn(&Settings) -> Result<Box<T>, SettingsError> + Send + Sync + 'static,
    ) -> &'static Maker<T> {
        self.makers.push_get(Box::new(maker))
    }

    pub(crate) fn entry(&'static self, entry: Entry<T>) -> &'static Entry<T> {
        self.entries.push_get(Box::new(entry))
    }
}

/// A kind of plugin that files have.
pub(crate) trait Kept: 'static {
    fn list() -> &'static List<Self>;
}

macro_rules! kept {
    ($($kind:ty),*) => {$(
        impl Kept for $kind {
            fn list() -> &'static List<Self> {
                static LIST: List<$kind> = List { entries: FrozenVec::new(), makers: FrozenVec::new() };
                &LIST
            }
        }
    )*};
}

kept! { dyn SearchSpace, Proxy, dyn SearchStrategy }
