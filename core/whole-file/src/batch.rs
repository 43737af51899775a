//! Many files that reach the disk together.

use std::collections::BTreeSet;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::thread;

use crate::{disk, place, unfinished};

/// The system brings as many files to the disk at once: most of the time goes into waiting for it.
const AT_ONCE: usize = 16;

/// Files of which each is in its place, whole, as soon as it is written, and which reach the disk together.
///
/// Until [`sync`](Self::sync) a power cut may leave any of them empty. So they suit what does not count before one last file is
/// there, which is written when all the others are on the disk.
#[derive(Debug, Default)]
pub struct Batch(Mutex<Written>);

#[derive(Debug, Default)]
struct Written {
    /// Where something was written; what killed processes had left there is gone.
    folders: BTreeSet<PathBuf>,
    /// What is not on the disk yet.
    files: BTreeSet<PathBuf>,
}

impl Batch {
    /// Writes these bytes as the whole content of a file.
    ///
    /// # Errors
    /// If they cannot be written; what was there before is then untouched.
    pub fn write(&self, target: &Path, bytes: &[u8]) -> io::Result<()> {
        if !place::can_be_replaced(target) {
            return std::fs::write(target, bytes);
        }
        let target = place::behind_links(target);
        let folder = place::folder_of(&target);
        if self.written().folders.insert(folder.to_owned()) {
            unfinished::remove_unfinished(folder);
        }
        unfinished::put(&target, |file| file.write_all(bytes))?;
        self.written().files.insert(target);
        Ok(())
    }

    /// Brings all that was written to the disk.
    ///
    /// # Errors
    /// If that fails for one of them.
    pub fn sync(&self) -> io::Result<()> {
        let files: Vec<PathBuf> = std::mem::take(&mut self.written().files).into_iter().collect();
        let sync_all = |files: &[PathBuf]| files.iter().try_for_each(|file| disk::sync_file(file));
        thread::scope(|scope| {
            let parts = files.chunks(files.len().div_ceil(AT_ONCE).max(1));
            // A system that has no thread left lets this one do the work.
            let begin = |part| thread::Builder::new().spawn_scoped(scope, move || sync_all(part)).map_err(|_| part);
            let begun: Vec<_> = parts.map(begin).collect();
            let end = |part| match part {
                Ok(thread) => thread::ScopedJoinHandle::join(thread).unwrap_or_else(|_| Err(io::Error::other("a thread ended early"))),
                Err(part) => sync_all(part),
            };
            begun.into_iter().map(end).fold(Ok(()), io::Result::and)
        })?;
        let folders: BTreeSet<&Path> = files.iter().map(|file| place::folder_of(file)).collect();
        folders.into_iter().try_for_each(disk::sync_folder)
    }

    fn written(&self) -> std::sync::MutexGuard<'_, Written> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
