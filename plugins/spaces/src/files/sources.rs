//! Which files the settings name.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use assay_core::experiment::ArchitectureList;
use assay_core::plugin::SettingsError;

use super::Chosen;

/// A file, and what it is called.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct NamedFile {
    /// The setting that names it.
    pub(super) key: &'static str,
    /// Its text as an architecture.
    pub(super) name: String,
    /// Where it is.
    pub(super) path: PathBuf,
}

/// The files, of a folder in the order of their names, else in the order in which they are written.
pub(super) fn of(chosen: &Chosen) -> Result<Vec<NamedFile>, SettingsError> {
    let sources = match (&chosen.files, &chosen.folder, &chosen.list) {
        (Some(files), None, None) => files.iter().map(|path| named("files", path.display().to_string(), path.clone())).collect(),
        (None, Some(folder), None) => of_folder(folder)?,
        (None, None, Some(list)) => of_list(list)?,
        (None, None, None) => {
            return Err(SettingsError::new("folder", "is missing: the space `files` needs one of `files`, `folder` and `list`"));
        }
        _ => return Err(SettingsError::new("files", "only one of `files`, `folder` and `list` can be given")),
    };
    let mut seen = BTreeSet::new();
    match sources.iter().find(|source| !seen.insert(&source.name)) {
        Some(twice) => Err(SettingsError::new(twice.key, format!("`{}` is there twice", twice.name))),
        None => Ok(sources),
    }
}

fn named(key: &'static str, name: String, path: PathBuf) -> NamedFile {
    NamedFile { key, name, path }
}

fn of_folder(folder: &Path) -> Result<Vec<NamedFile>, SettingsError> {
    let wrong = |error: &dyn std::fmt::Display| SettingsError::new("folder", format!("`{}` cannot be read: {error}", folder.display()));
    let mut sources = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(|error| wrong(&error))? {
        let path = entry.map_err(|error| wrong(&error))?.path();
        let is_network = path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("onnx"));
        if is_network && path.is_file() {
            let name = path.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned());
            sources.push(named("folder", name, path));
        }
    }
    if sources.is_empty() {
        return Err(SettingsError::new("folder", format!("`{}` holds no file that ends in .onnx", folder.display())));
    }
    sources.sort_by(|one, other| one.name.cmp(&other.name));
    Ok(sources)
}

fn of_list(list: &Path) -> Result<Vec<NamedFile>, SettingsError> {
    let listed = ArchitectureList::read(list).map_err(|error| SettingsError::new("list", error.to_string()))?;
    let beside = list.parent().unwrap_or(Path::new(""));
    Ok(listed.texts().map(|text| named("list", text.to_owned(), beside.join(text))).collect())
}

/// The axes of one image: of `3x224x224` channels, height and width.
///
/// # Errors
/// If the text is not of that form.
pub fn axes(text: &str) -> Result<Vec<usize>, SettingsError> {
    let axes: Option<Vec<usize>> =
        text.split(['x', '×']).map(|axis| axis.trim().parse().ok().filter(|extent| (1..=1 << 24).contains(extent))).collect();
    axes.filter(|axes| axes.len() <= assay_core::graph::AXES).ok_or_else(|| {
        SettingsError::new("input", format!("`{text}` is not the axes of one image; write channels x height x width, as 3x224x224"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn axes_are_read_or_refused_with_the_form() {
        assert_eq!(axes("3x224x224").unwrap(), [3, 224, 224]);
        assert_eq!(axes("3×32×32").unwrap(), [3, 32, 32]);
        assert_eq!(axes("16").unwrap(), [16]);
        for wrong in ["", "3x", "0x3", "3x-1", "1x2x3x4x5x6", "99999999999999999999", "3,224,224"] {
            let error = axes(wrong).unwrap_err().to_string();
            assert!(error.contains("3x224x224"), "{wrong}: {error}");
        }
    }

    #[test]
    fn one_source_of_files_has_to_be_named() {
        let none = Chosen::default();
        assert!(of(&none).unwrap_err().to_string().contains("needs one of"));
        let two = Chosen { folder: Some("a".into()), list: Some("b".into()), ..Chosen::default() };
        assert!(of(&two).unwrap_err().to_string().contains("only one"));
        let twice = Chosen { files: Some(vec!["a.onnx".into(), "a.onnx".into()]), ..Chosen::default() };
        assert_eq!(of(&twice).unwrap_err().to_string(), "`files`: `a.onnx` is there twice");
    }
}
