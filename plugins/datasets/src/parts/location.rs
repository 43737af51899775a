//! Where a dataset lies when no `path` is given.

use std::path::PathBuf;

use assay_core::data::{DataError, user_data_directory};
use assay_core::plugin::SettingsError;

/// The folder in which the dataset of this name is looked for, and into which [`fetch`](crate::fetch) puts it:
/// `datasets/<name>` in the user's data directory. It need not exist.
///
/// # Errors
/// If the user has no data directory.
pub fn default_folder(dataset: &str) -> Result<PathBuf, DataError> {
    Ok(user_data_directory()?.join("datasets").join(dataset))
}

/// The path given, else the default, which has to exist; `remedy` says how to get the data.
pub(crate) fn resolve(dataset: &str, given: Option<PathBuf>, remedy: &str) -> Result<PathBuf, SettingsError> {
    if let Some(path) = given {
        return Ok(path);
    }
    let folder = default_folder(dataset).map_err(at_path)?;
    if folder.exists() {
        return Ok(folder);
    }
    let error = SettingsError::new("path", format!("not given, and there is no {}", folder.display()));
    Err(SettingsError { help: Some(remedy.to_owned()), is_missing_data: true, ..error })
}

/// A problem with the files, as a problem of the setting that names them.
pub(crate) fn at_path(error: DataError) -> SettingsError {
    SettingsError::new("path", error.to_string())
}
