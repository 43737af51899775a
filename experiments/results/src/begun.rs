//! What a folder says of its run from the beginning: of which kind it is.

use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::error::{ReadError, parse, read, read_bytes};
use crate::files;
use crate::kind::Kind;
use crate::provenance::Provenance;

/// What a folder says from the beginning of its run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Begun {
    /// What was begun.
    pub kind: Kind,
    /// The version of the program that began it.
    pub assay: String,
    /// What its measurements belong to; nothing of runs that an earlier version began.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub provenance: Option<Provenance>,
}

impl Begun {
    /// What the folder says; `None` where it says nothing.
    ///
    /// # Errors
    /// If it cannot be read.
    pub fn read(folder: &Path) -> Result<Option<Self>, ReadError> {
        read(&folder.join(files::BEGUN))
    }
}

/// The kind of the run in this folder, finished or not; `None` where there is no run.
///
/// # Errors
/// If what the folder says of it cannot be read.
pub fn kind_of(folder: &Path) -> Result<Option<Kind>, ReadError> {
    match read_bytes(&folder.join(files::BEGUN)) {
        Ok(bytes) => parse::<Begun>(&folder.join(files::BEGUN), &bytes).map(|begun| Some(begun.kind)),
        Err(_) => Ok(guess(folder)),
    }
}

/// Of a folder that an earlier version began, which did not write down the kind: by the sections of its experiment. One
/// experiment may have sections for several kinds of run; what only a training leaves behind decides first.
fn guess(folder: &Path) -> Option<Kind> {
    let experiment = String::from_utf8(read_bytes(&folder.join(files::EXPERIMENT)).ok()?).ok()?;
    let has = |section: &str| experiment.lines().any(|line| line.trim() == section);
    Some(if folder.join(files::CHECKPOINT).exists() {
        Kind::Training
    } else if has("[study]") {
        Kind::Study
    } else if has("[training]") && !has("[strategy]") {
        Kind::Training
    } else {
        Kind::Search
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_says_its_kind_and_that_of_an_earlier_version_is_known_by_its_experiment() {
        let folder = tempfile::tempdir().unwrap();
        let kind = || kind_of(folder.path()).unwrap();
        assert_eq!(kind(), None);
        let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
        for (sections, expected) in [
            ("[space]\n[strategy]\n", Kind::Search),
            ("[space]\n[strategy]\n[study]\n", Kind::Study),
            ("[space]\n[strategy]\n[training]\n", Kind::Search),
            ("[space]\n[training]\n", Kind::Training),
        ] {
            write(files::EXPERIMENT, sections);
            assert_eq!(kind(), Some(expected), "{sections}");
        }
        write(files::CHECKPOINT, "");
        assert_eq!(kind(), Some(Kind::Training));
        write(files::BEGUN, r#"{"kind": "shard of a correlation study", "assay": "0.1.0"}"#);
        assert_eq!(kind(), Some(Kind::Shard));
        write(files::BEGUN, r#"{"kind": "meal", "assay": "0.1.0"}"#);
        let error = kind_of(folder.path()).unwrap_err().to_string();
        assert!(error.contains("run.json` cannot be read: kind: unknown variant `meal`"), "{error}");
    }
}
