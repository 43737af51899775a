//! A file is there whole or not at all.
//!
//! A file is written under another name beside its target, reaches the disk, and takes the target's place in one step. Whoever
//! reads the target sees the old content or the new one, never half of either. What a killed process leaves is recognised by
//! its name and by its lock, which nobody holds any more: the next write into the same folder removes it, and so does
//! [`remove_unfinished`].
//!
//! [`write`] brings one file to the disk. A [`Batch`] brings many there together, which takes the time of a few.

#![cfg_attr(test, allow(clippy::unwrap_used))]

mod batch;
mod disk;
mod place;
#[cfg(test)]
mod tests;
mod unfinished;

use std::fs::File;
use std::io::{self, Write};
use std::path::Path;

pub use batch::Batch;
pub use unfinished::remove_unfinished;

/// Writes these bytes as the whole content of a file. When this returns, a power cut does not lose them.
///
/// # Errors
/// If they cannot be written; what was there before is then untouched.
pub fn write(target: &Path, bytes: &[u8]) -> io::Result<()> {
    write_with(target, |file| file.write_all(bytes))
}

/// Writes a file through `fill`, and gives what that gives.
///
/// A target that is not a plain file (a pipe, a terminal) is written directly, because nothing can take its place; of a symbolic
/// link it is the file behind it that is replaced.
///
/// # Errors
/// If `fill` fails or the file cannot be written; what was there before is then untouched.
pub fn write_with<T>(target: &Path, fill: impl FnOnce(&mut File) -> io::Result<T>) -> io::Result<T> {
    if !place::can_be_replaced(target) {
        return fill(&mut File::create(target)?);
    }
    let target = place::behind_links(target);
    let folder = place::folder_of(&target);
    remove_unfinished(folder);
    let sync = |file: &mut File| {
        let value = fill(file)?;
        // Otherwise a power cut may leave the new name with the content of neither.
        file.sync_all()?;
        Ok(value)
    };
    let value = unfinished::put(&target, sync)?;
    disk::sync_folder(folder)?;
    Ok(value)
}
