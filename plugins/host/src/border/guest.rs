//! Which plugin a thread is in.

use std::cell::Cell;
use std::path::{Path, PathBuf};

use assay_core::visible::visible;

use super::limit::Turn;

/// A plugin's file, as it is told of.
pub(crate) struct Guest {
    pub(crate) path: PathBuf,
    /// The path as a terminal may show it: where a plugin ends the program, there may be no memory to make it.
    pub(super) shown: String,
}

impl Guest {
    pub(crate) fn new(path: &Path) -> Self {
        Self { path: path.to_owned(), shown: visible(&path.display().to_string()).into_owned() }
    }
}

/// What a thread is doing in a plugin.
#[derive(Clone, Copy)]
pub(super) struct Inside {
    /// The file, which its caller lends until the plugin's function returns.
    pub(super) file: *const str,
    pub(super) function: &'static str,
    pub(super) turn: Option<Turn>,
}

thread_local! {
    /// The plugin's function that this thread is in.
    pub(super) static INSIDE: Cell<Option<Inside>> = const { Cell::new(None) };
}
