//! What a plugin file declares.

use assay_core::plugin::{Declared, DefaultValue, Setting, ValueKind, WholePass};
use assay_plugin_sdk::abi::{
    ASSAY_ANY_TEXT, ASSAY_CHOICE, ASSAY_FLAG, ASSAY_INTEGER, ASSAY_NUMBER, ASSAY_NUMBERS, ASSAY_PATH, ASSAY_TEXTS,
};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::kept;

/// What a plugin file declares, read without running any of its functions.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Description {
    pub(crate) version: String,
    pub(crate) compiler: String,
    /// The beginning of the file's BLAKE3 hash.
    pub(crate) digest: String,
    pub(crate) proxies: Vec<Plugin>,
    pub(crate) spaces: Vec<Plugin>,
    pub(crate) strategies: Vec<Plugin>,
}

/// One proxy, space or strategy.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Plugin {
    pub(crate) name: String,
    pub(crate) summary: String,
    pub(crate) settings: Vec<SettingDescription>,
    /// The minor version of the interface that its file was built for.
    pub(crate) minor: u32,
    /// Of a proxy.
    pub(crate) lower_is_better: bool,
    /// Of a proxy: whether users set its passes as those of the proxies that are linked in.
    pub(crate) has_pass_settings: bool,
}

/// One setting.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct SettingDescription {
    pub(crate) name: String,
    pub(crate) kind: u32,
    pub(crate) min: f64,
    pub(crate) max: f64,
    pub(crate) words: String,
    pub(crate) standard: String,
    pub(crate) help: String,
}

impl Description {
    /// `libsnip.so 0.1.0, 1f3c5a7b9d02`, for protocols: another build is another plugin.
    pub(crate) fn label(&self, path: &std::path::Path) -> String {
        let name = path.file_name().unwrap_or(path.as_os_str()).to_string_lossy();
        format!("{name} {}, {}", self.version, self.digest)
    }
}

/// What a setting takes; words are still those of the description.
pub(crate) enum Takes<'a> {
    Kind(ValueKind),
    Words(Vec<&'a str>),
}

impl SettingDescription {
    /// What it takes.
    ///
    /// # Errors
    /// If the kind is not known or its range is empty.
    pub(crate) fn kind(&self) -> Result<Takes<'_>, String> {
        let Self { min, max, .. } = *self;
        Ok(Takes::Kind(match self.kind {
            ASSAY_INTEGER | ASSAY_NUMBER if !(min <= max && min.is_finite() && max.is_finite()) => {
                return Err(format!("there is nothing from {min} to {max}"));
            }
            ASSAY_INTEGER => ValueKind::Integer { min: min as i64, max: max as i64 },
            ASSAY_NUMBER => ValueKind::Number { min, max },
            ASSAY_FLAG => ValueKind::Flag,
            ASSAY_ANY_TEXT => ValueKind::Text,
            ASSAY_CHOICE if self.words.is_empty() => return Err("a choice needs words".into()),
            ASSAY_CHOICE => return Ok(Takes::Words(self.words.split('|').collect())),
            ASSAY_PATH => ValueKind::Path,
            ASSAY_TEXTS => ValueKind::Texts,
            ASSAY_NUMBERS => ValueKind::Numbers,
            other => return Err(format!("its kind is {other}, which this program does not know")),
        }))
    }

    /// As the registry has it.
    fn kept(&self) -> Option<Setting> {
        let kind = match self.kind().ok()? {
            Takes::Kind(kind) => kind,
            Takes::Words(words) => ValueKind::Choice(kept::words(&words)),
        };
        Some(Setting { name: kept::text(&self.name), kind, default: self.default(kind), help: kept::text(&self.help) })
    }

    /// The default that it declares: a value where it is one of this kind, and words otherwise. Words of a choice may stand
    /// without quotes.
    fn default(&self, kind: ValueKind) -> DefaultValue {
        let text = self.standard.trim();
        let word = Value::from(text);
        let value = match serde_json::from_str(text) {
            Ok(value) if kind.accepts(&value) => Some(value),
            _ if matches!(kind, ValueKind::Choice(_)) && kind.accepts(&word) => Some(word),
            _ => None,
        };
        match value {
            Some(value) => DefaultValue::Literal(kept::value(value)),
            None if text.is_empty() => DefaultValue::None,
            None => DefaultValue::Words(kept::text(text)),
        }
    }
}

impl Plugin {
    /// Its settings as the registry has them.
    pub(crate) fn kept_settings(&self) -> &'static [Setting] {
        let passes = if self.has_pass_settings { WholePass::SETTINGS } else { &[] };
        let own = self.settings.iter().filter_map(SettingDescription::kept);
        kept::settings(passes.iter().copied().chain(own))
    }
}

#[cfg(test)]
mod tests;
