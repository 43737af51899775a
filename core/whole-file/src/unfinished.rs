//! Files that are being written, and those that a killed process left.
//!
//! Whoever writes an unfinished file holds its lock, which the system gives back however the process ends. So one that can be
//! locked belongs to nobody.

use std::ffi::OsString;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io;
use std::path::Path;
use std::time::Duration;

use tempfile::NamedTempFile;

/// What the names of unfinished files begin with; the target's name follows.
const UNFINISHED: &str = ".unfinished-";

/// Where the file system has no locks: an unfinished file that nobody has written to for this long belongs to nobody.
const ABANDONED: Duration = Duration::from_secs(3600);

/// Fills a file, and puts it in the place of the target.
pub(crate) fn put<T>(target: &Path, fill: impl FnOnce(&mut File) -> io::Result<T>) -> io::Result<T> {
    let mut file = begin(target)?;
    let value = fill(file.as_file_mut())?;
    file.persist(target)?;
    Ok(value)
}

/// An empty file beside the target, whose lock this process holds.
fn begin(target: &Path) -> io::Result<NamedTempFile> {
    let mut prefix = OsString::from(UNFINISHED);
    if let Some(name) = target.file_name() {
        prefix.push(name);
        prefix.push("-");
    }
    let mut builder = tempfile::Builder::new();
    // The permissions of any other file, not those of a secret. The user's umask still applies.
    #[cfg(unix)]
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o666);
    #[cfg(unix)]
    let builder = builder.permissions(mode);
    loop {
        let file = builder.prefix(&prefix).tempfile_in(super::place::folder_of(target))?;
        let is_locked = match file.as_file().try_lock() {
            Ok(()) => true,
            Err(TryLockError::WouldBlock) => false,
            // Without locks its age protects it.
            Err(TryLockError::Error(_)) => return Ok(file),
        };
        // Another process may have found it before it was locked, and removed it.
        if is_locked && fs::exists(file.path())? {
            return Ok(file);
        }
    }
}

/// Removes every unfinished file in a folder that no process writes to. One that cannot be removed stays: it is in nobody's way.
pub fn remove_unfinished(folder: &Path) {
    for entry in fs::read_dir(folder).into_iter().flatten().filter_map(Result::ok) {
        if !entry.file_name().as_encoded_bytes().starts_with(UNFINISHED.as_bytes()) {
            continue;
        }
        let Ok(file) = OpenOptions::new().write(true).open(entry.path()) else { continue };
        let is_left = match file.try_lock() {
            Ok(()) => true,
            Err(TryLockError::WouldBlock) => false,
            Err(TryLockError::Error(_)) => is_old(&file),
        };
        if is_left {
            drop(fs::remove_file(entry.path()));
        }
    }
}

fn is_old(file: &File) -> bool {
    let written = file.metadata().and_then(|data| data.modified());
    written.ok().and_then(|time| time.elapsed().ok()).is_some_and(|age| age >= ABANDONED)
}
