//! Opening files that users name, and how much of them may come into memory.
//!
//! A file may be damaged, made to do harm, or not a file at all. What is read of it is bounded by what it holds, and by one limit
//! that the user can raise.

use std::fs::File;
use std::io::{self, ErrorKind, Read};
use std::path::Path;

use super::DataError;

/// The environment variable that sets the limit, in MiB.
pub const READ_LIMIT_VARIABLE: &str = "ASSAY_READ_LIMIT";

const MIB: u64 = 1 << 20;

/// Where the variable does not say otherwise, in MiB: several times the largest file of the known datasets and benchmarks.
const LIMIT: u64 = 1024;

/// What is packed in a file is at most this many times the file, beside [`HEAD_START`]: the known ones are at most 20 times.
const LARGEST_RATIO: u64 = 200;

/// This part of the limit may be unpacked of any file, however small.
const HEAD_START: u64 = 16;

/// The most bytes that are read of one file into memory: 1 GiB, or as many MiB as [`READ_LIMIT_VARIABLE`] says.
///
/// # Errors
/// If the variable is not a number.
pub fn read_limit() -> io::Result<u64> {
    let Some(given) = std::env::var_os(READ_LIMIT_VARIABLE).filter(|given| !given.is_empty()) else { return Ok(LIMIT * MIB) };
    let given = given.to_string_lossy();
    let wrong = || io::Error::new(ErrorKind::InvalidInput, format!("{READ_LIMIT_VARIABLE} is `{given}`; a number of MiB is expected"));
    given.trim().parse::<u64>().map(|mebibytes| mebibytes.saturating_mul(MIB)).map_err(|_| wrong())
}

/// The error for what has more bytes than may be read.
fn too_large(what: &str, bytes: u64) -> io::Error {
    let mebibytes = bytes / MIB;
    let problem = format!("{what} more than {mebibytes} MiB; if that is right, set {READ_LIMIT_VARIABLE} to more than it is (in MiB)");
    io::Error::new(ErrorKind::FileTooLarge, problem)
}

/// Opens a file. A pipe or a device is refused: it may never end.
///
/// # Errors
/// If there is no such file, or it cannot be opened.
pub fn open_file(path: &Path) -> io::Result<File> {
    let kind = std::fs::metadata(path)?.file_type();
    if kind.is_file() || kind.is_dir() {
        return File::open(path);
    }
    Err(io::Error::new(ErrorKind::InvalidInput, "it is a pipe or a device, not a file; write its content to a file first"))
}

/// Reads a whole file.
///
/// # Errors
/// As [`open_file`], and if it has more bytes than [`read_limit`].
pub fn read_file(path: &Path) -> io::Result<Vec<u8>> {
    read_small_file(path, 1)
}

/// Reads a whole file of a kind that takes many times its length in memory.
///
/// # Errors
/// As [`open_file`], and if it has more bytes than one in `part` of [`read_limit`].
pub fn read_small_file(path: &Path, part: u64) -> io::Result<Vec<u8>> {
    let (file, limit) = (open_file(path)?, read_limit()? / part);
    let length = file.metadata()?.len();
    if length > limit {
        return Err(too_large("it has", limit));
    }
    read_bounded(file, limit, "it has")
}

/// Reads what a decompressor gives of `packed` bytes.
///
/// # Errors
/// If that is more than half of [`read_limit`], or far more than so many bytes can be meant to hold.
pub fn read_unpacked(reader: impl Read, packed: u64) -> io::Result<Vec<u8>> {
    read_bounded(Unpacked::new(reader, packed)?, read_limit()? / 2, "it unpacks to")
}

/// Why a path cannot be read.
#[must_use]
pub fn unreadable(path: &Path, error: io::Error) -> DataError {
    let path = path.display();
    match error.kind() {
        ErrorKind::NotFound => DataError::new(format!("{path} does not exist")),
        ErrorKind::PermissionDenied => {
            DataError::new(format!("{path} cannot be read: permission denied; give your account read access to it"))
        }
        ErrorKind::IsADirectory => DataError::new(format!("{path} is a folder, not a file")),
        _ => DataError::caused(format!("{path} cannot be read"), error),
    }
}

/// A path's last part, for protocols: they are compared and printed, so they name a file and no machine's folders.
#[must_use]
pub fn title_of(path: &Path) -> String {
    path.file_name().map_or_else(|| path.display().to_string(), |name| name.to_string_lossy().into_owned())
}

fn read_bounded(reader: impl Read, limit: u64, what: &str) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    reader.take(limit.saturating_add(1)).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > limit { Err(too_large(what, limit)) } else { Ok(bytes) }
}

/// What a decompressor gives, until it is far more than the packed bytes can be meant to hold: then an error.
#[derive(Debug)]
pub struct Unpacked<R> {
    reader: R,
    limit: u64,
    read: u64,
}

impl<R> Unpacked<R> {
    /// What `reader` gives of `packed` bytes.
    ///
    /// # Errors
    /// If [`READ_LIMIT_VARIABLE`] is not a number.
    pub fn new(reader: R, packed: u64) -> io::Result<Self> {
        let limit = (read_limit()? / HEAD_START).saturating_add(packed.saturating_mul(LARGEST_RATIO));
        Ok(Self { reader, limit, read: 0 })
    }
}

impl<R: Read> Read for Unpacked<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.reader.read(buffer)?;
        self.read += count as u64;
        if self.read > self.limit { Err(too_large("it unpacks to", self.limit)) } else { Ok(count) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_unpacks_to_far_more_than_it_has_is_refused() {
        let mut bomb = Unpacked::new(io::repeat(0), 10).unwrap();
        let error = io::copy(&mut bomb, &mut io::sink()).unwrap_err();
        insta::assert_snapshot!(error, @"it unpacks to more than 64 MiB; if that is right, set ASSAY_READ_LIMIT to more than it is (in MiB)");
        assert_eq!(read_unpacked(&[7; 1000][..], 10).unwrap(), [7; 1000]);
        assert_eq!(read_unpacked(io::repeat(0), u64::MAX).unwrap_err().kind(), ErrorKind::FileTooLarge);
    }

    #[cfg(unix)]
    #[test]
    fn a_device_is_refused_and_a_sparse_file_is_not_read() {
        let error = read_file(Path::new("/dev/zero")).unwrap_err();
        insta::assert_snapshot!(error, @"it is a pipe or a device, not a file; write its content to a file first");
        let folder = tempfile::tempdir().unwrap();
        let sparse = folder.path().join("sparse");
        File::create(&sparse).unwrap().set_len(1 << 40).unwrap();
        assert_eq!(read_file(&sparse).unwrap_err().kind(), ErrorKind::FileTooLarge);
    }

    #[test]
    fn an_unreadable_path_is_named_with_its_reason() {
        let path = Path::new("images/data_batch_1.bin");
        insta::assert_snapshot!(unreadable(path, ErrorKind::NotFound.into()), @"images/data_batch_1.bin does not exist");
        insta::assert_snapshot!(unreadable(path, ErrorKind::PermissionDenied.into()), @"images/data_batch_1.bin cannot be read: permission denied; give your account read access to it");
        insta::assert_snapshot!(unreadable(path, ErrorKind::IsADirectory.into()), @"images/data_batch_1.bin is a folder, not a file");
    }
}
