//! A plugin file by itself, outside of any registry.

use std::path::Path;
use std::sync::Arc;

use assay_core::plugin::{Proxy, Settings, SettingsError};

use crate::callee::Instance;
use crate::error::LoadError;
use crate::file::PluginFile;
use crate::proxy;

/// A plugin file for programs that use no registry. Unlike what [`load`](crate::load) finds, it is unloaded as soon as
/// neither it nor anything made from it is left.
pub struct Library(Arc<PluginFile>);

impl Library {
    /// Opens a file in this process.
    ///
    /// # Errors
    /// If it is not a plugin of this interface.
    pub fn open(path: &Path) -> Result<Self, LoadError> {
        PluginFile::open(path).map(Self)
    }

    /// The names of its proxies.
    pub fn proxies(&self) -> impl Iterator<Item = &str> {
        self.0.description.proxies.iter().map(|proxy| proxy.name.as_str())
    }

    /// Makes one of its proxies. Settings are not checked against what it declares.
    ///
    /// # Errors
    /// If it has no such proxy, or the proxy refuses the settings.
    pub fn proxy(&self, name: &str, settings: &Settings) -> Result<Box<Proxy>, SettingsError> {
        let file = &self.0;
        let found = file.description.proxies.iter().position(|proxy| proxy.name == name);
        let position = found.ok_or_else(|| SettingsError::new("name", format!("`{}` has no proxy `{name}`", file.guest.path.display())))?;
        let make = |own: &str| Ok(Box::new(Instance::new(file, position, own)?) as Box<_>);
        proxy::build(&file.description.proxies[position], &file.label(), settings, make)
    }
}
