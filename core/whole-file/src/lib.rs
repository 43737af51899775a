//! A file is there whole or not at all.
//!
//! A file is written under another name beside its target, reaches the disk, and takes the target's place in one step. Whoever
//! reads the target sees the old content or the new one, never half of either. What a killed process leaves is recognised by
//! its name: [`remove_unfinished`] removes it, and so does a later write of the same target.

#![cfg_attr(test, allow(clippy::unwrap_used))]

use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::Path;
use std::time::Duration;

/// What the names of unfinished files begin with; the target's name follows.
const UNFINISHED: &str = ".unfinished-";

/// An unfinished file that nobody has written to for this long belongs to no running process.
const ABANDONED: Duration = Duration::from_secs(3600);

/// Writes these bytes as the whole content of a file.
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
    if fs::metadata(target).is_ok_and(|data| !data.is_file()) {
        return fill(&mut File::create(target)?);
    }
    let behind = target.canonicalize();
    let target = behind.as_deref().unwrap_or(target);
    let folder = target.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let prefix = prefix(target);
    remove(folder, &prefix, |age| age >= ABANDONED);
    let mut builder = tempfile::Builder::new();
    // The permissions of any other file, not those of a secret. The user's umask still applies.
    #[cfg(unix)]
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o666);
    #[cfg(unix)]
    let builder = builder.permissions(mode);
    let mut file = builder.prefix(&prefix).tempfile_in(folder)?;
    let value = fill(file.as_file_mut())?;
    // Otherwise a power cut may leave the new name with the content of neither.
    file.as_file().sync_all()?;
    file.persist(target)?;
    Ok(value)
}

/// Removes every unfinished file in a folder that no other process writes to. One that cannot be removed stays: it is in
/// nobody's way.
pub fn remove_unfinished(folder: &Path) {
    remove(folder, &UNFINISHED.into(), |_| true);
}

fn prefix(target: &Path) -> OsString {
    let mut prefix = OsString::from(UNFINISHED);
    if let Some(name) = target.file_name() {
        prefix.push(name);
        prefix.push("-");
    }
    prefix
}

/// Removes the files whose names begin like this and whose age is such.
fn remove(folder: &Path, prefix: &OsString, is_old: impl Fn(Duration) -> bool) {
    for entry in fs::read_dir(folder).into_iter().flatten().filter_map(Result::ok) {
        if !entry.file_name().as_encoded_bytes().starts_with(prefix.as_encoded_bytes()) {
            continue;
        }
        let written = entry.metadata().and_then(|data| data.modified());
        let age = written.ok().and_then(|time| time.elapsed().ok()).unwrap_or_default();
        if is_old(age) {
            drop(fs::remove_file(entry.path()));
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::SystemTime;

    use super::*;

    fn names(folder: &Path) -> Vec<String> {
        let mut names: Vec<String> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    #[test]
    fn a_file_is_made_and_replaced_and_nothing_else_is_left() {
        let folder = tempfile::tempdir().unwrap();
        let target = folder.path().join("table");
        write(&target, b"before").unwrap();
        assert_eq!(write_with(&target, |file| file.write_all(b"after").map(|()| 7)).unwrap(), 7);
        assert_eq!(fs::read(&target).unwrap(), b"after");
        assert_eq!(names(folder.path()), ["table"]);
    }

    #[test]
    fn a_failure_leaves_what_was_there_before() {
        let folder = tempfile::tempdir().unwrap();
        let target = folder.path().join("table");
        write(&target, b"before").unwrap();
        let full = write_with(&target, |file| {
            file.write_all(b"half of")?;
            Err::<(), _>(io::Error::from(io::ErrorKind::StorageFull))
        });
        assert_eq!(full.unwrap_err().kind(), io::ErrorKind::StorageFull);
        assert_eq!(fs::read(&target).unwrap(), b"before");
        assert_eq!(names(folder.path()), ["table"]);
    }

    #[test]
    fn a_folder_that_is_not_there_is_an_error() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(write(&folder.path().join("none/table"), b"").unwrap_err().kind(), io::ErrorKind::NotFound);
        assert!(write(folder.path(), b"").is_err(), "a folder is not a file");
    }

    #[test]
    fn what_a_killed_process_left_goes_with_the_next_write_of_the_file_or_when_the_folder_is_tidied() {
        let folder = tempfile::tempdir().unwrap();
        let left = |name: &str, hours: u64| {
            let file = File::create(folder.path().join(name)).unwrap();
            file.set_modified(SystemTime::now() - Duration::from_secs(hours * 3600)).unwrap();
        };
        left(".unfinished-table-abc123", 2);
        left(".unfinished-table-def456", 0);
        left(".unfinished-other-abc123", 2);
        write(&folder.path().join("table"), b"whole").unwrap();
        assert_eq!(names(folder.path()), [".unfinished-other-abc123", ".unfinished-table-def456", "table"]);
        remove_unfinished(folder.path());
        assert_eq!(names(folder.path()), ["table"]);
    }

    #[cfg(unix)]
    #[test]
    fn a_file_may_be_read_by_whom_the_umask_lets_and_a_link_stays_a_link() {
        use std::os::unix::fs::{PermissionsExt, symlink};
        let folder = tempfile::tempdir().unwrap();
        let [plain, target, link] = ["plain", "target", "link"].map(|name| folder.path().join(name));
        fs::write(&plain, b"").unwrap();
        write(&target, b"before").unwrap();
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode();
        assert_eq!(mode(&target), mode(&plain));
        symlink(&target, &link).unwrap();
        write(&link, b"after").unwrap();
        assert_eq!(fs::read(&target).unwrap(), b"after");
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_device_is_written_to_and_not_replaced() {
        write(Path::new("/dev/null"), b"gone").unwrap();
        assert!(!fs::metadata("/dev/null").unwrap().is_file());
    }
}
