//! Where a file goes.

use std::fs;
use std::path::{Path, PathBuf};

/// Whether another file can take the place of this one: it is a plain file, or there is none yet.
pub(crate) fn can_be_replaced(target: &Path) -> bool {
    !fs::metadata(target).is_ok_and(|data| !data.is_file())
}

/// The file itself, where the path is a link to it.
pub(crate) fn behind_links(target: &Path) -> PathBuf {
    target.canonicalize().unwrap_or_else(|_| target.to_owned())
}

/// The folder that it is in.
pub(crate) fn folder_of(target: &Path) -> &Path {
    target.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}
