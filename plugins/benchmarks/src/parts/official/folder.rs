//! NATS-Bench's folders: `meta.pickle.pbz2` with the text of every architecture, and `000000.pickle.pbz2`, … with the
//! results of each.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use assay_core::data::{open_file, read_unpacked};
use assay_core::plugin::import::{ImportError, Progress, Report};
use assay_pickle::{Document, PickleError};
use bzip2::read::MultiBzDecoder;
use rayon::prelude::*;

use super::trials::cells;
use super::{Contents, Release, architectures};
use crate::parts::table::Layout;

/// Files that are read before progress is reported again.
const AT_ONCE: usize = 256;

/// The file with the texts.
pub(super) fn meta(folder: &Path) -> PathBuf {
    folder.join("meta.pickle.pbz2")
}

/// The texts of a dictionary's list `meta_archs`.
pub(super) fn texts(document: &Document<'_>) -> Result<Vec<String>, PickleError> {
    let texts = document.entry("meta_archs")?.items().and_then(|items| items.map(|item| item.text().map(str::to_owned)).collect());
    texts.ok_or_else(|| PickleError::Kind { key: "meta_archs".into(), wanted: "a list of texts".into() })
}

pub(super) fn read(folder: &Path, release: &Release, layout: &Layout, report: &mut Report<'_>) -> Result<Contents, ImportError> {
    let meta = meta(folder);
    let texts = read_document(&meta, texts)?;
    let architectures = architectures(&meta, texts, layout)?;
    let mut figures = Vec::with_capacity(architectures.len());
    while figures.len() < architectures.len() {
        let progress = Progress::Reading { unit: "architectures", done: figures.len() as u64, total: architectures.len() as u64 };
        if report(progress).is_break() {
            return Err(ImportError::Stopped);
        }
        let next = figures.len()..architectures.len().min(figures.len() + AT_ONCE);
        let read = |index| match file(folder, index) {
            None => Ok(None),
            Some(file) => read_document(&file, |document| cells(document.root(), release)).map(Some),
        };
        let read: Vec<Result<_, ImportError>> = next.into_par_iter().map(read).collect();
        // The first of the failures, whichever thread met it.
        for outcome in read {
            figures.push(outcome?);
        }
    }
    Ok(Contents { architectures, figures })
}

/// The file of an architecture, under either of the names by which the official package looks for it.
fn file(folder: &Path, index: usize) -> Option<PathBuf> {
    [format!("{index:06}.pickle.pbz2"), format!("{index}.pickle.pbz2")]
        .map(|name| folder.join(name))
        .into_iter()
        .find(|file| file.is_file())
}

fn read_document<T>(file: &Path, take: impl Fn(&Document<'_>) -> Result<T, PickleError>) -> Result<T, ImportError> {
    let unreadable = |problem: String| ImportError::Unreadable { file: file.to_owned(), problem };
    let packed = open_file(file).and_then(|packed| Ok((packed.metadata()?.len(), packed)));
    let (length, packed) = packed.map_err(|error| unreadable(error.to_string()))?;
    let bytes = read_unpacked(MultiBzDecoder::new(packed), length).map_err(|error| match error.kind() {
        ErrorKind::FileTooLarge => unreadable(error.to_string()),
        _ => unreadable(format!("it is not a bz2 file, or it is damaged or cut short ({error}); copy it again")),
    })?;
    Document::read(&bytes, &[]).and_then(|document| take(&document)).map_err(|error| unreadable(error.to_string()))
}
