//! Writing files where users look for them.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, ErrorKind};
use std::path::Path;

use tempfile::TempDir;

use crate::FetchError;

/// Makes a folder and those above it.
///
/// # Errors
/// [`FetchError::Write`] if it cannot be made.
pub fn make_folder(path: &Path) -> Result<(), FetchError> {
    std::fs::create_dir_all(path).map_err(|error| write_error(path, &error))
}

/// What the names of staging folders begin with.
const STAGING: &str = ".fetching-";

/// In a staging folder, the file whose lock its process holds.
const LOCK: &str = ".lock";

/// A folder beside the final place, on the same file system so that renaming is atomic; it goes when it is dropped.
#[derive(Debug)]
pub struct Staging {
    folder: TempDir,
    // The system gives the lock back however the process ends.
    _lock: File,
}

impl Staging {
    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        self.folder.path()
    }
}

/// Makes a staging folder. Those that killed processes left go.
///
/// # Errors
/// [`FetchError::Write`] if it cannot be made.
pub fn staging(into: &Path) -> Result<Staging, FetchError> {
    remove_left(into);
    begin(into).map_err(|error| write_error(into, &error))
}

fn begin(into: &Path) -> io::Result<Staging> {
    loop {
        let folder = tempfile::Builder::new().prefix(STAGING).tempdir_in(into)?;
        let place = folder.path().join(LOCK);
        let lock = match File::create(&place) {
            // Another fetch took it for one that was left.
            Err(error) if error.kind() == ErrorKind::NotFound => continue,
            created => created?,
        };
        let is_held = match lock.try_lock() {
            Ok(()) => std::fs::exists(&place)?,
            Err(TryLockError::WouldBlock) => false,
            // On a file system without locks nobody can take it for one that was left.
            Err(TryLockError::Error(_)) => true,
        };
        if is_held {
            return Ok(Staging { folder, _lock: lock });
        }
    }
}

/// Removes the staging folders whose process has ended. One that cannot be removed stays: it is in nobody's way.
pub fn remove_left(into: &Path) {
    for entry in std::fs::read_dir(into).into_iter().flatten().filter_map(Result::ok) {
        if !entry.file_name().as_encoded_bytes().starts_with(STAGING.as_bytes()) {
            continue;
        }
        match OpenOptions::new().write(true).open(entry.path().join(LOCK)) {
            Ok(lock) if lock.try_lock().is_ok() => drop(std::fs::remove_dir_all(entry.path())),
            Ok(_) => {}
            // Nothing is in it yet, or it is of an earlier version.
            Err(_) => drop(std::fs::remove_dir(entry.path())),
        }
    }
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
pub fn write_error(path: &Path, error: &io::Error) -> FetchError {
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
