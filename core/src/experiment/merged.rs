//! The merged layers, which know where each value was written.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use figment::Figment;
use figment::value::{Dict, Value};
use toml_edit::{Document, Item, Key, TableLike};

use super::Place;
use super::environment::ENVIRONMENT_PREFIX;

/// All layers in one, and the file that one of them was.
#[derive(Clone, Debug)]
pub(super) struct Merged {
    figment: Figment,
    /// What the layers give together: merged once, as each look at it would merge them again.
    value: Value,
    file: Option<File>,
}

impl Merged {
    pub(super) fn new(figment: Figment, file: Option<File>) -> Self {
        let value = figment.find_value("").unwrap_or_else(|_| Dict::new().into());
        Self { figment, value, file }
    }

    /// The folder that relative paths of this key are relative to: that of the file, or the working directory.
    pub(super) fn folder_of(&self, keys: &[&str]) -> PathBuf {
        match self.place(keys, true) {
            Place::File { path, .. } => path.parent().map(Path::to_owned).unwrap_or_default(),
            Place::Layer(_) | Place::Nowhere => PathBuf::new(),
        }
    }

    /// Where this key was written; `value` points at its value, else at the key itself.
    pub(super) fn place(&self, keys: &[&str], value: bool) -> Place {
        let path = keys.join(".");
        let Some(metadata) = self.value.find_ref(&path).and_then(|value| self.figment.get_metadata(value.tag())) else {
            return Place::Nowhere;
        };
        if metadata.name.starts_with("--set") {
            return Place::Layer(metadata.name.to_string());
        }
        if metadata.name.contains("environment variable") {
            let variable = path.to_uppercase().replace('.', "__").replace('-', "_");
            return Place::Layer(format!("environment variable {ENVIRONMENT_PREFIX}{variable}"));
        }
        self.file.as_ref().and_then(|file| file.place(keys, value)).unwrap_or(Place::Nowhere)
    }
}

/// The file layer's text, kept for error messages.
#[derive(Clone, Debug)]
pub(super) struct File {
    pub(super) path: PathBuf,
    pub(super) text: Arc<str>,
    pub(super) document: Document<String>,
}

impl File {
    fn place(&self, keys: &[&str], value: bool) -> Option<Place> {
        let (last, parents) = keys.split_last()?;
        let mut table: &dyn TableLike = self.document.as_table();
        for parent in parents {
            table = table.get(parent)?.as_table_like()?;
        }
        let (key, item): (&Key, &Item) = table.get_key_value(last)?;
        let span = if value { item.span().or(key.span()) } else { key.span() }?;
        Some(Place::File { path: self.path.clone(), text: self.text.clone(), span })
    }
}
