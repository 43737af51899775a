//! The section `[plugins]`: where plugins are that are loaded at run time.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::plugin::{Setting, ValueKind};

/// Plugins to load at run time. The program loads them; the core only knows where they are.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct PluginFiles {
    /// Files, and folders of files. A relative path in an experiment file is relative to the file.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub path: Vec<PathBuf>,
    /// Whether proxies among them run in child processes, so that one that ends its process costs its own scores only.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub isolate: bool,
}

pub(super) const SETTINGS: &[Setting] = &[
    Setting { name: "path", kind: ValueKind::Texts, default: Setting::said("[]"), help: "files, and folders of files, to load" },
    Setting { name: "isolate", kind: ValueKind::Flag, default: Setting::said("false"), help: "run their proxies in child processes" },
];

impl PluginFiles {
    /// Whether there is nothing to say.
    #[must_use]
    pub fn is_default(&self) -> bool {
        *self == Self::default()
    }

    /// With paths that mean the same wherever they are read: relative ones are relative to `folder`.
    pub(super) fn within(mut self, folder: &Path) -> Self {
        for path in &mut self.path {
            let joined = folder.join(&path);
            // Fails only where there is no working directory; the path then stays as it is.
            *path = std::path::absolute(&joined).unwrap_or(joined);
        }
        self
    }
}
