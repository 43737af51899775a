//! Why figures differ from published ones: a file that the user writes.

use std::collections::BTreeMap;
use std::path::Path;

use assay_core::data::read_file;

use crate::RunError;

/// Why a proxy's figures differ from published ones, by proxy: the file's `[reasons]`.
///
/// # Errors
/// If the file cannot be read, or is not such a file.
pub fn read(path: &Path) -> Result<BTreeMap<String, String>, RunError> {
    #[derive(serde::Deserialize)]
    #[serde(deny_unknown_fields)]
    struct File {
        reasons: BTreeMap<String, String>,
    }
    let wrong = |error: &dyn std::fmt::Display| {
        RunError::refused(
            format!("the reasons `{}` cannot be read: {error}", path.display()),
            "write a TOML file with a section [reasons] and in it lines PROXY = \"why its figures differ\"",
        )
    };
    let text = String::from_utf8(read_file(path).map_err(|error| wrong(&error))?).map_err(|error| wrong(&error))?;
    toml_edit::de::from_str::<File>(&text).map(|file| file.reasons).map_err(|error| wrong(&error))
}
