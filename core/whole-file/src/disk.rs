//! Making sure that what was written survives a power cut.

#[cfg(unix)]
use std::fs::File;
use std::fs::OpenOptions;
use std::io::{self, ErrorKind};
use std::path::Path;

/// Brings the content of a file to the disk. A file that was removed since then has none.
pub(crate) fn sync_file(path: &Path) -> io::Result<()> {
    match OpenOptions::new().write(true).open(path) {
        Ok(file) => file.sync_data(),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        Err(error) => Err(error),
    }
}

/// Brings the names of the files in a folder to the disk.
#[cfg(unix)]
pub(crate) fn sync_folder(folder: &Path) -> io::Result<()> {
    // A folder that may be written to and not be read cannot be opened; then the system does it in its own time.
    let Ok(open) = File::open(folder) else { return Ok(()) };
    match open.sync_all() {
        // Some network file systems cannot do it for folders.
        Err(error) if matches!(error.kind(), ErrorKind::InvalidInput | ErrorKind::Unsupported) => Ok(()),
        outcome => outcome,
    }
}

/// Elsewhere folders cannot be opened: the system does it in its own time.
#[cfg(not(unix))]
pub(crate) fn sync_folder(_: &Path) -> io::Result<()> {
    Ok(())
}
