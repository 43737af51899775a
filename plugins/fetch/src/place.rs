//! Writing files where users look for them.

use std::io::ErrorKind;
use std::path::Path;

use crate::FetchError;

/// Makes a folder and those above it.
///
/// # Errors
/// [`FetchError::Write`] if it cannot be made.
pub fn make_folder(path: &Path) -> Result<(), FetchError> {
    std::fs::create_dir_all(path).map_err(|error| write_error(path, &error))
}

/// A folder beside the final place, on the same file system so that renaming is atomic; it goes when it is dropped.
///
/// # Errors
/// [`FetchError::Write`] if it cannot be made.
pub fn staging(into: &Path) -> Result<tempfile::TempDir, FetchError> {
    tempfile::Builder::new().prefix(".fetching-").tempdir_in(into).map_err(|error| write_error(into, &error))
}

/// Writes a file, which is then on the disk: a rename of it never shows an empty file after a power cut.
///
/// # Errors
/// [`FetchError::Write`] if it cannot be written.
pub fn put(path: &Path, bytes: &[u8]) -> Result<(), FetchError> {
    assay_whole_file::write(path, bytes).map_err(|error| write_error(path, &error))
}

/// Why a path cannot be written, and what to do.
#[must_use]
pub fn write_error(path: &Path, error: &std::io::Error) -> FetchError {
    let problem = match error.kind() {
        ErrorKind::PermissionDenied => {
            "permission denied; choose a folder you may write to (ASSAY_DATA names the data directory)".to_owned()
        }
        ErrorKind::ReadOnlyFilesystem => {
            "the file system is read-only; choose another folder (ASSAY_DATA names the data directory)".to_owned()
        }
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => {
            "the disk is full; free some space and fetch again, which goes on where this stopped".to_owned()
        }
        ErrorKind::NotADirectory | ErrorKind::AlreadyExists => "there is a file where a folder is needed; move it away".to_owned(),
        _ => error.to_string(),
    };
    FetchError::Write { path: path.display().to_string(), problem }
}
