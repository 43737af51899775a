//! One import of a table at a time: each adds its columns to those that are there, so two at once would lose one's.

use std::fs::{File, OpenOptions, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use assay_core::plugin::import::{ImportError, Progress, Report};

/// Between two looks at whether the other import has ended.
const PAUSE: Duration = Duration::from_millis(50);

/// Held while a table is read and written again. The system lets go of it when the process ends, however it ends.
pub(crate) struct Lock {
    path: PathBuf,
    _file: File,
}

impl Lock {
    /// Waits until no other import holds the lock of this table, and takes it.
    pub(crate) fn of(table: &Path, report: &mut Report<'_>) -> Result<Self, ImportError> {
        let path = place(table);
        let stored = |error: &dyn std::fmt::Display| ImportError::Store { file: table.to_owned(), problem: error.to_string() };
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder).map_err(|error| stored(&error))?;
        }
        loop {
            let file = OpenOptions::new().create(true).truncate(false).write(true).open(&path).map_err(|error| stored(&error))?;
            match file.try_lock() {
                Ok(()) if is_still(&path, &file).map_err(|error| stored(&error))? => return Ok(Self { path, _file: file }),
                // The other import has just removed the file that it held; a third may hold a new one.
                Ok(()) => {}
                Err(TryLockError::WouldBlock) => {
                    if report(Progress::Waiting).is_break() {
                        return Err(ImportError::Stopped);
                    }
                    std::thread::sleep(PAUSE);
                }
                Err(TryLockError::Error(error)) => return Err(stored(&error)),
            }
        }
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        // Whoever waits sees that the file which it locks next is not the one at this place, and begins again.
        #[cfg(unix)]
        drop(std::fs::remove_file(&self.path));
    }
}

/// The lock's file, beside the table.
fn place(table: &Path) -> PathBuf {
    let name = table.file_name().unwrap_or_default().to_string_lossy();
    table.with_file_name(format!(".{name}.lock"))
}

/// Whether the file at this place is the open one.
fn is_still(path: &Path, file: &File) -> io::Result<bool> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt;
        let key = |data: std::fs::Metadata| (data.dev(), data.ino());
        match std::fs::metadata(path) {
            Ok(there) => Ok(key(there) == key(file.metadata()?)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
            Err(error) => Err(error),
        }
    }
    #[cfg(not(unix))]
    {
        let _ = (path, file);
        Ok(true)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::ops::ControlFlow;

    #[test]
    fn the_second_waits_says_so_and_can_be_stopped() {
        let folder = tempfile::tempdir().unwrap();
        let table = folder.path().join("benchmarks/table.parquet");
        let first = Lock::of(&table, &mut |_| panic!("nobody else holds it")).unwrap();
        let mut waits = 0;
        let stopped = Lock::of(&table, &mut |progress| {
            assert_eq!(progress, Progress::Waiting);
            waits += 1;
            if waits == 3 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        });
        assert_eq!((stopped.map(drop), waits), (Err(ImportError::Stopped), 3));
        let mut first = Some(first);
        let second = Lock::of(&table, &mut |_| {
            first = None;
            ControlFlow::Continue(())
        });
        assert!(second.is_ok() && first.is_none());
        drop(second);
        #[cfg(unix)]
        assert_eq!(std::fs::read_dir(table.parent().unwrap()).unwrap().count(), 0, "nothing is left behind");
    }
}
