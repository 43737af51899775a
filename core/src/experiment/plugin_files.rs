//! The section `[plugins]`: where plugins are that are loaded at run time.

use std::path::{Path, PathBuf};

use serde::Serialize;

use super::TimeLimit;

crate::settings! {
    /// Plugins to load at run time. The program loads them; the core only knows where they are.
    #[derive(Clone, Debug, PartialEq, Eq, Serialize)]
    pub struct PluginFiles {
        /// files, and folders of files, to load; a relative path in an experiment file is relative to the file
        #[serde(skip_serializing_if = "Vec::is_empty")]
        pub path: Vec<PathBuf> = Vec::new();
        /// run their proxies in child processes, so that one that ends its process costs its own scores only
        #[serde(skip_serializing_if = "std::ops::Not::not")]
        pub isolate: bool = false;
        /// how long one call of a plugin may take (`"30 s"`, `"2 min"`), without the time in which Assay works for it
        #[serde(skip_serializing_if = "Option::is_none")]
        pub timeout: Option<TimeLimit>;
    }
}

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
